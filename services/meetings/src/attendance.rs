//! The roll, for the secretary: who is here, and marking those who are not or
//! who have no phone.

use crate::{
    assist::AssistInput,
    meeting::{State, clock},
    roll::{Presence, RollRow, Tally},
    seat,
    store::{Meeting, roll},
};
use axum::extract::Path;
use kernel::Errors;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;
use web::{Ctx, View};

/// The roll of a meeting.
#[derive(askama::Template, Serialize, ToSchema)]
#[template(path = "attendance.html")]
pub struct AttendancePage {
    /// The meeting.
    pub id: Uuid,
    /// Its title.
    pub title: String,
    /// How far it has come; marks are taken while it is open.
    pub state: State,
    /// The figures.
    pub tally: Tally,
    /// The summoned, in the order of their names.
    pub roll: Vec<RollRow>,
    /// What was sent and needs mending.
    #[serde(skip)]
    form: AssistInput,
    #[serde(skip)]
    errors: Errors,
}

impl AttendancePage {
    pub(crate) fn new(meeting: Meeting, roll: Vec<RollRow>, form: AssistInput, errors: Errors) -> Self {
        Self {
            id: meeting.id.0,
            title: meeting.title,
            state: meeting.state,
            tally: Tally::of(&roll),
            roll,
            form,
            errors,
        }
    }

    fn open(&self) -> bool {
        self.state == State::Opened
    }

    /// Whether the form that was sent is this row's.
    fn sent(&self, row: &RollRow) -> bool {
        self.form.member == row.member.to_string()
    }
}

impl web::Page for AttendancePage {
    fn title(&self) -> String {
        format!("Danh sách điểm danh: {}", self.title)
    }
}

/// The roll of a meeting, by name.
#[utoipa::path(get, path = "/meetings/{id}/attendance", operation_id = "meeting.attendance", tag = "meetings",
    params(("id" = Uuid, Path)), responses((status = 200, body = AttendancePage)))]
pub async fn attendance(ctx: Ctx, Path(id): Path<String>) -> web::Result<View<AttendancePage>> {
    let mut conn = ctx.read().await?;
    let meeting = seat::chaired(&ctx, &mut conn, &id).await?;
    let rows = roll::roll(&mut conn, meeting.id).await?;
    Ok(View(AttendancePage::new(meeting, rows, AssistInput::default(), Errors::default())))
}
