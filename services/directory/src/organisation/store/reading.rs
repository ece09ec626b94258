//! SQL that reads the tree, today or as it stood on a day. Who may see a unit
//! is decided by where it stands now.

use kernel::{OrganisationId, Result};
use sqlx::PgConnection;
use time::Date;
use uuid::Uuid;

/// A unit as it stood on a day.
pub(in crate::organisation) struct StandingRow {
    pub id: Uuid,
    pub code: String,
    pub kind: String,
    pub name: String,
    /// Units directly under it on that day.
    pub children: i64,
}

/// The topmost units within reach, as they stood on a day.
pub(in crate::organisation) async fn tops(
    conn: &mut PgConnection,
    scopes: &[String],
    on: Date,
) -> Result<Vec<StandingRow>> {
    Ok(sqlx::query_as!(
        StandingRow,
        r#"WITH standing AS (
               SELECT o.id, o.code, o.kind, p.name, p.parent, o.name_sort
               FROM organisation_period p JOIN organisation o ON o.id = p.organisation
               WHERE p.valid_from <= $2 AND (p.valid_to IS NULL OR p.valid_to > $2)
                 AND EXISTS (SELECT FROM unnest($1::text[]) AS scope WHERE starts_with(o.path, scope)))
           SELECT s.id, s.code, s.kind, s.name,
                  (SELECT count(*) FROM organisation_period c
                   WHERE c.parent = s.id AND c.valid_from <= $2 AND (c.valid_to IS NULL OR c.valid_to > $2)) AS "children!"
           FROM standing s WHERE NOT EXISTS (SELECT FROM standing above WHERE above.id = s.parent)
           ORDER BY s.name_sort, s.id"#,
        scopes,
        on
    )
    .fetch_all(conn)
    .await?)
}

/// The units within reach that stood directly under a unit on a day.
pub(in crate::organisation) async fn under(
    conn: &mut PgConnection,
    unit: OrganisationId,
    scopes: &[String],
    on: Date,
) -> Result<Vec<StandingRow>> {
    Ok(sqlx::query_as!(
        StandingRow,
        r#"SELECT o.id, o.code, o.kind, p.name,
                  (SELECT count(*) FROM organisation_period c
                   WHERE c.parent = o.id AND c.valid_from <= $3 AND (c.valid_to IS NULL OR c.valid_to > $3)) AS "children!"
           FROM organisation_period p JOIN organisation o ON o.id = p.organisation
           WHERE p.parent = $1 AND p.valid_from <= $3 AND (p.valid_to IS NULL OR p.valid_to > $3)
             AND EXISTS (SELECT FROM unnest($2::text[]) AS scope WHERE starts_with(o.path, scope))
           ORDER BY o.name_sort, o.id"#,
        unit.0,
        scopes,
        on
    )
    .fetch_all(conn)
    .await?)
}

/// The units within reach that stood on a day and match a search.
pub(in crate::organisation) async fn search(
    conn: &mut PgConnection,
    patterns: &[String],
    exact: &str,
    scopes: &[String],
    on: Date,
    most: i64,
) -> Result<Vec<StandingRow>> {
    Ok(sqlx::query_as!(
        StandingRow,
        r#"SELECT o.id, o.code, o.kind, p.name,
                  (SELECT count(*) FROM organisation_period c
                   WHERE c.parent = o.id AND c.valid_from <= $4 AND (c.valid_to IS NULL OR c.valid_to > $4)) AS "children!"
           FROM organisation_period p JOIN organisation o ON o.id = p.organisation
           WHERE p.valid_from <= $4 AND (p.valid_to IS NULL OR p.valid_to > $4)
             AND EXISTS (SELECT FROM unnest($3::text[]) AS scope WHERE starts_with(o.path, scope))
             AND (o.name_folded LIKE ALL($1) OR strpos(p.name, $2) > 0 OR o.code = $2)
           ORDER BY o.code = $2 DESC, strpos(p.name, $2) > 0 DESC, o.name_sort, o.id LIMIT $5"#,
        patterns,
        exact,
        scopes,
        on,
        most
    )
    .fetch_all(conn)
    .await?)
}

/// Members on the roll at and below each of some units, today.
pub(in crate::organisation) async fn members_below(
    conn: &mut PgConnection,
    units: &[Uuid],
) -> Result<Vec<(Uuid, i64)>> {
    let rows = sqlx::query!(
        r#"WITH below AS (
               SELECT o.id AS top, d.id FROM organisation o
               JOIN organisation d ON d.path >= o.path AND d.path < left(o.path, -1) || '/'
               WHERE o.id = ANY($1)),
           home AS (
               SELECT organisation, count(*) AS members FROM member
               WHERE organisation IN (SELECT id FROM below)
                 AND status NOT IN ('transferred_out', 'left', 'removed', 'deceased')
               GROUP BY organisation)
           SELECT below.top, sum(home.members)::bigint AS "members!"
           FROM below JOIN home ON home.organisation = below.id GROUP BY below.top"#,
        units
    )
    .fetch_all(conn)
    .await?;
    Ok(rows.into_iter().map(|row| (row.top, row.members)).collect())
}

/// The name of a unit on a day; none when it was not there.
pub(in crate::organisation) async fn name_on(
    conn: &mut PgConnection,
    unit: OrganisationId,
    on: Date,
) -> Result<Option<String>> {
    Ok(sqlx::query_scalar!(
        "SELECT name FROM organisation_period
         WHERE organisation = $1 AND valid_from <= $2 AND (valid_to IS NULL OR valid_to > $2)",
        unit.0,
        on
    )
    .fetch_optional(conn)
    .await?)
}

/// The units above a place that are within reach, from the top down.
pub(in crate::organisation) async fn above(
    conn: &mut PgConnection,
    path: &str,
    scopes: &[String],
) -> Result<Vec<(Uuid, String)>> {
    let rows = sqlx::query!(
        "SELECT o.id, o.name FROM organisation o
         WHERE starts_with($1, o.path) AND o.path <> $1
           AND EXISTS (SELECT FROM unnest($2::text[]) AS scope WHERE starts_with(o.path, scope))
         ORDER BY length(o.path)",
        path,
        scopes
    )
    .fetch_all(conn)
    .await?;
    Ok(rows.into_iter().map(|row| (row.id, row.name)).collect())
}

/// A period of a unit.
pub(in crate::organisation) struct PeriodRow {
    pub valid_from: Date,
    pub valid_to: Option<Date>,
    pub name: String,
    /// The name of what it stood under, as it was called when the period began.
    pub parent: Option<String>,
}

/// How a unit stood, the latest first.
pub(in crate::organisation) async fn periods(
    conn: &mut PgConnection,
    unit: OrganisationId,
) -> Result<Vec<PeriodRow>> {
    Ok(sqlx::query_as!(
        PeriodRow,
        r#"SELECT p.valid_from, p.valid_to, p.name,
                  (SELECT a.name FROM organisation_period a
                   WHERE a.organisation = p.parent AND a.valid_from <= p.valid_from
                   ORDER BY a.valid_from DESC LIMIT 1) AS parent
           FROM organisation_period p WHERE p.organisation = $1 ORDER BY p.valid_from DESC"#,
        unit.0
    )
    .fetch_all(conn)
    .await?)
}

/// A unit that came before or after another.
pub(in crate::organisation) struct SuccessionRow {
    pub id: Uuid,
    pub name: String,
    pub on_date: Date,
    /// Whether it came after.
    pub after: bool,
}

/// What a unit took over, and what took it over.
pub(in crate::organisation) async fn successions(
    conn: &mut PgConnection,
    unit: OrganisationId,
) -> Result<Vec<SuccessionRow>> {
    Ok(sqlx::query_as!(
        SuccessionRow,
        r#"SELECT o.id, o.name, s.on_date, s.predecessor = $1 AS "after!"
           FROM organisation_succession s
           JOIN organisation o ON o.id = CASE WHEN s.predecessor = $1 THEN s.successor ELSE s.predecessor END
           WHERE s.predecessor = $1 OR s.successor = $1 ORDER BY s.on_date DESC, o.name_sort"#,
        unit.0
    )
    .fetch_all(conn)
    .await?)
}

/// A member as the unit's page shows them.
pub(in crate::organisation) struct HomeRow {
    pub id: Uuid,
    pub full_name: String,
    pub phone: Option<String>,
    pub standing: String,
    pub status: String,
    pub account: Option<String>,
}

/// The members on the roll whose home a unit is.
pub(in crate::organisation) async fn home(
    conn: &mut PgConnection,
    unit: OrganisationId,
    most: i64,
) -> Result<Vec<HomeRow>> {
    Ok(sqlx::query_as!(
        HomeRow,
        r#"SELECT m.id, m.full_name, m.phone, m.standing, m.status, a.state AS "account?"
           FROM member m LEFT JOIN account a ON a.member = m.id
           WHERE m.organisation = $1 AND m.status NOT IN ('transferred_out', 'left', 'removed', 'deceased')
           ORDER BY m.name_sort, m.id LIMIT $2"#,
        unit.0,
        most
    )
    .fetch_all(conn)
    .await?)
}
