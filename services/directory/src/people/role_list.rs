//! Who holds which role where.

use super::{list::page_number, store};
use crate::organisation::words::address;
use askama::Template;
use axum::extract::Query;
use kernel::{
    Error, MemberId, OrganisationId, Role,
    viet::{self, Day},
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;
use web::{Ctx, Page, View};

/// Grants a page.
const PAGE: usize = 50;

/// Which part of the list.
#[derive(Default, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub(super) struct Which {
    /// Only at and below this organisation: code or identifier.
    unit: String,
    /// The page, from 1.
    page: String,
}

/// A role that somebody holds.
#[derive(Serialize, ToSchema)]
#[schema(as = RoleItem)]
struct Item {
    id: Uuid,
    /// `secretary`, `committee`, …
    role: String,
    #[schema(value_type = Uuid)]
    member: MemberId,
    name: String,
    #[schema(value_type = Uuid)]
    organisation: OrganisationId,
    organisation_name: String,
    #[schema(value_type = time::Date)]
    since: Day,
    #[serde(skip)]
    may_revoke: bool,
    #[serde(skip)]
    may_open: bool,
}

impl Item {
    fn role_label(&self) -> &'static str {
        self.role.parse::<Role>().map_or("", Role::label)
    }
}

#[derive(Template, Serialize, ToSchema)]
#[template(path = "role_list.html")]
pub(super) struct RoleListPage {
    /// What the list is kept to, as it was asked for.
    unit: String,
    unit_name: String,
    page: usize,
    more: bool,
    roles: Vec<Item>,
}

impl Page for RoleListPage {
    fn title(&self) -> String {
        "Phân quyền".into()
    }
    fn wide(&self) -> bool {
        true
    }
}

impl RoleListPage {
    fn at(&self, page: usize) -> String {
        address("/roles", &[("unit", &self.unit), ("page", &page.to_string())])
    }

    fn before(&self) -> String {
        if self.page > 1 { self.at(self.page - 1) } else { String::new() }
    }

    fn after(&self) -> String {
        if self.more { self.at(self.page + 1) } else { String::new() }
    }
}

/// The roles that are held within reach, in the order of the tree.
#[utoipa::path(get, path = "/roles", operation_id = "role.list", tag = "roles", params(Which),
    responses((status = 200, body = RoleListPage)))]
pub(super) async fn list(ctx: Ctx, Query(which): Query<Which>) -> web::Result<View<RoleListPage>> {
    let page = page_number(&which.page);
    let mut conn = ctx.read().await?;
    let wanted = viet::normalise(&which.unit);
    let unit =
        super::unit(&mut conn, &wanted).await?.filter(|unit| ctx.may("role.list", &unit.path));
    let (rows, unit_name) = match (&unit, wanted.is_empty()) {
        // A code that is not within reach has no roles to show.
        (None, false) => (Vec::new(), String::new()),
        (unit, _) => {
            let path = unit.as_ref().map_or("", |unit| unit.path.0.as_str());
            let skip = i64::try_from((page - 1) * PAGE).map_err(Error::from)?;
            let most = i64::try_from(PAGE + 1).map_err(Error::from)?;
            let rows = store::roles(&mut conn, &ctx.scopes(), path, skip, most).await?;
            (rows, unit.as_ref().map(|unit| unit.name.clone()).unwrap_or_default())
        }
    };
    let more = rows.len() > PAGE;
    let roles = rows
        .into_iter()
        .take(PAGE)
        .map(|row| Item {
            may_revoke: ctx.may("role.revoke", &row.path),
            may_open: ctx.may("member.show", &row.home),
            id: row.id,
            role: row.role,
            member: row.member.into(),
            name: row.full_name,
            organisation: row.organisation.into(),
            organisation_name: row.organisation_name,
            since: Day(row.granted_at.to_offset(viet::HO_CHI_MINH).date()),
        })
        .collect();
    Ok(View(RoleListPage { unit: wanted, unit_name, page, more, roles }))
}
