//! Calls a meeting off before it opens.

use crate::{
    announce::{Nothing, Stands},
    meeting::{Progress, State, Step},
    seat, store,
};
use axum::extract::Path;
use kernel::{AccountId, Error, MeetingId, Result, World};
use tenancy::{TenantTx, event::NewEvent};
use web::{Ctx, Done, Input};

async fn cancel_in(tx: &mut TenantTx, world: &World, by: AccountId, id: MeetingId) -> Result<bool> {
    let meeting = store::lock(tx, id).await?.ok_or(Error::NotFound)?;
    if meeting.state.after(Step::Cancel)? == Progress::Already {
        return Ok(false);
    }
    store::cancel(tx, id).await?;
    let event =
        NewEvent::new("meeting.cancelled").by(by).in_organisation(meeting.organisation).on(id);
    tx.record(world, event).await?;
    Ok(true)
}

/// Calls a meeting off.
#[utoipa::path(post, path = "/meetings/{id}/cancel", operation_id = "meeting.cancel", tag = "meetings",
    params(("id" = uuid::Uuid, Path)),
    responses((status = 200, body = Stands), (status = 409, description = "Not from this state")))]
pub async fn cancel(
    ctx: Ctx,
    Path(id): Path<String>,
    _: Input<Nothing>,
) -> web::Result<Done<Stands>> {
    let actor = ctx.actor()?;
    let mut tx = ctx.begin().await?;
    let meeting = seat::chaired(&ctx, &mut tx, &id).await?;
    let changed = cancel_in(&mut tx, ctx.world(), actor.account, meeting.id).await?;
    tx.commit().await?;
    let done =
        Done::new(format!("/meetings/{}", meeting.id), Stands { state: State::Cancelled, changed });
    Ok(done.flash("Đã hủy buổi sinh hoạt."))
}
