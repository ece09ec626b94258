//! The chair's screen: a large QR code, the same code to type, and how many
//! have come.

use crate::{meeting::State, seat, store::roll, tally::Tally};
use axum::extract::Path;
use kernel::Error;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;
use web::{Ctx, View};

/// The chair's screen.
#[derive(askama::Template, Serialize, ToSchema)]
#[template(path = "board.html")]
pub struct BoardPage {
    /// The meeting.
    pub id: Uuid,
    /// Its title.
    pub title: String,
    /// The code to type.
    pub code: String,
    /// Where to type it.
    pub address: String,
    /// What the QR code holds.
    pub link: String,
    /// How many have come.
    pub tally: Tally,
    /// The QR code.
    #[serde(skip)]
    svg: String,
}

impl web::Page for BoardPage {
    fn title(&self) -> String {
        format!("Điểm danh: {}", self.title)
    }

    fn wide(&self) -> bool {
        true
    }

    fn live(&self) -> bool {
        true
    }
}

/// The screen from which members check in.
#[utoipa::path(get, path = "/meetings/{id}/board", operation_id = "meeting.board", tag = "meetings",
    params(("id" = Uuid, Path)),
    responses((status = 200, body = BoardPage), (status = 409, description = "Not open")))]
pub async fn board(ctx: Ctx, Path(id): Path<String>) -> web::Result<View<BoardPage>> {
    let mut conn = ctx.read().await?;
    let meeting = seat::chaired(&ctx, &mut conn, &id).await?;
    let Some(code) = meeting.code else {
        let why = match meeting.state {
            State::Closed => "Buổi sinh hoạt đã kết thúc nên không điểm danh nữa.",
            State::Cancelled => "Buổi sinh hoạt đã hủy nên không có mã điểm danh.",
            _ => "Buổi sinh hoạt chưa khai mạc nên chưa có mã điểm danh.",
        };
        return Err(Error::Conflict(why.into()).into());
    };
    let tally = roll::tally(&mut conn, meeting.id).await?;
    let origin = &ctx.request.origin;
    let link = format!("{origin}/meetings/check-in?code={code}&via=qr");
    let host = origin.split_once("://").map_or(origin.as_str(), |(_, host)| host);
    Ok(View(BoardPage {
        id: meeting.id.0,
        title: meeting.title,
        svg: render::qr::svg(&link, "Mã QR để điểm danh").map_err(Error::from)?,
        address: format!("{host}/meetings/check-in"),
        code,
        link,
        tally,
    }))
}

#[cfg(test)]
mod tests {
    use super::BoardPage;
    use crate::tally::Tally;
    use askama::Template as _;
    use uuid::Uuid;

    #[test]
    fn the_count_follows_by_attributes_alone() {
        let page = BoardPage {
            id: Uuid::nil(),
            title: "Sinh hoạt".into(),
            code: "K7QP3M".into(),
            address: "thanh-hoa.localhost:8080/meetings/check-in".into(),
            link: String::new(),
            tally: Tally { summoned: 14, present: 9, exempt: 2, ..Tally::default() },
            svg: "<svg></svg>".into(),
        };
        let html = page.render().unwrap();
        assert!(html.contains(&format!(
            r#"hx-get="/meetings/{}/board/count" hx-trigger="every 5s""#,
            page.id
        )));
        assert!(html.contains("Có mặt 9/12"), "the exempt are not in the denominator");
        for inline in ["<script", "style=", "hx-on", "onclick"] {
            assert!(!html.contains(inline), "{inline}");
        }
    }
}
