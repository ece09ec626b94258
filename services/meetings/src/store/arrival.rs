//! The SQL of checking in.

use crate::roll::{Presence, Via};
use kernel::{MeetingId, MemberId, OrganisationId, Result};
use sqlx::PgConnection;
use time::OffsetDateTime;

/// What came of a check-in.
pub(crate) struct Arrival {
    pub id: MeetingId,
    pub title: String,
    /// The member's branch, or the group inside it.
    pub home: OrganisationId,
    pub recorded: bool,
    pub state: Option<Presence>,
    pub at: Option<OffsetDateTime>,
}

/// Checks a member in to the open meeting of their branch that has the code:
/// one statement, because everybody does this in the same minutes. Holding the
/// meeting shared keeps it from being closed meanwhile.
pub(crate) async fn check_in(
    conn: &mut PgConnection,
    code: &str,
    member: MemberId,
    via: Via,
    now: OffsetDateTime,
) -> Result<Option<Arrival>> {
    let arrival = sqlx::query_as!(
        Arrival,
        r#"WITH found AS (
               SELECT m.id, m.title, p.organisation AS home
               FROM meeting m
               JOIN organisation held ON held.id = m.organisation
               JOIN member p ON p.id = $2 AND p.status IN ('active', 'temporary', 'exempt')
               JOIN organisation home ON home.id = p.organisation AND starts_with(home.path, held.path)
               WHERE m.code = $1
               FOR SHARE OF m),
           came AS (
               INSERT INTO attendance (meeting, member, state, via, at)
               SELECT id, $2, 'present', $3, $4 FROM found
               ON CONFLICT (meeting, member) DO NOTHING
               RETURNING member)
           SELECT f.id AS "id!", f.title AS "title!", f.home AS "home!",
                  EXISTS (SELECT FROM came) AS "recorded!",
                  a.state AS "state?: Presence", a.at AS "at?"
           FROM found f LEFT JOIN attendance a ON a.meeting = f.id AND a.member = $2"#,
        code,
        member.0,
        via.name(),
        now
    )
    .fetch_optional(conn)
    .await?;
    Ok(arrival)
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
