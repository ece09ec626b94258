//! Codes on paper: for one member (also to recover an account), or for
//! everybody of a branch who has not activated yet.

use super::{
    code,
    slip::{Slip, SlipsPage},
    store::{self, Invitee, NewCodes},
};
use axum::extract::Path;
use kernel::{AccountId, Error, MemberId, OrgPath, OrganisationId, Role, World};
use std::collections::HashMap;
use tenancy::{MasterKey, NewEvent, TenantTx};
use time::OffsetDateTime;
use uuid::Uuid;
use web::{Ctx, Input, View};

/// Most slips of one print; beyond that they are printed branch by branch.
pub(crate) const MOST: u16 = 500;

/// Why somebody else has to hand out the code.
const NOT_YOURS: &str = "Đồng chí này giữ vai trò ngoài phạm vi phụ trách của đồng chí, hoặc tài khoản đã bị thu hồi. Mã do người quản trị cấp.";

/// A code for somebody.
pub struct Invitation {
    /// For whom.
    pub member: MemberId,
    /// As it is printed.
    pub code: String,
}

/// Whether the actor may hand a member a code. Whoever holds the code can become
/// that person: so nobody hands out a role that they could not have given, other
/// than a fellow secretary's, and who may not withdraw accounts does not bring
/// back a withdrawn one. `roles` are the member's, by name and place.
pub(crate) fn may_hand<'a>(
    ctx: &Ctx,
    home: &OrgPath,
    state: Option<&str>,
    roles: impl IntoIterator<Item = (&'a str, &'a OrgPath)>,
) -> bool {
    ctx.may("account.invite", home)
        && (state != Some("withdrawn") || ctx.may("account.withdraw", home))
        && roles.into_iter().all(|(role, at)| {
            ctx.may("account.invite", at)
                && (role == Role::Secretary.name() || ctx.may("role.grant", at))
        })
}

fn may_hand_to(ctx: &Ctx, invitee: &Invitee) -> bool {
    let roles = invitee.grants.iter().map(|grant| (grant.role.name(), &grant.scope));
    may_hand(ctx, &invitee.path.clone().into(), invitee.state.as_deref(), roles)
}

/// A new code for one member. For an active account it lets its owner choose a
/// new password.
#[utoipa::path(post, path = "/members/{id}/code", operation_id = "account.invite", tag = "account",
    params(("id" = Uuid, Path, description = "The member")),
    responses((status = 200, body = SlipsPage), (status = 403, description = "Holds a role that the actor could not give"),
        (status = 404, description = "No such member within reach")))]
pub(super) async fn invite(
    ctx: Ctx,
    Path(id): Path<String>,
    _: Input<serde::de::IgnoredAny>,
) -> web::Result<View<SlipsPage>> {
    let member: MemberId = id.parse().map_err(|_| Error::NotFound)?;
    let mut tx = ctx.begin().await?;
    store::hold(&mut tx, &[member.0]).await?;
    let invitee = store::invitees(&mut tx, &[member.0]).await?.pop().ok_or(Error::NotFound)?;
    ctx.authorise(&invitee.path.clone().into())?;
    if !may_hand_to(&ctx, &invitee) {
        return Err(Error::Forbidden(NOT_YOURS.into()).into());
    }
    let active = invitee.state.as_deref() == Some("active");
    let life = if active { code::RECOVERY } else { code::ACTIVATION };
    let expires_at = ctx.world().now() + life;
    let back = format!("/members/{member}");
    let page = print(&ctx, &mut tx, vec![invitee], 0, expires_at, back).await?;
    tx.commit().await?;
    Ok(View(page))
}

/// Codes for everybody of a unit who has never activated and whom the actor may
/// hand one.
#[utoipa::path(post, path = "/organisations/{id}/codes", operation_id = "account.invite_unit", tag = "account",
    params(("id" = Uuid, Path, description = "The unit")),
    responses((status = 200, body = SlipsPage), (status = 403, description = "All who are left hold roles that the actor could not give"),
        (status = 404, description = "No such unit within reach"), (status = 409, description = "Nobody left to activate, or too many for one print")))]
pub(super) async fn invite_unit(
    ctx: Ctx,
    Path(id): Path<String>,
    _: Input<serde::de::IgnoredAny>,
) -> web::Result<View<SlipsPage>> {
    let unit: OrganisationId = id.parse().map_err(|_| Error::NotFound)?;
    let mut tx = ctx.begin().await?;
    let (_, path) = store::unit(&mut tx, unit).await?.ok_or(Error::NotFound)?;
    ctx.authorise(&path.clone().into())?;
    let waiting = store::not_activated(&mut tx, &path, i64::from(MOST) + 1).await?;
    if waiting.is_empty() {
        return Err(
            Error::Conflict("Mọi đảng viên của đơn vị này đã kích hoạt tài khoản.".into()).into()
        );
    }
    if waiting.len() > usize::from(MOST) {
        return Err(Error::Conflict(
            format!(
                "Đơn vị này còn hơn {MOST} người chưa kích hoạt. Hãy in phiếu theo từng chi bộ."
            )
            .into(),
        )
        .into());
    }
    store::hold(&mut tx, &waiting).await?;
    let mut invitees = store::invitees(&mut tx, &waiting).await?;
    invitees.retain(|invitee| !matches!(invitee.state.as_deref(), Some("active" | "withdrawn")));
    let all = invitees.len();
    invitees.retain(|invitee| may_hand_to(&ctx, invitee));
    let left_out = all - invitees.len();
    if invitees.is_empty() {
        return Err(Error::Forbidden(NOT_YOURS.into()).into());
    }
    let expires_at = ctx.world().now() + code::ACTIVATION;
    let back = format!("/organisations/{unit}");
    let page = print(&ctx, &mut tx, invitees, left_out, expires_at, back).await?;
    tx.commit().await?;
    Ok(View(page))
}

async fn print(
    ctx: &Ctx,
    tx: &mut TenantTx,
    invitees: Vec<Invitee>,
    left_out: usize,
    expires_at: OffsetDateTime,
    back: String,
) -> Result<SlipsPage, Error> {
    let members: Vec<MemberId> = invitees.iter().map(|invitee| invitee.member.into()).collect();
    let unit = invitees.first().map(|invitee| invitee.organisation.into());
    let codes = invite_in(
        tx,
        ctx.world(),
        ctx.app.tenants.key(),
        ctx.account(),
        unit,
        &members,
        expires_at,
    )
    .await?;
    let mut codes: HashMap<Uuid, String> =
        codes.into_iter().map(|i| (i.member.0, i.code)).collect();
    let origin = &ctx.request.origin;
    let slips = invitees
        .into_iter()
        .filter_map(|invitee| {
            let code = codes.remove(&invitee.member)?;
            let address = format!("{origin}/activate?code={code}");
            Some(Slip { name: invitee.full_name, unit: invitee.organisation_name, code, address })
        })
        .collect();
    let site = origin.split("://").nth(1).unwrap_or(origin).to_owned();
    Ok(SlipsPage {
        heading: "Phiếu kích hoạt tài khoản".into(),
        slips,
        left_out,
        expires_at,
        back,
        site,
    })
}

/// The members at and below a place who are on the roll and have not activated.
///
/// # Errors
/// When the database is away.
pub async fn pending(conn: &mut sqlx::PgConnection, path: &str) -> Result<Vec<MemberId>, Error> {
    let all = store::not_activated(conn, path, i64::MAX).await?;
    Ok(all.into_iter().map(Into::into).collect())
}

/// The operation itself: accounts for those who have none, new codes for all,
/// one event.
///
/// # Errors
/// When the database refuses.
pub async fn invite_in(
    tx: &mut TenantTx,
    world: &World,
    key: &MasterKey,
    by: Option<AccountId>,
    organisation: Option<OrganisationId>,
    members: &[MemberId],
    expires_at: OffsetDateTime,
) -> Result<Vec<Invitation>, Error> {
    let now = world.now();
    let ids: Vec<Uuid> = members.iter().map(|_| world.id()).collect();
    let raw: Vec<Uuid> = members.iter().map(|member| member.0).collect();
    let accounts = store::ensure_accounts(tx, &ids, &raw, now).await?;
    let mut new = NewCodes {
        ids: Vec::new(),
        accounts: Vec::new(),
        hashes: Vec::new(),
        issued_by: by.map(|account| account.0),
        issued_at: now,
        expires_at,
    };
    let mut invitations = Vec::with_capacity(accounts.len());
    for (member, account) in accounts {
        let code = code::new(world);
        new.ids.push(world.id());
        new.accounts.push(account);
        new.hashes.push(code::hash(key, tx.tenant(), &code));
        invitations.push(Invitation { member: member.into(), code });
    }
    store::replace_codes(tx, new).await?;
    let mut event =
        NewEvent::new("account.invited").by(by).with(serde_json::json!({ "members": raw }))?;
    event.organisation = organisation;
    tx.record(world, event).await?;
    Ok(invitations)
}
