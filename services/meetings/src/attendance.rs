//! The roll, for the secretary: who is here, and marking those who are not or
//! who have no phone.

use crate::{
    assist::AssistInput,
    meeting::State,
    roll::{Presence, RollRow},
    seat,
    store::{Meeting, roll},
    tally::Tally,
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
    pub(crate) fn new(
        meeting: Meeting,
        roll: Vec<RollRow>,
        form: AssistInput,
        errors: Errors,
    ) -> Self {
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

    /// The identifier of a row's field. The form that was sent has the plain
    /// names, which the list of errors links to.
    fn field(&self, row: &RollRow, name: &str) -> String {
        if self.sent(row) { name.to_owned() } else { format!("{name}-{}", row.member) }
    }

    fn error(&self, row: &RollRow, name: &str) -> Option<&str> {
        if self.sent(row) { self.errors.of(name) } else { None }
    }

    fn chosen(&self, row: &RollRow, state: Presence) -> bool {
        if self.sent(row) { self.form.state == state.name() } else { row.state == Some(state) }
    }

    fn reason<'a>(&'a self, row: &'a RollRow) -> &'a str {
        if self.sent(row) { &self.form.reason } else { &row.reason }
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

#[cfg(test)]
mod tests {
    use super::AttendancePage;
    use crate::{
        assist::AssistInput,
        meeting::State,
        roll::{Presence, RollRow, Via},
        tally::Tally,
    };
    use askama::Template as _;
    use kernel::{Error, World};
    use time::macros::datetime;
    use uuid::Uuid;

    #[test]
    fn what_was_entered_comes_back_in_its_own_row() {
        let world = World::system();
        let row = |name: &str, state: Option<Presence>| RollRow {
            member: world.id(),
            name: name.into(),
            exempt: false,
            state,
            via: state.map(|_| Via::Qr),
            at: state.map(|_| datetime!(2026-12-03 12:31 UTC)),
            reason: String::new(),
        };
        let roll = vec![row("Lê Thị Ánh", Some(Presence::Present)), row("Vũ Văn Bình", None)];
        let Error::Invalid(errors) = Error::field("reason", "Hãy ghi lý do.") else {
            unreachable!()
        };
        let form = AssistInput {
            member: roll[1].member.to_string(),
            state: "excused".into(),
            reason: "ốm<".into(),
        };
        let page = AttendancePage {
            id: Uuid::nil(),
            title: "Sinh hoạt".into(),
            state: State::Opened,
            tally: Tally::of(&roll),
            roll,
            form,
            errors,
        };
        let html = page.render().unwrap();
        assert!(html.contains("Quét mã QR lúc 19:31"), "{html}");
        assert_eq!(
            html.matches(r#"id="reason""#).count(),
            1,
            "the list of errors links to one field"
        );
        assert!(
            html.contains(r##"<a href="#reason">"##) && html.contains(r#"value="ốm&#60;""#),
            "{html}"
        );
        assert!(html.contains(r#"value="excused" selected"#));
        assert_eq!(
            html.matches(": Vũ Văn Bình</span></button>").count(),
            1,
            "one tap for who has no phone"
        );
        assert!(!html.contains(": Lê Thị Ánh</span></button>"));
    }
}
