//! Closes a meeting: attendance is settled and the short minute stands.

use crate::{
    close_form::ClosePage,
    meeting::{Progress, Step},
    roll::{Presence, RollRow, Via},
    rules, seat, store,
    store::roll::{self, Said},
    tally::Tally,
    words::lines,
};
use axum::extract::Path;
use kernel::{AccountId, Error, Errors, MeetingId, MemberId, Result, World, viet};
use serde::{Deserialize, Serialize};
use tenancy::{TenantTx, event::NewEvent};
use utoipa::ToSchema;
use web::{Ctx, Done, Failure, Input};

/// Most characters of a minute.
const MINUTE: usize = 10_000;

/// What the form holds.
#[derive(Default, Deserialize, ToSchema)]
#[serde(default)]
pub struct CloseInput {
    /// What was discussed and concluded, in short.
    pub minute: String,
    /// The members whom the form showed as about to stand absent, by their
    /// identifiers with spaces between.
    pub shown: String,
}

/// A meeting that is over.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
pub struct Closed {
    /// Its figures.
    pub tally: Tally,
    /// Whether this request closed it; not when it was sent twice.
    pub changed: bool,
}

/// Closes a meeting. Whoever was never marked stands as absent without a
/// reason from now on, the exempt as exempt. `shown` are the members whom the
/// secretary has seen on the form as such; nothing where nobody looks at a form.
///
/// # Errors
/// [`Error::Conflict`] when it is not open; [`Error::Invalid`] when the minute
/// is too short or somebody would stand absent who was not shown.
pub async fn close_in(
    tx: &mut TenantTx,
    world: &World,
    by: AccountId,
    id: MeetingId,
    minute: &str,
    shown: Option<&[MemberId]>,
) -> Result<Closed> {
    let meeting = store::lock(tx, id).await?.ok_or(Error::NotFound)?;
    if meeting.state.after(Step::Close)? == Progress::Already {
        return Ok(Closed { tally: roll::tally(tx, id).await?, changed: false });
    }
    let rows = roll::roll(tx, id).await?;
    let day = meeting.starts_at.to_offset(viet::HO_CHI_MINH).date();
    let fewest = usize::try_from(rules::minute_characters(day)?)?;
    let minute = check(minute, fewest, &rows, shown)?;

    let of = |wanted: fn(&RollRow) -> bool| -> Vec<MemberId> {
        rows.iter().filter(|row| row.state.is_none() && wanted(row)).map(|row| row.member).collect()
    };
    for (members, state) in
        [(of(RollRow::unmarked), Presence::Absent), (of(|row| row.exempt), Presence::Exempt)]
    {
        let said = Said { state, via: Via::RollCall, reason: "", by, at: world.now() };
        roll::settle(tx, id, &members, &said).await?;
    }
    store::close(tx, id, &minute, world.now()).await?;
    let mut tally = Tally::of(&rows);
    tally.absent += tally.unmarked();
    let event = NewEvent::new("meeting.closed").by(by).in_organisation(meeting.organisation).on(id);
    tx.record(world, event.with(tally)?).await?;
    Ok(Closed { tally, changed: true })
}

/// The minute as it is stored, when nothing needs mending.
fn check(
    minute: &str,
    fewest: usize,
    rows: &[RollRow],
    shown: Option<&[MemberId]>,
) -> Result<String> {
    let mut errors = Errors::default();
    let minute = lines(minute);
    let length = minute.chars().count();
    if length < fewest {
        errors.add(
            "minute",
            format!("Hãy ghi tóm tắt nội dung và kết luận, ít nhất {fewest} ký tự."),
        );
    } else if length > MINUTE {
        errors.add("minute", format!("Tóm tắt dài quá {MINUTE} ký tự. Hãy rút gọn."));
    }
    if let Some(shown) = shown
        && rows.iter().any(|row| row.unmarked() && !shown.contains(&row.member))
    {
        errors.add("waited", "Danh sách chưa điểm danh vừa thay đổi. Xin xem lại danh sách dưới đây rồi bấm Kết thúc.");
    }
    errors.or(minute)
}

/// Closes a meeting with a short minute.
#[utoipa::path(post, path = "/meetings/{id}/close", operation_id = "meeting.close", tag = "meetings",
    params(("id" = uuid::Uuid, Path)),
    request_body(content((CloseInput = "application/x-www-form-urlencoded"), (CloseInput = "application/json"))),
    responses((status = 200, body = Closed), (status = 409, description = "Not open"),
        (status = 422, description = "Fields that need mending")))]
pub async fn close(
    ctx: Ctx,
    Path(id): Path<String>,
    Input(form): Input<CloseInput>,
) -> web::Result<Done<Closed>> {
    let actor = ctx.actor()?;
    let shown: Vec<MemberId> =
        form.shown.split_whitespace().filter_map(|id| id.parse().ok()).collect();
    let mut tx = ctx.begin().await?;
    let meeting = seat::chaired(&ctx, &mut tx, &id).await?;
    let id = meeting.id;
    match close_in(&mut tx, ctx.world(), actor.account, id, &form.minute, Some(&shown)).await {
        Ok(closed) => {
            tx.commit().await?;
            let tally = closed.tally;
            let sentence = format!(
                "Đã kết thúc. Có mặt {} trên {} đảng viên.",
                tally.present,
                tally.expected()
            );
            Ok(Done::new(format!("/meetings/{id}"), closed).flash(sentence))
        }
        Err(error @ Error::Invalid(_)) => {
            let rows = roll::roll(&mut tx, id).await?;
            let page = ClosePage::new(ctx.world(), meeting, rows, form.minute)?;
            Err(Failure::form(error, |errors| page.with(errors)))
        }
        Err(error) => Err(error.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::check;
    use crate::roll::{Presence, RollRow};
    use kernel::{Error, MemberId, World};

    fn row(world: &World, exempt: bool, state: Option<Presence>) -> RollRow {
        RollRow {
            member: world.id(),
            name: String::new(),
            exempt,
            state,
            via: None,
            at: None,
            reason: String::new(),
        }
    }

    fn fields(result: Result<String, Error>) -> Vec<String> {
        match result {
            Ok(_) => Vec::new(),
            Err(Error::Invalid(errors)) => errors.0.into_iter().map(|error| error.field).collect(),
            Err(other) => panic!("{other}"),
        }
    }

    #[test]
    fn nobody_becomes_absent_who_was_not_shown() {
        let world = World::system();
        let rows = [
            row(&world, false, Some(Presence::Present)),
            row(&world, true, None),
            row(&world, false, None),
        ];
        let waited: Vec<MemberId> = vec![rows[2].member];
        let minute = "Đánh giá tháng 11, nhiệm vụ tháng 12.";
        assert_eq!(fields(check(minute, 20, &rows, Some(&waited))), Vec::<String>::new());
        assert_eq!(fields(check(minute, 20, &rows, Some(&[]))), ["waited"]);
        assert_eq!(fields(check(minute, 20, &rows, None)), Vec::<String>::new());
        assert_eq!(fields(check(" Đã họp. \n", 20, &rows, Some(&[]))), ["minute", "waited"]);
    }
}
