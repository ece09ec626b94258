//! How many have come, for the chair's screen to fetch again and again.

use crate::{meeting::State, seat, store::roll, tally::Tally};
use askama::Template as _;
use axum::{
    Json,
    extract::Path,
    http::StatusCode,
    response::{Html, IntoResponse as _, Response},
};
use serde::Serialize;
use utoipa::ToSchema;
use web::{Ctx, Face};

/// How many have come.
#[derive(askama::Template, Serialize, ToSchema)]
#[template(path = "count.html")]
pub struct Count {
    /// The figures.
    pub tally: Tally,
    /// Whether members may still check in.
    pub open: bool,
}

/// How many have come: a fragment of the chair's screen, or the figures.
#[utoipa::path(get, path = "/meetings/{id}/board/count", operation_id = "meeting.count", tag = "meetings",
    params(("id" = uuid::Uuid, Path)), responses((status = 200, body = Count)))]
pub async fn count(ctx: Ctx, Path(id): Path<String>) -> web::Result<Response> {
    let mut conn = ctx.read().await?;
    let meeting = seat::chaired(&ctx, &mut conn, &id).await?;
    let tally = roll::tally(&mut conn, meeting.id).await?;
    let count = Count { tally, open: meeting.state == State::Opened };
    if ctx.request.face == Face::Json {
        return Ok(Json(count).into_response());
    }
    let html = Html(count.render().map_err(kernel::Error::from)?);
    // htmx stops asking on this status; a screen left on should not ask all night.
    let status = if count.open {
        StatusCode::OK
    } else {
        StatusCode::from_u16(286).map_err(kernel::Error::from)?
    };
    Ok((status, html).into_response())
}
