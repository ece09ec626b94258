//! The SQL of attendance.

use crate::{
    roll::{Presence, RollRow, Via},
    tally::Tally,
};
use kernel::{AccountId, MeetingId, MemberId, OrganisationId, Result};
use sqlx::PgConnection;
use time::OffsetDateTime;
use uuid::Uuid;

/// Everybody who is summoned to a meeting, in the order of Vietnamese names.
/// Once it is over, everybody on whom something was recorded.
pub(crate) async fn roll(conn: &mut PgConnection, meeting: MeetingId) -> Result<Vec<RollRow>> {
    let rows = sqlx::query_as!(
        RollRow,
        r#"WITH roll AS (
               SELECT a.member FROM attendance a WHERE a.meeting = $1
               UNION
               SELECT p.id
               FROM meeting m
               JOIN organisation held ON held.id = m.organisation
               -- '/' follows '.': everything at and below the branch, by the index on path.
               JOIN organisation home ON home.path >= held.path AND home.path < rtrim(held.path, '.') || '/'
               JOIN member p ON p.organisation = home.id
               WHERE m.id = $1 AND m.state IN ('draft', 'announced', 'opened')
                 AND p.status IN ('active', 'temporary', 'exempt'))
           SELECT p.id AS "member!", p.full_name AS "name!", p.status = 'exempt' AS "exempt!",
                  a.state AS "state?: Presence", a.via AS "via?: Via", a.at AS "at?",
                  coalesce(a.reason, '') AS "reason!"
           FROM roll
           JOIN member p ON p.id = roll.member
           LEFT JOIN attendance a ON a.meeting = $1 AND a.member = p.id
           ORDER BY p.name_sort, p.id"#,
        meeting.0
    )
    .fetch_all(conn)
    .await?;
    Ok(rows)
}

/// The figures of some meetings, without names.
pub(crate) async fn tallies(
    conn: &mut PgConnection,
    meetings: &[MeetingId],
) -> Result<Vec<(MeetingId, Tally)>> {
    let ids: Vec<Uuid> = meetings.iter().map(|id| id.0).collect();
    let rows = sqlx::query!(
        r#"SELECT m.id, t.summoned AS "summoned!", t.present AS "present!", t.excused AS "excused!",
                  t.absent AS "absent!", t.exempt AS "exempt!"
           FROM meeting m
           JOIN organisation held ON held.id = m.organisation
           CROSS JOIN LATERAL (
               SELECT count(*) AS summoned,
                      count(*) FILTER (WHERE a.state = 'present') AS present,
                      count(*) FILTER (WHERE a.state = 'excused') AS excused,
                      count(*) FILTER (WHERE a.state = 'absent') AS absent,
                      count(*) FILTER (WHERE coalesce(a.state, p.status) = 'exempt') AS exempt
               FROM (SELECT came.member FROM attendance came WHERE came.meeting = m.id
                     UNION
                     SELECT below.id
                     FROM organisation home
                     JOIN member below ON below.organisation = home.id
                     WHERE home.path >= held.path AND home.path < rtrim(held.path, '.') || '/'
                       AND m.state IN ('draft', 'announced', 'opened')
                       AND below.status IN ('active', 'temporary', 'exempt')) roll
               JOIN member p ON p.id = roll.member
               LEFT JOIN attendance a ON a.meeting = m.id AND a.member = p.id) t
           WHERE m.id = ANY ($1)"#,
        &ids
    )
    .fetch_all(conn)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| {
            let tally = Tally {
                summoned: row.summoned,
                present: row.present,
                excused: row.excused,
                absent: row.absent,
                exempt: row.exempt,
            };
            (row.id.into(), tally)
        })
        .collect())
}

/// The figures of one meeting.
pub(crate) async fn tally(conn: &mut PgConnection, meeting: MeetingId) -> Result<Tally> {
    Ok(tallies(conn, &[meeting])
        .await?
        .into_iter()
        .next()
        .map(|(_, tally)| tally)
        .unwrap_or_default())
}

/// What is recorded on a member, and where they belong; nothing when they are
/// not on the roll.
pub(crate) struct Mark {
    pub home: OrganisationId,
    pub state: Option<Presence>,
    pub reason: String,
}

pub(crate) async fn mark_of(
    conn: &mut PgConnection,
    meeting: MeetingId,
    member: MemberId,
) -> Result<Option<Mark>> {
    let mark = sqlx::query_as!(
        Mark,
        r#"SELECT p.organisation AS home, a.state AS "state?: Presence",
                  coalesce(a.reason, '') AS "reason!"
           FROM meeting m
           JOIN organisation held ON held.id = m.organisation
           JOIN member p ON p.id = $2
           JOIN organisation home ON home.id = p.organisation
           LEFT JOIN attendance a ON a.meeting = m.id AND a.member = p.id
           WHERE m.id = $1
             AND (a.member IS NOT NULL
                  OR (starts_with(home.path, held.path) AND p.status IN ('active', 'temporary', 'exempt')))"#,
        meeting.0,
        member.0
    )
    .fetch_optional(conn)
    .await?;
    Ok(mark)
}

/// What the secretary says of a member.
pub(crate) struct Said<'a> {
    pub state: Presence,
    pub via: Via,
    pub reason: &'a str,
    pub by: AccountId,
    pub at: OffsetDateTime,
}

pub(crate) async fn mark(
    conn: &mut PgConnection,
    meeting: MeetingId,
    member: MemberId,
    said: &Said<'_>,
) -> Result<()> {
    sqlx::query!(
        "INSERT INTO attendance (meeting, member, state, via, at, assisted_by, reason)
         VALUES ($1, $2, $3, $4, $5, $6, $7)
         ON CONFLICT (meeting, member) DO UPDATE
         SET state = excluded.state, via = excluded.via, at = excluded.at,
             assisted_by = excluded.assisted_by, reason = excluded.reason",
        meeting.0,
        member.0,
        said.state.name(),
        said.via.name(),
        said.at,
        said.by.0,
        said.reason
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Marks all that are still waited for, when the meeting closes.
pub(crate) async fn settle(
    conn: &mut PgConnection,
    meeting: MeetingId,
    members: &[MemberId],
    said: &Said<'_>,
) -> Result<()> {
    let members: Vec<Uuid> = members.iter().map(|id| id.0).collect();
    sqlx::query!(
        "INSERT INTO attendance (meeting, member, state, via, at, assisted_by, reason)
         SELECT $1, member, $3, $4, $5, $6, $7 FROM unnest($2::uuid[]) AS waited (member)
         ON CONFLICT (meeting, member) DO NOTHING",
        meeting.0,
        &members,
        said.state.name(),
        said.via.name(),
        said.at,
        said.by.0,
        said.reason
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// What is recorded on one member.
pub(crate) async fn recorded(
    conn: &mut PgConnection,
    meeting: MeetingId,
    member: MemberId,
) -> Result<Option<(Presence, OffsetDateTime)>> {
    let row = sqlx::query!(
        r#"SELECT state AS "state: Presence", at FROM attendance WHERE meeting = $1 AND member = $2"#,
        meeting.0,
        member.0
    )
    .fetch_optional(conn)
    .await?;
    Ok(row.map(|row| (row.state, row.at)))
}
