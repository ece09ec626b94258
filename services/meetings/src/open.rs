//! Opens a meeting: from now on its code checks members in.

use crate::{
    announce::{Nothing, Stands},
    meeting::{Progress, State, Step},
    seat, store,
};
use axum::extract::Path;
use kernel::{AccountId, Error, MeetingId, Result, World};
use tenancy::{TenantTx, event::NewEvent};
use web::{Ctx, Done, Input};

/// Codes drawn before giving up; with 31⁶ possibilities the first one is free.
const DRAWS: usize = 5;

/// Opens a meeting and returns its code; opened twice, it keeps the first.
///
/// # Errors
/// [`Error::Conflict`] when it is not announced or already over; [`Error::NotFound`].
pub async fn open_in(
    tx: &mut TenantTx,
    world: &World,
    by: AccountId,
    id: MeetingId,
) -> Result<String> {
    Ok(open_once(tx, world, by, id).await?.0)
}

async fn open_once(
    tx: &mut TenantTx,
    world: &World,
    by: AccountId,
    id: MeetingId,
) -> Result<(String, bool)> {
    let meeting = store::lock(tx, id).await?.ok_or(Error::NotFound)?;
    if meeting.state.after(Step::Open)? == Progress::Already {
        return Ok((meeting.code.unwrap_or_default(), false));
    }
    for _ in 0..DRAWS {
        let code = world.code::<6>();
        if store::open(tx, id, &code, world.now()).await? {
            let event =
                NewEvent::new("meeting.opened").by(by).in_organisation(meeting.organisation).on(id);
            tx.record(world, event).await?;
            return Ok((code, true));
        }
    }
    Err(Error::internal("every code that was drawn is taken"))
}

/// Opens a meeting and shows the code for checking in.
#[utoipa::path(post, path = "/meetings/{id}/open", operation_id = "meeting.open", tag = "meetings",
    params(("id" = uuid::Uuid, Path)),
    responses((status = 200, body = Stands), (status = 409, description = "Not from this state")))]
pub async fn open(
    ctx: Ctx,
    Path(id): Path<String>,
    _: Input<Nothing>,
) -> web::Result<Done<Stands>> {
    let actor = ctx.actor()?;
    let mut tx = ctx.begin().await?;
    let meeting = seat::chaired(&ctx, &mut tx, &id).await?;
    let (_, changed) = open_once(&mut tx, ctx.world(), actor.account, meeting.id).await?;
    tx.commit().await?;
    Ok(Done::new(
        format!("/meetings/{}/board", meeting.id),
        Stands { state: State::Opened, changed },
    ))
}
