//! All SQL on documents and their receipts.

mod receipts;
mod units;

pub use receipts::{PersonRow, UnitRow, acknowledge, acknowledged_by_unit, open, people};
pub use units::{kinds, unit, unit_name, units};

use crate::{document::Reader, draft::Draft};
use kernel::{AccountId, DocumentId, MemberId, OrgPath, OrganisationId, Result};
use sqlx::PgConnection;
use time::{Date, OffsetDateTime};
use uuid::Uuid;

/// A row of the list.
pub struct ListRow {
    pub id: Uuid,
    pub number: String,
    pub title: String,
    pub kind: String,
    pub organisation: String,
    pub published_at: OffsetDateTime,
    pub must_read_by: Option<Date>,
    pub acknowledged_at: Option<OffsetDateTime>,
    /// Meant for the reader, must be read, and not acknowledged yet.
    pub due: bool,
}

/// What a reader sees: on the first page what must still be read, at most
/// `most_due` and the most urgent first; then, newest first, `page` of the rest
/// published before the document `before`. One round trip.
///
/// A subtree is a range of paths (`1.4.` up to, not including, `1.4/`), so that
/// the index on the path serves it. Documents are fetched unit by unit: a
/// member has a handful of units, whose newest are few among all of the tenant.
/// That plan is good for everybody; the planner is shown no values, or it would
/// make it anew each time, which takes as long as the reading.
pub async fn list(
    conn: &mut PgConnection,
    reader: &Reader,
    search: &[String],
    before: Option<Uuid>,
    most_due: i64,
    page: i64,
) -> Result<Vec<ListRow>> {
    Ok(sqlx::query_as!(
        ListRow,
        r#"WITH reach AS (
               SELECT id, name, true AS addressed FROM organisation WHERE path = ANY((SELECT $1::text[])::text[])
               UNION
               SELECT o.id, o.name, false
                 FROM unnest((SELECT $2::text[])) AS scope (path)
                 JOIN organisation o ON o.path >= scope.path AND o.path < left(scope.path, -1) || '/'
                WHERE o.path <> ALL((SELECT $1::text[])::text[])
           ), last AS MATERIALIZED (
               SELECT published_at, id FROM document WHERE id = (SELECT $5::uuid)
           ), shown AS (
               (SELECT d.id, d.number, d.title, d.kind, reach.name, d.published_at, d.must_read_by,
                       NULL::timestamptz AS acknowledged_at, true AS due
                  FROM reach CROSS JOIN LATERAL (
                       SELECT id, number, title, kind, published_at, must_read_by
                         FROM document d
                        WHERE d.organisation = reach.id AND d.withdrawn_at IS NULL AND d.title_folded LIKE ALL((SELECT $4::text[])::text[])
                          AND d.must_read_by IS NOT NULL
                          AND NOT EXISTS (SELECT FROM document_receipt r WHERE r.document = d.id AND r.member = $3
                                              AND r.acknowledged_at IS NOT NULL)
                        ORDER BY must_read_by, published_at DESC, id DESC LIMIT (SELECT $6::bigint)) d
                 WHERE reach.addressed AND (SELECT $5::uuid) IS NULL
                 ORDER BY d.must_read_by, d.published_at DESC, d.id DESC LIMIT (SELECT $6::bigint))
               UNION ALL
               (SELECT d.id, d.number, d.title, d.kind, reach.name, d.published_at, d.must_read_by,
                       d.acknowledged_at, false
                  FROM reach CROSS JOIN LATERAL (
                       SELECT d.id, d.number, d.title, d.kind, d.published_at, d.must_read_by, r.acknowledged_at
                         FROM document d
                         LEFT JOIN document_receipt r ON r.document = d.id AND r.member = $3
                        WHERE d.organisation = reach.id AND d.withdrawn_at IS NULL AND d.title_folded LIKE ALL((SELECT $4::text[])::text[])
                          AND NOT (reach.addressed AND d.must_read_by IS NOT NULL AND r.acknowledged_at IS NULL)
                          AND ((SELECT $5::uuid) IS NULL OR (d.published_at, d.id) < (SELECT published_at, id FROM last))
                        ORDER BY d.published_at DESC, d.id DESC LIMIT (SELECT $7::bigint)) d
                 ORDER BY d.published_at DESC, d.id DESC LIMIT (SELECT $7::bigint))
           )
           SELECT shown.id AS "id!", number AS "number!", title AS "title!", k.name AS kind,
                  shown.name AS "organisation!", published_at AS "published_at!", must_read_by,
                  acknowledged_at, due AS "due!"
             FROM shown JOIN platform.document_kind k ON k.kind = shown.kind
            ORDER BY due DESC, CASE WHEN due THEN must_read_by END, published_at DESC, shown.id DESC"#,
        &reader.places_above(),
        &reader.scopes(),
        reader.member.0,
        search,
        before,
        most_due,
        page,
    )
    .fetch_all(conn)
    .await?)
}

/// What must still be read, for the home page.
pub struct DueRow {
    pub id: Uuid,
    pub number: String,
    pub title: String,
    pub must_read_by: Date,
}

/// The most urgent of what a member must still read.
pub async fn due(conn: &mut PgConnection, reader: &Reader, most: i64) -> Result<Vec<DueRow>> {
    Ok(sqlx::query_as!(
        DueRow,
        r#"SELECT d.id, d.number, d.title, d.must_read_by AS "must_read_by!"
             FROM organisation o
             JOIN document d ON d.organisation = o.id
             LEFT JOIN document_receipt r ON r.document = d.id AND r.member = $2
            WHERE o.path = ANY($1) AND d.withdrawn_at IS NULL
              AND d.must_read_by IS NOT NULL AND r.acknowledged_at IS NULL
            ORDER BY d.must_read_by, d.published_at DESC, d.id DESC
            LIMIT $3"#,
        &reader.places_above(),
        reader.member.0,
        most,
    )
    .fetch_all(conn)
    .await?)
}

/// A document with its state for one reader.
pub struct DocumentRow {
    pub id: Uuid,
    pub organisation: Uuid,
    pub organisation_name: String,
    /// Where it was published.
    pub place: OrgPath,
    pub kind: String,
    pub number: String,
    pub title: String,
    pub summary: String,
    pub issuer: String,
    pub issued_on: Date,
    pub must_read_by: Option<Date>,
    pub file_name: String,
    pub file_size: i64,
    pub sha256: Vec<u8>,
    pub pages: i32,
    pub published_at: OffsetDateTime,
    pub attested_by: String,
    pub withdrawn_at: Option<OffsetDateTime>,
    pub opened_at: Option<OffsetDateTime>,
    pub acknowledged_at: Option<OffsetDateTime>,
}

/// One document, whoever may see it.
pub async fn document(
    conn: &mut PgConnection,
    id: DocumentId,
    member: MemberId,
) -> Result<Option<DocumentRow>> {
    Ok(sqlx::query_as!(
        DocumentRow,
        r#"SELECT d.id, d.organisation, o.name AS organisation_name, o.path AS place, k.name AS kind, d.number,
                  d.title, d.summary, d.issuer, d.issued_on, d.must_read_by, d.file_name, d.file_size, d.sha256,
                  d.pages, d.published_at, d.attested_by, d.withdrawn_at,
                  r.opened_at AS "opened_at?", r.acknowledged_at
             FROM document d
             JOIN organisation o ON o.id = d.organisation
             JOIN platform.document_kind k ON k.kind = d.kind
             LEFT JOIN document_receipt r ON r.document = d.id AND r.member = $2
            WHERE d.id = $1"#,
        id.0,
        member.0,
    )
    .fetch_optional(conn)
    .await?)
}

/// The document that holds the same file under the same number at a unit.
pub async fn same_file(
    conn: &mut PgConnection,
    organisation: OrganisationId,
    number: &str,
    sha256: &[u8; 32],
) -> Result<Option<DocumentId>> {
    let found = sqlx::query_scalar!(
        "SELECT id FROM document WHERE organisation = $1 AND number = $2 AND sha256 = $3 AND withdrawn_at IS NULL",
        organisation.0,
        number,
        &sha256[..],
    )
    .fetch_optional(conn)
    .await?;
    Ok(found.map(Into::into))
}

/// Adds a document; answers whether there was none of the same file.
pub async fn insert(
    conn: &mut PgConnection,
    new: &crate::publish::NewDocument,
    issuer: &str,
    by: AccountId,
    at: OffsetDateTime,
) -> Result<bool> {
    let Draft { kind, number, title, summary, issued_on, must_read_by, attested_by, .. } =
        &new.draft;
    // People look for a title and for a number in the same box.
    let folded = kernel::viet::fold(&format!("{number} {title}"));
    let done = sqlx::query!(
        "INSERT INTO document (id, organisation, kind, number, title, title_folded, summary, issuer, issued_on,
                               must_read_by, file_name, file_size, sha256, pages, published_at, published_by,
                               attested_by)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)
         ON CONFLICT (organisation, number, sha256) WHERE withdrawn_at IS NULL DO NOTHING",
        new.id.0,
        new.organisation.0,
        kind,
        number,
        title,
        folded,
        summary,
        issuer,
        issued_on,
        *must_read_by,
        new.file.name,
        i64::try_from(new.file.size)?,
        &new.file.sha256[..],
        new.file.pages,
        at,
        by.0,
        attested_by,
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Withdraws a document; answers whether it still stood.
pub async fn withdraw(conn: &mut PgConnection, id: DocumentId, at: OffsetDateTime) -> Result<bool> {
    let done = sqlx::query!(
        "UPDATE document SET withdrawn_at = $2 WHERE id = $1 AND withdrawn_at IS NULL",
        id.0,
        at
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}
