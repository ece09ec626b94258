//! All SQL of the service: the steps of a meeting here, the rest in its parts.

pub(crate) mod arrival;
pub(crate) mod list;
pub(crate) mod roll;

use crate::meeting::{Kind, State};
use kernel::{AccountId, MeetingId, OrgPath, OrganisationId, Result};
use sqlx::PgConnection;
use time::OffsetDateTime;

/// A meeting with the branch that holds it.
pub(crate) struct Meeting {
    pub id: MeetingId,
    pub organisation_name: String,
    pub path: OrgPath,
    pub kind: Kind,
    pub state: State,
    pub title: String,
    pub place: String,
    pub agenda: String,
    pub starts_at: OffsetDateTime,
    pub code: Option<String>,
    pub opened_at: Option<OffsetDateTime>,
    pub minute: Option<String>,
}

pub(crate) async fn meeting(conn: &mut PgConnection, id: MeetingId) -> Result<Option<Meeting>> {
    let meeting = sqlx::query_as!(
        Meeting,
        r#"SELECT m.id, o.name AS organisation_name, o.path,
                  m.kind AS "kind: Kind", m.state AS "state: State",
                  m.title, m.place, m.agenda, m.starts_at, m.code, m.opened_at, m.minute
           FROM meeting m JOIN organisation o ON o.id = m.organisation
           WHERE m.id = $1"#,
        id.0
    )
    .fetch_optional(conn)
    .await?;
    Ok(meeting)
}

/// What a step needs to know of its meeting.
pub(crate) struct Locked {
    pub state: State,
    pub organisation: OrganisationId,
    pub code: Option<String>,
    pub starts_at: OffsetDateTime,
}

/// Holds a meeting still: other steps, marks and check-ins wait.
pub(crate) async fn lock(conn: &mut PgConnection, id: MeetingId) -> Result<Option<Locked>> {
    let locked = sqlx::query_as!(
        Locked,
        r#"SELECT state AS "state: State", organisation, code, starts_at FROM meeting WHERE id = $1 FOR UPDATE"#,
        id.0
    )
    .fetch_optional(conn)
    .await?;
    Ok(locked)
}

/// A meeting to be held.
pub(crate) struct Draft<'a> {
    pub organisation: OrganisationId,
    pub kind: Kind,
    pub title: &'a str,
    pub place: &'a str,
    pub agenda: &'a str,
    pub starts_at: OffsetDateTime,
}

/// The same meeting, when it was sent before.
pub(crate) async fn same(conn: &mut PgConnection, draft: &Draft<'_>) -> Result<Option<MeetingId>> {
    let id = sqlx::query_scalar!(
        "SELECT id FROM meeting
         WHERE organisation = $1 AND starts_at = $2 AND kind = $3 AND title = $4 AND state <> 'cancelled'",
        draft.organisation.0,
        draft.starts_at,
        draft.kind.name(),
        draft.title
    )
    .fetch_optional(conn)
    .await?;
    Ok(id.map(Into::into))
}

pub(crate) async fn insert(
    conn: &mut PgConnection,
    id: MeetingId,
    draft: &Draft<'_>,
    by: AccountId,
    now: OffsetDateTime,
) -> Result<()> {
    sqlx::query!(
        "INSERT INTO meeting (id, organisation, kind, title, place, agenda, starts_at, state, created_at, created_by)
         VALUES ($1, $2, $3, $4, $5, $6, $7, 'draft', $8, $9)",
        id.0,
        draft.organisation.0,
        draft.kind.name(),
        draft.title,
        draft.place,
        draft.agenda,
        draft.starts_at,
        now,
        by.0
    )
    .execute(conn)
    .await?;
    Ok(())
}

pub(crate) async fn announce(
    conn: &mut PgConnection,
    id: MeetingId,
    now: OffsetDateTime,
) -> Result<()> {
    sqlx::query!(
        "UPDATE meeting SET state = 'announced', announced_at = $2 WHERE id = $1",
        id.0,
        now
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Opens a meeting unless its code is taken, or was not long ago.
pub(crate) async fn open(
    conn: &mut PgConnection,
    id: MeetingId,
    code: &str,
    now: OffsetDateTime,
) -> Result<bool> {
    let opened = sqlx::query!(
        "UPDATE meeting SET state = 'opened', code = $2, opened_at = $3
         WHERE id = $1 AND NOT EXISTS (SELECT FROM meeting other WHERE other.code = $2 OR other.spent_code = $2)",
        id.0,
        code,
        now
    )
    .execute(conn)
    .await?;
    Ok(opened.rows_affected() == 1)
}

pub(crate) async fn cancel(conn: &mut PgConnection, id: MeetingId) -> Result<()> {
    sqlx::query!("UPDATE meeting SET state = 'cancelled' WHERE id = $1", id.0)
        .execute(conn)
        .await?;
    Ok(())
}

pub(crate) async fn close(
    conn: &mut PgConnection,
    id: MeetingId,
    minute: &str,
    now: OffsetDateTime,
) -> Result<()> {
    sqlx::query!(
        "UPDATE meeting SET state = 'closed', spent_code = code, code = NULL, closed_at = $3, minute = $2 WHERE id = $1",
        id.0,
        minute,
        now
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// A branch that may hold meetings.
pub(crate) struct Branch {
    pub id: OrganisationId,
    pub name: String,
    pub path: String,
}

/// The standing branches at and below some places, by name.
pub(crate) async fn branches(
    conn: &mut PgConnection,
    scopes: &[String],
    limit: i64,
) -> Result<Vec<Branch>> {
    let branches = sqlx::query_as!(
        Branch,
        "SELECT o.id, o.name, o.path FROM organisation o
         WHERE o.kind IN ('chi_bo_co_so', 'chi_bo_truc_thuoc') AND o.dissolved_on IS NULL
           AND EXISTS (SELECT FROM unnest($1::text[]) AS s (path) WHERE starts_with(o.path, s.path))
         ORDER BY o.name_sort, o.id LIMIT $2",
        scopes,
        limit
    )
    .fetch_all(conn)
    .await?;
    Ok(branches)
}

/// A standing branch.
pub(crate) async fn branch(conn: &mut PgConnection, id: OrganisationId) -> Result<Option<Branch>> {
    let branch = sqlx::query_as!(
        Branch,
        "SELECT id, name, path FROM organisation
         WHERE id = $1 AND kind IN ('chi_bo_co_so', 'chi_bo_truc_thuoc') AND dissolved_on IS NULL",
        id.0
    )
    .fetch_optional(conn)
    .await?;
    Ok(branch)
}

/// Where and when a branch met the last time.
pub(crate) async fn last_place(
    conn: &mut PgConnection,
    branch: OrganisationId,
) -> Result<Option<(String, OffsetDateTime)>> {
    let last = sqlx::query!(
        "SELECT place, starts_at FROM meeting
         WHERE organisation = $1 AND state <> 'cancelled' ORDER BY starts_at DESC LIMIT 1",
        branch.0
    )
    .fetch_optional(conn)
    .await?;
    Ok(last.map(|row| (row.place, row.starts_at)))
}

/// Whether a branch has any meeting that was not called off.
pub(crate) async fn any(conn: &mut PgConnection, branch: OrganisationId) -> Result<bool> {
    let any = sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT FROM meeting WHERE organisation = $1 AND state <> 'cancelled') AS "any!""#,
        branch.0
    )
    .fetch_one(conn)
    .await?;
    Ok(any)
}
