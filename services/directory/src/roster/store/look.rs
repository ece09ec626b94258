//! SQL that only reads.

use crate::roster::branches::Branch;
use kernel::{Error, ImportId};
use sqlx::PgConnection;
use time::{Date, OffsetDateTime};
use uuid::Uuid;

/// An import as its page shows it.
pub(in crate::roster) struct ImportRow {
    pub id: Uuid,
    pub file_name: String,
    pub file_size: i64,
    pub state: String,
    pub progress: f64,
    pub rows: i64,
    pub added: i64,
    pub changed: i64,
    pub unchanged: i64,
    pub bad: i64,
    pub failure: Option<String>,
    pub kept: bool,
    pub beat_at: Option<OffsetDateTime>,
    pub checked_at: Option<OffsetDateTime>,
    pub uploaded_at: OffsetDateTime,
    pub uploaded_by: Option<String>,
}

/// One import, or the latest ones.
pub(in crate::roster) async fn imports(
    conn: &mut PgConnection,
    one: Option<ImportId>,
    limit: i64,
) -> Result<Vec<ImportRow>, Error> {
    let rows = sqlx::query_as!(
        ImportRow,
        r#"SELECT i.id, i.file_name, i.file_size, i.state, i.progress, i.rows, i.added, i.changed, i.unchanged,
                  i.bad, i.failure, i.kept, i.beat_at, i.checked_at, i.uploaded_at,
                  m.full_name AS "uploaded_by?"
           FROM roster_import i
           LEFT JOIN account a ON a.id = i.uploaded_by
           LEFT JOIN member m ON m.id = a.member
           WHERE $1::uuid IS NULL OR i.id = $1
           ORDER BY i.uploaded_at DESC, i.id DESC LIMIT $2"#,
        one.map(|import| import.0),
        limit
    )
    .fetch_all(conn)
    .await?;
    Ok(rows)
}

/// A row of the preview.
pub(in crate::roster) struct PreviewRow {
    pub row: i64,
    pub full_name: String,
    pub organisation: String,
    pub outcome: String,
}

pub(in crate::roster) async fn preview(
    conn: &mut PgConnection,
    import: ImportId,
) -> Result<Vec<PreviewRow>, Error> {
    let rows = sqlx::query_as!(
        PreviewRow,
        "SELECT row, full_name, organisation, outcome FROM roster_preview WHERE import = $1 ORDER BY row",
        import.0
    )
    .fetch_all(conn)
    .await?;
    Ok(rows)
}

/// A problem as it is stored.
pub(in crate::roster) struct ProblemRow {
    pub row: i64,
    pub column_title: String,
    pub value: String,
    pub reason: String,
    pub mend: String,
}

/// Problems in the order of the file, after the given one.
pub(in crate::roster) async fn problems(
    conn: &mut PgConnection,
    import: ImportId,
    after: (i64, &str),
    limit: i64,
) -> Result<Vec<ProblemRow>, Error> {
    let rows = sqlx::query_as!(
        ProblemRow,
        "SELECT row, column_title, value, reason, mend FROM roster_problem
         WHERE import = $1 AND (row, column_title) > ($2, $3)
         ORDER BY row, column_title LIMIT $4",
        import.0,
        after.0,
        after.1,
        limit
    )
    .fetch_all(conn)
    .await?;
    Ok(rows)
}

/// Every unit of the tenant.
pub(in crate::roster) async fn branches(conn: &mut PgConnection) -> Result<Vec<Branch>, Error> {
    let rows = sqlx::query_as!(
        Branch,
        "SELECT id, code, name, kind, dissolved_on FROM organisation ORDER BY path"
    )
    .fetch_all(conn)
    .await?;
    Ok(rows)
}

/// The codes that the template lists, with the unit and what it belongs to.
pub(in crate::roster) async fn codes(
    conn: &mut PgConnection,
    today: Date,
) -> Result<Vec<(String, String)>, Error> {
    let rows = sqlx::query!(
        r#"SELECT o.code, o.name, p.name AS "parent?" FROM organisation o
           LEFT JOIN organisation p ON p.id = o.parent
           WHERE (o.kind LIKE 'chi\_bo\_%' OR o.kind = 'to_dang') AND (o.dissolved_on IS NULL OR o.dissolved_on > $1)
           ORDER BY p.name_sort NULLS FIRST, o.name_sort"#,
        today
    )
    .fetch_all(conn)
    .await?;
    let words = |name: String, parent: Option<String>| match parent {
        Some(parent) => format!("{name}, {parent}"),
        None => name,
    };
    Ok(rows.into_iter().map(|row| (row.code, words(row.name, row.parent))).collect())
}

/// Where the tenant's tree begins.
pub(in crate::roster) async fn roots(conn: &mut PgConnection) -> Result<Vec<String>, Error> {
    let paths =
        sqlx::query_scalar!("SELECT path FROM organisation WHERE parent IS NULL ORDER BY path")
            .fetch_all(conn)
            .await?;
    Ok(paths)
}

/// Files that nobody has come back for, of imports at rest.
pub(in crate::roster) async fn forgotten(
    conn: &mut PgConnection,
    before: OffsetDateTime,
) -> Result<Vec<ImportId>, Error> {
    let ids = sqlx::query_scalar!(
        "SELECT id FROM roster_import
         WHERE kept AND uploaded_at < $1 AND state NOT IN ('checking', 'running')
         ORDER BY uploaded_at LIMIT 20",
        before
    )
    .fetch_all(conn)
    .await?;
    Ok(ids.into_iter().map(ImportId).collect())
}
