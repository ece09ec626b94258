//! The SQL of lists of meetings.

use crate::{
    meeting::{Kind, State},
    roll::Presence,
};
use kernel::{MeetingId, MemberId, Result};
use sqlx::PgConnection;
use time::OffsetDateTime;

/// A line of a list.
pub(crate) struct Line {
    pub id: MeetingId,
    pub organisation_name: String,
    pub path: String,
    pub kind: Kind,
    pub state: State,
    pub title: String,
    pub place: String,
    pub starts_at: OffsetDateTime,
}

/// Which meetings a list shows.
pub(crate) struct Reach<'a> {
    /// The places of exactly these organisations …
    pub own: &'a [String],
    /// … and all that is at or below these.
    pub below: &'a [String],
    /// Where drafts are shown too.
    pub drafts: &'a [String],
}

/// A page of a list: under way, then to come, then gone by.
pub(crate) async fn page(
    conn: &mut PgConnection,
    reach: &Reach<'_>,
    now: OffsetDateTime,
    limit: i64,
    offset: i64,
) -> Result<Vec<Line>> {
    let lines = sqlx::query_as!(
        Line,
        r#"SELECT m.id, o.name AS organisation_name, o.path, m.kind AS "kind: Kind", m.state AS "state: State",
                  m.title, m.place, m.starts_at
           FROM meeting m
           JOIN organisation o ON o.id = m.organisation
           CROSS JOIN LATERAL (
               SELECT m.state IN ('draft', 'announced') AND m.starts_at > $4::timestamptz - interval '1 day' AS ahead) t
           WHERE (o.path = ANY ($1)
                  OR EXISTS (SELECT FROM unnest($2::text[]) AS s (path) WHERE starts_with(o.path, s.path)))
             AND (m.state <> 'draft'
                  OR EXISTS (SELECT FROM unnest($3::text[]) AS s (path) WHERE starts_with(o.path, s.path)))
           ORDER BY m.state = 'opened' DESC, t.ahead DESC,
                    CASE WHEN t.ahead THEN m.starts_at END, m.starts_at DESC, m.id
           LIMIT $5 OFFSET $6"#,
        reach.own,
        reach.below,
        reach.drafts,
        now,
        limit,
        offset
    )
    .fetch_all(conn)
    .await?;
    Ok(lines)
}

/// The next meeting, with how a member stands in it.
pub(crate) struct Next {
    pub id: MeetingId,
    pub title: String,
    pub place: String,
    pub starts_at: OffsetDateTime,
    pub state: State,
    pub mine: Option<Presence>,
}

/// The meeting under way at one of these places, else the next one to come.
pub(crate) async fn next(
    conn: &mut PgConnection,
    own: &[String],
    member: MemberId,
    now: OffsetDateTime,
) -> Result<Option<Next>> {
    let next = sqlx::query_as!(
        Next,
        r#"SELECT m.id, m.title, m.place, m.starts_at, m.state AS "state: State", a.state AS "mine?: Presence"
           FROM meeting m
           JOIN organisation o ON o.id = m.organisation
           LEFT JOIN attendance a ON a.meeting = m.id AND a.member = $2
           WHERE o.path = ANY ($1)
             AND (m.state = 'opened'
                  OR (m.state = 'announced' AND m.starts_at > $3::timestamptz - interval '1 day'))
           ORDER BY m.state = 'opened' DESC, m.starts_at, m.id
           LIMIT 1"#,
        own,
        member.0,
        now
    )
    .fetch_optional(conn)
    .await?;
    Ok(next)
}
