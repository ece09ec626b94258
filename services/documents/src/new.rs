//! The form to publish a document.

use crate::{draft::Fields, store};
use askama::Template;
use axum::extract::Query;
use kernel::{DocumentId, Errors, Result};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use web::{Ctx, Page, View};

/// Up to so many units are offered as a list; beyond it people type the code.
const OFFERED: usize = 30;

/// The form, as first shown and as shown again.
#[derive(Template, Serialize, ToSchema)]
#[template(path = "form.html")]
#[schema(as = DocumentForm)]
pub struct FormPage {
    form: Fields,
    /// The units to choose from, code and name; empty when they are too many.
    units: Vec<(String, String)>,
    /// The kinds to choose from, code and name.
    kinds: Vec<(String, String)>,
    /// The document that already holds this file.
    #[schema(value_type = Option<uuid::Uuid>)]
    there: Option<DocumentId>,
    #[serde(skip)]
    #[schema(ignore)]
    errors: Errors,
}

impl Page for FormPage {
    fn title(&self) -> String {
        if self.errors.0.is_empty() {
            "Đăng văn bản".into()
        } else {
            "Cần sửa: Đăng văn bản".into()
        }
    }
}

impl FormPage {
    /// The form with what the record offers to choose from.
    pub async fn of(ctx: &Ctx, mut form: Fields) -> Result<Self> {
        let mut conn = ctx.read().await?;
        let kinds = store::kinds(&mut conn).await?;
        let scopes = ctx.scopes_for("document.publish");
        let units = store::units(&mut conn, &scopes, i64::try_from(OFFERED)? + 1).await?;
        if form.organisation.is_empty()
            && let Some(top) = units.first()
        {
            form.organisation.clone_from(&top.code);
        }
        let units = if units.len() > OFFERED { Vec::new() } else { units };
        let units = units.into_iter().map(|unit| (unit.code, unit.name)).collect();
        Ok(Self { form, units, kinds, there: None, errors: Errors::default() })
    }

    /// Address of the document that already holds this file; empty when none does.
    fn there_address(&self) -> String {
        self.there.map(|id| format!("/documents/{id}")).unwrap_or_default()
    }

    /// The form again, with what to mend.
    pub fn with(mut self, mut errors: Errors, there: Option<DocumentId>) -> Self {
        // What concerns the whole request here concerns its file.
        for error in errors.0.iter_mut().filter(|error| error.field.is_empty()) {
            error.field = "file".into();
        }
        self.errors = errors;
        self.there = there;
        self
    }
}

/// What the form may start from.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Start {
    /// Code of the organisation to publish to.
    #[serde(default)]
    organisation: String,
}

/// Offers what is needed to publish a document.
#[utoipa::path(get, path = "/documents/new", operation_id = "document.new", tag = "documents", params(Start),
    responses((status = 200, body = FormPage)))]
pub async fn new(ctx: Ctx, Query(start): Query<Start>) -> web::Result<View<FormPage>> {
    let attested_by = ctx.actor()?.name.clone();
    let form = Fields { organisation: start.organisation, attested_by, ..Fields::default() };
    Ok(View(FormPage::of(&ctx, form).await?))
}
