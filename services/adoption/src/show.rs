//! `GET /adoption`

use crate::overview::{self, Overview};
use axum::extract::Query;
use kernel::{Error, Errors, OrganisationId};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use web::{Ctx, Failure, View};

/// Which report.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default)]
pub struct Ask {
    /// The organisation's identifier; the topmost one of the actor when empty.
    pub unit: String,
    /// The date, `dd/mm/yyyy` or `yyyy-mm-dd`; today when empty.
    pub as_of: String,
}

/// How far an organisation and the units below it have come.
#[derive(askama::Template, Serialize, ToSchema)]
#[template(path = "show.html")]
#[schema(as = AdoptionPage)]
pub struct ShowPage {
    /// The figures.
    #[serde(flatten)]
    overview: Overview,
    /// The organisation above, as far as the reader may look.
    #[serde(skip)]
    parent: Option<(OrganisationId, String)>,
    /// The date as it was entered.
    #[serde(skip)]
    as_of: String,
    #[serde(skip)]
    may_exclude: bool,
    #[serde(skip)]
    may_see_ledger: bool,
    #[serde(skip)]
    errors: Errors,
}

impl web::Page for ShowPage {
    fn title(&self) -> String {
        format!("Tình hình sử dụng: {}", self.overview.name)
    }

    fn wide(&self) -> bool {
        !self.overview.is_branch
    }
}

/// Shows adoption figures of an organisation and the units directly below it, before and after exclusions.
#[utoipa::path(get, path = "/adoption", operation_id = "adoption.show", tag = "adoption", params(Ask),
    responses((status = 200, body = ShowPage), (status = 404, description = "No such organisation within reach."),
        (status = 422, description = "The date is not one that has figures.")))]
pub async fn show(ctx: Ctx, Query(ask): Query<Ask>) -> web::Result<View<ShowPage>> {
    let mut conn = ctx.read().await?;
    let unit = overview::unit(&ctx, &mut conn, "adoption.show", &ask.unit).await?;
    let parent = match unit.parent {
        Some(parent) => crate::store::organisation(&mut conn, parent).await?,
        None => None,
    };
    let today = ctx.world().today();
    let asked = match overview::as_of(&ask.as_of, today) {
        Ok(date) => overview::load(&ctx, &mut conn, &unit, date).await,
        Err(error) => Err(error),
    };
    let (overview, wrong) = match asked {
        Ok(overview) => (overview, None),
        // Today's figures below the date that needs mending.
        Err(error @ Error::Invalid(_)) if !ask.as_of.is_empty() => {
            (overview::load(&ctx, &mut conn, &unit, today).await?, Some(error))
        }
        Err(error) => return Err(error.into()),
    };
    let entered = match &wrong {
        None if ask.as_of.is_empty() => String::new(),
        None => overview.as_of_text(),
        Some(_) => ask.as_of,
    };
    let page = ShowPage {
        overview,
        parent: parent
            .filter(|parent| ctx.may("adoption.show", &parent.path))
            .map(|parent| (parent.id, parent.name)),
        as_of: entered,
        may_exclude: ctx.may("adoption.exclude", &unit.path),
        may_see_ledger: ctx.may_somewhere("adoption.exclusions"),
        errors: Errors::default(),
    };
    match wrong {
        None => Ok(View(page)),
        Some(error) => Err(Failure::form(error, |errors| ShowPage { errors, ..page })),
    }
}

#[cfg(test)]
mod tests {
    use super::ShowPage;
    use crate::overview::tests::seen_from_above;
    use askama::Template as _;
    use kernel::Errors;

    #[test]
    fn the_page_names_denominators_and_sources_and_keeps_small_numbers_back() {
        let page = ShowPage {
            overview: seen_from_above(),
            parent: None,
            as_of: String::new(),
            may_exclude: true,
            may_see_ledger: true,
            errors: Errors::default(),
        };
        let html = page.render().unwrap();
        for text in [
            "Trên tất cả đảng viên",
            "53 trên 80 đảng viên đã kích hoạt tài khoản",
            "66,3 %",
            "2 đơn vị dưới 90 %",
            "Chi bộ 2 (25,0 %); Chi bộ 3 (66,7 %)",
            "dưới 5",
            "không nêu",
            "Quảng Ngãi",
            "as_of=2026-11-22",
        ] {
            assert!(html.contains(text), "{text}\n{html}");
        }
        // 18 of 20 is what «dưới 5» keeps back.
        assert!(!html.contains("90,0 %") && !html.contains("value=\"18\""));
        let json = serde_json::to_value(&page).unwrap();
        assert_eq!(json["as_of"], "2026-11-22");
        assert_eq!(json["raw"]["percent"], 66.3);
        assert!(json["units"][2]["activated"].is_null() && json.get("errors").is_none());
    }
}
