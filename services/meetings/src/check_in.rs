//! A member says that they are here. Everybody does so in the same minutes of
//! the month, so those who come together are recorded together: one statement,
//! one for the events, one commit.

use crate::{
    check_in_form::{CheckInPage, over, plain, unknown, via},
    roll::{Presence, Via},
    store::{
        arrival::{self, Arrival, Asked},
        roll,
    },
    words::clock,
};
use axum::Extension;
use kernel::{AccountId, Error, MeetingId, MemberId, Result, World};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use tenancy::{TenantTx, Together, event::NewEvent};
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

/// A member who says that they are here.
#[derive(Clone, Debug)]
pub struct Asking {
    /// Who.
    pub member: MemberId,
    /// Their account, when it is they who say so.
    pub account: Option<AccountId>,
    /// The code as they gave it.
    pub code: String,
    /// How they came by it.
    pub via: Via,
}

/// Check-ins of a tenant that arrive together are recorded together.
pub(crate) type Arrivals = Together<Asking, Result<CheckIn>>;

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
    let asking = Asking { member, account, code: code.into(), via };
    let outcome = check_in_all(tx, world, &[asking]).await?.pop();
    outcome.unwrap_or_else(|| Err(unknown()))
}

/// Checks members in, each for themselves: one's mistake is only theirs. Says
/// what came of each in the order given.
///
/// # Errors
/// When the database refuses; then nothing is recorded.
pub async fn check_in_all(
    tx: &mut TenantTx,
    world: &World,
    all: &[Asking],
) -> Result<Vec<Result<CheckIn>>> {
    let now = world.now();
    let asked: Vec<Asked> = all
        .iter()
        .map(|one| Asked { code: plain(&one.code), member: one.member, via: one.via })
        .collect();
    let mut arrivals: HashMap<i64, Arrival> = arrival::check_in(tx, &asked, now)
        .await?
        .into_iter()
        .map(|arrival| (arrival.place, arrival))
        .collect();
    let (mut outcomes, mut events) = (Vec::with_capacity(all.len()), Vec::new());
    for ((one, asked), place) in all.iter().zip(asked).zip(1..) {
        let Some(arrival) = arrivals.remove(&place) else {
            outcomes.push(Err(in_vain(tx, &asked).await?));
            continue;
        };
        if arrival.recorded {
            let event = NewEvent::new("meeting.checked_in")
                .by(one.account)
                .in_organisation(arrival.home)
                .on(arrival.id);
            events.push(event.with(Data { via: one.via, member: one.member })?);
        }
        // The statement sees no row that somebody for whom it waited has written.
        let stands = if arrival.recorded {
            None
        } else {
            roll::recorded(tx, arrival.id, one.member).await?
        };
        let (state, at) = stands.unwrap_or((Presence::Present, now));
        outcomes.push(Ok(CheckIn {
            meeting: arrival.id,
            title: arrival.title,
            recorded: arrival.recorded,
            state,
            at,
        }));
    }
    tx.record_all(world, events).await?;
    Ok(outcomes)
}

/// Why a code let nobody in.
async fn in_vain(tx: &mut TenantTx, asked: &Asked) -> Result<Error> {
    if asked.code.is_empty() {
        return Ok(Error::field("code", "Hãy nhập mã trên màn hình tại nơi họp."));
    }
    let over_now = arrival::invitation(tx, &asked.code, asked.member).await?.is_some();
    Ok(if over_now { over() } else { unknown() })
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
#[utoipa::path(post, path = "/meetings/check-in", operation_id = "meeting.check_in", extensions(("x-budget" = json!("shared"))), tag = "meetings",
    request_body(content((CheckInInput = "application/x-www-form-urlencoded"), (CheckInInput = "application/json"))),
    responses((status = 200, body = CheckedIn), (status = 410, description = "The meeting is over"),
        (status = 422, description = "No such code")))]
pub async fn check_in(
    ctx: Ctx,
    Extension(arrivals): Extension<Arrivals>,
    Input(form): Input<CheckInInput>,
) -> web::Result<Done<CheckedIn>> {
    let actor = ctx.actor()?;
    let via = via(&form.via);
    let asking =
        Asking { member: actor.member, account: Some(actor.account), code: form.code.clone(), via };
    let (db, world) = (ctx.db().clone(), ctx.world().clone());
    let together = move |all: Vec<Asking>| {
        let (db, world) = (db.clone(), world.clone());
        async move {
            let mut tx = db.begin().await?;
            let outcomes = check_in_all(&mut tx, &world, &all).await?;
            tx.commit().await?;
            Ok(outcomes)
        }
    };
    let done = arrivals.run(&ctx.tenant().id, asking, together).await?.map_err(|error| {
        Failure::form(error, |errors| CheckInPage::asking(&plain(&form.code), via, errors))
    })?;
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
