//! The secretary checks in a member without a phone, or says who is away.

use crate::{
    attendance::AttendancePage,
    check_in::Data,
    meeting::State,
    roll::{Presence, Via},
    seat, store,
    store::roll::{self, Said},
};
use axum::extract::Path;
use kernel::{AccountId, Error, Errors, MeetingId, MemberId, Result, World, viet};
use serde::{Deserialize, Serialize};
use tenancy::{TenantTx, event::NewEvent};
use utoipa::ToSchema;
use web::{Ctx, Done, Failure, Input};

/// Most characters of a reason.
const REASON: usize = 300;

/// What the form holds.
#[derive(Clone, Default, Deserialize, ToSchema)]
#[serde(default)]
pub struct AssistInput {
    /// The member.
    pub member: String,
    /// `present`, `excused`, `absent` or `exempt`.
    pub state: String,
    /// Why they are away; needed for `excused`.
    pub reason: String,
}

/// What is said of a summoned member.
#[derive(Clone, Debug)]
pub struct Attendee {
    /// The member.
    pub member: MemberId,
    /// How they stand.
    pub state: Presence,
    /// Why they are away, empty when they are not.
    pub reason: String,
}

impl Attendee {
    fn parse(form: &AssistInput) -> Result<Self> {
        let mut errors = Errors::default();
        let member = form.member.trim().parse().map_err(|_| Error::NotFound)?;
        let state = Presence::ALL.into_iter().find(|state| state.name() == form.state.trim());
        if state.is_none() {
            errors.add("state", "Hãy chọn có mặt, vắng hay miễn sinh hoạt.");
        }
        let reason = viet::normalise(&form.reason);
        if state == Some(Presence::Excused) && reason.is_empty() {
            errors.add("reason", "Vắng có lý do thì hãy ghi lý do, ví dụ: ốm, đi công tác.");
        } else if reason.chars().count() > REASON {
            errors.add("reason", format!("Lý do dài quá {REASON} ký tự. Hãy ghi ngắn hơn."));
        }
        let attendee = Self { member, state: state.unwrap_or(Presence::Present), reason };
        errors.or(attendee)
    }
}

#[derive(Serialize)]
struct Marked {
    member: MemberId,
    from: Option<Presence>,
    to: Presence,
}

/// Records what the secretary says of a member of an open meeting; whether
/// anything changed. A member who is present already stays as they checked in.
///
/// # Errors
/// [`Error::Conflict`] unless the meeting is open; [`Error::NotFound`] when
/// the member is not summoned.
pub async fn assist_in(
    tx: &mut TenantTx,
    world: &World,
    by: AccountId,
    meeting: MeetingId,
    attendee: &Attendee,
) -> Result<bool> {
    let locked = store::lock(tx, meeting).await?.ok_or(Error::NotFound)?;
    if locked.state != State::Opened {
        return Err(Error::Conflict(
            "Chỉ ghi điểm danh được khi buổi sinh hoạt đang diễn ra.".into(),
        ));
    }
    let Attendee { member, state, reason } = attendee;
    let (member, state) = (*member, *state);
    let before = roll::mark_of(tx, meeting, member).await?.ok_or(Error::NotFound)?;
    let here = state == Presence::Present;
    let reason = if here { "" } else { reason.as_str() };
    if before.state == Some(state) && (here || before.reason == reason) {
        return Ok(false);
    }
    let via = if here { Via::Assisted } else { Via::RollCall };
    roll::mark(tx, meeting, member, &Said { state, via, reason, by, at: world.now() }).await?;
    if before.state == Some(state) {
        return Ok(true);
    }
    let event = if here {
        NewEvent::new("meeting.checked_in").assisted_by(by).with(Data { via, member })?
    } else {
        NewEvent::new("meeting.marked").with(Marked { member, from: before.state, to: state })?
    };
    tx.record(world, event.by(by).in_organisation(before.home).on(meeting)).await?;
    Ok(true)
}

/// How the member stands now.
#[derive(Serialize, ToSchema)]
pub struct Assisted {
    /// How the member stands.
    pub state: Presence,
    /// Whether this request changed it.
    pub changed: bool,
}

/// Checks in a member without a phone, or says who is away.
#[utoipa::path(post, path = "/meetings/{id}/attendance", operation_id = "meeting.assist", tag = "meetings",
    params(("id" = uuid::Uuid, Path)),
    request_body(content((AssistInput = "application/x-www-form-urlencoded"), (AssistInput = "application/json"))),
    responses((status = 200, body = Assisted), (status = 409, description = "Not open"),
        (status = 422, description = "Fields that need mending")))]
pub async fn assist(
    ctx: Ctx,
    Path(id): Path<String>,
    Input(form): Input<AssistInput>,
) -> web::Result<Done<Assisted>> {
    let actor = ctx.actor()?;
    let mut tx = ctx.begin().await?;
    let meeting = seat::chaired(&ctx, &mut tx, &id).await?;
    let said = match Attendee::parse(&form) {
        Ok(said) => said,
        Err(error) => {
            let rows = roll::roll(&mut tx, meeting.id).await?;
            return Err(Failure::form(error, |errors| {
                AttendancePage::new(meeting, rows, form, errors)
            }));
        }
    };
    let changed = assist_in(&mut tx, ctx.world(), actor.account, meeting.id, &said).await?;
    tx.commit().await?;
    let location = format!("/meetings/{}/attendance#m-{}", meeting.id, said.member);
    Ok(Done::new(location, Assisted { state: said.state, changed })
        .flash(format!("Đã ghi: {}.", said.state.label().to_lowercase())))
}

#[cfg(test)]
mod tests {
    use super::{AssistInput, Attendee};
    use kernel::Error;

    #[test]
    fn only_an_excuse_needs_a_reason() {
        let form = |state: &str, reason: &str| AssistInput {
            member: "01930000-0000-7000-8000-000000000001".into(),
            state: state.into(),
            reason: reason.into(),
        };
        for state in ["present", "absent", "exempt"] {
            assert!(Attendee::parse(&form(state, "")).is_ok(), "{state}");
        }
        assert!(Attendee::parse(&form("excused", "ốm")).is_ok());
        for (state, reason) in [("excused", " "), ("", ""), ("here", "")] {
            assert!(
                matches!(Attendee::parse(&form(state, reason)), Err(Error::Invalid(_))),
                "{state}"
            );
        }
        assert!(matches!(Attendee::parse(&AssistInput::default()), Err(Error::NotFound)));
    }
}
