//! Dissolving an organisation from a form.

use super::{
    change_form::{onto, reach},
    dissolve_in,
    found_form::reachable,
    store,
    words::read_day,
};
use askama::Template;
use axum::extract::Path;
use kernel::{Error, Errors, OrganisationId, viet};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use web::{Ctx, Done, Failure, Input, Page, View};

/// The form as it was filled in.
#[derive(Clone, Debug, Default, Deserialize, Serialize, ToSchema)]
#[serde(default)]
pub(super) struct DissolveForm {
    /// Code of the organisation that takes over; empty for none.
    successor: String,
    /// The first day on which it no longer is, `dd/mm/yyyy`.
    on: String,
    /// `true` when it was confirmed.
    confirmed: String,
}

#[derive(Template, Serialize, ToSchema)]
#[template(path = "organisation_dissolve.html")]
pub(super) struct DissolvePage {
    #[schema(value_type = uuid::Uuid)]
    id: OrganisationId,
    name: String,
    form: DissolveForm,
    #[serde(skip)]
    errors: Errors,
}

impl DissolvePage {
    fn new(unit: store::Unit, form: DissolveForm, errors: Errors) -> Self {
        Self { id: unit.id, name: unit.name, form, errors: onto("successor", errors) }
    }
}

impl Page for DissolvePage {
    fn title(&self) -> String {
        if self.errors.0.is_empty() {
            "Giải thể, sáp nhập".into()
        } else {
            "Cần sửa: Giải thể, sáp nhập".into()
        }
    }
}

/// The form to dissolve an organisation.
#[utoipa::path(get, path = "/organisations/{id}/dissolve", operation_id = "organisation.dissolve_form", tag = "organisations",
    params(("id" = uuid::Uuid, Path, description = "The organisation")),
    responses((status = 200, body = DissolvePage), (status = 404, description = "No such organisation within reach")))]
pub(super) async fn form(ctx: Ctx, Path(id): Path<String>) -> web::Result<View<DissolvePage>> {
    let unit = reach(&ctx, &id).await?;
    let form =
        DissolveForm { on: viet::format_date(ctx.world().today()), ..DissolveForm::default() };
    Ok(View(DissolvePage::new(unit, form, Errors::default())))
}

/// What went over to the successor.
#[derive(Serialize, ToSchema)]
#[schema(as = OrganisationDissolved)]
pub(super) struct Ended {
    #[schema(value_type = uuid::Uuid)]
    id: OrganisationId,
    /// Members who moved.
    members: usize,
    /// Organisations that moved.
    children: usize,
}

/// Dissolves an organisation; its members and the organisations under it go
/// over to the successor.
#[utoipa::path(post, path = "/organisations/{id}/dissolve", operation_id = "organisation.dissolve", tag = "organisations",
    params(("id" = uuid::Uuid, Path, description = "The organisation")),
    request_body(content((DissolveForm = "application/json"), (DissolveForm = "application/x-www-form-urlencoded"))),
    responses((status = 200, body = Ended), (status = 404, description = "No such organisation within reach"),
        (status = 409, description = "Members or organisations would be left behind"),
        (status = 422, description = "A field does not fit")))]
pub(super) async fn dissolve(
    ctx: Ctx,
    Path(id): Path<String>,
    Input(form): Input<DissolveForm>,
) -> web::Result<Done<Ended>> {
    let unit = reach(&ctx, &id).await?;
    match submit(&ctx, unit.id, &form).await {
        Ok(ended) => {
            let words = format!(
                "Đã giải thể. Chuyển sang tổ chức kế tục: {} đảng viên, {} tổ chức.",
                ended.members, ended.children
            );
            Ok(Done::new(format!("/organisations/{}", unit.id), ended).flash(words))
        }
        Err(error) => Err(Failure::form(error, |errors| DissolvePage::new(unit, form, errors))),
    }
}

async fn submit(ctx: &Ctx, id: OrganisationId, form: &DissolveForm) -> Result<Ended, Error> {
    let mut tx = ctx.begin().await?;
    let mut errors = Errors::default();
    let successor = if viet::normalise(&form.successor).is_empty() {
        None
    } else {
        reachable(ctx, &mut tx, "organisation.dissolve", "successor", &form.successor, &mut errors)
            .await?
    };
    let on = read_day("on", &form.on, &mut errors);
    if form.confirmed != "true" {
        errors.add("confirmed", "Hãy đánh dấu xác nhận rồi gửi lại.");
    }
    let Some(on) = on else { return Err(Error::Invalid(errors)) };
    errors.or(())?;
    let done =
        dissolve_in(&mut tx, ctx.world(), ctx.account(), id, successor.map(|unit| unit.id), on)
            .await?;
    tx.commit().await?;
    Ok(Ended { id, members: done.members, children: done.children })
}
