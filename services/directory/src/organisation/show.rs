//! One organisation: what is under it, who is in it, how it came to be.

use super::{
    Kind,
    list::{UnitItem, day, items},
    store,
    words::address,
};
use crate::{
    account::invite,
    member::{STANDINGS, STATUSES, label},
};
use askama::Template;
use axum::extract::{Path, Query};
use kernel::{
    Error, Errors, MemberId, OrganisationId, Role,
    viet::{self, Day},
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use web::{Ctx, Page, View};

/// Most members on one page; the list of members has the rest.
const MEMBERS: i64 = 300;

/// Which day.
#[derive(Default, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub(super) struct When {
    /// `dd/mm/yyyy`; today when empty.
    on: String,
}

/// A member of the branch.
#[derive(Serialize, ToSchema)]
struct Person {
    #[schema(value_type = uuid::Uuid)]
    id: MemberId,
    name: String,
    /// In full for the secretary, masked for everybody else.
    phone: String,
    standing: String,
    status: String,
    /// `invited`, `active`, `withdrawn`, or none.
    account: Option<String>,
}

impl Person {
    fn meta(&self) -> String {
        [label(&STANDINGS, &self.standing), label(&STATUSES, &self.status), &self.phone]
            .into_iter()
            .filter(|text| !text.is_empty())
            .collect::<Vec<_>>()
            .join(" · ")
    }

    fn account_words(&self) -> (&'static str, &'static str) {
        crate::people::account_words(self.account.as_deref())
    }
}

/// How the organisation stood for a time.
#[derive(Serialize, ToSchema)]
struct Period {
    #[schema(value_type = Date)]
    from: Day,
    /// The first day on which it no longer stood so.
    #[schema(value_type = Option<Date>)]
    to: Option<Day>,
    name: String,
    parent: Option<String>,
}

/// An organisation that came before or after.
#[derive(Serialize, ToSchema)]
struct Succession {
    #[schema(value_type = uuid::Uuid)]
    id: OrganisationId,
    name: String,
    #[schema(value_type = Date)]
    on: Day,
    /// Whether it came after.
    after: bool,
}

#[derive(Template, Serialize, ToSchema)]
#[template(path = "organisation_show.html")]
pub(super) struct OrganisationPage {
    #[schema(value_type = uuid::Uuid)]
    id: OrganisationId,
    code: String,
    kind: String,
    /// Its name on the day that is shown.
    name: String,
    /// Its name today, when it was another.
    name_today: Option<String>,
    #[schema(value_type = Date)]
    founded_on: Day,
    #[schema(value_type = Option<Date>)]
    dissolved_on: Option<Day>,
    /// The day that is shown.
    #[schema(value_type = Date)]
    on: Day,
    /// Whether that is not today.
    past: bool,
    /// Members on the roll at and below it, today.
    members_below: i64,
    children: Vec<UnitItem>,
    /// The members whose home it is; only for those who may see names.
    members: Option<Vec<Person>>,
    periods: Vec<Period>,
    successions: Vec<Succession>,
    #[serde(skip)]
    above: Vec<(uuid::Uuid, String)>,
    #[serde(skip)]
    kind_label: &'static str,
    #[serde(skip)]
    may: May,
    #[serde(skip)]
    errors: Errors,
    #[serde(skip)]
    entered: String,
}

/// What the reader may do here, as far as it makes sense here.
#[expect(clippy::struct_excessive_bools, reason = "one for each button")]
struct May {
    found: bool,
    change: bool,
    dissolve: bool,
    add: bool,
    print: bool,
}

impl Page for OrganisationPage {
    fn title(&self) -> String {
        self.name.clone()
    }
}

impl OrganisationPage {
    fn href(&self, unit: &UnitItem) -> String {
        let on = if self.past { self.on.to_string() } else { String::new() };
        address(&format!("/organisations/{}", unit.id), &[("on", &on)])
    }

    fn people_below(&self) -> String {
        viet::format_count(self.members_below)
    }

    /// What the button says that prints codes; empty where there is nobody to
    /// print for, or too many.
    fn print_words(&self) -> String {
        let people = self.members.as_deref().unwrap_or_default();
        let waiting = people
            .iter()
            .filter(|person| !matches!(person.account.as_deref(), Some("active" | "withdrawn")))
            .count();
        if !self.may.print {
            String::new()
        } else if waiting > 0 {
            format!("In phiếu kích hoạt cho {waiting} người chưa kích hoạt")
        } else if people.is_empty() && (1..=i64::from(invite::MOST)).contains(&self.members_below) {
            "In phiếu kích hoạt cho người chưa kích hoạt".into()
        } else {
            String::new()
        }
    }
}

/// One organisation, today or on a day.
#[utoipa::path(get, path = "/organisations/{id}", operation_id = "organisation.show", tag = "organisations",
    params(("id" = uuid::Uuid, Path, description = "The organisation"), When),
    responses((status = 200, body = OrganisationPage), (status = 404, description = "No such organisation within reach")))]
pub(super) async fn show(
    ctx: Ctx,
    Path(id): Path<String>,
    Query(when): Query<When>,
) -> web::Result<View<OrganisationPage>> {
    let id: OrganisationId = id.parse().map_err(|_| Error::NotFound)?;
    let mut conn = ctx.read().await?;
    let unit = store::unit(&mut conn, id).await?.ok_or(Error::NotFound)?;
    let actor = ctx.authorise(&unit.path)?;
    let (on, past, errors) = day(&when.on, ctx.world().today());
    let scopes = ctx.scopes();
    let then = if past { store::name_on(&mut conn, id, on).await? } else { None };
    let rows = store::under(&mut conn, id, &scopes, on).await?;
    let children = items(&mut conn, rows, past).await?;
    let below =
        store::members_below(&mut conn, &[id.0]).await?.first().map_or(0, |(_, count)| *count);
    let alive = unit.dissolved_on.is_none() && !past;
    let members = if alive && ctx.may("member.list", &unit.path) {
        let secretary =
            actor.grants.iter().any(|g| g.role == Role::Secretary && g.scope.covers(&unit.path));
        let person = |row: store::HomeRow| Person {
            id: row.id.into(),
            name: row.full_name,
            phone: row
                .phone
                .map(|phone| if secretary { phone } else { viet::mask_phone(&phone) })
                .unwrap_or_default(),
            standing: row.standing,
            status: row.status,
            account: row.account,
        };
        Some(store::home(&mut conn, id, MEMBERS).await?.into_iter().map(person).collect())
    } else {
        None
    };
    let may = |operation| alive && ctx.may(operation, &unit.path);
    Ok(View(OrganisationPage {
        name_today: then.as_ref().filter(|name| **name != unit.name).map(|_| unit.name.clone()),
        name: then.unwrap_or_else(|| unit.name.clone()),
        id,
        code: unit.code,
        kind: unit.kind.name().into(),
        kind_label: Kind::label(unit.kind),
        founded_on: Day(unit.founded_on),
        dissolved_on: unit.dissolved_on.map(Day),
        on: Day(on),
        past,
        members_below: below,
        children,
        members,
        periods: store::periods(&mut conn, id)
            .await?
            .into_iter()
            .map(|p| Period {
                from: Day(p.valid_from),
                to: p.valid_to.map(Day),
                name: p.name,
                parent: p.parent,
            })
            .collect(),
        successions: store::successions(&mut conn, id)
            .await?
            .into_iter()
            .map(|s| Succession {
                id: s.id.into(),
                name: s.name,
                on: Day(s.on_date),
                after: s.after,
            })
            .collect(),
        above: store::above(&mut conn, &unit.path.0, &scopes).await?,
        may: May {
            found: may("organisation.found") && unit.kind != Kind::Group,
            change: may("organisation.change"),
            dissolve: may("organisation.dissolve") && unit.parent.is_some(),
            add: may("member.add") && unit.kind.has_members(),
            print: may("account.invite_unit"),
        },
        errors,
        entered: when.on,
    }))
}
