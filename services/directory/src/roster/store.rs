//! SQL on imports themselves; that of a batch is in [`batch`].

pub(super) mod batch;

use super::{branches::Branch, pass::{Claim, Mode, Summary}};
use kernel::{AccountId, Error, ImportId};
use sqlx::PgConnection;
use time::{Date, OffsetDateTime};
use uuid::Uuid;

/// A file that is to be imported.
pub(super) struct NewImport<'a> {
    pub id: ImportId,
    pub file_name: &'a str,
    pub file_size: i64,
    /// Whether the blob store has it.
    pub kept: bool,
    pub at: OffsetDateTime,
    pub by: Option<AccountId>,
}

pub(super) async fn insert(conn: &mut PgConnection, new: &NewImport<'_>) -> Result<(), Error> {
    sqlx::query!(
        "INSERT INTO roster_import (id, file_name, file_size, state, kept, uploaded_at, uploaded_by)
         VALUES ($1, $2, $3, 'uploaded', $4, $5, $6)",
        new.id.0,
        new.file_name,
        new.file_size,
        new.kept,
        new.at,
        new.by.map(|account| account.0)
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Begins a pass unless one is under way, and clears what an earlier one left.
/// A pass that has been silent since `silent_since` counts as dead.
pub(super) async fn claim(
    conn: &mut PgConnection,
    import: ImportId,
    mode: Mode,
    now: OffsetDateTime,
    silent_since: OffsetDateTime,
) -> Result<Option<i64>, Error> {
    let state = mode.state();
    let attempt = sqlx::query_scalar!(
        "UPDATE roster_import
         SET state = $2, attempt = attempt + 1, beat_at = $3, failure = NULL, finished_at = NULL,
             progress = 0, rows = 0, added = 0, changed = 0, unchanged = 0, bad = 0
         WHERE id = $1 AND (state IN ('uploaded', 'checked', 'failed')
                            OR state IN ('checking', 'running') AND beat_at <= $4)
         RETURNING attempt",
        import.0,
        state,
        now,
        silent_since
    )
    .fetch_optional(&mut *conn)
    .await?;
    if attempt.is_some() {
        sqlx::query!("DELETE FROM roster_problem WHERE import = $1", import.0).execute(&mut *conn).await?;
        if mode == Mode::Check {
            sqlx::query!("DELETE FROM roster_preview WHERE import = $1", import.0).execute(conn).await?;
        }
    }
    Ok(attempt)
}

/// Whether the pass still is the latest; notes that it is alive.
pub(super) async fn beat(conn: &mut PgConnection, claim: &Claim, now: OffsetDateTime) -> Result<(), Error> {
    sqlx::query!(
        "UPDATE roster_import SET beat_at = $3 WHERE id = $1 AND attempt = $2 AND state IN ('checking', 'running')",
        claim.import.0,
        claim.attempt,
        now
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Notes how far the pass is. Answers false when another pass took over.
pub(super) async fn progress(
    conn: &mut PgConnection,
    claim: &Claim,
    summary: &Summary,
    share: f64,
    now: OffsetDateTime,
) -> Result<bool, Error> {
    let done = sqlx::query!(
        "UPDATE roster_import
         SET progress = $3, rows = $4, added = $5, changed = $6, unchanged = $7, bad = $8, beat_at = $9
         WHERE id = $1 AND attempt = $2",
        claim.import.0,
        claim.attempt,
        share,
        summary.rows,
        summary.added,
        summary.changed,
        summary.unchanged,
        summary.bad,
        now
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Ends the pass well.
pub(super) async fn finish(conn: &mut PgConnection, claim: &Claim, now: OffsetDateTime) -> Result<(), Error> {
    sqlx::query!(
        "UPDATE roster_import
         SET state = CASE state WHEN 'checking' THEN 'checked' ELSE 'done' END, progress = 1, finished_at = $3,
             checked_at = CASE state WHEN 'checking' THEN $3 ELSE checked_at END
         WHERE id = $1 AND attempt = $2 AND state IN ('checking', 'running')",
        claim.import.0,
        claim.attempt,
        now
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Ends the pass with a sentence.
pub(super) async fn fail(conn: &mut PgConnection, claim: &Claim, sentence: &str, now: OffsetDateTime) -> Result<(), Error> {
    sqlx::query!(
        "UPDATE roster_import SET state = 'failed', failure = $3, finished_at = $4
         WHERE id = $1 AND attempt = $2 AND state IN ('checking', 'running')",
        claim.import.0,
        claim.attempt,
        sentence,
        now
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Files that nobody has come back for, of imports at rest.
pub(super) async fn forgotten(conn: &mut PgConnection, before: OffsetDateTime) -> Result<Vec<ImportId>, Error> {
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

/// The file is no longer in the blob store.
pub(super) async fn not_kept(conn: &mut PgConnection, import: ImportId) -> Result<(), Error> {
    sqlx::query!("UPDATE roster_import SET kept = false WHERE id = $1", import.0).execute(conn).await?;
    Ok(())
}

/// An import as its page shows it.
pub(super) struct ImportRow {
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
pub(super) async fn imports(conn: &mut PgConnection, one: Option<ImportId>, limit: i64) -> Result<Vec<ImportRow>, Error> {
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
pub(super) struct PreviewRow {
    pub row: i64,
    pub full_name: String,
    pub organisation: String,
    pub outcome: String,
}

pub(super) async fn preview(conn: &mut PgConnection, import: ImportId) -> Result<Vec<PreviewRow>, Error> {
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
pub(super) struct ProblemRow {
    pub row: i64,
    pub column_title: String,
    pub value: String,
    pub reason: String,
    pub mend: String,
}

/// Problems in the order of the file, after the given one.
pub(super) async fn problems(
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
pub(super) async fn branches(conn: &mut PgConnection) -> Result<Vec<Branch>, Error> {
    let rows = sqlx::query_as!(
        Branch,
        "SELECT id, code, name, kind, dissolved_on FROM organisation ORDER BY path"
    )
    .fetch_all(conn)
    .await?;
    Ok(rows)
}

/// The codes that the template lists, with the unit and what it belongs to.
pub(super) async fn codes(conn: &mut PgConnection, today: Date) -> Result<Vec<(String, String)>, Error> {
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
pub(super) async fn roots(conn: &mut PgConnection) -> Result<Vec<String>, Error> {
    let paths = sqlx::query_scalar!("SELECT path FROM organisation WHERE parent IS NULL ORDER BY path")
        .fetch_all(conn)
        .await?;
    Ok(paths)
}
