//! The help page: the same on every page, with the branch secretary's way of
//! contact for whoever is signed in.

use super::store;
use askama::Template;
use serde::Serialize;
use utoipa::ToSchema;
use web::{Ctx, Page, View};

#[derive(Template, Serialize, ToSchema)]
#[template(path = "help.html")]
pub(super) struct HelpPage {
    signed_in: bool,
    secretaries: Vec<Secretary>,
}

#[derive(Serialize, ToSchema)]
struct Secretary {
    name: String,
    phone: String,
}

impl Page for HelpPage {
    fn title(&self) -> String {
        "Giúp đỡ".into()
    }
}

/// How to go on when stuck, and whom to ask.
#[utoipa::path(get, path = "/help", operation_id = "help.show", tag = "account", security(()),
    responses((status = 200, body = HelpPage)))]
pub(super) async fn help(ctx: Ctx) -> web::Result<View<HelpPage>> {
    let Ok(actor) = ctx.actor() else {
        return Ok(View(HelpPage { signed_in: false, secretaries: Vec::new() }));
    };
    let mut conn = ctx.read().await?;
    let secretaries = store::secretaries(&mut conn, actor.organisation).await?;
    Ok(View(HelpPage {
        signed_in: true,
        secretaries: secretaries
            .into_iter()
            .map(|(name, phone)| Secretary { name, phone: phone.unwrap_or_default() })
            .collect(),
    }))
}
