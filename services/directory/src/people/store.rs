//! All SQL on members, their positions and their roles.

use super::fields::Record;
use kernel::{AccountId, MemberId, OrgPath, OrganisationId, Result, Role, viet};
use sqlx::PgConnection;
use time::OffsetDateTime;
use uuid::Uuid;

/// A living unit, kept alive until the transaction ends: its place.
pub(super) async fn hold_unit(conn: &mut PgConnection, unit: OrganisationId) -> Result<Option<OrgPath>> {
    let path = sqlx::query_scalar!("SELECT path FROM organisation WHERE id = $1 AND dissolved_on IS NULL FOR SHARE", unit.0)
        .fetch_optional(conn)
        .await?;
    Ok(path.map(Into::into))
}

/// Who has this file number.
pub(super) async fn member_by_file_number(conn: &mut PgConnection, file_number: &str) -> Result<Option<MemberId>> {
    let id = sqlx::query_scalar!("SELECT id FROM member WHERE file_number = $1", file_number).fetch_optional(conn).await?;
    Ok(id.map(Into::into))
}

/// Whether others have the card number, and the file number.
pub(super) async fn taken(
    conn: &mut PgConnection,
    member: MemberId,
    card_number: Option<&str>,
    file_number: Option<&str>,
) -> Result<(bool, bool)> {
    let row = sqlx::query!(
        r#"SELECT EXISTS (SELECT FROM member WHERE card_number = $2 AND id <> $1) AS "card!",
                  EXISTS (SELECT FROM member WHERE file_number = $3 AND id <> $1) AS "file!""#,
        member.0,
        card_number,
        file_number
    )
    .fetch_one(conn)
    .await?;
    Ok((row.card, row.file))
}

/// Adds a member.
pub(super) async fn insert(
    conn: &mut PgConnection,
    id: MemberId,
    organisation: OrganisationId,
    record: &Record,
    now: OffsetDateTime,
) -> Result<()> {
    sqlx::query!(
        "INSERT INTO member (id, organisation, full_name, name_sort, name_folded, birth_date, sex, admitted_on,
                             official_on, card_number, file_number, phone, standing, status, has_smartphone,
                             created_at, changed_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $16)",
        id.0,
        organisation.0,
        record.full_name,
        viet::name_sort_key(&record.full_name),
        viet::fold(&record.full_name),
        record.birth_date,
        record.sex,
        record.admitted_on,
        record.official_on,
        record.card_number,
        record.file_number,
        record.phone,
        record.standing,
        record.status,
        record.has_smartphone,
        now
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Grants a role unless it is held. Says whether it was granted.
pub(super) async fn grant(
    conn: &mut PgConnection,
    id: Uuid,
    member: MemberId,
    organisation: OrganisationId,
    role: Role,
    by: Option<AccountId>,
    now: OffsetDateTime,
) -> Result<bool> {
    let done = sqlx::query!(
        "INSERT INTO role_grant (id, member, organisation, role, granted_at, granted_by) VALUES ($1, $2, $3, $4, $5, $6)
         ON CONFLICT (member, organisation, role) WHERE revoked_at IS NULL DO NOTHING",
        id,
        member.0,
        organisation.0,
        role.name(),
        now,
        by.map(|account| account.0)
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() > 0)
}
