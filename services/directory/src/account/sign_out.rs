//! Signing out: the session ends here, whatever the browser keeps.

use super::store;
use serde::Serialize;
use tenancy::NewEvent;
use utoipa::ToSchema;
use web::{Ctx, Done, Input, SessionChange};

#[derive(Serialize, ToSchema)]
#[schema(as = SessionEnded)]
pub(super) struct Ended {
    /// Sessions that ended.
    ended: u64,
}

/// Ends the session in use.
#[utoipa::path(post, path = "/sign-out", operation_id = "session.end", tag = "account",
    responses((status = 200, body = Ended)))]
pub(super) async fn sign_out(
    ctx: Ctx,
    _: Input<serde::de::IgnoredAny>,
) -> web::Result<Done<Ended>> {
    let actor = ctx.actor()?;
    let mut tx = ctx.begin().await?;
    let ended =
        store::end_sessions(&mut tx, actor.account, Some(actor.session.0), ctx.world().now())
            .await?;
    if ended > 0 {
        tx.record(ctx.world(), NewEvent::new("session.ended").by(actor.account).on(actor.session))
            .await?;
    }
    tx.commit().await?;
    Ok(Done::new("/sign-in", Ended { ended }).flash("Đã đăng xuất.").session(SessionChange::Ended))
}
