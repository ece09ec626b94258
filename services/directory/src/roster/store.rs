//! SQL: how imports come about and go on. What pages show is in [`look`], the
//! work of a batch in [`batch`].

pub(super) mod batch;
mod look;
pub(super) mod members;

pub(super) use look::{
    ImportRow, ProblemRow, branches, codes, forgotten, imports, preview, problems, roots,
};

use super::pass::{Claim, Mode, Summary};
use kernel::{AccountId, Error, ImportId};
use sqlx::PgConnection;
use time::OffsetDateTime;

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
        sqlx::query!("DELETE FROM roster_problem WHERE import = $1", import.0)
            .execute(&mut *conn)
            .await?;
        if mode == Mode::Check {
            sqlx::query!("DELETE FROM roster_preview WHERE import = $1", import.0)
                .execute(conn)
                .await?;
        }
    }
    Ok(attempt)
}

/// Notes that a pass is alive, unless another took over.
pub(super) async fn beat(
    conn: &mut PgConnection,
    claim: &Claim,
    now: OffsetDateTime,
) -> Result<(), Error> {
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
pub(super) async fn finish(
    conn: &mut PgConnection,
    claim: &Claim,
    now: OffsetDateTime,
) -> Result<(), Error> {
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
pub(super) async fn fail(
    conn: &mut PgConnection,
    claim: &Claim,
    sentence: &str,
    now: OffsetDateTime,
) -> Result<(), Error> {
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

/// The file is no longer in the blob store.
pub(super) async fn not_kept(conn: &mut PgConnection, import: ImportId) -> Result<(), Error> {
    sqlx::query!("UPDATE roster_import SET kept = false WHERE id = $1", import.0)
        .execute(conn)
        .await?;
    Ok(())
}
