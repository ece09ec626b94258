//! The home page: what every service finds most important for this person.

use askama::Template;
use serde::Serialize;
use utoipa::ToSchema;
use web::{Card, Ctx, Page, Routes, View};

#[derive(Template, Serialize, ToSchema)]
#[template(path = "home.html")]
struct HomePage {
    name: String,
    #[schema(value_type = Vec<Object>)]
    cards: Vec<Card>,
}

impl Page for HomePage {
    fn title(&self) -> String {
        "Trang chủ".into()
    }
}

/// The home page's routes.
#[must_use]
pub fn routes() -> Routes {
    Routes::new("p, member, home.show")
        .nav(0, "/", "Trang chủ", "home.show")
        .route(web::routes!(home))
}

/// The next meeting, what must be read, and for those who follow units, how
/// they stand.
#[utoipa::path(get, path = "/", operation_id = "home.show", tag = "home", responses((status = 200, body = HomePage)))]
async fn home(ctx: Ctx) -> web::Result<View<HomePage>> {
    let name = ctx.actor()?.name.clone();
    let cards =
        [meetings::home(&ctx).await?, documents::home(&ctx).await?, adoption::home(&ctx).await?];
    Ok(View(HomePage { name, cards: cards.into_iter().flatten().collect() }))
}
