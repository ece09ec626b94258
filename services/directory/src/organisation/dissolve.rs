//! Dissolving an organisation, and merging several into one.

use super::{
    change::hang_in,
    store::{self, Unit},
};
use crate::member::{Counted, Deltas};
use kernel::{AccountId, Error, OrganisationId, Result, World, viet};
use tenancy::{NewEvent, TenantTx};
use time::Date;

/// What went over to the successor.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Dissolved {
    /// Members on the roll.
    pub members: usize,
    /// Organisations that stood directly under it.
    pub children: usize,
}

/// Dissolves an organisation on a day. Its members and children go over to the
/// successor; roles and positions in it end.
///
/// # Errors
/// [`Error::NotFound`] without such an organisation; [`Error::Conflict`] when it
/// is the root, dissolved already, or would leave somebody behind;
/// [`Error::Invalid`] when the date or the successor does not fit.
pub async fn dissolve_in(
    tx: &mut TenantTx,
    world: &World,
    by: Option<AccountId>,
    id: OrganisationId,
    successor: Option<OrganisationId>,
    on: Date,
) -> Result<Dissolved> {
    store::lock_tree(tx).await?;
    store::lock(tx, id).await?;
    let unit = store::unit(tx, id).await?.ok_or(Error::NotFound)?;
    let successor = match successor {
        Some(id) => Some(
            store::unit(tx, id)
                .await?
                .ok_or_else(|| Error::field("successor", "Không có tổ chức kế tục này."))?,
        ),
        None => None,
    };
    let members = store::on_roll(tx, id).await?;
    let children = store::children(tx, id).await?;
    check(&unit, successor.as_ref(), members.len(), children.len(), on, world.today())?;

    let mut deltas = Deltas::default();
    if let Some(successor) = &successor {
        for child in &children {
            hang_in(tx, child, successor, on).await.map_err(|error| blame(error, child))?;
        }
        for member in &members {
            let before = Counted {
                organisation: id,
                member: true,
                smartphone: member.has_smartphone,
                activated: member.activated,
            };
            deltas.change(Some(before), Some(Counted { organisation: successor.id, ..before }));
        }
        store::succeed(tx, id, successor.id, on, world.now()).await?;
    }
    store::dissolve(tx, id, on, by, world.now()).await?;
    let event = NewEvent::new("organisation.dissolved").by(by).in_organisation(id).on(id).with(
        serde_json::json!({
            "on": on.to_string(),
            "successor": successor.as_ref().map(|unit| unit.id),
            "members": members.len(),
            "children": children.len(),
            "deltas": deltas.list(),
        }),
    )?;
    tx.record(world, event).await?;
    Ok(Dissolved { members: members.len(), children: children.len() })
}

/// Merges organisations into another one: each is dissolved on that day with it
/// as the successor.
///
/// # Errors
/// As for [`dissolve_in`].
pub async fn merge_in(
    tx: &mut TenantTx,
    world: &World,
    by: Option<AccountId>,
    ids: &[OrganisationId],
    into: OrganisationId,
    on: Date,
) -> Result<Dissolved> {
    let mut all = Dissolved::default();
    for id in ids {
        let one = dissolve_in(tx, world, by, *id, Some(into), on).await?;
        all.members += one.members;
        all.children += one.children;
    }
    Ok(all)
}

/// A child that cannot go over is the successor's fault, in the child's name.
fn blame(error: Error, child: &Unit) -> Error {
    match error {
        Error::Invalid(errors) => {
            let why = errors.iter().map(|e| e.message.as_str()).next().unwrap_or_default();
            Error::field("successor", format!("{} chưa chuyển sang được: {why}", child.name))
        }
        other => other,
    }
}

fn check(
    unit: &Unit,
    successor: Option<&Unit>,
    members: usize,
    children: usize,
    on: Date,
    today: Date,
) -> Result<()> {
    if unit.parent.is_none() {
        return Err(Error::Conflict("Gốc của cây tổ chức không giải thể được.".into()));
    }
    if unit.dissolved_on.is_some() {
        return Err(Error::Conflict("Tổ chức này đã giải thể.".into()));
    }
    if on > today {
        return Err(Error::field("on", super::FUTURE));
    }
    if on < unit.changed_on {
        let day = viet::format_date(unit.changed_on);
        return Err(Error::field(
            "on",
            format!("Tổ chức này đã có thay đổi từ ngày {day}; hãy ghi ngày đó hoặc sau đó."),
        ));
    }
    let Some(successor) = successor else {
        if members + children > 0 {
            return Err(Error::Conflict(
                format!(
                    "Tổ chức này còn {members} đảng viên và {children} tổ chức trực thuộc. Hãy chọn tổ chức kế tục, hoặc chuyển hết đi trước."
                )
                .into(),
            ));
        }
        return Ok(());
    };
    let sentence = if unit.path.covers(&successor.path) {
        "Tổ chức kế tục nằm ngay trong tổ chức bị giải thể."
    } else if successor.dissolved_on.is_some() {
        "Tổ chức kế tục đã giải thể."
    } else if successor.founded_on > on {
        "Vào ngày này chưa có tổ chức kế tục."
    } else if members > 0 && !successor.kind.has_members() {
        "Đảng viên chỉ chuyển về chi bộ hoặc tổ đảng; hãy chọn một chi bộ kế tục."
    } else {
        return Ok(());
    };
    Err(Error::field("successor", sentence))
}

#[cfg(test)]
mod tests {
    use super::check;
    use crate::organisation::{Kind, store::Unit};
    use kernel::{Error, OrgPath, OrganisationId};
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
            founded_on: date!(2020 - 01 - 01),
            dissolved_on: None,
            placed_on: date!(2020 - 01 - 01),
            changed_on: date!(2020 - 01 - 01),
        }
    }

    #[test]
    fn nobody_is_left_behind() {
        let (on, today) = (date!(2025 - 07 - 01), date!(2025 - 07 - 02));
        let branch = unit(2, Kind::Branch, "1.2.");
        let other = unit(3, Kind::Branch, "1.3.");
        let commune = unit(4, Kind::GrassRoots, "1.4.");
        assert!(check(&branch, None, 0, 0, on, today).is_ok());
        assert!(matches!(check(&branch, None, 1, 0, on, today), Err(Error::Conflict(_))));
        assert!(matches!(check(&branch, None, 0, 1, on, today), Err(Error::Conflict(_))));
        assert!(check(&branch, Some(&other), 9, 1, on, today).is_ok());
        assert!(matches!(check(&branch, Some(&commune), 9, 0, on, today), Err(Error::Invalid(_))));
        assert!(check(&branch, Some(&commune), 0, 1, on, today).is_ok());
    }

    #[test]
    fn roots_the_dissolved_and_circles_are_refused() {
        let (on, today) = (date!(2025 - 07 - 01), date!(2025 - 07 - 02));
        let root = unit(1, Kind::UnderCentral, "1.");
        let commune = unit(2, Kind::GrassRoots, "1.2.");
        let inside = unit(3, Kind::Branch, "1.2.3.");
        assert!(matches!(check(&root, None, 0, 0, on, today), Err(Error::Conflict(_))));
        assert!(matches!(check(&commune, Some(&inside), 0, 1, on, today), Err(Error::Invalid(_))));
        assert!(matches!(check(&commune, Some(&commune), 0, 1, on, today), Err(Error::Invalid(_))));
        assert!(matches!(
            check(&commune, None, 0, 0, date!(2025 - 07 - 03), today),
            Err(Error::Invalid(_))
        ));
        assert!(matches!(
            check(&commune, None, 0, 0, date!(2019 - 07 - 03), today),
            Err(Error::Invalid(_))
        ));
        let gone = Unit { dissolved_on: Some(on), ..commune.clone() };
        assert!(matches!(check(&gone, None, 0, 0, on, today), Err(Error::Conflict(_))));
        assert!(matches!(
            check(&commune, Some(&unit(9, Kind::Branch, "1.9.")), 0, 0, on, today),
            Ok(())
        ));
    }
}
