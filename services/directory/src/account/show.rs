//! One's own account: who the system takes one for, and on which devices.

use super::store;
use askama::Template;
use axum::extract::Path;
use kernel::{Error, viet};
use serde::Serialize;
use tenancy::NewEvent;
use time::OffsetDateTime;
use utoipa::ToSchema;
use uuid::Uuid;
use web::{Ctx, Done, Input, Page, SessionChange, View};

#[derive(Template, Serialize, ToSchema)]
#[template(path = "account.html")]
pub(super) struct AccountPage {
    name: String,
    unit: String,
    /// Roles besides being a member.
    roles: Vec<String>,
    sessions: Vec<Device>,
}

#[derive(Serialize, ToSchema)]
struct Device {
    id: Uuid,
    /// What the person may know it by.
    name: String,
    /// The one in use.
    current: bool,
    #[serde(with = "time::serde::rfc3339")]
    last_seen_at: OffsetDateTime,
    #[serde(with = "time::serde::rfc3339")]
    created_at: OffsetDateTime,
}

impl Device {
    fn seen(&self) -> String {
        viet::format_datetime(self.last_seen_at)
    }
}

impl Page for AccountPage {
    fn title(&self) -> String {
        "Tài khoản".into()
    }
}

/// One's own account and sessions.
#[utoipa::path(get, path = "/account", operation_id = "account.show", tag = "account",
    responses((status = 200, body = AccountPage)))]
pub(super) async fn show(ctx: Ctx) -> web::Result<View<AccountPage>> {
    let actor = ctx.actor()?;
    let mut conn = ctx.read().await?;
    let sessions = store::sessions(&mut conn, actor.account, ctx.world().now()).await?;
    let unit = store::unit(&mut conn, actor.organisation)
        .await?
        .map_or_else(String::new, |(name, _)| name);
    let mut roles: Vec<String> = actor
        .grants
        .iter()
        .filter(|grant| grant.role != kernel::Role::Member)
        .map(|grant| grant.role.label().to_owned())
        .collect();
    roles.dedup();
    Ok(View(AccountPage {
        name: actor.name.clone(),
        unit,
        roles,
        sessions: sessions
            .into_iter()
            .map(|s| Device {
                current: s.id == actor.session.0,
                id: s.id,
                name: s.device,
                last_seen_at: s.last_seen_at,
                created_at: s.created_at,
            })
            .collect(),
    }))
}

#[derive(Serialize, ToSchema)]
#[schema(as = SessionRevoked)]
pub(super) struct Revoked {
    /// Sessions that ended.
    revoked: u64,
}

/// Ends one of one's own sessions.
#[utoipa::path(post, path = "/account/sessions/{id}/revoke", operation_id = "session.revoke", tag = "account",
    params(("id" = Uuid, Path, description = "The session")),
    responses((status = 200, body = Revoked), (status = 404, description = "Not one of one's own running sessions")))]
pub(super) async fn revoke(
    ctx: Ctx,
    Path(id): Path<String>,
    _: Input<serde::de::IgnoredAny>,
) -> web::Result<Done<Revoked>> {
    let id: Uuid = id.parse().map_err(|_| Error::NotFound)?;
    let actor = ctx.actor()?;
    let mut tx = ctx.begin().await?;
    let revoked = store::end_sessions(&mut tx, actor.account, Some(id), ctx.world().now()).await?;
    if revoked == 0 {
        return Err(Error::NotFound.into());
    }
    tx.record(ctx.world(), NewEvent::new("session.ended").by(actor.account).on(id)).await?;
    tx.commit().await?;
    let done = Done::new("/account", Revoked { revoked });
    Ok(if id == actor.session.0 {
        done.session(SessionChange::Ended)
    } else {
        done.flash("Đã đăng xuất thiết bị đó.")
    })
}
