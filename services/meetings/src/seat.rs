//! From where somebody looks at a meeting, and so what they may see of it.

use crate::{
    meeting::State,
    store::{self, Meeting},
};
use kernel::{Actor, Error, MeetingId, Result, Role};
use serde::Serialize;
use sqlx::PgConnection;
use web::Ctx;

/// Where the reader sits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Seat {
    /// The secretary of the branch: everything, names too.
    Chair,
    /// A member of the branch: the meeting and their own attendance.
    Summoned,
    /// A level above: figures, no names.
    Above,
}

/// Where the reader sits at a meeting.
///
/// # Errors
/// [`Error::NotFound`] when the meeting is none of their business.
pub(crate) fn of(ctx: &Ctx, meeting: &Meeting) -> Result<Seat> {
    let path = &meeting.path;
    if ctx.may("meeting.open", path) {
        return Ok(Seat::Chair);
    }
    if meeting.state != State::Draft {
        if path.covers(&ctx.actor()?.path) {
            return Ok(Seat::Summoned);
        }
        if above(ctx).iter().any(|scope| path.0.starts_with(scope)) {
            return Ok(Seat::Above);
        }
    }
    Err(Error::NotFound)
}

/// The places whose meetings the reader follows from above. Being a member or
/// a secretary there does not count.
pub(crate) fn above(ctx: &Ctx) -> Vec<String> {
    let Some(actor) = &ctx.request.actor else { return Vec::new() };
    actor
        .grants
        .iter()
        .filter(|grant| !matches!(grant.role, Role::Member | Role::Secretary))
        .filter(|grant| ctx.app.policy.allows(grant.role, "meeting.list"))
        .map(|grant| grant.scope.0.clone())
        .collect()
}

/// The places of a member's own organisations, from the root down to the
/// branch or to the group inside it.
pub(crate) fn own(actor: &Actor) -> Vec<String> {
    let path = &actor.path.0;
    path.match_indices('.').map(|(at, dot)| path[..at + dot.len()].to_owned()).collect()
}

/// The meeting in an address.
///
/// # Errors
/// [`Error::NotFound`] when there is none.
pub(crate) async fn meeting(conn: &mut PgConnection, id: &str) -> Result<Meeting> {
    let id: MeetingId = id.parse().map_err(|_| Error::NotFound)?;
    store::meeting(conn, id).await?.ok_or(Error::NotFound)
}

/// The meeting in an address, for whoever may do this operation to it.
///
/// # Errors
/// [`Error::NotFound`] when there is none within reach.
pub(crate) async fn chaired(ctx: &Ctx, conn: &mut PgConnection, id: &str) -> Result<Meeting> {
    let meeting = meeting(conn, id).await?;
    ctx.authorise(&meeting.path)?;
    Ok(meeting)
}
