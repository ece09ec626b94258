//! All SQL on members, their positions and their roles.

mod position;
mod role;
mod trail;

pub(super) use position::{HeldPosition, held_position, leave_position, positions, take_position};
pub(super) use role::{grant, held_role, last_admin, revoke, roles, roles_of};
pub(super) use trail::{Period, account_names, events};

use super::fields::Record;
use kernel::{Error, MemberId, OrgPath, OrganisationId, Result, viet};
use sqlx::PgConnection;
use time::{Date, OffsetDateTime};
use uuid::Uuid;

/// A living unit, kept alive until the transaction ends: its place.
pub(super) async fn hold_unit(
    conn: &mut PgConnection,
    unit: OrganisationId,
) -> Result<Option<OrgPath>> {
    let path = sqlx::query_scalar!(
        "SELECT path FROM organisation WHERE id = $1 AND dissolved_on IS NULL FOR SHARE",
        unit.0
    )
    .fetch_optional(conn)
    .await?;
    Ok(path.map(Into::into))
}

/// Who has this file number.
pub(super) async fn member_by_file_number(
    conn: &mut PgConnection,
    file_number: &str,
) -> Result<Option<MemberId>> {
    let id = sqlx::query_scalar!("SELECT id FROM member WHERE file_number = $1", file_number)
        .fetch_optional(conn)
        .await?;
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

/// Somebody else entered the same number since [`taken`] was asked.
fn refused(error: sqlx::Error) -> Error {
    match error.as_database_error().and_then(sqlx::error::DatabaseError::constraint) {
        Some("member_card_number_key") => Error::field("card_number", super::CARD_TAKEN),
        Some("member_file_number_key") => Error::field("file_number", super::FILE_TAKEN),
        _ => error.into(),
    }
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
    .await
    .map_err(refused)?;
    Ok(())
}

/// Writes a member's record and home.
pub(super) async fn update(
    conn: &mut PgConnection,
    id: MemberId,
    organisation: OrganisationId,
    record: &Record,
    now: OffsetDateTime,
) -> Result<()> {
    sqlx::query!(
        "UPDATE member SET organisation = $2, full_name = $3, name_sort = $4, name_folded = $5, birth_date = $6,
                sex = $7, admitted_on = $8, official_on = $9, card_number = $10, file_number = $11, phone = $12,
                standing = $13, status = $14, has_smartphone = $15, changed_at = $16
         WHERE id = $1",
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
    .await
    .map_err(refused)?;
    Ok(())
}

/// A member with their home and their account.
pub(super) struct Person {
    pub id: MemberId,
    pub organisation: OrganisationId,
    pub organisation_name: String,
    pub code: String,
    pub path: OrgPath,
    pub record: Record,
    /// The account's state.
    pub account: Option<String>,
    pub activated_at: Option<OffsetDateTime>,
}

/// A member, whether on the roll or not.
pub(super) async fn person(conn: &mut PgConnection, id: MemberId) -> Result<Option<Person>> {
    let row = sqlx::query!(
        r#"SELECT m.organisation, o.name AS organisation_name, o.code, o.path, m.full_name, m.birth_date, m.sex,
                  m.admitted_on, m.official_on, m.card_number, m.file_number, m.phone, m.standing, m.status,
                  m.has_smartphone, a.state AS "account?", a.activated_at AS "activated_at?"
           FROM member m JOIN organisation o ON o.id = m.organisation LEFT JOIN account a ON a.member = m.id
           WHERE m.id = $1"#,
        id.0
    )
    .fetch_optional(conn)
    .await?;
    Ok(row.map(|row| Person {
        id,
        organisation: row.organisation.into(),
        organisation_name: row.organisation_name,
        code: row.code,
        path: row.path.into(),
        record: Record {
            full_name: row.full_name,
            birth_date: row.birth_date,
            sex: row.sex,
            admitted_on: row.admitted_on,
            official_on: row.official_on,
            card_number: row.card_number,
            file_number: row.file_number,
            phone: row.phone,
            standing: row.standing,
            status: row.status,
            has_smartphone: row.has_smartphone,
        },
        account: row.account,
        activated_at: row.activated_at,
    }))
}

/// A member whom nobody else changes until the transaction ends.
pub(super) async fn hold_person(conn: &mut PgConnection, id: MemberId) -> Result<Option<Person>> {
    sqlx::query!("SELECT id FROM member WHERE id = $1 FOR UPDATE", id.0)
        .fetch_optional(&mut *conn)
        .await?;
    person(conn, id).await
}

/// What is looked for, and where.
pub(super) struct Search<'a> {
    /// Places within reach.
    pub scopes: &'a [String],
    /// Only at and below this place; empty for all.
    pub path: &'a str,
    /// Each must occur in the folded name.
    pub patterns: &'a [String],
    /// Or this is the card or file number.
    pub exact: &'a str,
    /// Who has this in their name as it was typed comes first.
    pub lower: &'a str,
    /// Or this is the phone.
    pub phone: Option<String>,
    pub skip: i64,
    pub most: i64,
}

/// A member of the list.
pub(super) struct ListRow {
    pub id: Uuid,
    pub full_name: String,
    pub birth_date: Option<Date>,
    pub organisation: Uuid,
    pub organisation_name: String,
    pub standing: String,
    pub status: String,
    pub account: Option<String>,
}

/// Members within reach: exact diacritics first, then by name.
pub(super) async fn search(conn: &mut PgConnection, search: Search<'_>) -> Result<Vec<ListRow>> {
    Ok(sqlx::query_as!(
        ListRow,
        r#"SELECT m.id, m.full_name, m.birth_date, m.organisation, o.name AS organisation_name, m.standing, m.status,
                  a.state AS "account?"
           FROM organisation o JOIN member m ON m.organisation = o.id LEFT JOIN account a ON a.member = m.id
           WHERE EXISTS (SELECT FROM unnest($1::text[]) AS scope WHERE starts_with(o.path, scope))
             AND starts_with(o.path, $2)
             AND (m.name_folded LIKE ALL($3) OR m.card_number = $4 OR m.file_number = $4 OR m.phone = $6)
           ORDER BY strpos(lower(m.full_name), $5) > 0 DESC, m.name_sort, m.id
           LIMIT $8 OFFSET $7"#,
        search.scopes,
        search.path,
        search.patterns,
        search.exact,
        search.lower,
        search.phone,
        search.skip,
        search.most
    )
    .fetch_all(conn)
    .await?)
}
