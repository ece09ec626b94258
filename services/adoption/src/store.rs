//! All of the service's SQL.

mod ledger;
mod rollup;

pub(crate) use ledger::{Entry, end_exclusion, insert_exclusion, ledger, lock_entry, overlaps};
pub(crate) use rollup::{Activity, Rollup, activity, put_rollup, rollups, version};

use crate::{
    measure::Increments,
    report::{Exclusion, Own, Place},
    share::Counts,
};
use kernel::{Error, OrgPath, OrganisationId, Result};
use sqlx::PgConnection;
use time::Date;

/// An organisation as it stands.
#[derive(Clone, Debug)]
pub(crate) struct Organisation {
    pub(crate) id: OrganisationId,
    pub(crate) name: String,
    pub(crate) path: OrgPath,
    pub(crate) parent: Option<OrganisationId>,
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

/// The top of the tree on a date.
pub(crate) async fn root(conn: &mut PgConnection, on: Date) -> Result<Option<OrganisationId>> {
    let id = sqlx::query_scalar!(
        "SELECT organisation FROM organisation_period
         WHERE parent IS NULL AND valid_from <= $1 AND (valid_to IS NULL OR valid_to > $1)
         ORDER BY path LIMIT 1",
        on
    )
    .fetch_optional(conn)
    .await?;
    Ok(id.map(Into::into))
}

pub(crate) async fn organisation(
    conn: &mut PgConnection,
    id: OrganisationId,
) -> Result<Option<Organisation>> {
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

pub(crate) async fn organisation_at(
    conn: &mut PgConnection,
    path: &OrgPath,
) -> Result<Option<OrganisationId>> {
    let id = sqlx::query_scalar!("SELECT id FROM organisation WHERE path = $1", path.0)
        .fetch_optional(conn)
        .await?;
    Ok(id.map(Into::into))
}

/// The units directly below, as they stand, to choose from.
pub(crate) async fn units_below(
    conn: &mut PgConnection,
    parent: OrganisationId,
) -> Result<Vec<(String, String)>> {
    let rows = sqlx::query!(
        "SELECT id, name FROM organisation WHERE parent = $1 AND dissolved_on IS NULL ORDER BY name_sort, id",
        parent.0
    )
    .fetch_all(conn)
    .await?;
    Ok(rows.into_iter().map(|row| (row.id.to_string(), row.name)).collect())
}

/// Those of the paths at which a branch or a group stands.
pub(crate) async fn branches_among(
    conn: &mut PgConnection,
    paths: &[String],
) -> Result<Vec<OrgPath>> {
    let rows = sqlx::query_scalar!(
        "SELECT path FROM organisation
         WHERE path = ANY($1) AND kind IN ('chi_bo_co_so', 'chi_bo_truc_thuoc', 'to_dang')",
        paths
    )
    .fetch_all(conn)
    .await?;
    Ok(rows.into_iter().map(OrgPath).collect())
}

pub(crate) async fn place(
    conn: &mut PgConnection,
    id: OrganisationId,
    on: Date,
) -> Result<Option<Place>> {
    Ok(sqlx::query_as!(
        Place,
        "SELECT o.id, o.kind, p.name, p.path, o.path AS current_path
         FROM organisation_period p JOIN organisation o ON o.id = p.organisation
         WHERE p.organisation = $1 AND p.valid_from <= $2 AND (p.valid_to IS NULL OR p.valid_to > $2)",
        id.0,
        on
    )
    .fetch_optional(conn)
    .await?)
}

pub(crate) async fn children(
    conn: &mut PgConnection,
    parent: OrganisationId,
    on: Date,
) -> Result<Vec<Place>> {
    Ok(sqlx::query_as!(
        Place,
        "SELECT o.id, o.kind, p.name, p.path, o.path AS current_path
         FROM organisation_period p JOIN organisation o ON o.id = p.organisation
         WHERE p.parent = $1 AND p.valid_from <= $2 AND (p.valid_to IS NULL OR p.valid_to > $2)",
        parent.0,
        on
    )
    .fetch_all(conn)
    .await?)
}

/// The figures of each organisation at or below a path of that date.
pub(crate) async fn figures(
    conn: &mut PgConnection,
    below: &OrgPath,
    on: Date,
) -> Result<Vec<Own>> {
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
            counts: Counts {
                members: row.members,
                smartphones: row.smartphones,
                activated: row.activated,
            },
        })
        .collect())
}

/// Exclusions that hold on a date at, below or above a path of that date.
pub(crate) async fn exclusions_on(
    conn: &mut PgConnection,
    around: &OrgPath,
    on: Date,
) -> Result<Vec<Exclusion>> {
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
