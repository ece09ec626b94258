//! What the home page shows of documents.

use crate::{document::Reader, store};
use kernel::{Result, viet::Day};
use web::{Card, CardRow, Ctx};

/// Rows on the home page.
const ROWS: i64 = 3;

/// What the person must read next; nothing for those who read no documents.
///
/// # Errors
/// When the database is away.
pub async fn home(ctx: &Ctx) -> Result<Option<Card>> {
    if !ctx.may_somewhere("document.list") {
        return Ok(None);
    }
    let reader = Reader::of(ctx)?;
    let today = ctx.world().today();
    let rows = store::due(&mut *ctx.read().await?, &reader, ROWS).await?;
    let rows = rows.into_iter().map(|row| {
        let late = row.must_read_by < today;
        CardRow {
            href: format!("/documents/{}", row.id),
            title: row.title,
            meta: format!("{} · hạn đọc {}", row.number, Day(row.must_read_by)),
            status: if late { "Quá hạn".into() } else { "Chưa đọc".into() },
            colour: if late { "red" } else { "yellow" },
        }
    });
    Ok(Some(Card {
        heading: "Cần đọc".into(),
        rows: rows.collect(),
        empty: "Không còn văn bản nào phải đọc.".into(),
        more: Some(("/documents".into(), "Tất cả văn bản".into())),
    }))
}
