//! Founding organisations: one, or a whole tree in a few statements.

use super::{kind::Kind, store};
use kernel::{AccountId, Error, Errors, OrganisationId, Result, World, viet};
use std::collections::HashMap;
use tenancy::{NewEvent, TenantTx};
use time::Date;

/// Longest code and name.
const MOST: usize = 200;

/// An organisation to be founded.
#[derive(Clone, Debug)]
pub struct Founding {
    /// The code by which files name it; never given out twice in a tenant.
    pub code: String,
    /// Its type.
    pub kind: Kind,
    /// Its name in full.
    pub name: String,
    /// What it stands under; none for the root.
    pub parent: Option<OrganisationId>,
    /// Since when it is.
    pub on: Date,
}

/// An organisation of a plan, whose parent is named by code.
#[derive(Clone, Debug)]
pub struct Planned {
    /// See [`Founding::code`].
    pub code: String,
    /// See [`Founding::kind`].
    pub kind: Kind,
    /// See [`Founding::name`].
    pub name: String,
    /// The code of what it stands under: already there, or earlier in the plan.
    pub parent: String,
    /// See [`Founding::on`].
    pub on: Date,
}

/// Founds an organisation.
///
/// # Errors
/// [`Error::Invalid`] when a field does not fit; [`Error::Conflict`] when there
/// is a root already.
pub async fn found_in(
    tx: &mut TenantTx,
    world: &World,
    by: Option<AccountId>,
    founding: Founding,
) -> Result<OrganisationId> {
    store::lock_tree(tx).await?;
    let parent = match founding.parent {
        Some(id) => store::unit(tx, id).await?.map(Place::of),
        None => None,
    };
    let mut errors = Errors::default();
    match (founding.parent, &parent) {
        (Some(_), None) => errors.add("parent", "Không có tổ chức cấp trên này."),
        (None, _) if store::root(tx).await?.is_some() => {
            return Err(Error::Conflict(
                "Cây tổ chức đã có gốc; tổ chức mới phải có cấp trên.".into(),
            ));
        }
        _ => {}
    }
    let (code, name) = (viet::normalise(&founding.code), viet::normalise(&founding.name));
    check(&code, &name, founding.kind, parent.as_ref(), founding.on, world.today(), &mut errors);
    if !code.is_empty() && store::unit_by_code(tx, &code).await?.is_some() {
        errors.add("code", format!("Mã {code} đã dùng cho một tổ chức khác."));
    }
    errors.or(())?;

    let id: OrganisationId = world.id();
    let mut new = store::NewUnits::default();
    let label = store::labels(tx, 1).await?;
    new.add(id, code, founding.kind, name, parent.as_ref(), &label, founding.on);
    store::insert(tx, &new).await?;
    let event =
        NewEvent::new("organisation.founded").by(by).in_organisation(id).on(id).with(
            serde_json::json!({ "kind": founding.kind.name(), "on": founding.on.to_string() }),
        )?;
    tx.record(world, event).await?;
    Ok(id)
}

/// Founds the organisations of a plan, with one event that counts them. Says
/// which identifier each code has.
///
/// # Errors
/// [`Error::Invalid`] with a sentence on each organisation that does not fit;
/// then none is founded.
pub async fn found_all_in(
    tx: &mut TenantTx,
    world: &World,
    by: Option<AccountId>,
    plan: &[Planned],
) -> Result<HashMap<String, OrganisationId>> {
    store::lock_tree(tx).await?;
    let codes: Vec<String> =
        plan.iter().flat_map(|p| [viet::normalise(&p.code), viet::normalise(&p.parent)]).collect();
    let mut places: HashMap<String, Place> = store::units(tx, &[], &codes)
        .await?
        .into_iter()
        .map(|unit| (unit.code.clone(), Place::of(unit)))
        .collect();
    let labels = store::labels(tx, plan.len()).await?;
    let (mut new, mut errors) = (store::NewUnits::default(), Errors::default());
    let mut founded = HashMap::with_capacity(plan.len());
    let mut above = None;
    for (planned, label) in plan.iter().zip(labels.chunks(1)) {
        let (code, name) = (viet::normalise(&planned.code), viet::normalise(&planned.name));
        let mut own = Errors::default();
        let parent = places.get(&viet::normalise(&planned.parent));
        if parent.is_none() {
            own.add("parent", format!("Không có tổ chức cấp trên mang mã {}.", planned.parent));
        }
        check(&code, &name, planned.kind, parent, planned.on, world.today(), &mut own);
        if places.contains_key(&code) {
            own.add("code", format!("Mã {code} đã dùng cho một tổ chức khác."));
        }
        if !own.0.is_empty() {
            errors.0.extend(own.0.into_iter().map(|mut e| {
                e.message = format!("{code}: {}", e.message);
                e
            }));
            continue;
        }
        above = above.or(parent.map(|place| place.id));
        let id: OrganisationId = world.id();
        let path = new.add(id, code.clone(), planned.kind, name, parent, label, planned.on);
        places.insert(
            code.clone(),
            Place { id, kind: planned.kind, path, since: planned.on, dissolved: false },
        );
        founded.insert(code, id);
    }
    errors.or(())?;
    if founded.is_empty() {
        return Ok(founded);
    }
    store::insert(tx, &new).await?;
    let mut event = NewEvent::new("organisation.founded")
        .by(by)
        .with(serde_json::json!({ "count": founded.len() }))?;
    event.organisation = above;
    tx.record(world, event).await?;
    Ok(founded)
}

/// The root of the tree: the one that is there, else a new one.
///
/// # Errors
/// As for [`found_in`].
pub async fn ensure_root_in(
    tx: &mut TenantTx,
    world: &World,
    code: &str,
    name: &str,
    kind: Kind,
    on: Date,
) -> Result<OrganisationId> {
    if let Some(id) = store::root(tx).await? {
        return Ok(id);
    }
    found_in(
        tx,
        world,
        None,
        Founding { code: code.into(), kind, name: name.into(), parent: None, on },
    )
    .await
}

/// What a new organisation is going to stand under.
struct Place {
    id: OrganisationId,
    kind: Kind,
    path: String,
    since: Date,
    dissolved: bool,
}

impl Place {
    fn of(unit: store::Unit) -> Self {
        Self {
            id: unit.id,
            kind: unit.kind,
            path: unit.path.0,
            since: unit.placed_on,
            dissolved: unit.dissolved_on.is_some(),
        }
    }
}

/// The rules of a founding, apart from what only the database knows.
fn check(
    code: &str,
    name: &str,
    kind: Kind,
    parent: Option<&Place>,
    on: Date,
    today: Date,
    errors: &mut Errors,
) {
    if code.is_empty() || code.len() > MOST || code.contains(' ') {
        errors.add("code", "Hãy ghi mã tổ chức, không có dấu cách.");
    }
    if let Err(sentence) = check_name(name) {
        errors.add("name", sentence);
    }
    if let Some(place) = parent {
        if place.dissolved {
            errors.add("parent", "Tổ chức cấp trên đã giải thể.");
        } else if !kind.may_stand_under(place.kind) {
            errors.add("parent", format!("«{kind}» không đứng ngay dưới «{}».", place.kind));
        } else if on < place.since {
            errors.add(
                "on",
                format!(
                    "Cấp trên mới ở vị trí hiện nay từ ngày {}.",
                    viet::format_date(place.since)
                ),
            );
        }
    }
    if on > today {
        errors.add("on", super::FUTURE);
    }
}

/// Whether a name can be an organisation's.
pub(super) fn check_name(name: &str) -> Result<(), &'static str> {
    if name.is_empty() || name.len() > 2 * MOST {
        Err("Hãy ghi tên đầy đủ của tổ chức.")
    } else {
        Ok(())
    }
}

impl store::NewUnits {
    /// Adds one more; says its path.
    #[expect(clippy::too_many_arguments, reason = "one for each column")]
    fn add(
        &mut self,
        id: OrganisationId,
        code: String,
        kind: Kind,
        name: String,
        parent: Option<&Place>,
        label: &[i64],
        on: Date,
    ) -> String {
        let label =
            label.iter().fold(String::new(), |path, label| path + label.to_string().as_str() + ".");
        let path = format!("{}{label}", parent.map_or("", |place| &place.path));
        self.ids.push(id.0);
        self.codes.push(code);
        self.kinds.push(kind.name().into());
        self.names.push(name);
        self.parents.push(parent.map(|place| place.id.0));
        self.paths.push(path.clone());
        self.founded.push(on);
        path
    }
}

#[cfg(test)]
mod tests {
    use super::{Kind, Place, check};
    use kernel::{Errors, OrganisationId};
    use time::{Date, macros::date};
    use uuid::Uuid;

    fn fields(code: &str, name: &str, kind: Kind, place: &Place, on: Date) -> Vec<String> {
        let mut errors = Errors::default();
        check(code, name, kind, Some(place), on, date!(2026 - 11 - 20), &mut errors);
        errors.0.into_iter().map(|e| e.field).collect()
    }

    #[test]
    fn a_founding_names_each_field_that_does_not_fit() {
        let province = Place {
            id: OrganisationId(Uuid::nil()),
            kind: Kind::UnderCentral,
            path: "1.".into(),
            since: date!(2025 - 07 - 01),
            dissolved: false,
        };
        let today = date!(2026 - 11 - 20);
        assert_eq!(
            fields("51.001", "Đảng bộ xã Tịnh Khê", Kind::GrassRoots, &province, today),
            [""; 0]
        );
        assert_eq!(fields("", "", Kind::Group, &province, today), ["code", "name", "parent"]);
        assert_eq!(
            fields("51 1", "A", Kind::Branch, &province, date!(2026 - 11 - 21)),
            ["code", "on"]
        );
        assert_eq!(fields("51", "A", Kind::Branch, &province, date!(2025 - 06 - 30)), ["on"]);
        let gone = Place { dissolved: true, ..province };
        assert_eq!(fields("51", "A", Kind::Branch, &gone, today), ["parent"]);
    }
}
