//! The exclusion ledger.

use crate::exclusion::NewExclusion;
use kernel::{AccountId, ExclusionId, OrgPath, OrganisationId, Result};
use sqlx::PgConnection;
use time::{Date, OffsetDateTime};

/// A line of the exclusion ledger.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) id: ExclusionId,
    pub(crate) organisation: OrganisationId,
    pub(crate) name: String,
    pub(crate) path: OrgPath,
    pub(crate) reason: String,
    pub(crate) note: String,
    pub(crate) excluded_from: Date,
    pub(crate) excluded_to: Option<Date>,
    pub(crate) approved_by: String,
}

/// Whether the unit is excluded already at some time of a period.
pub(crate) async fn overlaps(conn: &mut PgConnection, new: &NewExclusion) -> Result<bool> {
    Ok(sqlx::query_scalar!(
        r#"SELECT EXISTS (
               SELECT FROM adoption_exclusion
               WHERE organisation = $1 AND (excluded_to IS NULL OR excluded_to > $2)
                 AND ($3::date IS NULL OR excluded_from < $3)) AS "overlaps!""#,
        new.organisation.0,
        new.excluded_from,
        new.excluded_to
    )
    .fetch_one(conn)
    .await?)
}

pub(crate) async fn insert_exclusion(
    conn: &mut PgConnection,
    id: ExclusionId,
    new: &NewExclusion,
    at: OffsetDateTime,
    by: Option<AccountId>,
) -> Result<()> {
    sqlx::query!(
        "INSERT INTO adoption_exclusion
             (id, organisation, reason, note, excluded_from, excluded_to, approved_by, recorded_at, recorded_by)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        id.0,
        new.organisation.0,
        new.reason.name(),
        new.note,
        new.excluded_from,
        new.excluded_to,
        new.approved_by,
        at,
        by.map(|account| account.0)
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Locks a line of the ledger, to end it.
pub(crate) async fn lock_entry(conn: &mut PgConnection, id: ExclusionId) -> Result<Option<Entry>> {
    Ok(sqlx::query_as!(
        Entry,
        "SELECT e.id, e.organisation, o.name, o.path, e.reason, e.note, e.excluded_from, e.excluded_to, e.approved_by
         FROM adoption_exclusion e JOIN organisation o ON o.id = e.organisation
         WHERE e.id = $1 FOR UPDATE OF e",
        id.0
    )
    .fetch_optional(conn)
    .await?)
}

pub(crate) async fn end_exclusion(
    conn: &mut PgConnection,
    id: ExclusionId,
    on: Date,
) -> Result<()> {
    sqlx::query!("UPDATE adoption_exclusion SET excluded_to = $2 WHERE id = $1", id.0, on)
        .execute(conn)
        .await?;
    Ok(())
}

/// The ledger at and below some paths, the newest first.
pub(crate) async fn ledger(conn: &mut PgConnection, scopes: &[String]) -> Result<Vec<Entry>> {
    Ok(sqlx::query_as!(
        Entry,
        "SELECT e.id, e.organisation, o.name, o.path, e.reason, e.note, e.excluded_from, e.excluded_to, e.approved_by
         FROM adoption_exclusion e JOIN organisation o ON o.id = e.organisation
         WHERE EXISTS (SELECT FROM unnest($1::text[]) AS scope WHERE starts_with(o.path, scope))
         ORDER BY e.excluded_from DESC, o.name_sort, e.id",
        scopes
    )
    .fetch_all(conn)
    .await?)
}
