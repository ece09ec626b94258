//! Who came: the roll of a meeting. Pure.

use crate::words::clock;
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
    pub const ALL: [Presence; 4] =
        [Presence::Present, Presence::Excused, Presence::Absent, Presence::Exempt];

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

    /// Since when, to follow a word: ` lúc 19:42`.
    pub(crate) fn since(&self) -> String {
        since(self.at)
    }

    /// Whether they are still waited for.
    #[must_use]
    pub fn unmarked(&self) -> bool {
        self.standing().is_none()
    }
}

/// Since when, to follow a word: ` lúc 19:42`; empty when it is not known.
pub(crate) fn since(at: Option<OffsetDateTime>) -> String {
    at.map_or_else(String::new, |at| format!(" lúc {}", clock(at)))
}
