//! SQL on positions.

use kernel::{MemberId, OrgPath, OrganisationId, Result};
use sqlx::PgConnection;
use time::Date;
use uuid::Uuid;

/// Notes a position.
pub(in crate::people) async fn take_position(
    conn: &mut PgConnection,
    id: Uuid,
    member: MemberId,
    organisation: OrganisationId,
    title: &str,
    from: Date,
) -> Result<()> {
    sqlx::query!(
        "INSERT INTO member_position (id, member, organisation, title, held_from) VALUES ($1, $2, $3, $4, $5)",
        id,
        member.0,
        organisation.0,
        title,
        from
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// A position of a member.
pub(in crate::people) struct PositionRow {
    pub id: Uuid,
    pub title: String,
    pub organisation: String,
    pub held_from: Date,
    pub held_to: Option<Date>,
}

/// A member's positions: those held now, then the latest.
pub(in crate::people) async fn positions(
    conn: &mut PgConnection,
    member: MemberId,
) -> Result<Vec<PositionRow>> {
    Ok(sqlx::query_as!(
        PositionRow,
        "SELECT p.id, p.title, o.name AS organisation, p.held_from, p.held_to
         FROM member_position p JOIN organisation o ON o.id = p.organisation
         WHERE p.member = $1 ORDER BY p.held_to DESC NULLS FIRST, p.held_from DESC, p.id",
        member.0
    )
    .fetch_all(conn)
    .await?)
}

/// A position that is held.
pub(in crate::people) struct HeldPosition {
    pub member: Uuid,
    pub full_name: String,
    /// The place of the member's home.
    pub path: OrgPath,
    pub title: String,
    pub organisation: Uuid,
    pub organisation_name: String,
    pub held_from: Date,
}

/// A position that is held, with whose it is.
pub(in crate::people) async fn held_position(
    conn: &mut PgConnection,
    id: Uuid,
) -> Result<Option<HeldPosition>> {
    Ok(sqlx::query_as!(
        HeldPosition,
        "SELECT p.member, m.full_name, h.path, p.title, p.organisation, o.name AS organisation_name, p.held_from
         FROM member_position p
         JOIN organisation o ON o.id = p.organisation
         JOIN member m ON m.id = p.member
         JOIN organisation h ON h.id = m.organisation
         WHERE p.id = $1 AND p.held_to IS NULL",
        id
    )
    .fetch_optional(conn)
    .await?)
}

/// Ends a position. Says whether it was held.
pub(in crate::people) async fn leave_position(
    conn: &mut PgConnection,
    id: Uuid,
    to: Date,
) -> Result<bool> {
    let done = sqlx::query!(
        "UPDATE member_position SET held_to = $2 WHERE id = $1 AND held_to IS NULL",
        id,
        to
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() > 0)
}
