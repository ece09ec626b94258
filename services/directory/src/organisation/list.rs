//! The tree, level by level, as it stands or as it stood.

use super::{
    Kind,
    store::{self, StandingRow},
    words::{address, read_day},
};
use askama::Template;
use axum::extract::Query;
use kernel::{
    Errors, OrganisationId, Result,
    viet::{self, Day},
};
use serde::{Deserialize, Serialize};
use sqlx::PgConnection;
use std::collections::HashMap;
use time::Date;
use utoipa::{IntoParams, ToSchema};
use web::{Ctx, Page, View};

/// Most units that a search shows.
const FOUND: i64 = 100;

/// Which day, and what to look for.
#[derive(Deserialize, IntoParams)]
#[serde(default)]
#[derive(Default)]
#[into_params(parameter_in = Query)]
pub(super) struct Which {
    /// `dd/mm/yyyy`; today when empty.
    on: String,
    /// Words of the name, with or without diacritics, or the code.
    q: String,
}

/// A unit of the tree.
#[derive(Serialize, ToSchema)]
pub(super) struct UnitItem {
    #[schema(value_type = uuid::Uuid)]
    pub id: OrganisationId,
    pub code: String,
    pub kind: String,
    pub name: String,
    /// Units directly under it on the day.
    pub children: i64,
    /// Members on the roll at and below it; only told of today.
    pub members: Option<i64>,
}

impl UnitItem {
    pub(super) fn kind_label(&self) -> &'static str {
        self.kind.parse::<Kind>().map_or("", Kind::label)
    }

    pub(super) fn count(&self) -> String {
        viet::format_count(self.children)
    }

    pub(super) fn people(&self) -> String {
        self.members.map_or_else(|| "—".into(), viet::format_count)
    }
}

/// A unit with those directly under it.
#[derive(Serialize, ToSchema)]
pub(super) struct Branching {
    unit: UnitItem,
    under: Vec<UnitItem>,
}

#[derive(Template, Serialize, ToSchema)]
#[template(path = "organisation_list.html")]
pub(super) struct OrganisationListPage {
    /// The day that is shown.
    #[schema(value_type = Date)]
    on: Day,
    /// Whether that is not today.
    past: bool,
    q: String,
    /// The units found, when something was looked for.
    found: Vec<UnitItem>,
    /// The topmost units within reach, with their children.
    trees: Vec<Branching>,
    #[serde(skip)]
    entered: String,
    #[serde(skip)]
    may_found: bool,
    #[serde(skip)]
    errors: Errors,
}

impl Page for OrganisationListPage {
    fn title(&self) -> String {
        "Tổ chức".into()
    }
    fn wide(&self) -> bool {
        true
    }
}

impl OrganisationListPage {
    fn href(&self, unit: &UnitItem) -> String {
        let on = if self.past { self.on.to_string() } else { String::new() };
        address(&format!("/organisations/{}", unit.id), &[("on", &on)])
    }
}

/// The tree, today or on a day, or the units whose names match.
#[utoipa::path(get, path = "/organisations", operation_id = "organisation.list", tag = "organisations", params(Which),
    responses((status = 200, body = OrganisationListPage)))]
pub(super) async fn list(
    ctx: Ctx,
    Query(which): Query<Which>,
) -> web::Result<View<OrganisationListPage>> {
    let (on, past, errors) = day(&which.on, ctx.world().today());
    let scopes = ctx.scopes();
    let q = viet::normalise(&which.q);
    let mut conn = ctx.read().await?;
    let (mut found, mut trees) = (Vec::new(), Vec::new());
    if q.is_empty() {
        for top in store::tops(&mut conn, &scopes, on).await? {
            let id = top.id.into();
            let mut rows = vec![top];
            rows.extend(store::under(&mut conn, id, &scopes, on).await?);
            let mut items = items(&mut conn, rows, past).await?.into_iter();
            if let Some(unit) = items.next() {
                trees.push(Branching { unit, under: items.collect() });
            }
        }
    } else {
        let rows = store::search(&mut conn, &viet::patterns(&q), &q, &scopes, on, FOUND).await?;
        found = items(&mut conn, rows, past).await?;
    }
    Ok(View(OrganisationListPage {
        on: Day(on),
        past,
        q,
        found,
        trees,
        entered: which.on,
        may_found: ctx.may_somewhere("organisation.found"),
        errors,
    }))
}

/// The day to show, and whether it is another than today; a text that is no
/// day shows today and says so.
pub(super) fn day(entered: &str, today: Date) -> (Date, bool, Errors) {
    let mut errors = Errors::default();
    if entered.trim().is_empty() {
        return (today, false, errors);
    }
    let on = read_day("on", entered, &mut errors).unwrap_or(today);
    if on > today {
        errors.add("on", "Ngày này chưa đến; đang hiện ngày hôm nay.");
        return (today, false, errors);
    }
    (on, on != today, errors)
}

/// Rows with the figures that go with them.
pub(super) async fn items(
    conn: &mut PgConnection,
    rows: Vec<StandingRow>,
    past: bool,
) -> Result<Vec<UnitItem>> {
    let members: HashMap<_, _> = if past {
        HashMap::new()
    } else {
        let ids: Vec<_> = rows.iter().map(|row| row.id).collect();
        store::members_below(conn, &ids).await?.into_iter().collect()
    };
    Ok(rows
        .into_iter()
        .map(|row| UnitItem {
            members: (!past).then(|| members.get(&row.id).copied().unwrap_or_default()),
            id: row.id.into(),
            code: row.code,
            kind: row.kind,
            name: row.name,
            children: row.children,
        })
        .collect())
}

#[cfg(test)]
mod tests {
    use super::day;
    use time::macros::date;

    #[test]
    fn only_days_that_were_are_shown() {
        let today = date!(2026 - 11 - 20);
        let shown = |entered| {
            let (on, past, errors) = day(entered, today);
            (on, past, errors.0.is_empty())
        };
        assert_eq!(shown(""), (today, false, true));
        assert_eq!(shown("20/11/2026"), (today, false, true));
        assert_eq!(shown("30/06/2025"), (date!(2025 - 06 - 30), true, true));
        assert_eq!(shown("21/11/2026"), (today, false, false));
        assert_eq!(shown("hôm qua"), (today, false, false));
    }
}
