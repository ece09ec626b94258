//! SQL on the end of a unit and what goes over to its successor.

use super::Unit;
use kernel::{AccountId, OrganisationId, Result};
use sqlx::PgConnection;
use time::{Date, OffsetDateTime};
use uuid::Uuid;

/// Keeps others from adding members to a unit until the transaction ends.
pub(in crate::organisation) async fn lock(
    conn: &mut PgConnection,
    unit: OrganisationId,
) -> Result<()> {
    sqlx::query!("SELECT id FROM organisation WHERE id = $1 FOR NO KEY UPDATE", unit.0)
        .fetch_optional(conn)
        .await?;
    Ok(())
}

/// How a member counts.
pub(in crate::organisation) struct CountedRow {
    pub has_smartphone: bool,
    pub activated: bool,
}

/// The members of a unit who are on the roll.
pub(in crate::organisation) async fn on_roll(
    conn: &mut PgConnection,
    unit: OrganisationId,
) -> Result<Vec<CountedRow>> {
    Ok(sqlx::query_as!(
        CountedRow,
        r#"SELECT m.has_smartphone, coalesce(a.state = 'active', false) AS "activated!"
           FROM member m LEFT JOIN account a ON a.member = m.id
           WHERE m.organisation = $1 AND m.status NOT IN ('transferred_out', 'left', 'removed', 'deceased')
           FOR UPDATE OF m"#,
        unit.0
    )
    .fetch_all(conn)
    .await?)
}

/// The living units directly under a unit.
pub(in crate::organisation) async fn children(
    conn: &mut PgConnection,
    unit: OrganisationId,
) -> Result<Vec<Unit>> {
    let ids: Vec<Uuid> = sqlx::query_scalar!(
        "SELECT id FROM organisation WHERE parent = $1 AND dissolved_on IS NULL",
        unit.0
    )
    .fetch_all(&mut *conn)
    .await?;
    super::units(conn, &ids, &[]).await
}

/// Notes the successor and hands it the members on the roll.
pub(in crate::organisation) async fn succeed(
    conn: &mut PgConnection,
    unit: OrganisationId,
    successor: OrganisationId,
    on: Date,
    now: OffsetDateTime,
) -> Result<()> {
    sqlx::query!(
        "INSERT INTO organisation_succession (predecessor, successor, on_date) VALUES ($1, $2, $3)",
        unit.0,
        successor.0,
        on
    )
    .execute(&mut *conn)
    .await?;
    sqlx::query!(
        "UPDATE member SET organisation = $2, changed_at = $3
         WHERE organisation = $1 AND status NOT IN ('transferred_out', 'left', 'removed', 'deceased')",
        unit.0,
        successor.0,
        now
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Ends a unit, its running period, and the roles and positions in it.
pub(in crate::organisation) async fn dissolve(
    conn: &mut PgConnection,
    unit: OrganisationId,
    on: Date,
    by: Option<AccountId>,
    now: OffsetDateTime,
) -> Result<()> {
    sqlx::query!("UPDATE organisation SET dissolved_on = $2 WHERE id = $1", unit.0, on)
        .execute(&mut *conn)
        .await?;
    // A period that begins on the day of the end never was.
    sqlx::query!(
        "DELETE FROM organisation_period WHERE organisation = $1 AND valid_to IS NULL AND valid_from >= $2",
        unit.0,
        on
    )
    .execute(&mut *conn)
    .await?;
    sqlx::query!(
        "UPDATE organisation_period SET valid_to = $2 WHERE organisation = $1 AND valid_to IS NULL",
        unit.0,
        on
    )
    .execute(&mut *conn)
    .await?;
    sqlx::query!(
        "UPDATE role_grant SET revoked_at = $2, revoked_by = $3 WHERE organisation = $1 AND revoked_at IS NULL",
        unit.0,
        now,
        by.map(|account| account.0)
    )
    .execute(&mut *conn)
    .await?;
    sqlx::query!(
        "UPDATE member_position SET held_to = greatest($2, held_from) WHERE organisation = $1 AND held_to IS NULL",
        unit.0,
        on
    )
    .execute(conn)
    .await?;
    Ok(())
}
