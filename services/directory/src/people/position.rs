//! Positions (chức vụ) that a member takes and leaves.

use super::{change::reach, store};
use crate::organisation::{reachable, words::read_day};
use askama::Template;
use axum::extract::Path;
use kernel::{
    Error, Errors, MemberId,
    viet::{self, Day},
};
use serde::{Deserialize, Serialize};
use tenancy::NewEvent;
use time::Date;
use utoipa::ToSchema;
use uuid::Uuid;
use web::{Ctx, Done, Failure, Input, Page, View};

/// Longest title, in characters.
const TITLE: usize = 100;

/// The form as it was filled in.
#[derive(Clone, Debug, Default, Deserialize, Serialize, ToSchema)]
#[serde(default)]
pub(super) struct PositionForm {
    /// Code of the organisation.
    organisation: String,
    /// Bí thư, Phó Bí thư, Chi ủy viên, …
    title: String,
    /// Since when, `dd/mm/yyyy`.
    held_from: String,
}

#[derive(Template, Serialize, ToSchema)]
#[template(path = "member_position.html")]
pub(super) struct PositionPage {
    #[schema(value_type = Uuid)]
    member: MemberId,
    name: String,
    form: PositionForm,
    #[serde(skip)]
    errors: Errors,
}

impl Page for PositionPage {
    fn title(&self) -> String {
        if self.errors.0.is_empty() {
            "Ghi chức vụ".into()
        } else {
            "Cần sửa: Ghi chức vụ".into()
        }
    }
}

/// The form for a position that a member takes.
#[utoipa::path(get, path = "/members/{id}/positions/new", operation_id = "position.new", tag = "members",
    params(("id" = Uuid, Path, description = "The member")),
    responses((status = 200, body = PositionPage), (status = 404, description = "No such member within reach")))]
pub(super) async fn form(ctx: Ctx, Path(id): Path<String>) -> web::Result<View<PositionPage>> {
    let person = reach(&ctx, &id).await?;
    let form = PositionForm {
        organisation: person.code,
        title: String::new(),
        held_from: viet::format_date(ctx.world().today()),
    };
    Ok(View(PositionPage {
        member: person.id,
        name: person.record.full_name,
        form,
        errors: Errors::default(),
    }))
}

/// A position that is now held, or no longer.
#[derive(Serialize, ToSchema)]
pub(super) struct Noted {
    id: Uuid,
}

/// Notes that a member takes a position.
#[utoipa::path(post, path = "/members/{id}/positions", operation_id = "position.take", tag = "members",
    params(("id" = Uuid, Path, description = "The member")),
    request_body(content((PositionForm = "application/json"), (PositionForm = "application/x-www-form-urlencoded"))),
    responses((status = 201, body = Noted), (status = 404, description = "No such member within reach"),
        (status = 422, description = "A field does not fit")))]
pub(super) async fn take(
    ctx: Ctx,
    Path(id): Path<String>,
    Input(form): Input<PositionForm>,
) -> web::Result<Done<Noted>> {
    let person = reach(&ctx, &id).await?;
    match submit(&ctx, person.id, &form).await {
        Ok(id) => {
            Ok(Done::created(format!("/members/{}", person.id), Noted { id })
                .flash("Đã ghi chức vụ."))
        }
        Err(error) => Err(Failure::form(error, |errors| PositionPage {
            member: person.id,
            name: person.record.full_name,
            form,
            errors,
        })),
    }
}

async fn submit(ctx: &Ctx, member: MemberId, form: &PositionForm) -> Result<Uuid, Error> {
    let mut tx = ctx.begin().await?;
    let mut errors = Errors::default();
    let unit =
        reachable(ctx, &mut tx, "position.take", "organisation", &form.organisation, &mut errors)
            .await?;
    let unit = unit.and_then(|unit| {
        let alive = unit.dissolved_on.is_none();
        if !alive {
            errors.add("organisation", "Tổ chức này đã giải thể.");
        }
        alive.then_some(unit)
    });
    let title = viet::normalise(&form.title);
    if title.is_empty() || title.chars().count() > TITLE {
        errors.add("title", "Hãy ghi chức vụ, ví dụ Phó Bí thư.");
    }
    let from = read_day("held_from", &form.held_from, &mut errors);
    if let (Some(from), Some(unit)) = (from, &unit) {
        if from > ctx.world().today() {
            errors.add("held_from", "Ngày này chưa đến.");
        } else if from < unit.founded_on {
            errors.add("held_from", "Vào ngày này chưa có tổ chức đó.");
        }
    }
    let (Some(unit), Some(from)) = (unit, from) else { return Err(Error::Invalid(errors)) };
    errors.or(())?;
    let id: Uuid = ctx.world().id();
    store::take_position(&mut tx, id, member, unit.id, &title, from).await?;
    let event = NewEvent::new("position.taken")
        .by(ctx.account())
        .in_organisation(unit.id)
        .on(member)
        .with(serde_json::json!({ "position": id, "on": from.to_string() }))?;
    tx.record(ctx.world(), event).await?;
    tx.commit().await?;
    Ok(id)
}

/// The form as it was filled in.
#[derive(Clone, Debug, Default, Deserialize, Serialize, ToSchema)]
#[serde(default)]
pub(super) struct LeaveForm {
    /// Since when no longer, `dd/mm/yyyy`.
    held_to: String,
}

impl LeaveForm {
    /// The day, for a position that has been held since `from`.
    fn read(&self, from: Date, today: Date) -> Result<Date, Error> {
        let mut errors = Errors::default();
        let Some(to) = read_day("held_to", &self.held_to, &mut errors) else {
            return Err(Error::Invalid(errors));
        };
        if to < from || to > today {
            errors.add("held_to", "Ngày thôi giữ phải từ ngày bắt đầu giữ đến hôm nay.");
        }
        errors.or(to)
    }
}

#[derive(Template, Serialize, ToSchema)]
#[template(path = "member_position_leave.html")]
pub(super) struct LeavePage {
    id: Uuid,
    #[schema(value_type = Uuid)]
    member: MemberId,
    name: String,
    title: String,
    organisation: String,
    #[schema(value_type = time::Date)]
    held_from: Day,
    form: LeaveForm,
    #[serde(skip)]
    errors: Errors,
}

impl LeavePage {
    fn new(id: Uuid, held: store::HeldPosition, form: LeaveForm, errors: Errors) -> Self {
        Self {
            id,
            member: held.member.into(),
            name: held.full_name,
            title: held.title,
            organisation: held.organisation_name,
            held_from: Day(held.held_from),
            form,
            errors,
        }
    }
}

impl Page for LeavePage {
    fn title(&self) -> String {
        if self.errors.0.is_empty() {
            "Ghi thôi giữ chức vụ".into()
        } else {
            "Cần sửa: Ghi thôi giữ chức vụ".into()
        }
    }
}

/// The form for a position that a member leaves.
#[utoipa::path(get, path = "/positions/{id}/leave", operation_id = "position.leave_form", tag = "members",
    params(("id" = Uuid, Path, description = "The position")),
    responses((status = 200, body = LeavePage), (status = 404, description = "No such running position within reach")))]
pub(super) async fn leave_form(ctx: Ctx, Path(id): Path<String>) -> web::Result<View<LeavePage>> {
    let (id, held) = held(&ctx, &id).await?;
    let form = LeaveForm { held_to: viet::format_date(ctx.world().today()) };
    Ok(View(LeavePage::new(id, held, form, Errors::default())))
}

async fn held(ctx: &Ctx, id: &str) -> Result<(Uuid, store::HeldPosition), Error> {
    let id: Uuid = id.parse().map_err(|_| Error::NotFound)?;
    let held = store::held_position(&mut *ctx.read().await?, id).await?.ok_or(Error::NotFound)?;
    ctx.authorise(&held.path)?;
    Ok((id, held))
}

/// Notes that a member leaves a position.
#[utoipa::path(post, path = "/positions/{id}/leave", operation_id = "position.leave", tag = "members",
    params(("id" = Uuid, Path, description = "The position")),
    request_body(content((LeaveForm = "application/json"), (LeaveForm = "application/x-www-form-urlencoded"))),
    responses((status = 200, body = Noted), (status = 404, description = "No such running position within reach"),
        (status = 422, description = "The date does not fit")))]
pub(super) async fn leave(
    ctx: Ctx,
    Path(id): Path<String>,
    Input(form): Input<LeaveForm>,
) -> web::Result<Done<Noted>> {
    let (id, held) = held(&ctx, &id).await?;
    let to = match form.read(held.held_from, ctx.world().today()) {
        Ok(to) => to,
        Err(error) => {
            return Err(Failure::form(error, |errors| LeavePage::new(id, held, form, errors)));
        }
    };
    let mut tx = ctx.begin().await?;
    if !store::leave_position(&mut tx, id, to).await? {
        return Err(Error::NotFound.into());
    }
    let event = NewEvent::new("position.left")
        .by(ctx.account())
        .in_organisation(held.organisation.into())
        .on(held.member)
        .with(serde_json::json!({ "position": id, "on": to.to_string() }))?;
    tx.record(ctx.world(), event).await?;
    tx.commit().await?;
    Ok(Done::new(format!("/members/{}", held.member), Noted { id })
        .flash("Đã ghi thôi giữ chức vụ."))
}
