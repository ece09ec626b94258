//! Renaming an organisation, or moving it with all below it.

use super::{found::check_name, store};
use kernel::{AccountId, Error, OrgPath, OrganisationId, Result, World, viet};
use tenancy::{NewEvent, TenantTx};
use time::Date;

/// What changes, since when.
#[derive(Clone, Debug)]
pub struct Change {
    /// The new name.
    pub name: Option<String>,
    /// The new parent.
    pub parent: Option<OrganisationId>,
    /// The first day on which it holds.
    pub on: Date,
}

/// Gives an organisation another name.
///
/// # Errors
/// As for [`change_in`].
pub async fn rename_in(
    tx: &mut TenantTx,
    world: &World,
    by: Option<AccountId>,
    id: OrganisationId,
    name: &str,
    on: Date,
) -> Result<()> {
    change_in(tx, world, by, id, Change { name: Some(name.into()), parent: None, on })
        .await
        .map(drop)
}

/// Moves an organisation and all below it under another parent.
///
/// # Errors
/// As for [`change_in`].
pub async fn move_in(
    tx: &mut TenantTx,
    world: &World,
    by: Option<AccountId>,
    id: OrganisationId,
    parent: OrganisationId,
    on: Date,
) -> Result<()> {
    change_in(tx, world, by, id, Change { name: None, parent: Some(parent), on }).await.map(drop)
}

/// Renames, moves, or both, with one event. Says whether anything changed.
///
/// # Errors
/// [`Error::NotFound`] without such an organisation; [`Error::Invalid`] when a
/// field does not fit; [`Error::Conflict`] when it is dissolved.
pub async fn change_in(
    tx: &mut TenantTx,
    world: &World,
    by: Option<AccountId>,
    id: OrganisationId,
    change: Change,
) -> Result<bool> {
    store::lock_tree(tx).await?;
    let unit = store::unit(tx, id).await?.ok_or(Error::NotFound)?;
    if unit.dissolved_on.is_some() {
        return Err(Error::Conflict("Tổ chức này đã giải thể.".into()));
    }
    if change.on > world.today() {
        return Err(Error::field("on", super::FUTURE));
    }
    let name = change.name.map(|name| viet::normalise(&name)).filter(|name| *name != unit.name);
    let parent = change.parent.filter(|parent| Some(*parent) != unit.parent);
    if name.is_none() && parent.is_none() {
        return Ok(false);
    }
    if let Some(name) = &name {
        check_name(name).map_err(|sentence| Error::field("name", sentence))?;
        not_before(unit.changed_on, change.on)?;
        store::split(tx, &[id.0], change.on).await?;
        store::rename(tx, id, name).await?;
        store::align(tx, &[id.0]).await?;
    }
    if let Some(parent) = parent {
        let parent = store::unit(tx, parent)
            .await?
            .ok_or_else(|| Error::field("parent", "Không có tổ chức cấp trên này."))?;
        hang_in(tx, &unit, &parent, change.on).await?;
    }
    let event = NewEvent::new("organisation.changed").by(by).in_organisation(id).on(id).with(
        serde_json::json!({
            "renamed": name.is_some(),
            "moved": parent.is_some(),
            "on": change.on.to_string(),
        }),
    )?;
    tx.record(world, event).await?;
    Ok(true)
}

/// Moves a unit with all below it, without an event.
pub(super) async fn hang_in(
    tx: &mut TenantTx,
    unit: &store::Unit,
    parent: &store::Unit,
    on: Date,
) -> Result<()> {
    if let Err(sentence) = fits(unit, parent, on) {
        return Err(Error::field("parent", sentence));
    }
    let (units, latest) = store::living(tx, &unit.path).await?;
    not_before(latest.unwrap_or(unit.changed_on), on)?;
    store::split(tx, &units, on).await?;
    store::hang(tx, unit, parent.id, &new_path(&unit.path, &parent.path)).await?;
    store::align(tx, &units).await
}

/// Whether a unit may come to stand under another on a day.
fn fits(unit: &store::Unit, parent: &store::Unit, on: Date) -> Result<(), String> {
    if unit.parent.is_none() {
        return Err("Gốc của cây tổ chức không chuyển được.".into());
    }
    if unit.path.covers(&parent.path) {
        return Err("Cấp trên mới nằm ngay trong tổ chức này.".into());
    }
    if parent.dissolved_on.is_some() {
        return Err("Tổ chức cấp trên đã giải thể.".into());
    }
    if !unit.kind.may_stand_under(parent.kind) {
        return Err(format!("«{}» không đứng ngay dưới «{}».", unit.kind, parent.kind));
    }
    if on < parent.placed_on {
        return Err(format!(
            "Cấp trên này mới ở vị trí hiện nay từ ngày {}.",
            viet::format_date(parent.placed_on)
        ));
    }
    Ok(())
}

/// Changes are told in the order of their dates.
fn not_before(latest: Date, on: Date) -> Result<()> {
    if on < latest {
        let day = viet::format_date(latest);
        return Err(Error::field(
            "on",
            format!("Ở đây đã có thay đổi từ ngày {day}; hãy ghi ngày đó hoặc sau đó."),
        ));
    }
    Ok(())
}

/// The unit's own label under another parent's path.
fn new_path(path: &OrgPath, parent: &OrgPath) -> OrgPath {
    let own = path.0.trim_end_matches('.').rsplit('.').next().unwrap_or_default();
    OrgPath(format!("{parent}{own}."))
}

#[cfg(test)]
mod tests {
    use super::{fits, new_path, not_before};
    use crate::organisation::{Kind, store::Unit};
    use kernel::{OrgPath, OrganisationId};
    use time::macros::date;
    use uuid::Uuid;

    fn unit(n: u128, kind: Kind, path: &str) -> Unit {
        Unit {
            id: OrganisationId(Uuid::from_u128(n)),
            code: n.to_string(),
            kind,
            name: String::new(),
            parent: (n > 1).then_some(OrganisationId(Uuid::from_u128(1))),
            path: OrgPath(path.into()),
            founded_on: date!(2000 - 01 - 01),
            dissolved_on: None,
            placed_on: date!(2020 - 01 - 01),
            changed_on: date!(2020 - 01 - 01),
        }
    }

    #[test]
    fn a_unit_keeps_its_label_wherever_it_goes() {
        let path = |p: &str| OrgPath(p.into());
        assert_eq!(new_path(&path("1.4.27."), &path("1.")), path("1.27."));
        assert_eq!(new_path(&path("1.4."), &path("1.9.3.")), path("1.9.3.4."));
    }

    #[test]
    fn no_unit_comes_to_stand_inside_itself() {
        let on = date!(2025 - 07 - 01);
        let root = unit(1, Kind::UnderCentral, "1.");
        let district = unit(2, Kind::AboveGrassRoots, "1.2.");
        let commune = unit(3, Kind::GrassRoots, "1.2.3.");
        assert_eq!(fits(&commune, &root, on), Ok(()));
        assert!(fits(&root, &district, on).unwrap_err().contains("Gốc"));
        assert!(fits(&district, &commune, on).unwrap_err().contains("nằm ngay trong"));
        assert!(fits(&district, &district, on).is_err());
        assert!(
            fits(&district, &unit(4, Kind::GrassRoots, "1.4."), on)
                .unwrap_err()
                .contains("không đứng")
        );
        assert!(fits(&commune, &root, date!(2019 - 12 - 31)).unwrap_err().contains("01/01/2020"));
        let gone = Unit { dissolved_on: Some(on), ..root };
        assert!(fits(&commune, &gone, on).unwrap_err().contains("giải thể"));
    }

    #[test]
    fn changes_are_told_in_order() {
        assert!(not_before(date!(2025 - 07 - 01), date!(2025 - 07 - 01)).is_ok());
        assert!(not_before(date!(2025 - 07 - 01), date!(2025 - 06 - 30)).is_err());
    }
}
