//! All imports, and the form for another.

use super::{store, upload::MAX, view::Import};
use askama::Template;
use kernel::Errors;
use serde::Serialize;
use utoipa::ToSchema;
use web::{Ctx, Page, View};

/// So many imports are listed.
const SHOWN: i64 = 50;

#[derive(Template, Serialize, ToSchema)]
#[schema(as = RosterListPage)]
#[template(path = "roster_list.html")]
pub(super) struct ListPage {
    /// The latest first, 50 at most.
    imports: Vec<Import>,
    /// Whether one may upload.
    may_upload: bool,
    #[schema(value_type = Vec<Object>)]
    errors: Errors,
}

impl ListPage {
    fn most() -> String {
        format!("Tệp Excel (.xlsx) hoặc CSV, tối đa {} MB, điền theo tệp mẫu.", MAX / 1_000_000)
    }

    /// The page, with an empty form.
    pub(super) async fn load(ctx: &Ctx) -> Result<Self, kernel::Error> {
        let mut conn = ctx.read().await?;
        let now = ctx.world().now();
        let rows = store::imports(&mut conn, None, SHOWN).await?;
        Ok(Self {
            imports: rows.into_iter().map(|row| Import::new(row, now)).collect(),
            may_upload: ctx.may_somewhere("roster.upload"),
            errors: Errors::default(),
        })
    }

    /// The same with what to mend.
    pub(super) fn with(self, errors: Errors) -> Self {
        Self { errors, ..self }
    }
}

impl Page for ListPage {
    fn title(&self) -> String {
        "Nhập danh sách đảng viên".into()
    }
}

/// The imports of rosters.
#[utoipa::path(get, path = "/roster", operation_id = "roster.list", tag = "roster",
    responses((status = 200, body = ListPage)))]
pub(super) async fn list(ctx: Ctx) -> web::Result<View<ListPage>> {
    super::authorise(&ctx).await?;
    Ok(View(ListPage::load(&ctx).await?))
}
