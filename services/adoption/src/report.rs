//! The adoption report: figures of an organisation and of each unit directly
//! below it on a date, before and after exclusions. Computed from rows; no I/O
//! but for [`report`] itself.

use crate::{
    exclusion::Reason,
    rules,
    share::{Counts, Percent, Share, iso},
    store,
};
use kernel::{Error, OrgPath, OrganisationId, viet};
use serde::Serialize;
use sqlx::PgConnection;
use std::collections::HashMap;
use time::Date;

/// An organisation as it stood on the date of a report.
#[derive(Clone, Debug)]
pub struct Place {
    /// Its identifier.
    pub id: OrganisationId,
    /// Its kind, as in SQL.
    pub kind: String,
    /// Its name on that date.
    pub name: String,
    /// Its place in the tree on that date.
    pub path: OrgPath,
    /// Its place in the tree at present, which decides who may look.
    pub current_path: OrgPath,
}

impl Place {
    /// Whether it is a branch or a group of one, where few people are known to
    /// all.
    #[must_use]
    pub fn is_branch(&self) -> bool {
        matches!(self.kind.as_str(), "chi_bo_co_so" | "chi_bo_truc_thuoc" | "to_dang")
    }
}

/// The figures of one organisation alone, without what is below it.
#[derive(Clone, Debug)]
pub struct Own {
    /// Its place in the tree on the date of the report.
    pub path: OrgPath,
    /// Its figures.
    pub counts: Counts,
}

/// An exclusion that holds on the date of a report.
#[derive(Clone, Debug)]
pub struct Exclusion {
    /// What is excluded, with all below it.
    pub organisation: OrganisationId,
    /// Its name on that date.
    pub name: String,
    /// Its place on that date.
    pub path: OrgPath,
    /// Why.
    pub reason: Reason,
    /// More about why.
    pub note: String,
    /// Who approved it.
    pub approved_by: String,
    /// The first day on which it holds.
    pub excluded_from: Date,
    /// The first day on which it no longer holds.
    pub excluded_to: Option<Date>,
    /// What it takes away from the figures.
    pub counts: Counts,
}

/// Why and by whom a unit was excluded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Excluded {
    /// Why.
    pub reason: Reason,
    /// Who approved it.
    pub approved_by: String,
}

/// A unit directly below the organisation of the report, with all below it.
#[derive(Clone, Debug, Serialize)]
pub struct Unit {
    /// Its name on the date.
    pub name: String,
    /// The denominator: all its members.
    pub members: i64,
    /// The numerator.
    pub activated: i64,
    /// One of the other.
    pub percent: Percent,
    /// Set when the whole unit is excluded.
    pub excluded: Option<Excluded>,
    /// Which unit.
    #[serde(skip)]
    pub place: Place,
    /// Before exclusions.
    #[serde(skip)]
    pub counts: Counts,
    /// After exclusions: nothing for an excluded unit.
    #[serde(skip)]
    pub adjusted: Counts,
    /// Units below it that are excluded.
    #[serde(skip)]
    pub excluded_below: Vec<String>,
    /// Whether it is to be named for a share below the threshold.
    #[serde(skip)]
    pub named: bool,
    /// How many organisations its members are in.
    #[serde(skip)]
    pub organisations: usize,
}

/// What `sotay report adoption --json` prints. Pages use the rest as well.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// The date that the figures hold for.
    #[serde(serialize_with = "iso")]
    pub as_of: Date,
    /// Of all members.
    pub raw: Share,
    /// Of the members outside the excluded units.
    pub adjusted: Share,
    /// The units directly below, by name.
    pub units: Vec<Unit>,
    /// The organisation itself.
    #[serde(skip)]
    pub root: Place,
    /// Part of the totals that belongs to none of the units.
    #[serde(skip)]
    pub own: Counts,
    /// How many organisations the members are in.
    #[serde(skip)]
    pub organisations: usize,
    /// Every exclusion that takes something away, at whatever depth.
    #[serde(skip)]
    pub exclusions: Vec<Exclusion>,
}

/// The report of an organisation as of a date.
///
/// # Errors
/// [`Error::Invalid`] on `as_of` when the organisation did not exist on that
/// date; or when the database refuses.
pub async fn report(
    connection: &mut PgConnection,
    root: OrganisationId,
    as_of: Date,
) -> kernel::Result<Report> {
    let place = store::place(connection, root, as_of).await?.ok_or_else(|| not_there(as_of))?;
    let children = store::children(connection, root, as_of).await?;
    let figures = store::figures(connection, &place.path, as_of).await?;
    let exclusions = store::exclusions_on(connection, &place.path, as_of).await?;
    Ok(compute(as_of, place, children, &figures, exclusions))
}

/// There is nothing to report on that date.
pub(crate) fn not_there(as_of: Date) -> Error {
    let day = viet::format_date(as_of);
    Error::field(
        "as_of",
        format!("Ngày {day} đơn vị này chưa có hoặc không còn. Hãy chọn ngày khác."),
    )
}

/// Puts the rows together. `figures` are those of the root and of whatever is
/// below it; an exclusion may also stand above the root and then covers it all.
#[must_use]
pub fn compute(
    as_of: Date,
    root: Place,
    mut children: Vec<Place>,
    figures: &[Own],
    mut exclusions: Vec<Exclusion>,
) -> Report {
    children.sort_by_cached_key(|child| viet::sort_key(&child.name));
    let index: HashMap<String, usize> =
        children.iter().map(|c| c.path.0.clone()).zip(0..).collect();
    let mut sums = vec![(Counts::default(), Counts::default(), 0); children.len()];
    let mut organisations = 0;
    let (mut raw, mut adjusted, mut own) = <(Counts, Counts, Counts)>::default();
    for Own { path, counts } in figures {
        let mut excluded = false;
        for exclusion in exclusions.iter_mut().filter(|e| e.path.covers(path)) {
            exclusion.counts += *counts;
            excluded = true;
        }
        let peopled = usize::from(counts.members > 0);
        organisations += peopled;
        raw += *counts;
        if !excluded {
            adjusted += *counts;
        }
        match child_of(&root.path, path).and_then(|label| index.get(label)) {
            Some(&at) => {
                sums[at].0 += *counts;
                sums[at].2 += peopled;
                if !excluded {
                    sums[at].1 += *counts;
                }
            }
            None => own += *counts,
        }
    }
    let threshold = rules::named_below(as_of);
    let units = children.into_iter().zip(sums).map(|(place, (counts, adjusted, organisations))| {
        // The closest exclusion is the unit's own, if there is one.
        let covering =
            exclusions.iter().filter(|e| e.path.covers(&place.path)).max_by_key(|e| e.path.0.len());
        let below =
            exclusions.iter().filter(|e| e.path != place.path && place.path.covers(&e.path));
        Unit {
            name: place.name.clone(),
            members: counts.members,
            activated: counts.activated,
            percent: Percent::of(counts.activated, counts.members),
            excluded: covering
                .map(|e| Excluded { reason: e.reason, approved_by: e.approved_by.clone() }),
            excluded_below: if covering.is_some() {
                Vec::new()
            } else {
                below.map(|e| e.name.clone()).collect()
            },
            named: threshold.is_some_and(|t| t.rule.names(adjusted)),
            place,
            counts,
            adjusted,
            organisations,
        }
    });
    Report {
        as_of,
        raw: raw.into(),
        adjusted: adjusted.into(),
        units: units.collect(),
        root,
        own,
        organisations,
        exclusions,
    }
}

/// The path of the unit directly below `root` that `path` belongs to.
fn child_of<'a>(root: &OrgPath, path: &'a OrgPath) -> Option<&'a str> {
    let rest = path.0.strip_prefix(&root.0)?;
    let label = rest.find('.')?;
    path.0.get(..=root.0.len() + label)
}

#[cfg(test)]
mod tests;
