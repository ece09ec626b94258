//! Who came: the roll of a meeting and its figures. Pure.

use kernel::MemberId;
use serde::Serialize;
use time::OffsetDateTime;
use utoipa::ToSchema;

/// How a summoned member stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, sqlx::Type, ToSchema)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum Presence {
    /// Có mặt.
    Present,
    /// Vắng có lý do.
    Excused,
    /// Vắng không lý do.
    Absent,
    /// Miễn sinh hoạt.
    Exempt,
}

impl Presence {
    /// Every way to stand.
    pub const ALL: [Presence; 4] = [Presence::Present, Presence::Excused, Presence::Absent, Presence::Exempt];

    /// The name in SQL and JSON.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Presence::Present => "present",
            Presence::Excused => "excused",
            Presence::Absent => "absent",
            Presence::Exempt => "exempt",
        }
    }

    /// What people read.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Presence::Present => "Có mặt",
            Presence::Excused => "Vắng có lý do",
            Presence::Absent => "Vắng không lý do",
            Presence::Exempt => "Miễn sinh hoạt",
        }
    }

    /// The colour of its tag.
    #[must_use]
    pub fn colour(self) -> &'static str {
        match self {
            Presence::Present => "green",
            Presence::Excused => "yellow",
            Presence::Absent => "red",
            Presence::Exempt => "grey",
        }
    }
}

/// How it became known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, sqlx::Type, ToSchema)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum Via {
    /// The member scanned the QR code.
    Qr,
    /// The member typed the code.
    Code,
    /// The secretary checked the member in.
    Assisted,
    /// The secretary called the roll.
    RollCall,
}

impl Via {
    /// The name in SQL and JSON.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Via::Qr => "qr",
            Via::Code => "code",
            Via::Assisted => "assisted",
            Via::RollCall => "roll_call",
        }
    }

    /// What people read.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Via::Qr => "Quét mã QR",
            Via::Code => "Nhập mã",
            Via::Assisted => "Bí thư điểm danh hộ",
            Via::RollCall => "Bí thư ghi",
        }
    }
}

/// One summoned member on the roll.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct RollRow {
    /// The member.
    #[schema(value_type = uuid::Uuid)]
    pub member: MemberId,
    /// Their name; for the secretary of the branch only.
    pub name: String,
    /// Whether the roster exempts them from meetings.
    pub exempt: bool,
    /// How they stand; nothing while they are neither here nor marked.
    pub state: Option<Presence>,
    /// How it became known.
    pub via: Option<Via>,
    /// When.
    #[serde(with = "time::serde::rfc3339::option")]
    pub at: Option<OffsetDateTime>,
    /// Why they are away.
    pub reason: String,
}

impl RollRow {
    /// How they stand as far as anybody knows: who is exempt needs no mark.
    #[must_use]
    pub fn standing(&self) -> Option<Presence> {
        self.state.or(self.exempt.then_some(Presence::Exempt))
    }

    /// Whether they are still waited for.
    #[must_use]
    pub fn unmarked(&self) -> bool {
        self.standing().is_none()
    }
}

/// The figures of a meeting.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct Tally {
    /// Everybody on the roll, the exempt among them.
    pub summoned: i64,
    /// Who came; an exempt member who comes counts here.
    pub present: i64,
    /// Away with a reason.
    pub excused: i64,
    /// Away without.
    pub absent: i64,
    /// Exempt and not here: neither present nor absent.
    pub exempt: i64,
}

impl Tally {
    /// Counts a roll.
    #[must_use]
    pub fn of(rows: &[RollRow]) -> Self {
        let mut tally = Tally::default();
        for row in rows {
            tally.summoned += 1;
            match row.standing() {
                Some(Presence::Present) => tally.present += 1,
                Some(Presence::Excused) => tally.excused += 1,
                Some(Presence::Absent) => tally.absent += 1,
                Some(Presence::Exempt) => tally.exempt += 1,
                None => {}
            }
        }
        tally
    }

    /// Who had to come: the denominator of attendance.
    #[must_use]
    pub fn expected(&self) -> i64 {
        self.summoned - self.exempt
    }

    /// Who is neither here nor marked.
    #[must_use]
    pub fn unmarked(&self) -> i64 {
        self.expected() - self.present - self.excused - self.absent
    }
}

#[cfg(test)]
mod tests {
    use super::{Presence, RollRow, Tally};
    use uuid::Uuid;

    fn row(exempt: bool, state: Option<Presence>) -> RollRow {
        RollRow {
            member: Uuid::nil().into(),
            name: String::new(),
            exempt,
            state,
            via: None,
            at: None,
            reason: String::new(),
        }
    }

    #[test]
    fn an_exempt_member_is_never_absent_but_counts_when_present() {
        let rows = [
            row(false, Some(Presence::Present)),
            row(false, Some(Presence::Excused)),
            row(false, None),
            row(true, None),
            row(true, Some(Presence::Present)),
        ];
        let tally = Tally::of(&rows);
        assert_eq!(tally, Tally { summoned: 5, present: 2, excused: 1, absent: 0, exempt: 1 });
        assert_eq!((tally.expected(), tally.unmarked()), (4, 1));
        assert!(rows[2].unmarked() && !rows[3].unmarked());
    }
}
