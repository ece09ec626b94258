//! Renaming and moving an organisation from a form.

use super::{Change, change_in, found_form::reachable, store, words::read_day};
use askama::Template;
use axum::extract::Path;
use kernel::{Error, Errors, OrganisationId, viet};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use web::{Ctx, Done, Failure, Input, Page, View};

/// The form as it was filled in.
#[derive(Clone, Debug, Default, Deserialize, Serialize, ToSchema)]
#[serde(default)]
pub(super) struct ChangeForm {
    /// The name from that day on.
    name: String,
    /// Code of the new organisation above; empty to stay where it is.
    parent: String,
    /// Since when, `dd/mm/yyyy`.
    on: String,
}

#[derive(Template, Serialize, ToSchema)]
#[template(path = "organisation_change.html")]
pub(super) struct ChangePage {
    #[schema(value_type = uuid::Uuid)]
    id: OrganisationId,
    /// The name it has now.
    name: String,
    form: ChangeForm,
    #[serde(skip)]
    is_root: bool,
    #[serde(skip)]
    errors: Errors,
}

impl ChangePage {
    fn new(unit: store::Unit, form: ChangeForm, errors: Errors) -> Self {
        Self {
            id: unit.id,
            name: unit.name,
            is_root: unit.parent.is_none(),
            form,
            errors: onto("name", errors),
        }
    }
}

/// What concerns the whole request is shown at one field, so that it is seen.
pub(crate) fn onto(field: &str, mut errors: Errors) -> Errors {
    for error in errors.0.iter_mut().filter(|error| error.field.is_empty()) {
        error.field = field.into();
    }
    errors
}

impl Page for ChangePage {
    fn title(&self) -> String {
        if self.errors.0.is_empty() {
            "Đổi tên, chuyển cấp trên".into()
        } else {
            "Cần sửa: Đổi tên, chuyển cấp trên".into()
        }
    }
}

/// The form to rename or move an organisation.
#[utoipa::path(get, path = "/organisations/{id}/change", operation_id = "organisation.change_form", tag = "organisations",
    params(("id" = uuid::Uuid, Path, description = "The organisation")),
    responses((status = 200, body = ChangePage), (status = 404, description = "No such organisation within reach")))]
pub(super) async fn form(ctx: Ctx, Path(id): Path<String>) -> web::Result<View<ChangePage>> {
    let unit = reach(&ctx, &id).await?;
    let form = ChangeForm {
        name: unit.name.clone(),
        parent: String::new(),
        on: viet::format_date(ctx.world().today()),
    };
    Ok(View(ChangePage::new(unit, form, Errors::default())))
}

/// The unit that an address names, if the actor may do this there.
pub(super) async fn reach(ctx: &Ctx, id: &str) -> Result<store::Unit, Error> {
    let id: OrganisationId = id.parse().map_err(|_| Error::NotFound)?;
    let unit = store::unit(&mut *ctx.read().await?, id).await?.ok_or(Error::NotFound)?;
    ctx.authorise(&unit.path)?;
    Ok(unit)
}

/// What came of it.
#[derive(Serialize, ToSchema)]
#[schema(as = OrganisationChanged)]
pub(super) struct Changed {
    #[schema(value_type = uuid::Uuid)]
    id: OrganisationId,
    /// Whether anything is other than before.
    changed: bool,
}

/// Renames an organisation, moves it under another, or both.
#[utoipa::path(post, path = "/organisations/{id}/change", operation_id = "organisation.change", tag = "organisations",
    params(("id" = uuid::Uuid, Path, description = "The organisation")),
    request_body(content((ChangeForm = "application/json"), (ChangeForm = "application/x-www-form-urlencoded"))),
    responses((status = 200, body = Changed), (status = 404, description = "No such organisation within reach"),
        (status = 409, description = "It is dissolved"), (status = 422, description = "A field does not fit")))]
pub(super) async fn change(
    ctx: Ctx,
    Path(id): Path<String>,
    Input(form): Input<ChangeForm>,
) -> web::Result<Done<Changed>> {
    let unit = reach(&ctx, &id).await?;
    match submit(&ctx, unit.id, &form).await {
        Ok(changed) => {
            let words = if changed {
                "Đã ghi thay đổi của tổ chức."
            } else {
                "Không có gì thay đổi."
            };
            Ok(Done::new(format!("/organisations/{}", unit.id), Changed { id: unit.id, changed })
                .flash(words))
        }
        Err(error) => Err(Failure::form(error, |errors| ChangePage::new(unit, form, errors))),
    }
}

async fn submit(ctx: &Ctx, id: OrganisationId, form: &ChangeForm) -> Result<bool, Error> {
    let mut tx = ctx.begin().await?;
    let mut errors = Errors::default();
    let parent = if viet::normalise(&form.parent).is_empty() {
        None
    } else {
        reachable(ctx, &mut tx, "organisation.change", "parent", &form.parent, &mut errors).await?
    };
    let Some(on) = read_day("on", &form.on, &mut errors) else {
        return Err(Error::Invalid(errors));
    };
    errors.or(())?;
    let change = Change { name: Some(form.name.clone()), parent: parent.map(|unit| unit.id), on };
    let changed = change_in(&mut tx, ctx.world(), ctx.account(), id, change).await?;
    tx.commit().await?;
    Ok(changed)
}
