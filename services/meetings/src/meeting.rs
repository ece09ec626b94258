//! What a meeting is, and the steps it may take. Pure.

use kernel::Error;
use serde::Serialize;
use time::Date;
use utoipa::ToSchema;

/// Kinds of meetings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, sqlx::Type, ToSchema)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum Kind {
    /// Thường kỳ: once a month.
    Regular,
    /// Chuyên đề: on one topic.
    Topical,
    /// Bất thường.
    Extraordinary,
    /// Cấp ủy: the branch's committee.
    Committee,
}

impl Kind {
    /// Every kind, the usual one first.
    pub const ALL: [Kind; 4] = [Kind::Regular, Kind::Topical, Kind::Extraordinary, Kind::Committee];

    /// The name in SQL and JSON.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Kind::Regular => "regular",
            Kind::Topical => "topical",
            Kind::Extraordinary => "extraordinary",
            Kind::Committee => "committee",
        }
    }

    /// The name that people read.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Kind::Regular => "Thường kỳ",
            Kind::Topical => "Chuyên đề",
            Kind::Extraordinary => "Bất thường",
            Kind::Committee => "Cấp ủy",
        }
    }

    /// The title of a meeting of this kind in the month of a day.
    #[must_use]
    pub fn title(self, day: Date) -> String {
        let what = match self {
            Kind::Regular => "Sinh hoạt chi bộ thường kỳ",
            Kind::Topical => "Sinh hoạt chi bộ chuyên đề",
            Kind::Extraordinary => "Sinh hoạt chi bộ bất thường",
            Kind::Committee => "Họp cấp ủy",
        };
        format!("{what} tháng {:02}/{:04}", u8::from(day.month()), day.year())
    }
}

/// How far a meeting has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, sqlx::Type, ToSchema)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum State {
    /// Being prepared; only the secretary sees it.
    Draft,
    /// Members know when and where.
    Announced,
    /// Under way: members check in.
    Opened,
    /// Over: attendance and minute stand.
    Closed,
    /// Will not take place.
    Cancelled,
}

/// What a secretary does with a meeting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Thông báo.
    Announce,
    /// Khai mạc.
    Open,
    /// Kết thúc.
    Close,
    /// Hủy.
    Cancel,
}

/// What a step comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// The meeting moves on.
    To(State),
    /// It has been there already: the step was sent twice, nothing changes.
    Already,
}

impl State {
    /// Every state.
    pub const ALL: [State; 5] =
        [State::Draft, State::Announced, State::Opened, State::Closed, State::Cancelled];

    /// What people read.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            State::Draft => "Đang soạn",
            State::Announced => "Đã thông báo",
            State::Opened => "Đang họp",
            State::Closed => "Đã kết thúc",
            State::Cancelled => "Đã hủy",
        }
    }

    /// The colour of its tag.
    #[must_use]
    pub fn colour(self) -> &'static str {
        match self {
            State::Draft => "yellow",
            State::Announced => "blue",
            State::Opened => "green",
            State::Closed => "grey",
            State::Cancelled => "red",
        }
    }

    /// Where a step leads from here.
    ///
    /// # Errors
    /// [`Error::Conflict`] with what to do instead.
    pub fn after(self, step: Step) -> Result<Progress, Error> {
        use Progress::{Already, To};
        let refusal = match (self, step) {
            (State::Draft, Step::Announce) => return Ok(To(State::Announced)),
            (State::Announced, Step::Open) => return Ok(To(State::Opened)),
            (State::Opened, Step::Close) => return Ok(To(State::Closed)),
            (State::Draft | State::Announced, Step::Cancel) => return Ok(To(State::Cancelled)),
            (State::Announced, Step::Announce)
            | (State::Opened, Step::Open)
            | (State::Closed, Step::Close)
            | (State::Cancelled, Step::Cancel) => return Ok(Already),
            (State::Draft, Step::Open) => {
                "Buổi sinh hoạt này chưa được thông báo. Hãy thông báo cho đảng viên trước rồi mới khai mạc."
            }
            (State::Draft | State::Announced, Step::Close) => {
                "Buổi sinh hoạt này chưa khai mạc nên chưa kết thúc được. Hãy khai mạc trước."
            }
            (State::Opened, Step::Announce) => {
                "Buổi sinh hoạt này đang diễn ra, không thông báo lại được nữa."
            }
            (State::Opened, Step::Cancel) => {
                "Buổi sinh hoạt đã khai mạc thì không hủy được. Hãy kết thúc và ghi rõ lý do vào tóm tắt nội dung."
            }
            (State::Closed, Step::Announce | Step::Open | Step::Cancel) => {
                "Buổi sinh hoạt này đã kết thúc. Nếu cần họp tiếp, hãy lập buổi sinh hoạt khác."
            }
            (State::Cancelled, Step::Announce | Step::Open | Step::Close) => {
                "Buổi sinh hoạt này đã hủy. Nếu vẫn họp, hãy lập buổi sinh hoạt khác."
            }
        };
        Err(Error::Conflict(refusal.into()))
    }
}

#[cfg(test)]
mod tests {
    use super::{Kind, Progress, State, Step};
    use kernel::Error;
    use time::macros::date;

    #[test]
    fn a_meeting_goes_one_way() {
        let mut state = State::Draft;
        for (step, next) in [
            (Step::Announce, State::Announced),
            (Step::Open, State::Opened),
            (Step::Close, State::Closed),
        ] {
            assert_eq!(state.after(step).unwrap(), Progress::To(next));
            state = next;
            assert_eq!(state.after(step).unwrap(), Progress::Already, "sent twice");
        }
    }

    #[test]
    fn it_can_be_cancelled_until_it_opens() {
        for state in [State::Draft, State::Announced] {
            assert_eq!(state.after(Step::Cancel).unwrap(), Progress::To(State::Cancelled));
        }
        assert_eq!(State::Cancelled.after(Step::Cancel).unwrap(), Progress::Already);
    }

    #[test]
    fn every_other_step_is_a_conflict_with_a_sentence() {
        let mut refused = 0;
        for state in State::ALL {
            for step in [Step::Announce, Step::Open, Step::Close, Step::Cancel] {
                match state.after(step) {
                    Ok(_) => {}
                    Err(Error::Conflict(text)) => {
                        refused += 1;
                        assert!(text.ends_with('.'), "{state:?} {step:?}: {text}");
                    }
                    Err(other) => panic!("{state:?} {step:?}: {other}"),
                }
            }
        }
        assert_eq!(refused, 20 - 5 - 4, "five steps lead on, four repeat");
    }

    #[test]
    fn titles_name_the_month() {
        assert_eq!(
            Kind::Regular.title(date!(2026 - 03 - 03)),
            "Sinh hoạt chi bộ thường kỳ tháng 03/2026"
        );
    }
}
