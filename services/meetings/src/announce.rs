//! Lets the members of the branch know of a meeting.

use crate::{
    meeting::{Progress, State, Step},
    seat, store,
};
use axum::extract::Path;
use kernel::{AccountId, Error, MeetingId, Result, World};
use serde::{Deserialize, Serialize};
use tenancy::{TenantTx, event::NewEvent};
use utoipa::ToSchema;
use web::{Ctx, Done, Input};

/// A step needs nothing but the meeting in its address.
#[derive(Deserialize, ToSchema)]
pub struct Nothing {}

/// Where a meeting stands after a step.
#[derive(Serialize, ToSchema)]
pub struct Stands {
    /// Its state.
    pub state: State,
    /// Whether this request brought it there; not when it was sent twice.
    pub changed: bool,
}

/// Announces a meeting; whether anything changed.
///
/// # Errors
/// [`Error::Conflict`] when it is past that; [`Error::NotFound`].
pub async fn announce_in(
    tx: &mut TenantTx,
    world: &World,
    by: AccountId,
    id: MeetingId,
) -> Result<bool> {
    let meeting = store::lock(tx, id).await?.ok_or(Error::NotFound)?;
    if meeting.state.after(Step::Announce)? == Progress::Already {
        return Ok(false);
    }
    store::announce(tx, id, world.now()).await?;
    let event =
        NewEvent::new("meeting.announced").by(by).in_organisation(meeting.organisation).on(id);
    tx.record(world, event).await?;
    Ok(true)
}

/// Announces a meeting to the members of its branch.
#[utoipa::path(post, path = "/meetings/{id}/announce", operation_id = "meeting.announce", tag = "meetings",
    params(("id" = uuid::Uuid, Path)),
    responses((status = 200, body = Stands), (status = 409, description = "Not from this state")))]
pub async fn announce(
    ctx: Ctx,
    Path(id): Path<String>,
    _: Input<Nothing>,
) -> web::Result<Done<Stands>> {
    let actor = ctx.actor()?;
    let mut tx = ctx.begin().await?;
    let meeting = seat::chaired(&ctx, &mut tx, &id).await?;
    let changed = announce_in(&mut tx, ctx.world(), actor.account, meeting.id).await?;
    tx.commit().await?;
    let done =
        Done::new(format!("/meetings/{}", meeting.id), Stands { state: State::Announced, changed });
    Ok(done.flash("Đã thông báo. Đảng viên của chi bộ thấy buổi sinh hoạt này trên trang chủ."))
}
