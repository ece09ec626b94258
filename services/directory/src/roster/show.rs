//! One import: how far it is, what would happen, what has to be mended.

use super::{store, view::Import};
use askama::Template;
use axum::{
    extract::Path,
    http::HeaderValue,
    response::{Html, IntoResponse as _, Response},
};
use kernel::{Error, ImportId};
use serde::Serialize;
use utoipa::ToSchema;
use web::{Ctx, Face, Page, View};

/// So many problems are on the page; the workbook has them all.
const SHOWN: i64 = 100;

#[derive(Template, Serialize, ToSchema)]
#[schema(as = RosterPage)]
#[template(path = "roster_show.html")]
pub(super) struct ShowPage {
    import: Import,
    /// The first good rows, while it is checked.
    preview: Vec<Preview>,
    /// The first problems.
    problems: Vec<Problem>,
    /// Whether one may go on with it.
    may_run: bool,
}

/// A good row.
#[derive(Serialize, ToSchema)]
struct Preview {
    row: i64,
    full_name: String,
    organisation: String,
    /// `added`, `changed` or `unchanged`.
    outcome: String,
}

impl Preview {
    fn label(&self) -> &'static str {
        match self.outcome.as_str() {
            "added" => "Thêm mới",
            "changed" => "Thay đổi",
            _ => "Giữ nguyên",
        }
    }
}

/// Something to be mended.
#[derive(Serialize, ToSchema)]
struct Problem {
    row: i64,
    column: String,
    value: String,
    reason: String,
    mend: String,
}

impl ShowPage {
    /// Whether the page shows all problems there are.
    fn all_shown(&self) -> bool {
        i64::try_from(self.problems.len()).is_ok_and(|shown| shown < SHOWN)
    }
}

impl Page for ShowPage {
    fn title(&self) -> String {
        format!("Nhập danh sách: {}", self.import.file_name)
    }
    fn wide(&self) -> bool {
        true
    }
    fn live(&self) -> bool {
        self.import.active
    }
}

/// An import.
#[utoipa::path(get, path = "/roster/{id}", operation_id = "roster.show", tag = "roster",
    params(("id" = Uuid, Path, description = "The import")),
    responses((status = 200, body = ShowPage), (status = 404, description = "No such import")))]
pub(super) async fn show(ctx: Ctx, Path(id): Path<String>) -> web::Result<View<ShowPage>> {
    super::authorise(&ctx).await?;
    let import = super::find(&ctx, &id).await?;
    let id = ImportId(import.id);
    let mut conn = ctx.read().await?;
    let preview =
        if import.is("checked") { store::preview(&mut conn, id).await? } else { Vec::new() };
    let problems = if import.active {
        Vec::new()
    } else {
        store::problems(&mut conn, id, (0, ""), SHOWN).await?
    };
    Ok(View(ShowPage {
        may_run: ctx.may_somewhere("roster.run"),
        import,
        preview: preview
            .into_iter()
            .map(|row| Preview {
                row: row.row,
                full_name: row.full_name,
                organisation: row.organisation,
                outcome: row.outcome,
            })
            .collect(),
        problems: problems
            .into_iter()
            .map(|row| Problem {
                row: row.row,
                column: row.column_title,
                value: row.value,
                reason: row.reason,
                mend: row.mend,
            })
            .collect(),
    }))
}

/// The part of the page that follows the work.
#[derive(Template)]
#[template(path = "roster_progress.html")]
struct Part {
    import: Import,
}

/// How far an import is.
#[utoipa::path(get, path = "/roster/{id}/progress", operation_id = "roster.progress", tag = "roster",
    params(("id" = Uuid, Path, description = "The import")),
    responses((status = 200, body = Import), (status = 404, description = "No such import")))]
pub(super) async fn progress(ctx: Ctx, Path(id): Path<String>) -> web::Result<Response> {
    super::authorise(&ctx).await?;
    let import = super::find(&ctx, &id).await?;
    if ctx.request.face == Face::Json {
        return Ok(axum::Json(import).into_response());
    }
    let active = import.active;
    let mut response = Html(Part { import }.render().map_err(Error::from)?).into_response();
    if !active {
        // There is more to see than this part.
        response.headers_mut().insert("hx-refresh", HeaderValue::from_static("true"));
    }
    Ok(response)
}
