//! What one reader may see of a report: the rows behind the page, its JSON and
//! its spreadsheet.

use crate::{
    figure::Figure,
    report::{self, Place, Report, Unit},
    row::{ExclusionRow, Row, Source},
    rules,
    share::{Counts, iso},
    store::{self, Organisation},
};
use kernel::{
    Error, Errors, OrgPath, OrganisationId, Result, Role,
    privacy::{self, Cell, Shown},
    viet,
};
use serde::Serialize;
use sqlx::PgConnection;
use time::Date;
use utoipa::ToSchema;
use web::Ctx;

/// A report as its reader sees it.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Overview {
    /// The organisation's identifier.
    #[schema(value_type = uuid::Uuid)]
    pub unit: OrganisationId,
    /// Its name on that date.
    pub name: String,
    /// The date that the figures hold for.
    #[serde(serialize_with = "iso")]
    pub as_of: Date,
    /// Of all members.
    pub raw: Figure,
    /// Of the members outside the excluded units.
    pub adjusted: Figure,
    /// The units directly below: lowest share first, then those whose share is
    /// withheld or does not exist, then the excluded ones.
    pub units: Vec<Row>,
    /// The exclusions that take something away.
    pub exclusions: Vec<ExclusionRow>,
    /// The rule by which units are named.
    pub named_below: Option<Source>,
    /// The rule by which small numbers are withheld.
    pub small_cell: Option<Source>,
    /// Members that belong to none of the units.
    #[serde(skip)]
    pub own: i64,
    /// Whether the organisation is a branch.
    #[serde(skip)]
    pub is_branch: bool,
    /// Whether the reader is its secretary.
    #[serde(skip)]
    pub is_secretary: bool,
}

impl Overview {
    /// The units to be named, with their share.
    #[must_use]
    pub fn named(&self) -> Vec<String> {
        self.units
            .iter()
            .filter(|row| row.named)
            .map(|row| format!("{} ({})", row.name, row.adjusted.unwrap_or(row.raw).percent_text()))
            .collect()
    }

    /// The date, as people read it.
    #[must_use]
    pub fn as_of_text(&self) -> String {
        viet::format_date(self.as_of)
    }
}

/// The organisation that was asked for, or else the topmost one at which the
/// actor may do the operation.
///
/// # Errors
/// [`Error::NotFound`] outside the actor's reach.
pub(crate) async fn unit(
    ctx: &Ctx,
    conn: &mut PgConnection,
    operation: &str,
    asked: &str,
) -> Result<Organisation> {
    let id = if asked.is_empty() {
        let path = topmost(ctx.scopes_for(operation)).ok_or(Error::NotFound)?;
        store::organisation_at(conn, &path).await?.ok_or(Error::NotFound)?
    } else {
        asked.parse().map_err(|_| Error::NotFound)?
    };
    let unit = store::organisation(conn, id).await?.ok_or(Error::NotFound)?;
    ctx.authorise_for(operation, &unit.path)?;
    Ok(unit)
}

fn topmost(scopes: Vec<String>) -> Option<OrgPath> {
    scopes.into_iter().min_by_key(|path| (path.matches('.').count(), path.clone())).map(OrgPath)
}

/// The date that was asked for: today when none was.
///
/// # Errors
/// [`Error::Invalid`] on `as_of`.
pub(crate) fn as_of(asked: &str, today: Date) -> Result<Date> {
    if asked.trim().is_empty() {
        return Ok(today);
    }
    let mut errors = Errors::default();
    let date = crate::exclusion::date(asked, "as_of", &mut errors);
    if date.is_some_and(|date| date > today) {
        errors.add("as_of", "Ngày này chưa đến. Hãy chọn hôm nay hoặc một ngày trước đó.");
    }
    errors.or(date.unwrap_or(today))
}

/// The report of an organisation, as the actor may see it.
///
/// # Errors
/// As for [`report::report`].
pub(crate) async fn load(
    ctx: &Ctx,
    conn: &mut PgConnection,
    unit: &Organisation,
    as_of: Date,
) -> Result<Overview> {
    let report = report::report(conn, unit.id, as_of).await?;
    let secretary: Vec<String> = ctx
        .actor()?
        .grants
        .iter()
        .filter(|grant| grant.role == Role::Secretary)
        .map(|grant| grant.scope.0.clone())
        .collect();
    let own_branches = if secretary.is_empty() {
        Vec::new()
    } else {
        store::branches_among(conn, &secretary).await?
    };
    let today = ctx.world().today();
    let above = match unit.parent {
        Some(parent) if is_close(&report, privacy::below(today)) => {
            match report::report(conn, parent, as_of).await {
                Ok(above) => Some(above),
                // There was no such unit above it yet on that date.
                Err(Error::Invalid(_)) => None,
                Err(error) => return Err(error),
            }
        }
        _ => None,
    };
    let open = |path: &OrgPath| ctx.may("adoption.show", path);
    Ok(build(report, above.as_ref(), &own_branches, today, open))
}

/// Withholds what the reader may not see and sorts the rest. `above` is the
/// report of the unit above one whose people all know each other, `own_branches`
/// are the branches that the reader is secretary of.
fn build(
    report: Report,
    above: Option<&Report>,
    own_branches: &[OrgPath],
    today: Date,
    open: impl Fn(&OrgPath) -> bool,
) -> Overview {
    let below = privacy::below(today);
    let own = |place: &Place| own_branches.iter().any(|branch| branch.covers(&place.current_path));
    let cell = |place: &Place, close: bool, counts: Counts| Cell {
        guarded: close && !own(place),
        with: counts.activated,
        without: counts.members - counts.activated,
    };
    let cells = |report: &Report| -> Vec<Cell> {
        let close = |unit: &Unit| {
            let Unit { place, counts, organisations, .. } = unit;
            privacy::is_close(place.is_branch(), *organisations, counts.members, below)
        };
        report.units.iter().map(|unit| cell(&unit.place, close(unit), unit.counts)).collect()
    };
    // Such a unit shows of itself what the table above shows of it: otherwise
    // opening its neighbours would give away what that table keeps back.
    let among = above.and_then(|above| {
        let at = above.units.iter().position(|unit| unit.place.id == report.root.id)?;
        privacy::shown(&cells(above), below).get(at).copied()
    });
    let alone = || {
        let root = cell(&report.root, is_close(&report, below), report.raw.counts);
        privacy::shown(&[root], below).first().copied()
    };
    let head = if own(&report.root) { None } else { among };
    let shown = head.or_else(alone).unwrap_or(Shown::All);
    let cells = cells(&report);
    let mut units: Vec<Row> = report
        .units
        .into_iter()
        .zip(privacy::shown(&cells, below))
        .map(|(unit, shown)| row(unit, shown, below, &open))
        .collect();
    // Stable: equals stay in the order of their names.
    units.sort_by_key(|row| (row.excluded.is_some(), row.raw.percent.0.is_none(), row.raw.percent));
    Overview {
        unit: report.root.id,
        name: report.root.name.clone(),
        as_of: report.as_of,
        raw: Figure::new(report.raw.counts, shown, below),
        adjusted: Figure::new(report.adjusted.counts, shown, below),
        units,
        exclusions: report
            .exclusions
            .into_iter()
            .map(|e| ExclusionRow {
                name: e.name,
                reason: e.reason,
                note: e.note,
                approved_by: e.approved_by,
                excluded_from: e.excluded_from,
                members: e.counts.members,
            })
            .collect(),
        named_below: rules::named_below(report.as_of).map(|rule| Source {
            value: rule.rule.percent,
            citation: rule.citation.clone(),
            confidence: rule.confidence.clone(),
        }),
        small_cell: privacy::rule(today).map(|rule| Source {
            value: rule.below,
            citation: rule.citation.clone(),
            confidence: rule.confidence.clone(),
        }),
        own: report.own.members,
        is_branch: report.root.is_branch(),
        is_secretary: own(&report.root),
    }
}

fn is_close(report: &Report, below: i64) -> bool {
    let Report { root, organisations, raw, .. } = report;
    privacy::is_close(root.is_branch(), *organisations, raw.members, below)
}

fn row(unit: Unit, shown: Shown, below: i64, open: impl Fn(&OrgPath) -> bool) -> Row {
    let differs = unit.excluded.is_none() && unit.adjusted != unit.counts;
    Row {
        id: unit.place.id,
        open: open(&unit.place.current_path),
        kind: unit.place.kind,
        name: unit.name,
        raw: Figure::new(unit.counts, shown, below),
        adjusted: differs.then(|| Figure::new(unit.adjusted, shown, below)),
        excluded: unit.excluded.map(|excluded| excluded.reason),
        excluded_below: unit.excluded_below,
        // Which side of the threshold a withheld share lies on would narrow it down.
        named: unit.named && shown == Shown::All,
    }
}

#[cfg(test)]
pub(crate) mod tests;
