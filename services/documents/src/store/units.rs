//! What the record offers to choose from: kinds of documents, units.

use kernel::{OrgPath, OrganisationId, Result};
use sqlx::PgConnection;

/// The kinds of documents, in their order: code and name.
pub async fn kinds(conn: &mut PgConnection) -> Result<Vec<(String, String)>> {
    let rows = sqlx::query!("SELECT kind, name FROM platform.document_kind ORDER BY position")
        .fetch_all(conn)
        .await?;
    Ok(rows.into_iter().map(|row| (row.kind, row.name)).collect())
}

/// A unit that a document can be published to.
pub struct Unit {
    pub id: OrganisationId,
    pub code: String,
    pub name: String,
    pub path: OrgPath,
}

/// The first units of somebody's scopes, from the top.
pub async fn units(conn: &mut PgConnection, scopes: &[String], most: i64) -> Result<Vec<Unit>> {
    Ok(sqlx::query_as!(
        Unit,
        "SELECT DISTINCT o.id, o.code, o.name, o.path
           FROM unnest($1::text[]) AS scope (path)
           JOIN organisation o ON o.path >= scope.path AND o.path < left(scope.path, -1) || '/'
          WHERE o.dissolved_on IS NULL
          ORDER BY o.path
          LIMIT $2",
        scopes,
        most
    )
    .fetch_all(conn)
    .await?)
}

/// The unit that goes by a code today.
pub async fn unit(conn: &mut PgConnection, code: &str) -> Result<Option<Unit>> {
    Ok(sqlx::query_as!(
        Unit,
        "SELECT id, code, name, path FROM organisation WHERE code = $1 AND dissolved_on IS NULL",
        code
    )
    .fetch_optional(conn)
    .await?)
}

/// The name of a unit.
pub async fn unit_name(conn: &mut PgConnection, id: OrganisationId) -> Result<Option<String>> {
    Ok(sqlx::query_scalar!("SELECT name FROM organisation WHERE id = $1", id.0)
        .fetch_optional(conn)
        .await?)
}
