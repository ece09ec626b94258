//! One document.

use crate::{
    document::{self, Reader, audience, granted},
    store::{self, DocumentRow, PersonRow, UnitRow},
    unit::Unit,
};
use askama::Template;
use axum::extract::Path;
use kernel::{
    DocumentId, Error, Role, privacy,
    viet::{self, Day},
};
use serde::Serialize;
use time::OffsetDateTime;
use utoipa::ToSchema;
use web::{Ctx, Page, View};

/// How far a reader has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = DocumentReading)]
pub enum State {
    /// Not opened yet.
    Unopened,
    /// Opened, not acknowledged.
    Opened,
    /// Acknowledged.
    Acknowledged,
}

impl State {
    fn of(opened: Option<OffsetDateTime>, acknowledged: Option<OffsetDateTime>) -> Self {
        match (opened, acknowledged) {
            (_, Some(_)) => State::Acknowledged,
            (Some(_), None) => State::Opened,
            (None, None) => State::Unopened,
        }
    }

    fn label(self) -> &'static str {
        match self {
            State::Unopened => "Chưa mở",
            State::Opened => "Đã mở",
            State::Acknowledged => "Đã xác nhận",
        }
    }

    fn colour(self) -> &'static str {
        match self {
            State::Unopened => "grey",
            State::Opened => "blue",
            State::Acknowledged => "green",
        }
    }
}

/// A member of the reader's own branch; for its secretary alone.
#[derive(Serialize, ToSchema)]
#[schema(as = DocumentReader)]
pub struct Person {
    name: String,
    state: State,
}

/// One document and how the reader stands to it.
#[derive(Template, Serialize, ToSchema)]
#[template(path = "show.html")]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a fact of its own that the page shows or not"
)]
#[schema(as = DocumentShown)]
pub struct ShowPage {
    #[schema(value_type = uuid::Uuid)]
    id: DocumentId,
    kind: String,
    number: String,
    title: String,
    summary: String,
    issuer: String,
    #[schema(value_type = time::Date)]
    issued_on: Day,
    /// Whom it was published to.
    organisation: String,
    #[serde(with = "time::serde::rfc3339")]
    published_at: OffsetDateTime,
    #[schema(value_type = Option<time::Date>)]
    must_read_by: Option<Day>,
    file_name: String,
    /// Bytes.
    file_size: i64,
    pages: i32,
    /// The officer who attests that it holds no state secret.
    attested_by: String,
    withdrawn: bool,
    /// Whether it is meant for the reader's branch.
    addressed: bool,
    /// How far the reader has come.
    state: State,
    /// Who has read it; for the branch secretary alone.
    people: Vec<Person>,
    /// How far it has come in the units below; for those who answer for them.
    units: Vec<Unit>,
    #[serde(skip)]
    #[schema(ignore)]
    overdue: bool,
    #[serde(skip)]
    #[schema(ignore)]
    may_read: bool,
    #[serde(skip)]
    #[schema(ignore)]
    may_withdraw: bool,
}

impl Page for ShowPage {
    fn title(&self) -> String {
        self.number.clone()
    }
}

impl ShowPage {
    /// `Mở văn bản (PDF, 12 trang, 1,4 MB)`.
    fn open_label(&self) -> String {
        format!("Mở văn bản (PDF, {} trang, {})", self.pages, size(self.file_size))
    }

    fn published(&self) -> String {
        viet::format_datetime(self.published_at)
    }

    fn count(&self, state: State) -> usize {
        self.people.iter().filter(|person| person.state == state).count()
    }
}

/// A size, as people read it.
fn size(bytes: i64) -> String {
    let tenths = (bytes + 50_000) / 100_000;
    if tenths < 10 {
        format!("{} KB", (bytes + 999) / 1000)
    } else {
        format!("{},{} MB", tenths / 10, tenths % 10)
    }
}

/// Shows a document.
#[utoipa::path(get, path = "/documents/{id}", operation_id = "document.show", tag = "documents",
    params(("id" = uuid::Uuid, Path, description = "The document.")),
    responses((status = 200, body = ShowPage), (status = 404, description = "No such document within reach.")))]
pub async fn show(ctx: Ctx, Path(id): Path<String>) -> web::Result<View<ShowPage>> {
    let id = document::id(&id)?;
    let reader = Reader::of(&ctx)?;
    let mut conn = ctx.read().await?;
    let row = store::document(&mut conn, id, reader.member).await?.ok_or(Error::NotFound)?;
    let place = &row.place;
    if !reader.sees(place) {
        return Err(Error::NotFound.into());
    }
    // A branch whose secretary asks, if the document goes to it at all.
    let mut branches = granted(ctx.actor()?, Role::Secretary);
    branches.retain(|branch| branch.starts_with(&place.0));
    let people = if branches.is_empty() {
        Vec::new()
    } else {
        store::people(&mut conn, id, &branches).await?
    };
    let above = audience(place, &reader.scopes());
    let units = if above.is_empty() {
        Vec::new()
    } else {
        store::acknowledged_by_unit(&mut conn, id, &above).await?
    };
    Ok(View(page(&ctx, &reader, row, people, units)))
}

fn page(
    ctx: &Ctx,
    reader: &Reader,
    row: DocumentRow,
    people: Vec<PersonRow>,
    units: Vec<UnitRow>,
) -> ShowPage {
    let place = row.place;
    let state = State::of(row.opened_at, row.acknowledged_at);
    let addressed = reader.addressed(&place);
    let withdrawn = row.withdrawn_at.is_some();
    let late = row.must_read_by.is_some_and(|day| day < ctx.world().today());
    ShowPage {
        id: row.id.into(),
        kind: row.kind,
        number: row.number,
        title: row.title,
        summary: row.summary,
        issuer: row.issuer,
        issued_on: Day(row.issued_on),
        organisation: row.organisation_name,
        published_at: row.published_at,
        must_read_by: row.must_read_by.map(Day),
        file_name: row.file_name,
        file_size: row.file_size,
        pages: row.pages,
        attested_by: row.attested_by,
        withdrawn,
        addressed,
        state,
        people: people
            .into_iter()
            .map(|row| Person {
                state: State::of(row.opened_at, row.acknowledged_at),
                name: row.full_name,
            })
            .collect(),
        units: units
            .into_iter()
            .map(|row| Unit::new(row, privacy::below(ctx.world().today())))
            .collect(),
        overdue: addressed && late && state != State::Acknowledged,
        may_read: !withdrawn && reader.reads(&place) && ctx.may_somewhere("document.read"),
        may_withdraw: !withdrawn && ctx.may("document.withdraw", &place),
    }
}

#[cfg(test)]
mod tests {
    use super::size;

    #[test]
    fn sizes_are_written_for_readers() {
        assert_eq!(
            [1, 1000, 940_000, 1_000_000, 1_449_999, 50_000_000].map(size),
            ["1 KB", "1 KB", "940 KB", "1,0 MB", "1,4 MB", "50,0 MB"]
        );
    }
}
