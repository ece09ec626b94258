//! Withdrawing an account: its owner is signed out everywhere and no longer
//! counts as activated, and codes given out before end. Whoever may withdraw an
//! account may bring it back with a new code.

use super::store;
use axum::extract::Path;
use kernel::{AccountId, Error, MemberId, World};
use serde::Serialize;
use tenancy::{NewEvent, TenantTx};
use utoipa::ToSchema;
use web::{Ctx, Done, Input};

#[derive(Serialize, ToSchema)]
pub(super) struct Withdrawn {
    #[schema(value_type = uuid::Uuid)]
    member: MemberId,
}

/// Withdraws a member's account.
#[utoipa::path(post, path = "/members/{id}/withdraw", operation_id = "account.withdraw", tag = "account",
    params(("id" = uuid::Uuid, Path, description = "The member")),
    responses((status = 200, body = Withdrawn), (status = 404, description = "No such member within reach"),
        (status = 409, description = "The account is not active, or the last administrator's")))]
pub(super) async fn withdraw(
    ctx: Ctx,
    Path(id): Path<String>,
    _: Input<serde::de::IgnoredAny>,
) -> web::Result<Done<Withdrawn>> {
    let member: MemberId = id.parse().map_err(|_| Error::NotFound)?;
    let mut tx = ctx.begin().await?;
    store::hold(&mut tx, &[member.0]).await?;
    let person = store::invitees(&mut tx, &[member.0]).await?.pop().ok_or(Error::NotFound)?;
    ctx.authorise(&person.path.clone().into())?;
    crate::people::keep_an_admin(&mut tx, member).await?;
    withdraw_in(&mut tx, ctx.world(), ctx.account(), member).await?;
    tx.commit().await?;
    Ok(Done::new(format!("/members/{member}"), Withdrawn { member }).flash("Đã thu hồi tài khoản."))
}

/// The operation itself.
///
/// # Errors
/// [`Error::NotFound`] without such a member, [`Error::Conflict`] when the
/// account is not active.
pub async fn withdraw_in(
    tx: &mut TenantTx,
    world: &World,
    by: Option<AccountId>,
    member: MemberId,
) -> Result<(), Error> {
    let organisation = store::hold(tx, &[member.0]).await?.pop().ok_or(Error::NotFound)?;
    let now = world.now();
    let account = store::withdraw(tx, member, now)
        .await?
        .ok_or_else(|| Error::Conflict("Tài khoản này chưa kích hoạt hoặc đã thu hồi.".into()))?;
    store::end_sessions(tx, account, None, now).await?;
    store::end_codes(tx, &[account.0], now).await?;
    tx.record(
        world,
        NewEvent::new("account.withdrawn").by(by).in_organisation(organisation).on(account),
    )
    .await?;
    Ok(())
}
