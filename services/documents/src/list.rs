//! The documents that somebody may read.

use crate::{
    document::Reader,
    store::{self, ListRow},
};
use askama::Template;
use axum::extract::Query;
use kernel::{
    DocumentId,
    viet::{self, Day},
};
use serde::{Deserialize, Serialize};
use time::Date;
use utoipa::{IntoParams, ToSchema};
use web::{Ctx, Page, View};

/// Documents a page, beside those that must be read.
const PAGE: usize = 20;
/// Documents that must be read, at the top of the first page.
const MOST_DUE: i64 = 50;

/// Which part of the list.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Which {
    /// Words of the title or the number, with or without diacritics.
    #[serde(default)]
    q: String,
    /// Continue after this document, the last of the page before.
    #[serde(default)]
    before: String,
}

/// One document of the list.
#[derive(Serialize, ToSchema)]
#[schema(as = DocumentListItem)]
pub struct Item {
    /// The document.
    #[schema(value_type = uuid::Uuid)]
    id: DocumentId,
    number: String,
    title: String,
    kind: String,
    /// Whom it was published to.
    organisation: String,
    #[serde(with = "time::serde::rfc3339")]
    published_at: time::OffsetDateTime,
    #[schema(value_type = Option<Date>)]
    must_read_by: Option<Day>,
    /// Whether the reader has acknowledged it.
    acknowledged: bool,
    /// Whether it should have been read before today.
    overdue: bool,
}

impl Item {
    fn of(row: ListRow, today: Date) -> Self {
        Self {
            id: row.id.into(),
            overdue: row.due && row.must_read_by.is_some_and(|day| day < today),
            acknowledged: row.acknowledged_at.is_some(),
            must_read_by: row.must_read_by.map(Day),
            number: row.number,
            title: row.title,
            kind: row.kind,
            organisation: row.organisation,
            published_at: row.published_at,
        }
    }

    fn href(&self) -> String {
        format!("/documents/{}", self.id)
    }

    fn meta(&self) -> String {
        let Item { kind, number, organisation, published_at, .. } = self;
        let day = Day(published_at.to_offset(viet::HO_CHI_MINH).date());
        format!("{kind} {number} · {organisation} · đăng ngày {day}")
    }

    /// What is said beside any other document.
    fn status(&self) -> &'static str {
        if self.acknowledged { "Đã xác nhận" } else { "" }
    }

    fn colour(&self) -> &'static str {
        if self.overdue { "red" } else { "yellow" }
    }

    /// What is said beside a document that must be read.
    fn deadline(&self) -> String {
        let day = self.must_read_by.map(|day| day.to_string()).unwrap_or_default();
        if self.overdue { format!("Quá hạn {day}") } else { format!("Hạn đọc {day}") }
    }
}

/// The list.
#[derive(Template, Serialize, ToSchema)]
#[template(path = "list.html")]
#[schema(as = DocumentList)]
pub struct ListPage {
    /// What was searched for.
    q: String,
    /// Must be read by the reader and is not acknowledged; the most urgent first.
    due: Vec<Item>,
    /// The rest, newest first.
    documents: Vec<Item>,
    /// Value of `before` for the next page.
    #[schema(value_type = Option<uuid::Uuid>)]
    next: Option<DocumentId>,
    #[serde(skip)]
    #[schema(ignore)]
    first_page: bool,
    #[serde(skip)]
    #[schema(ignore)]
    may_publish: bool,
}

impl Page for ListPage {
    fn title(&self) -> String {
        "Văn bản".into()
    }
}

impl ListPage {
    /// Address of the next page; empty when there is none.
    fn next_page(&self) -> String {
        self.next
            .map(|id| format!("/documents?q={}&before={id}", web::percent_encoded(&self.q)))
            .unwrap_or_default()
    }
}

/// Lists the documents that the reader may read.
#[utoipa::path(get, path = "/documents", operation_id = "document.list", tag = "documents", params(Which),
    responses((status = 200, body = ListPage)))]
pub async fn list(ctx: Ctx, Query(which): Query<Which>) -> web::Result<View<ListPage>> {
    let reader = Reader::of(&ctx)?;
    let today = ctx.world().today();
    let before = which.before.parse().ok();
    let most = i64::try_from(PAGE).map_err(kernel::Error::from)? + 1;
    let rows = store::list(
        &mut *ctx.read().await?,
        &reader,
        &viet::patterns(&which.q),
        before,
        MOST_DUE,
        most,
    )
    .await?;
    let (due, mut rest): (Vec<_>, Vec<_>) = rows.into_iter().partition(|row| row.due);
    let more = rest.len() > PAGE;
    rest.truncate(PAGE);
    let items = |rows: Vec<ListRow>| rows.into_iter().map(|row| Item::of(row, today)).collect();
    Ok(View(ListPage {
        next: rest.last().filter(|_| more).map(|row| row.id.into()),
        due: items(due),
        documents: items(rest),
        q: viet::normalise(&which.q),
        first_page: before.is_none(),
        may_publish: ctx.may_somewhere("document.publish"),
    }))
}
