//! Before a meeting closes: who will stand as absent, and the short minute.

use crate::{
    meeting::{Kind, Progress, Step},
    roll::RollRow,
    rules::{self, Rule},
    seat,
    store::{Meeting, roll},
    tally::Tally,
};
use axum::extract::Path;
use kernel::{Error, Errors, Result, World, viet};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;
use web::{Ctx, View};

/// The form that closes a meeting.
#[derive(askama::Template, Serialize, ToSchema)]
#[template(path = "close.html")]
pub struct ClosePage {
    /// The meeting.
    pub id: Uuid,
    /// Its title.
    pub title: String,
    /// The figures as they stand.
    pub tally: Tally,
    /// Who is neither here nor marked, and will stand as absent without a reason.
    pub waited: Vec<RollRow>,
    /// Minutes since it opened.
    pub minutes: i64,
    /// Fewest minutes it should take, with the source; nothing when it has.
    pub too_short: Option<Rule>,
    /// Fewest characters of the minute.
    pub minute_characters: i64,
    #[serde(skip)]
    minute: String,
    #[serde(skip)]
    errors: Errors,
}

impl ClosePage {
    pub(crate) fn new(
        world: &World,
        meeting: Meeting,
        roll: Vec<RollRow>,
        minute: String,
    ) -> Result<Self> {
        let day = meeting.starts_at.to_offset(viet::HO_CHI_MINH).date();
        let minutes = meeting.opened_at.map_or(0, |at| (world.now() - at).whole_minutes());
        let due = if meeting.kind == Kind::Regular {
            rules::on(day, rules::REGULAR_MINUTES)?
        } else {
            None
        };
        Ok(Self {
            id: meeting.id.0,
            title: meeting.title,
            tally: Tally::of(&roll),
            waited: roll.into_iter().filter(RollRow::unmarked).collect(),
            minutes,
            too_short: due.filter(|rule| minutes < rule.value),
            minute_characters: rules::minute_characters(day)?,
            minute,
            errors: Errors::default(),
        })
    }

    /// The same page with what needs mending.
    pub(crate) fn with(self, errors: Errors) -> Self {
        Self { errors, ..self }
    }

    /// Who the form shows, for it to send back.
    fn shown(&self) -> String {
        let ids: Vec<String> = self.waited.iter().map(|row| row.member.to_string()).collect();
        ids.join(" ")
    }
}

impl web::Page for ClosePage {
    fn title(&self) -> String {
        format!("Kết thúc: {}", self.title)
    }
}

/// The form that closes a meeting: who is still waited for, and the minute.
#[utoipa::path(get, path = "/meetings/{id}/close", operation_id = "meeting.close_form", tag = "meetings",
    params(("id" = Uuid, Path)),
    responses((status = 200, body = ClosePage), (status = 409, description = "Not open")))]
pub async fn close_form(ctx: Ctx, Path(id): Path<String>) -> web::Result<View<ClosePage>> {
    let mut conn = ctx.read().await?;
    let meeting = seat::chaired(&ctx, &mut conn, &id).await?;
    if meeting.state.after(Step::Close)? == Progress::Already {
        return Err(Error::Conflict("Buổi sinh hoạt này đã kết thúc.".into()).into());
    }
    let rows = roll::roll(&mut conn, meeting.id).await?;
    Ok(View(ClosePage::new(ctx.world(), meeting, rows, String::new())?))
}
