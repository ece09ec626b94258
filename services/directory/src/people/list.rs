//! Looking for members by name, number or phone.

use super::{account_words, store};
use crate::{
    member::{STANDINGS, STATUSES, label},
    organisation::words::address,
};
use askama::Template;
use axum::extract::Query;
use kernel::{
    Error, MemberId, OrganisationId,
    viet::{self, Day},
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use web::{Ctx, Page, View};

/// Members a page.
const PAGE: usize = 50;

/// What to look for.
#[derive(Default, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub(super) struct Which {
    /// Words of the name, with or without diacritics; or the whole card number,
    /// file number or phone.
    q: String,
    /// Only at and below this organisation: identifier or code.
    unit: String,
    /// The page, from 1.
    page: String,
}

/// A member of the list.
#[derive(Serialize, ToSchema)]
#[schema(as = MemberItem)]
struct Item {
    #[schema(value_type = uuid::Uuid)]
    id: MemberId,
    name: String,
    #[schema(value_type = Option<time::Date>)]
    birth_date: Option<Day>,
    #[schema(value_type = uuid::Uuid)]
    organisation: OrganisationId,
    organisation_name: String,
    standing: String,
    status: String,
    /// `invited`, `active`, `withdrawn`, or none.
    account: Option<String>,
}

impl Item {
    fn meta(&self) -> String {
        let born = self.birth_date.map(|day| format!("sinh ngày {day}")).unwrap_or_default();
        let (standing, status) =
            (label(&STANDINGS, &self.standing), label(&STATUSES, &self.status));
        [self.organisation_name.as_str(), &born, standing, status]
            .into_iter()
            .filter(|text| !text.is_empty())
            .collect::<Vec<_>>()
            .join(" · ")
    }

    fn account_words(&self) -> (&'static str, &'static str) {
        account_words(self.account.as_deref())
    }
}

#[derive(Template, Serialize, ToSchema)]
#[template(path = "member_list.html")]
pub(super) struct MemberListPage {
    q: String,
    /// The organisation that the list is kept to.
    #[schema(value_type = Option<uuid::Uuid>)]
    unit: Option<OrganisationId>,
    unit_name: String,
    page: usize,
    /// Whether a further page has more.
    more: bool,
    members: Vec<Item>,
    #[serde(skip)]
    may_add: bool,
    #[serde(skip)]
    may_import: bool,
}

impl Page for MemberListPage {
    fn title(&self) -> String {
        "Đảng viên".into()
    }
}

impl MemberListPage {
    fn at(&self, page: usize) -> String {
        address(
            "/members",
            &[("q", &self.q), ("unit", &self.unit_text()), ("page", &page.to_string())],
        )
    }

    fn unit_text(&self) -> String {
        self.unit.map(|id| id.to_string()).unwrap_or_default()
    }

    fn before(&self) -> String {
        if self.page > 1 { self.at(self.page - 1) } else { String::new() }
    }

    fn after(&self) -> String {
        if self.more { self.at(self.page + 1) } else { String::new() }
    }

    fn add_address(&self) -> String {
        address("/members/new", &[("unit", &self.unit_text())])
    }
}

/// The members within reach, by name; exact diacritics first.
#[utoipa::path(get, path = "/members", operation_id = "member.list", tag = "members", params(Which),
    responses((status = 200, body = MemberListPage), (status = 404, description = "No such organisation within reach")))]
pub(super) async fn list(
    ctx: Ctx,
    Query(which): Query<Which>,
) -> web::Result<View<MemberListPage>> {
    let page = page_number(&which.page);
    let q = viet::normalise(&which.q);
    let mut conn = ctx.read().await?;
    let unit = super::unit(&mut conn, &which.unit).await?;
    if let Some(unit) = &unit {
        ctx.authorise(&unit.path)?;
    } else if !which.unit.trim().is_empty() {
        return Err(Error::NotFound.into());
    }
    let search = store::Search {
        scopes: &ctx.scopes(),
        path: unit.as_ref().map_or("", |unit| &unit.path.0),
        patterns: &viet::patterns(&q),
        exact: &q,
        lower: &q.to_lowercase(),
        phone: viet::normalise_phone(&q).ok(),
        skip: i64::try_from((page - 1) * PAGE).map_err(Error::from)?,
        most: i64::try_from(PAGE + 1).map_err(Error::from)?,
    };
    let mut rows = store::search(&mut conn, search).await?;
    let more = rows.len() > PAGE;
    rows.truncate(PAGE);
    Ok(View(MemberListPage {
        q,
        unit_name: unit.as_ref().map(|unit| unit.name.clone()).unwrap_or_default(),
        unit: unit.map(|unit| unit.id),
        page,
        more,
        members: rows
            .into_iter()
            .map(|row| Item {
                id: row.id.into(),
                name: row.full_name,
                birth_date: row.birth_date.map(Day),
                organisation: row.organisation.into(),
                organisation_name: row.organisation_name,
                standing: row.standing,
                status: row.status,
                account: row.account,
            })
            .collect(),
        may_add: ctx.may_somewhere("member.new"),
        may_import: ctx.may_somewhere("roster.upload"),
    }))
}

/// The page that an address names; the first when it names none.
pub(super) fn page_number(text: &str) -> usize {
    text.parse().unwrap_or(1).clamp(1, 100_000)
}

#[cfg(test)]
mod tests {
    use super::page_number;

    #[test]
    fn pages_count_from_one() {
        assert_eq!(
            [page_number(""), page_number("0"), page_number("-3"), page_number("7")],
            [1, 1, 1, 7]
        );
        assert_eq!(page_number("99999999"), 100_000);
    }
}
