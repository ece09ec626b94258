//! SQL on the trail.

use kernel::Result;
use sqlx::PgConnection;
use time::OffsetDateTime;
use uuid::Uuid;

/// From when, and until before when.
pub(in crate::people) struct Period {
    pub from: Option<OffsetDateTime>,
    pub to: Option<OffsetDateTime>,
}

/// An event of the trail.
pub(in crate::people) struct EventRow {
    pub id: Uuid,
    pub at: OffsetDateTime,
    pub actor: Option<Uuid>,
    pub assisted_by: Option<Uuid>,
    pub kind: String,
    pub organisation: Option<String>,
}

/// Events within reach, newest first. One that belongs to no organisation
/// belongs to the whole tenant.
pub(in crate::people) async fn events(
    conn: &mut PgConnection,
    scopes: &[String],
    kind: &str,
    period: &Period,
    before: Option<Uuid>,
    most: i64,
) -> Result<Vec<EventRow>> {
    Ok(sqlx::query_as!(
        EventRow,
        r#"SELECT e.id, e.at, e.actor, e.assisted_by, e.kind, o.name AS "organisation?"
           FROM event e LEFT JOIN organisation o ON o.id = e.organisation
           WHERE ($2 = '' OR e.kind = $2)
             AND ($3::timestamptz IS NULL OR e.at >= $3) AND ($4::timestamptz IS NULL OR e.at < $4)
             AND ($5::uuid IS NULL OR e.id < $5)
             AND EXISTS (SELECT FROM unnest($1::text[]) AS scope
                         WHERE starts_with(coalesce(o.path, (SELECT r.path FROM organisation r WHERE r.parent IS NULL)), scope))
           ORDER BY e.id DESC LIMIT $6"#,
        scopes,
        kind,
        period.from,
        period.to,
        before,
        most
    )
    .fetch_all(conn)
    .await?)
}

/// The names behind accounts.
pub(in crate::people) async fn account_names(
    conn: &mut PgConnection,
    accounts: &[Uuid],
) -> Result<Vec<(Uuid, String)>> {
    let rows = sqlx::query!(
        "SELECT a.id, m.full_name FROM account a JOIN member m ON m.id = a.member WHERE a.id = ANY($1)",
        accounts
    )
    .fetch_all(conn)
    .await?;
    Ok(rows.into_iter().map(|row| (row.id, row.full_name)).collect())
}
