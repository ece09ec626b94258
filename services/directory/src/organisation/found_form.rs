//! Founding an organisation from a form.

use super::{Founding, Kind, change_form::onto, found_in, store, words::read_day};
use askama::Template;
use axum::extract::Query;
use kernel::{Error, Errors, OrganisationId, viet};
use serde::{Deserialize, Serialize};
use sqlx::PgConnection;
use utoipa::{IntoParams, ToSchema};
use web::{Ctx, Done, Failure, Input, Page, View};

/// The form as it was filled in.
#[derive(Clone, Debug, Default, Deserialize, Serialize, ToSchema)]
#[serde(default)]
pub(super) struct FoundingForm {
    /// Code of the organisation above.
    parent: String,
    /// Its type, as in roster files: `chi_bo_truc_thuoc`, …
    kind: String,
    /// Its code.
    code: String,
    /// Its name in full.
    name: String,
    /// Since when, `dd/mm/yyyy`.
    on: String,
}

#[derive(Template, Serialize, ToSchema)]
#[template(path = "organisation_new.html")]
pub(super) struct FoundingPage {
    form: FoundingForm,
    #[serde(skip)]
    kinds: Vec<(&'static str, &'static str)>,
    #[serde(skip)]
    errors: Errors,
}

impl FoundingPage {
    fn new(form: FoundingForm, errors: Errors) -> Self {
        // The topmost type is a root; the command line founds that.
        let kinds = Kind::ALL
            .into_iter()
            .filter(|kind| *kind != Kind::Central)
            .map(|kind| (kind.name(), kind.label()))
            .collect();
        // What concerns the whole request here concerns the place in the tree.
        Self { form, kinds, errors: onto("parent", errors) }
    }
}

impl Page for FoundingPage {
    fn title(&self) -> String {
        if self.errors.0.is_empty() {
            "Thành lập tổ chức".into()
        } else {
            "Cần sửa: Thành lập tổ chức".into()
        }
    }
}

/// What the form may start from.
#[derive(Default, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub(super) struct Start {
    /// The organisation above.
    parent: String,
}

/// The form for a new organisation.
#[utoipa::path(get, path = "/organisations/new", operation_id = "organisation.new", tag = "organisations", params(Start),
    responses((status = 200, body = FoundingPage)))]
pub(super) async fn form(ctx: Ctx, Query(start): Query<Start>) -> web::Result<View<FoundingPage>> {
    let mut form =
        FoundingForm { on: viet::format_date(ctx.world().today()), ..FoundingForm::default() };
    if let Ok(id) = start.parent.parse::<OrganisationId>()
        && let Some(parent) = store::unit(&mut *ctx.read().await?, id).await?
        && ctx.may("organisation.found", &parent.path)
    {
        form.parent = parent.code;
    }
    Ok(View(FoundingPage::new(form, Errors::default())))
}

/// An organisation that now is.
#[derive(Serialize, ToSchema)]
pub(super) struct Founded {
    #[schema(value_type = uuid::Uuid)]
    id: OrganisationId,
}

/// Founds an organisation under another.
#[utoipa::path(post, path = "/organisations", operation_id = "organisation.found", tag = "organisations",
    request_body(content((FoundingForm = "application/json"), (FoundingForm = "application/x-www-form-urlencoded"))),
    responses((status = 201, body = Founded), (status = 422, description = "A field does not fit")))]
pub(super) async fn found(
    ctx: Ctx,
    Input(form): Input<FoundingForm>,
) -> web::Result<Done<Founded>> {
    match submit(&ctx, &form).await {
        Ok(id) => Ok(Done::created(format!("/organisations/{id}"), Founded { id })
            .flash("Đã thành lập tổ chức.")),
        Err(error) => Err(Failure::form(error, |errors| FoundingPage::new(form, errors))),
    }
}

async fn submit(ctx: &Ctx, form: &FoundingForm) -> Result<OrganisationId, Error> {
    let mut tx = ctx.begin().await?;
    let mut errors = Errors::default();
    let parent =
        reachable(ctx, &mut tx, "organisation.found", "parent", &form.parent, &mut errors).await?;
    let kind: Option<Kind> =
        form.kind.parse().map_err(|e: super::UnknownKind| errors.add("kind", e.to_string())).ok();
    let on = read_day("on", &form.on, &mut errors);
    let (Some(parent), Some(kind), Some(on)) = (parent, kind, on) else {
        return Err(Error::Invalid(errors));
    };
    let founding = Founding {
        code: form.code.clone(),
        kind,
        name: form.name.clone(),
        parent: Some(parent.id),
        on,
    };
    let id = found_in(&mut tx, ctx.world(), ctx.account(), founding).await?;
    tx.commit().await?;
    Ok(id)
}

/// The unit with a code, if the actor may do the operation there. A unit out of
/// reach is as good as none.
pub(crate) async fn reachable(
    ctx: &Ctx,
    conn: &mut PgConnection,
    operation: &str,
    field: &str,
    code: &str,
    errors: &mut Errors,
) -> Result<Option<store::Unit>, Error> {
    let code = viet::normalise(code);
    if code.is_empty() {
        errors.add(field, "Hãy ghi mã tổ chức.");
        return Ok(None);
    }
    let unit =
        store::unit_by_code(conn, &code).await?.filter(|unit| ctx.may(operation, &unit.path));
    if unit.is_none() {
        errors
            .add(field, format!("Không có tổ chức nào mang mã {code} trong phạm vi của đồng chí."));
    }
    Ok(unit)
}
