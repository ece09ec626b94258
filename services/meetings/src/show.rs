//! One meeting, as far as the reader's seat sees it.

use crate::{
    meeting::{Kind, State},
    roll::{Presence, RollRow, since},
    seat::{self, Seat},
    store::roll,
    tally::{Figures, Tally},
};
use axum::extract::Path;
use kernel::privacy;
use serde::Serialize;
use time::OffsetDateTime;
use utoipa::ToSchema;
use uuid::Uuid;
use web::{Ctx, View};

/// A meeting.
#[derive(askama::Template, Serialize, ToSchema)]
#[template(path = "show.html")]
pub struct ShowPage {
    /// The meeting.
    pub id: Uuid,
    /// The branch that holds it.
    pub organisation: String,
    /// What kind.
    pub kind: Kind,
    /// How far it has come.
    pub state: State,
    /// Its title.
    pub title: String,
    /// Where.
    pub place: String,
    /// What about, one item a line.
    pub agenda: String,
    /// When.
    #[serde(with = "time::serde::rfc3339")]
    pub starts_at: OffsetDateTime,
    /// From where the reader looks at it.
    pub seat: Seat,
    /// How the reader stands, when they are summoned and it is known.
    pub mine: Option<Presence>,
    /// Since when.
    #[serde(with = "time::serde::rfc3339::option")]
    pub mine_at: Option<OffsetDateTime>,
    /// Whether the reader may check in now.
    pub may_check_in: bool,
    /// Who is on the roll and how they stand, in figures for the secretary.
    pub tally: Option<Tally>,
    /// How many came, for the secretary and the levels above.
    pub figures: Option<Figures>,
    /// The roll, for the secretary.
    pub roll: Vec<RollRow>,
    /// The short minute, for the branch.
    pub minute: String,
}

impl ShowPage {
    fn chair(&self) -> bool {
        self.seat == Seat::Chair
    }

    fn since(&self) -> String {
        since(self.mine_at)
    }

    fn may_cancel(&self) -> bool {
        self.chair() && matches!(self.state, State::Draft | State::Announced)
    }

    /// Whether there is attendance to speak of.
    fn held(&self) -> bool {
        matches!(self.state, State::Opened | State::Closed)
    }
}

impl web::Page for ShowPage {
    fn title(&self) -> String {
        self.title.clone()
    }
}

/// One meeting: when, where, what about, and the next step.
#[utoipa::path(get, path = "/meetings/{id}", operation_id = "meeting.show", tag = "meetings",
    params(("id" = Uuid, Path)), responses((status = 200, body = ShowPage)))]
pub async fn show(ctx: Ctx, Path(id): Path<String>) -> web::Result<View<ShowPage>> {
    let actor = ctx.actor()?;
    let mut conn = ctx.read().await?;
    let meeting = seat::meeting(&mut conn, &id).await?;
    let seat = seat::of(&ctx, &meeting)?;
    let held = matches!(meeting.state, State::Opened | State::Closed);
    let mut rows = Vec::new();
    let (mut tally, mut figures) = (None, None);
    let mut mine = None;
    // The secretary is a member too, as a rule of the same branch.
    let summoned = meeting.path.covers(&actor.path);
    match seat {
        Seat::Chair => {
            rows = roll::roll(&mut conn, meeting.id).await?;
            let counted = Tally::of(&rows);
            (tally, figures) = (Some(counted), Some(Figures::exact(&counted)));
            mine = rows
                .iter()
                .find(|row| row.member == actor.member)
                .and_then(|row| row.state.zip(row.at));
        }
        Seat::Summoned => mine = roll::recorded(&mut conn, meeting.id, actor.member).await?,
        Seat::Above => {
            let counted = roll::tally(&mut conn, meeting.id).await?;
            let few = privacy::below(ctx.world().today());
            figures = Some(Figures::above(&counted, few));
        }
    }
    if !held {
        rows.clear();
    }
    Ok(View(ShowPage {
        id: meeting.id.0,
        organisation: meeting.organisation_name,
        kind: meeting.kind,
        state: meeting.state,
        title: meeting.title,
        place: meeting.place,
        agenda: meeting.agenda,
        starts_at: meeting.starts_at,
        seat,
        mine: mine.map(|(state, _)| state),
        mine_at: mine.map(|(_, at)| at),
        may_check_in: summoned && meeting.state == State::Opened && mine.is_none(),
        tally,
        figures,
        roll: rows,
        minute: if seat == Seat::Above {
            String::new()
        } else {
            meeting.minute.unwrap_or_default()
        },
    }))
}
