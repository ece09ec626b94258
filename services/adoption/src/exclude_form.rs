//! `GET /adoption/exclusions/new`

use crate::{
    exclusion::{ExclusionForm, Reason},
    overview,
    store::{self, Organisation},
};
use axum::extract::Query;
use kernel::{Error, Errors, Result, viet};
use serde::{Deserialize, Serialize};
use sqlx::PgConnection;
use utoipa::{IntoParams, ToSchema};
use web::{Ctx, View};

/// Which unit.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default)]
pub struct Ask {
    /// The unit's identifier; a choice of units when empty.
    pub unit: String,
}

/// The form for an exclusion.
#[derive(askama::Template, Serialize, ToSchema)]
#[template(path = "exclude_form.html")]
pub struct ExcludePage {
    /// What was entered, or is proposed.
    form: ExclusionForm,
    /// The unit's name, when it is known already.
    unit: Option<String>,
    /// Units to choose from, when it is not: identifier and name.
    #[schema(value_type = Vec<Vec<String>>)]
    units: Vec<(String, String)>,
    #[serde(skip)]
    reasons: Vec<(&'static str, &'static str)>,
    #[serde(skip)]
    errors: Errors,
}

impl web::Page for ExcludePage {
    fn title(&self) -> String {
        "Loại trừ một đơn vị".into()
    }
}

impl ExcludePage {
    /// The same, with what to mend.
    pub(crate) fn with_errors(self, errors: Errors) -> Self {
        Self { errors, ..self }
    }

    /// The form for a unit, or with a choice of the units below the actor's
    /// topmost scope.
    pub(crate) async fn load(
        ctx: &Ctx,
        conn: &mut PgConnection,
        form: ExclusionForm,
        unit: Option<&Organisation>,
    ) -> Result<Self> {
        let units = if unit.is_some() {
            Vec::new()
        } else {
            let top = overview::unit(ctx, conn, "adoption.exclude", "").await?;
            store::units_below(conn, top.id).await?
        };
        Ok(Self {
            form,
            unit: unit.map(|unit| unit.name.clone()),
            units,
            reasons: Reason::ALL.iter().map(|reason| (reason.name(), reason.label())).collect(),
            errors: Errors::default(),
        })
    }
}

/// Shows the form for excluding a unit from the adjusted figures.
#[utoipa::path(get, path = "/adoption/exclusions/new", operation_id = "adoption.exclude_form", tag = "adoption",
    params(Ask), responses((status = 200, body = ExcludePage), (status = 404, description = "No such unit within reach.")))]
pub async fn exclude_form(ctx: Ctx, Query(ask): Query<Ask>) -> web::Result<View<ExcludePage>> {
    let mut conn = ctx.read().await?;
    let unit = if ask.unit.is_empty() {
        None
    } else {
        let id = ask.unit.parse().map_err(|_| Error::NotFound)?;
        let unit = store::organisation(&mut conn, id).await?.ok_or(Error::NotFound)?;
        ctx.authorise(&unit.path)?;
        Some(unit)
    };
    let form = ExclusionForm {
        organisation: ask.unit,
        excluded_from: viet::format_date(ctx.world().today()),
        ..ExclusionForm::default()
    };
    Ok(View(ExcludePage::load(&ctx, &mut conn, form, unit.as_ref()).await?))
}
