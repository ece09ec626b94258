//! A member says that they are here. Everybody does so in the same minutes of
//! the month, so it is one statement, its event and the commit.

use crate::{
    check_in_form::{CheckInPage, over, plain, unknown, via},
    roll::{Presence, Via},
    store::arrival,
    words::clock,
};
use kernel::{AccountId, Error, MeetingId, MemberId, Result, World};
use serde::{Deserialize, Serialize};
use tenancy::{TenantTx, event::NewEvent};
use time::OffsetDateTime;
use utoipa::ToSchema;
use uuid::Uuid;
use web::{Ctx, Done, Failure, Input};

/// What the form holds.
#[derive(Default, Deserialize, ToSchema)]
#[serde(default)]
pub struct CheckInInput {
    /// The meeting's code; case, spaces and dashes do not matter.
    pub code: String,
    /// `qr` when it was scanned, else it was typed.
    pub via: String,
}

/// What came of it.
#[derive(Clone, Debug)]
pub struct CheckIn {
    /// The meeting.
    pub meeting: MeetingId,
    /// Its title.
    pub title: String,
    /// Whether this check-in was the first.
    pub recorded: bool,
    /// How the member stands; not present when the secretary has said so.
    pub state: Presence,
    /// Since when.
    pub at: OffsetDateTime,
}

#[derive(Serialize)]
pub(crate) struct Data {
    pub via: Via,
    pub member: MemberId,
}

/// Checks a member in by the code of their branch's open meeting. Checking in
/// again records nothing.
///
/// # Errors
/// [`kernel::Error::Invalid`] on a code that is of no such meeting,
/// [`kernel::Error::Gone`] when the meeting is over.
pub async fn check_in_with(
    tx: &mut TenantTx,
    world: &World,
    member: MemberId,
    account: Option<AccountId>,
    code: &str,
    via: Via,
) -> Result<CheckIn> {
    let (code, now) = (plain(code), world.now());
    if code.is_empty() {
        return Err(Error::field("code", "Hãy nhập mã trên màn hình tại nơi họp."));
    }
    let Some(arrival) = arrival::check_in(tx, &code, member, via, now).await? else {
        let over_now = arrival::invitation(tx, &code, member).await?.is_some();
        return Err(if over_now { over() } else { unknown() });
    };
    if arrival.recorded {
        let event = NewEvent::new("meeting.checked_in")
            .by(account)
            .in_organisation(arrival.home)
            .on(arrival.id);
        tx.record(world, event.with(Data { via, member })?).await?;
    }
    Ok(CheckIn {
        meeting: arrival.id,
        title: arrival.title,
        recorded: arrival.recorded,
        // Nothing is seen of a row that this statement or a twin of it writes.
        state: arrival.state.unwrap_or(Presence::Present),
        at: arrival.at.unwrap_or(now),
    })
}

/// How the member stands now.
#[derive(Serialize, ToSchema)]
pub struct CheckedIn {
    /// The meeting.
    pub meeting: Uuid,
    /// Whether this request was the first.
    pub recorded: bool,
    /// How the member stands.
    pub state: Presence,
    /// Since when.
    #[serde(with = "time::serde::rfc3339")]
    pub at: OffsetDateTime,
}

/// Checks the member in to the open meeting of their branch.
#[utoipa::path(post, path = "/meetings/check-in", operation_id = "meeting.check_in", tag = "meetings",
    request_body(content((CheckInInput = "application/x-www-form-urlencoded"), (CheckInInput = "application/json"))),
    responses((status = 200, body = CheckedIn), (status = 410, description = "The meeting is over"),
        (status = 422, description = "No such code")))]
pub async fn check_in(ctx: Ctx, Input(form): Input<CheckInInput>) -> web::Result<Done<CheckedIn>> {
    let actor = ctx.actor()?;
    let via = via(&form.via);
    let mut tx = ctx.begin().await?;
    let done =
        check_in_with(&mut tx, ctx.world(), actor.member, Some(actor.account), &form.code, via)
            .await
            .map_err(|error| {
                Failure::form(error, |errors| CheckInPage::asking(&plain(&form.code), via, errors))
            })?;
    tx.commit().await?;
    let sentence = match (done.recorded, done.state) {
        (true, _) => format!("Đã điểm danh lúc {}. Cảm ơn đồng chí.", clock(done.at)),
        (false, Presence::Present) => {
            format!("Đồng chí đã điểm danh từ lúc {}, không cần làm lại.", clock(done.at))
        }
        (false, state) => format!(
            "Bí thư chi bộ đã ghi đồng chí là «{}». Nếu đồng chí có mặt, xin báo bí thư sửa lại.",
            state.label().to_lowercase()
        ),
    };
    let outcome = CheckedIn {
        meeting: done.meeting.0,
        recorded: done.recorded,
        state: done.state,
        at: done.at,
    };
    Ok(Done::new(format!("/meetings/{}", done.meeting), outcome).flash(sentence))
}
