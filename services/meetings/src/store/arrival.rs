//! The SQL of checking in.

use crate::roll::{Presence, Via};
use kernel::{MeetingId, MemberId, OrganisationId, Result};
use sqlx::PgConnection;
use time::OffsetDateTime;

/// Somebody who says that they are here.
#[derive(Clone)]
pub(crate) struct Asked {
    pub code: String,
    pub member: MemberId,
    pub via: Via,
}

/// What came of a check-in.
pub(crate) struct Arrival {
    /// Whose it is: the place among those who asked, from 1.
    pub place: i64,
    pub id: MeetingId,
    pub title: String,
    /// The member's branch, or the group inside it.
    pub home: OrganisationId,
    /// Whether this check-in wrote the row, or found it.
    pub recorded: bool,
}

/// Checks members in, each to the open meeting of their branch that has the
/// code they gave: one statement, because everybody does this in the same
/// minutes. Holding the meetings shared keeps them from being closed meanwhile.
/// Rows are written in one order, so that two such statements cannot wait for
/// each other. The planner is not shown how many ask, or it would plan anew for
/// each handful; so nothing that grows by the minute is read here but by its key.
/// Nothing comes back for who asked in vain.
pub(crate) async fn check_in(
    conn: &mut PgConnection,
    asked: &[Asked],
    now: OffsetDateTime,
) -> Result<Vec<Arrival>> {
    let codes: Vec<String> = asked.iter().map(|one| one.code.clone()).collect();
    let members: Vec<uuid::Uuid> = asked.iter().map(|one| one.member.0).collect();
    let vias: Vec<String> = asked.iter().map(|one| one.via.name().to_owned()).collect();
    let arrivals = sqlx::query_as!(
        Arrival,
        r#"WITH found AS (
               SELECT asked.place, asked.member, asked.via, m.id, m.title, p.organisation AS home
               FROM unnest((SELECT $1::text[]), (SELECT $2::uuid[]), (SELECT $3::text[]))
                    WITH ORDINALITY AS asked (code, member, via, place)
               JOIN meeting m ON m.code = asked.code
               JOIN organisation held ON held.id = m.organisation
               JOIN member p ON p.id = asked.member AND p.status IN ('active', 'temporary', 'exempt')
               JOIN organisation home ON home.id = p.organisation AND starts_with(home.path, held.path)
               FOR SHARE OF m),
           foremost AS (
               SELECT DISTINCT ON (id, member) place, id, member, via FROM found ORDER BY id, member, place),
           came AS (
               INSERT INTO attendance (meeting, member, state, via, at)
               SELECT id, member, 'present', via, $4 FROM foremost ORDER BY id, member
               ON CONFLICT (meeting, member) DO NOTHING
               RETURNING meeting, member)
           SELECT f.place AS "place!", f.id AS "id!", f.title AS "title!", f.home AS "home!",
                  c.member IS NOT NULL AS "recorded!"
           FROM found f
           LEFT JOIN foremost o ON o.place = f.place
           LEFT JOIN came c ON c.meeting = o.id AND c.member = o.member"#,
        &codes,
        &members,
        &vias,
        now
    )
    .fetch_all(conn)
    .await?;
    Ok(arrivals)
}

/// A meeting as its code shows it to a member who may check in.
pub(crate) struct Invitation {
    pub id: MeetingId,
    pub title: String,
    pub organisation_name: String,
    pub place: String,
    pub starts_at: OffsetDateTime,
    pub open: bool,
    pub state: Option<Presence>,
    pub at: Option<OffsetDateTime>,
}

/// The meeting of the member's branch that has or had the code.
pub(crate) async fn invitation(
    conn: &mut PgConnection,
    code: &str,
    member: MemberId,
) -> Result<Option<Invitation>> {
    let invitation = sqlx::query_as!(
        Invitation,
        r#"SELECT m.id, m.title, held.name AS organisation_name, m.place, m.starts_at, m.state = 'opened' AS "open!",
                  a.state AS "state?: Presence", a.at AS "at?"
           FROM meeting m
           JOIN organisation held ON held.id = m.organisation
           JOIN member p ON p.id = $2 AND p.status IN ('active', 'temporary', 'exempt')
           JOIN organisation home ON home.id = p.organisation AND starts_with(home.path, held.path)
           LEFT JOIN attendance a ON a.meeting = m.id AND a.member = $2
           WHERE m.code = $1 OR m.spent_code = $1
           ORDER BY m.code NULLS LAST, m.closed_at DESC LIMIT 1"#,
        code,
        member.0
    )
    .fetch_optional(conn)
    .await?;
    Ok(invitation)
}
