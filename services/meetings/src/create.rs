//! Lays a meeting on: a draft that only the secretary sees.

use crate::{
    meeting::Kind,
    new::FormPage,
    seat::own,
    store,
    words::{lines, parse_time},
};
use kernel::{AccountId, Error, Errors, MeetingId, OrgPath, OrganisationId, Result, World, viet};
use serde::{Deserialize, Serialize};
use tenancy::{TenantTx, event::NewEvent};
use time::OffsetDateTime;
use utoipa::ToSchema;
use uuid::Uuid;
use web::{Ctx, Done, Failure, Input};

/// Most characters of a title and of a place.
const LINE: usize = 200;
/// Most characters of an agenda.
const AGENDA: usize = 5000;

/// What the form holds.
#[derive(Clone, Default, Deserialize, Serialize, ToSchema)]
#[serde(default)]
pub struct CreateInput {
    /// The branch.
    pub organisation: String,
    /// `regular`, `topical`, `extraordinary` or `committee`.
    pub kind: String,
    /// Left empty, it names the kind and the month.
    pub title: String,
    /// `dd/mm/yyyy`.
    pub date: String,
    /// `HH:MM`.
    pub time: String,
    /// Where.
    pub place: String,
    /// One item a line.
    pub agenda: String,
}

/// A meeting to be held.
pub struct NewMeeting {
    /// The branch.
    pub organisation: OrganisationId,
    /// What kind of meeting.
    pub kind: Kind,
    /// Its title.
    pub title: String,
    /// When.
    pub starts_at: OffsetDateTime,
    /// Where.
    pub place: String,
    /// What about, one item a line.
    pub agenda: String,
}

impl NewMeeting {
    fn parse(form: &CreateInput) -> Result<Self> {
        let mut errors = Errors::default();
        let organisation = form.organisation.trim().parse().ok();
        if organisation.is_none() {
            errors.add("organisation", "Hãy chọn chi bộ.");
        }
        let kind = Kind::ALL.into_iter().find(|kind| kind.name() == form.kind.trim());
        if kind.is_none() {
            errors.add("kind", "Hãy chọn hình thức sinh hoạt.");
        }
        let mut title = viet::normalise(&form.title);
        if title.chars().count() > LINE {
            errors.add("title", format!("Tiêu đề dài quá {LINE} ký tự. Hãy ghi ngắn hơn."));
        }
        let date = viet::parse_date(&form.date)
            .inspect_err(|error| errors.add("date", format!("Ngày họp chưa đúng: {error}.")))
            .ok();
        let time = parse_time(&form.time);
        if time.is_none() {
            errors.add("time", "Hãy ghi giờ họp theo dạng giờ:phút, ví dụ 19:30.");
        }
        let place = viet::normalise(&form.place);
        if place.is_empty() {
            errors.add("place", "Hãy ghi nơi họp.");
        } else if place.chars().count() > LINE {
            errors.add("place", format!("Nơi họp dài quá {LINE} ký tự. Hãy ghi ngắn hơn."));
        }
        let agenda = lines(&form.agenda);
        if agenda.chars().count() > AGENDA {
            errors.add("agenda", format!("Nội dung dài quá {AGENDA} ký tự. Hãy rút gọn."));
        }
        let (Some(organisation), Some(kind), Some(date), Some(time)) =
            (organisation, kind, date, time)
        else {
            return Err(Error::Invalid(errors));
        };
        if title.is_empty() {
            title = kind.title(date);
        }
        let starts_at = date.with_time(time).assume_offset(viet::HO_CHI_MINH);
        errors.or(Self { organisation, kind, title, starts_at, place, agenda })
    }
}

/// Lays a meeting on. The same meeting sent again is the first one.
///
/// # Errors
/// [`Error::Invalid`] when it would start in the past; when the database refuses.
pub async fn create_in(
    tx: &mut TenantTx,
    world: &World,
    by: AccountId,
    meeting: &NewMeeting,
) -> Result<MeetingId> {
    if meeting.starts_at < world.now() {
        return Err(Error::field("date", "Giờ họp này đã qua. Hãy ghi một ngày, giờ sắp tới."));
    }
    let draft = store::Draft {
        organisation: meeting.organisation,
        kind: meeting.kind,
        title: &meeting.title,
        place: &meeting.place,
        agenda: &meeting.agenda,
        starts_at: meeting.starts_at,
    };
    if let Some(id) = store::same(tx, &draft).await? {
        return Ok(id);
    }
    let id = world.id();
    store::insert(tx, id, &draft, by, world.now()).await?;
    let event =
        NewEvent::new("meeting.created").by(by).in_organisation(meeting.organisation).on(id);
    tx.record(world, event.with(Data { kind: meeting.kind })?).await?;
    Ok(id)
}

#[derive(Serialize)]
struct Data {
    kind: Kind,
}

/// A meeting that has been laid on.
#[derive(Serialize, ToSchema)]
pub struct Created {
    /// The meeting.
    pub id: Uuid,
}

/// Lays a branch meeting on, as a draft.
#[utoipa::path(post, path = "/meetings", operation_id = "meeting.create", tag = "meetings",
    request_body(content((CreateInput = "application/x-www-form-urlencoded"), (CreateInput = "application/json"))),
    responses((status = 201, body = Created), (status = 422, description = "Fields that need mending")))]
pub async fn create(ctx: Ctx, Input(form): Input<CreateInput>) -> web::Result<Done<Created>> {
    let actor = ctx.actor()?;
    let mut tx = ctx.begin().await?;
    match attempt(&ctx, &mut tx, actor.account, &form).await {
        Ok(id) => {
            tx.commit().await?;
            let done = Done::created(format!("/meetings/{id}"), Created { id: id.0 });
            Ok(done
                .flash("Đã lập buổi sinh hoạt. Đảng viên chỉ thấy sau khi đồng chí bấm Thông báo."))
        }
        Err(error) => {
            // Where the database refused, its transaction answers nothing more.
            drop(tx);
            let branches = async {
                let mut conn = ctx.read().await?;
                store::branches(&mut conn, &ctx.scopes(), crate::new::CHOICES).await
            };
            let Ok(branches) = branches.await else { return Err(error.into()) };
            let branches = crate::new::choices(branches, &own(actor));
            Err(Failure::form(error, |errors| FormPage::new(branches, form, None, errors)))
        }
    }
}

async fn attempt(
    ctx: &Ctx,
    tx: &mut TenantTx,
    by: AccountId,
    form: &CreateInput,
) -> Result<MeetingId> {
    let meeting = NewMeeting::parse(form)?;
    let branch = store::branch(tx, meeting.organisation).await?.ok_or(Error::NotFound)?;
    ctx.authorise(&OrgPath(branch.path))?;
    create_in(tx, ctx.world(), by, &meeting).await
}

#[cfg(test)]
mod tests {
    use super::{CreateInput, NewMeeting};
    use kernel::Error;
    use time::macros::datetime;

    fn form() -> CreateInput {
        CreateInput {
            organisation: "01930000-0000-7000-8000-000000000001".into(),
            kind: "regular".into(),
            title: String::new(),
            date: "3/12/2026".into(),
            time: "19h30".into(),
            place: " Nhà văn hóa thôn ".into(),
            agenda: String::new(),
        }
    }

    #[test]
    fn a_form_becomes_a_meeting_in_vietnamese_time() {
        let meeting = NewMeeting::parse(&form()).unwrap();
        assert_eq!(meeting.starts_at, datetime!(2026-12-03 12:30 UTC));
        assert_eq!(meeting.title, "Sinh hoạt chi bộ thường kỳ tháng 12/2026");
        assert_eq!(meeting.place, "Nhà văn hóa thôn");
    }

    #[test]
    fn everything_that_needs_mending_is_said_at_once() {
        let Err(Error::Invalid(errors)) = NewMeeting::parse(&CreateInput::default()) else {
            panic!()
        };
        let fields: Vec<&str> = errors.0.iter().map(|error| error.field.as_str()).collect();
        assert_eq!(fields, ["organisation", "kind", "date", "time", "place"]);
    }
}
