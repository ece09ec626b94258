//! All SQL that changes the tree. A change first splits the running period of
//! each unit it touches, then changes the units, then brings their running
//! periods in line.

mod ending;
mod reading;

pub(super) use ending::{children, dissolve, lock, on_roll, succeed};
pub(super) use reading::{
    HomeRow, StandingRow, above, home, members_below, name_on, periods, search, successions, tops,
    under,
};

use super::kind::Kind;
use kernel::{Error, OrgPath, OrganisationId, Result};
use sqlx::PgConnection;
use time::Date;
use uuid::Uuid;

/// A unit as it stands.
#[derive(Clone, Debug)]
pub(crate) struct Unit {
    pub id: OrganisationId,
    pub code: String,
    pub kind: Kind,
    pub name: String,
    pub parent: Option<OrganisationId>,
    pub path: OrgPath,
    pub founded_on: Date,
    pub dissolved_on: Option<Date>,
    /// Since when it stands where it stands, with all above it.
    pub placed_on: Date,
    /// Since when its latest period holds.
    pub changed_on: Date,
}

struct UnitRow {
    id: Uuid,
    code: String,
    kind: String,
    name: String,
    parent: Option<Uuid>,
    path: String,
    founded_on: Date,
    dissolved_on: Option<Date>,
    placed_on: Date,
    changed_on: Date,
}

impl TryFrom<UnitRow> for Unit {
    type Error = Error;
    fn try_from(row: UnitRow) -> Result<Self> {
        Ok(Self {
            id: row.id.into(),
            code: row.code,
            kind: row.kind.parse()?,
            name: row.name,
            parent: row.parent.map(Into::into),
            path: row.path.into(),
            founded_on: row.founded_on,
            dissolved_on: row.dissolved_on,
            placed_on: row.placed_on,
            changed_on: row.changed_on,
        })
    }
}

/// One change of the tree at a time: the checks before it read many rows.
pub(super) async fn lock_tree(conn: &mut PgConnection) -> Result<()> {
    sqlx::query!("SELECT id FROM organisation WHERE parent IS NULL FOR NO KEY UPDATE")
        .fetch_all(conn)
        .await?;
    Ok(())
}

/// Units by their identifiers, or by their codes, in no order; nothing for
/// what is not there.
pub(crate) async fn units(
    conn: &mut PgConnection,
    ids: &[Uuid],
    codes: &[String],
) -> Result<Vec<Unit>> {
    sqlx::query_as!(
        UnitRow,
        r#"SELECT o.id, o.code, o.kind, o.name, o.parent, o.path, o.founded_on, o.dissolved_on,
                  coalesce((SELECT max(p.valid_to) FROM organisation_period p
                            WHERE p.organisation = o.id AND p.path <> o.path), o.founded_on) AS "placed_on!",
                  coalesce((SELECT max(p.valid_from) FROM organisation_period p
                            WHERE p.organisation = o.id), o.founded_on) AS "changed_on!"
           FROM organisation o WHERE o.id = ANY($1) OR o.code = ANY($2)"#,
        ids,
        codes
    )
    .fetch_all(conn)
    .await?
    .into_iter()
    .map(Unit::try_from)
    .collect()
}

/// One unit, dissolved or not.
pub(crate) async fn unit(conn: &mut PgConnection, id: OrganisationId) -> Result<Option<Unit>> {
    Ok(units(conn, &[id.0], &[]).await?.pop())
}

/// One unit by its code.
pub(crate) async fn unit_by_code(conn: &mut PgConnection, code: &str) -> Result<Option<Unit>> {
    Ok(units(conn, &[], &[code.to_owned()]).await?.pop())
}

/// The root of the tree.
pub(crate) async fn root(conn: &mut PgConnection) -> Result<Option<OrganisationId>> {
    let id =
        sqlx::query_scalar!("SELECT id FROM organisation WHERE parent IS NULL ORDER BY id LIMIT 1")
            .fetch_optional(conn)
            .await?;
    Ok(id.map(Into::into))
}

/// New units, column by column.
#[derive(Default)]
pub(super) struct NewUnits {
    pub ids: Vec<Uuid>,
    pub codes: Vec<String>,
    pub kinds: Vec<String>,
    pub names: Vec<String>,
    pub parents: Vec<Option<Uuid>>,
    pub paths: Vec<String>,
    pub founded: Vec<Date>,
}

/// As many new labels.
pub(super) async fn labels(conn: &mut PgConnection, count: usize) -> Result<Vec<i64>> {
    let count = i32::try_from(count)?;
    Ok(sqlx::query_scalar!(
        r#"SELECT nextval('organisation_label') AS "label!" FROM generate_series(1, $1)"#,
        count
    )
    .fetch_all(conn)
    .await?)
}

/// Adds units with their first periods.
pub(super) async fn insert(conn: &mut PgConnection, new: &NewUnits) -> Result<()> {
    let sorts: Vec<String> = new.names.iter().map(|name| kernel::viet::sort_key(name)).collect();
    let folded: Vec<String> = new.names.iter().map(|name| kernel::viet::fold(name)).collect();
    sqlx::query!(
        "INSERT INTO organisation (id, code, kind, name, name_sort, name_folded, parent, path, founded_on)
         SELECT id, code, kind, name, name_sort, name_folded, parent, path, founded_on
         FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::uuid[],
                     $8::text[], $9::date[])
              AS new (id, code, kind, name, name_sort, name_folded, parent, path, founded_on)",
        &new.ids,
        &new.codes,
        &new.kinds,
        &new.names,
        &sorts,
        &folded,
        &new.parents as &[Option<Uuid>],
        &new.paths,
        &new.founded
    )
    .execute(&mut *conn)
    .await?;
    sqlx::query!(
        "INSERT INTO organisation_period (organisation, valid_from, name, parent, path)
         SELECT id, founded_on, name, parent, path FROM organisation WHERE id = ANY($1)",
        &new.ids
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Living units at and below a place, and the day of the latest change among them.
pub(super) async fn living(
    conn: &mut PgConnection,
    path: &OrgPath,
) -> Result<(Vec<Uuid>, Option<Date>)> {
    let rows = sqlx::query!(
        "SELECT o.id, p.valid_from FROM organisation o
         JOIN organisation_period p ON p.organisation = o.id AND p.valid_to IS NULL
         WHERE starts_with(o.path, $1) AND o.dissolved_on IS NULL",
        path.0
    )
    .fetch_all(conn)
    .await?;
    let latest = rows.iter().map(|row| row.valid_from).max();
    Ok((rows.into_iter().map(|row| row.id).collect(), latest))
}

/// Ends the running periods of units on a day and begins equal ones. A period
/// that begins on that very day runs on.
pub(super) async fn split(conn: &mut PgConnection, units: &[Uuid], on: Date) -> Result<()> {
    sqlx::query!(
        "WITH ended AS (
             UPDATE organisation_period SET valid_to = $2
             WHERE organisation = ANY($1) AND valid_to IS NULL AND valid_from < $2
             RETURNING organisation, name, parent, path)
         INSERT INTO organisation_period (organisation, valid_from, name, parent, path)
         SELECT organisation, $2, name, parent, path FROM ended",
        units,
        on
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Brings the running periods of units in line with the units.
pub(super) async fn align(conn: &mut PgConnection, units: &[Uuid]) -> Result<()> {
    sqlx::query!(
        "UPDATE organisation_period p SET name = o.name, parent = o.parent, path = o.path
         FROM organisation o WHERE o.id = ANY($1) AND p.organisation = o.id AND p.valid_to IS NULL",
        units
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Gives a unit another name.
pub(super) async fn rename(
    conn: &mut PgConnection,
    unit: OrganisationId,
    name: &str,
) -> Result<()> {
    sqlx::query!(
        "UPDATE organisation SET name = $2, name_sort = $3, name_folded = $4 WHERE id = $1",
        unit.0,
        name,
        kernel::viet::sort_key(name),
        kernel::viet::fold(name)
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Hangs a unit with all below it, dissolved ones too, under another parent.
pub(super) async fn hang(
    conn: &mut PgConnection,
    unit: &Unit,
    parent: OrganisationId,
    path: &OrgPath,
) -> Result<()> {
    sqlx::query!(
        "UPDATE organisation SET path = $2 || substr(path, length($1) + 1),
                parent = CASE WHEN id = $3 THEN $4 ELSE parent END
         WHERE starts_with(path, $1)",
        unit.path.0,
        path.0,
        unit.id.0,
        parent.0
    )
    .execute(conn)
    .await?;
    Ok(())
}
