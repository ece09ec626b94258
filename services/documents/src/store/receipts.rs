//! Who has opened and acknowledged what.

use kernel::{DocumentId, MemberId, Result};
use sqlx::PgConnection;
use time::OffsetDateTime;

/// Notes that a member opened a document; answers whether for the first time.
pub async fn open(
    conn: &mut PgConnection,
    id: DocumentId,
    member: MemberId,
    at: OffsetDateTime,
) -> Result<bool> {
    let done = sqlx::query!(
        "INSERT INTO document_receipt (document, member, opened_at) VALUES ($1, $2, $3)
         ON CONFLICT (document, member) DO NOTHING",
        id.0,
        member.0,
        at,
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Notes that a member acknowledged a document, even one read on paper;
/// answers whether for the first time.
pub async fn acknowledge(
    conn: &mut PgConnection,
    id: DocumentId,
    member: MemberId,
    at: OffsetDateTime,
) -> Result<bool> {
    let done = sqlx::query!(
        "INSERT INTO document_receipt (document, member, opened_at, acknowledged_at) VALUES ($1, $2, $3, $3)
         ON CONFLICT (document, member) DO UPDATE SET acknowledged_at = excluded.acknowledged_at
          WHERE document_receipt.acknowledged_at IS NULL",
        id.0,
        member.0,
        at,
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// A member of a branch, with what they did with a document.
pub struct PersonRow {
    pub full_name: String,
    pub opened_at: Option<OffsetDateTime>,
    pub acknowledged_at: Option<OffsetDateTime>,
}

/// Everybody in the branches at the given places, by name. Places that are no
/// branch yield nobody: names are for the branch secretary alone.
pub async fn people(
    conn: &mut PgConnection,
    id: DocumentId,
    branches: &[String],
) -> Result<Vec<PersonRow>> {
    Ok(sqlx::query_as!(
        PersonRow,
        r#"SELECT m.full_name, r.opened_at AS "opened_at?", r.acknowledged_at
             FROM organisation b
             JOIN organisation o ON o.path >= b.path AND o.path < left(b.path, -1) || '/'
             JOIN member m ON m.organisation = o.id
             LEFT JOIN document_receipt r ON r.document = $1 AND r.member = m.id
            WHERE b.path = ANY($2) AND b.kind IN ('chi_bo_co_so', 'chi_bo_truc_thuoc')
              AND m.status IN ('active', 'temporary', 'transferring', 'exempt')
            ORDER BY m.name_sort, m.id"#,
        id.0,
        branches,
    )
    .fetch_all(conn)
    .await?)
}

/// A unit, with how far a document has come in it and all below.
pub struct UnitRow {
    pub name: String,
    pub members: i64,
    pub opened: i64,
    pub acknowledged: i64,
}

/// The units right below the given places; a place with none below it stands
/// for itself.
pub async fn acknowledged_by_unit(
    conn: &mut PgConnection,
    id: DocumentId,
    places: &[String],
) -> Result<Vec<UnitRow>> {
    Ok(sqlx::query_as!(
        UnitRow,
        r#"SELECT u.name, count(m.id) AS "members!", count(r.opened_at) AS "opened!",
                  count(r.acknowledged_at) AS "acknowledged!"
             FROM organisation top
             JOIN organisation u
               ON u.parent = top.id
               OR (u.id = top.id AND NOT EXISTS (SELECT FROM organisation c WHERE c.parent = top.id))
             JOIN organisation o ON o.path >= u.path AND o.path < left(u.path, -1) || '/'
             JOIN member m
               ON m.organisation = o.id AND m.status IN ('active', 'temporary', 'transferring', 'exempt')
             LEFT JOIN document_receipt r ON r.document = $1 AND r.member = m.id
            WHERE top.path = ANY($2) AND u.dissolved_on IS NULL
            GROUP BY u.id, u.name, u.name_sort
            ORDER BY u.name_sort, u.id"#,
        id.0,
        places,
    )
    .fetch_all(conn)
    .await?)
}
