//! All of the service's SQL.

use crate::{
    exclusion::NewExclusion,
    measure::Increments,
    report::{Counts, Exclusion, Own, Place},
};
use kernel::{AccountId, Error, ExclusionId, OrgPath, OrganisationId, Result};
use sqlx::PgConnection;
use time::{Date, Duration, OffsetDateTime};

/// An organisation as it stands.
#[derive(Clone, Debug)]
pub(crate) struct Organisation {
    pub(crate) id: OrganisationId,
    pub(crate) name: String,
    pub(crate) path: OrgPath,
    pub(crate) parent: Option<OrganisationId>,
}

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

/// What a tenant did in the last days, over all organisations.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Activity {
    pub(crate) acknowledged: i64,
    pub(crate) checked_in: i64,
    pub(crate) meetings_held: i64,
}

/// What left a tenant.
#[derive(Clone, Debug)]
pub(crate) struct Rollup {
    pub(crate) tenant: String,
    pub(crate) version: i64,
    pub(crate) figures: serde_json::Value,
    pub(crate) signature: Vec<u8>,
}

pub(crate) async fn add(conn: &mut PgConnection, sums: &Increments) -> Result<()> {
    let organisations: Vec<_> = sums.keys().map(|(organisation, _, _)| organisation.0).collect();
    let measures: Vec<String> = sums.keys().map(|(_, measure, _)| measure.name().into()).collect();
    let days: Vec<_> = sums.keys().map(|(_, _, day)| *day).collect();
    let amounts: Vec<_> = sums.values().copied().collect();
    // Rows come in the order of the key, so that two relays cannot deadlock.
    sqlx::query!(
        "INSERT INTO adoption_day (organisation, measure, day, amount)
         SELECT t.organisation, t.measure, t.day, t.amount
         FROM unnest($1::uuid[], $2::text[], $3::date[], $4::bigint[]) AS t (organisation, measure, day, amount)
         ON CONFLICT (organisation, measure, day) DO UPDATE SET amount = adoption_day.amount + excluded.amount",
        &organisations,
        &measures,
        &days,
        &amounts
    )
    .execute(conn)
    .await?;
    Ok(())
}

pub(crate) async fn clear(conn: &mut PgConnection) -> Result<()> {
    sqlx::query!("DELETE FROM adoption_day").execute(conn).await?;
    Ok(())
}

pub(crate) async fn root(conn: &mut PgConnection) -> Result<Option<OrganisationId>> {
    let id = sqlx::query_scalar!("SELECT id FROM organisation WHERE parent IS NULL ORDER BY path LIMIT 1")
        .fetch_optional(conn)
        .await?;
    Ok(id.map(Into::into))
}

pub(crate) async fn organisation(conn: &mut PgConnection, id: OrganisationId) -> Result<Option<Organisation>> {
    let row = sqlx::query!("SELECT id, name, path, parent FROM organisation WHERE id = $1", id.0)
        .fetch_optional(conn)
        .await?;
    Ok(row.map(|row| Organisation {
        id: row.id.into(),
        name: row.name,
        path: row.path.into(),
        parent: row.parent.map(Into::into),
    }))
}

pub(crate) async fn organisation_at(conn: &mut PgConnection, path: &OrgPath) -> Result<Option<OrganisationId>> {
    let id = sqlx::query_scalar!("SELECT id FROM organisation WHERE path = $1", path.0).fetch_optional(conn).await?;
    Ok(id.map(Into::into))
}

/// The units directly below, as they stand, to choose from.
pub(crate) async fn units_below(conn: &mut PgConnection, parent: OrganisationId) -> Result<Vec<(String, String)>> {
    let rows = sqlx::query!(
        "SELECT id, name FROM organisation WHERE parent = $1 AND dissolved_on IS NULL ORDER BY name_sort, id",
        parent.0
    )
    .fetch_all(conn)
    .await?;
    Ok(rows.into_iter().map(|row| (row.id.to_string(), row.name)).collect())
}

/// Those of the paths at which a branch or a group stands.
pub(crate) async fn branches_among(conn: &mut PgConnection, paths: &[String]) -> Result<Vec<OrgPath>> {
    let rows = sqlx::query_scalar!(
        "SELECT path FROM organisation
         WHERE path = ANY($1) AND kind IN ('chi_bo_co_so', 'chi_bo_truc_thuoc', 'to_dang')",
        paths
    )
    .fetch_all(conn)
    .await?;
    Ok(rows.into_iter().map(OrgPath).collect())
}

pub(crate) async fn place(conn: &mut PgConnection, id: OrganisationId, on: Date) -> Result<Option<Place>> {
    let row = sqlx::query!(
        "SELECT o.id, o.kind, p.name, p.path, o.path AS current_path
         FROM organisation_period p JOIN organisation o ON o.id = p.organisation
         WHERE p.organisation = $1 AND p.valid_from <= $2 AND (p.valid_to IS NULL OR p.valid_to > $2)",
        id.0,
        on
    )
    .fetch_optional(conn)
    .await?;
    Ok(row.map(|row| Place {
        id: row.id.into(),
        kind: row.kind,
        name: row.name,
        path: row.path.into(),
        current_path: row.current_path.into(),
    }))
}

pub(crate) async fn children(conn: &mut PgConnection, parent: OrganisationId, on: Date) -> Result<Vec<Place>> {
    let rows = sqlx::query!(
        "SELECT o.id, o.kind, p.name, p.path, o.path AS current_path
         FROM organisation_period p JOIN organisation o ON o.id = p.organisation
         WHERE p.parent = $1 AND p.valid_from <= $2 AND (p.valid_to IS NULL OR p.valid_to > $2)",
        parent.0,
        on
    )
    .fetch_all(conn)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| Place {
            id: row.id.into(),
            kind: row.kind,
            name: row.name,
            path: row.path.into(),
            current_path: row.current_path.into(),
        })
        .collect())
}

/// The figures of each organisation at or below a path of that date.
pub(crate) async fn figures(conn: &mut PgConnection, below: &OrgPath, on: Date) -> Result<Vec<Own>> {
    let rows = sqlx::query!(
        r#"SELECT p.path,
                  coalesce(sum(d.amount) FILTER (WHERE d.measure = 'members'), 0)::bigint AS "members!",
                  coalesce(sum(d.amount) FILTER (WHERE d.measure = 'smartphones'), 0)::bigint AS "smartphones!",
                  coalesce(sum(d.amount) FILTER (WHERE d.measure = 'activated'), 0)::bigint AS "activated!"
           FROM organisation_period p
           JOIN adoption_day d ON d.organisation = p.organisation
           WHERE starts_with(p.path, $1) AND p.valid_from <= $2 AND (p.valid_to IS NULL OR p.valid_to > $2)
             AND d.measure IN ('members', 'smartphones', 'activated') AND d.day <= $2
           GROUP BY p.path"#,
        below.0,
        on
    )
    .fetch_all(conn)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| Own {
            path: row.path.into(),
            counts: Counts { members: row.members, smartphones: row.smartphones, activated: row.activated },
        })
        .collect())
}

/// Exclusions that hold on a date at, below or above a path of that date.
pub(crate) async fn exclusions_on(conn: &mut PgConnection, around: &OrgPath, on: Date) -> Result<Vec<Exclusion>> {
    let rows = sqlx::query!(
        "SELECT e.organisation, p.name, p.path, e.reason, e.note, e.approved_by, e.excluded_from, e.excluded_to
         FROM adoption_exclusion e JOIN organisation_period p ON p.organisation = e.organisation
         WHERE e.excluded_from <= $2 AND (e.excluded_to IS NULL OR e.excluded_to > $2)
           AND p.valid_from <= $2 AND (p.valid_to IS NULL OR p.valid_to > $2)
           AND (starts_with(p.path, $1) OR starts_with($1, p.path))
         ORDER BY p.path, e.excluded_from, e.id",
        around.0,
        on
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(Exclusion {
                organisation: row.organisation.into(),
                name: row.name,
                path: row.path.into(),
                reason: row.reason.parse().map_err(Error::internal)?,
                note: row.note,
                approved_by: row.approved_by,
                excluded_from: row.excluded_from,
                excluded_to: row.excluded_to,
                counts: Counts::default(),
            })
        })
        .collect()
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
    let row = sqlx::query_as!(
        EntryRow,
        "SELECT e.id, e.organisation, o.name, o.path, e.reason, e.note, e.excluded_from, e.excluded_to, e.approved_by
         FROM adoption_exclusion e JOIN organisation o ON o.id = e.organisation
         WHERE e.id = $1 FOR UPDATE OF e",
        id.0
    )
    .fetch_optional(conn)
    .await?;
    Ok(row.map(Into::into))
}

pub(crate) async fn end_exclusion(conn: &mut PgConnection, id: ExclusionId, on: Date) -> Result<()> {
    sqlx::query!("UPDATE adoption_exclusion SET excluded_to = $2 WHERE id = $1", id.0, on).execute(conn).await?;
    Ok(())
}

/// The ledger at and below some paths, the newest first.
pub(crate) async fn ledger(conn: &mut PgConnection, scopes: &[String]) -> Result<Vec<Entry>> {
    let rows = sqlx::query_as!(
        EntryRow,
        "SELECT e.id, e.organisation, o.name, o.path, e.reason, e.note, e.excluded_from, e.excluded_to, e.approved_by
         FROM adoption_exclusion e JOIN organisation o ON o.id = e.organisation
         WHERE EXISTS (SELECT FROM unnest($1::text[]) AS scope WHERE starts_with(o.path, scope))
         ORDER BY e.excluded_from DESC, o.name_sort, e.id",
        scopes
    )
    .fetch_all(conn)
    .await?;
    Ok(rows.into_iter().map(Into::into).collect())
}

struct EntryRow {
    id: uuid::Uuid,
    organisation: uuid::Uuid,
    name: String,
    path: String,
    reason: String,
    note: String,
    excluded_from: Date,
    excluded_to: Option<Date>,
    approved_by: String,
}

impl From<EntryRow> for Entry {
    fn from(row: EntryRow) -> Self {
        Self {
            id: row.id.into(),
            organisation: row.organisation.into(),
            name: row.name,
            path: row.path.into(),
            reason: row.reason,
            note: row.note,
            excluded_from: row.excluded_from,
            excluded_to: row.excluded_to,
            approved_by: row.approved_by,
        }
    }
}

/// Events folded so far.
pub(crate) async fn version(conn: &mut PgConnection) -> Result<i64> {
    let version = sqlx::query_scalar!("SELECT version FROM fold_state WHERE fold = 'all'").fetch_optional(conn).await?;
    Ok(version.unwrap_or(0))
}

/// What was done on the `days` days up to and with `to`.
pub(crate) async fn activity(conn: &mut PgConnection, to: Date, days: i64) -> Result<Activity> {
    Ok(sqlx::query_as!(
        Activity,
        r#"SELECT coalesce(sum(amount) FILTER (WHERE measure = 'acknowledged'), 0)::bigint AS "acknowledged!",
                  coalesce(sum(amount) FILTER (WHERE measure = 'checked_in'), 0)::bigint AS "checked_in!",
                  coalesce(sum(amount) FILTER (WHERE measure = 'meetings_held'), 0)::bigint AS "meetings_held!"
           FROM adoption_day
           WHERE measure IN ('acknowledged', 'checked_in', 'meetings_held') AND day > $1 AND day <= $2"#,
        to.saturating_sub(Duration::days(days)),
        to
    )
    .fetch_one(conn)
    .await?)
}

/// Writes what leaves a tenant, with the platform's own connection. A lower
/// version never overwrites a higher one.
pub(crate) async fn put_rollup(platform: &mut PgConnection, rollup: &Rollup, at: OffsetDateTime) -> Result<()> {
    sqlx::query!(
        "INSERT INTO platform.adoption_rollup (tenant, version, at, figures, signature)
         VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (tenant) DO UPDATE
             SET version = excluded.version, at = excluded.at, figures = excluded.figures, signature = excluded.signature
             WHERE adoption_rollup.version <= excluded.version",
        rollup.tenant,
        rollup.version,
        at,
        rollup.figures,
        rollup.signature
    )
    .execute(platform)
    .await?;
    Ok(())
}

/// What left every tenant; only the national tenant's role may read it.
pub(crate) async fn rollups(conn: &mut PgConnection) -> Result<Vec<Rollup>> {
    Ok(sqlx::query_as!(Rollup, "SELECT tenant, version, figures, signature FROM platform.adoption_rollup")
        .fetch_all(conn)
        .await?)
}
