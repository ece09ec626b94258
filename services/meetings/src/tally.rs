//! How many came: the figures of a meeting. Pure.

use crate::roll::{Presence, RollRow};
use kernel::viet;
use serde::Serialize;
use utoipa::ToSchema;

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

/// Counts of fewer people than this are not shown to the levels above.
const SMALLEST_CELL: i64 = 5;

/// How many came, as far as the reader may know.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Figures {
    /// Who came; nothing when there are fewer than five and the reader is
    /// above the branch.
    pub present: Option<i64>,
    /// Who had to come; likewise.
    pub expected: Option<i64>,
}

impl Figures {
    /// The figures for the secretary.
    #[must_use]
    pub fn exact(tally: &Tally) -> Self {
        Self { present: Some(tally.present), expected: Some(tally.expected()) }
    }

    /// The figures for the levels above.
    #[must_use]
    pub fn above(tally: &Tally) -> Self {
        let cell = |count: i64| (count == 0 || count >= SMALLEST_CELL).then_some(count);
        Self { present: cell(tally.present), expected: cell(tally.expected()) }
    }

    /// As people read them: `12 trên 15`, `dưới 5 trên 15`.
    #[must_use]
    pub fn text(&self) -> String {
        let cell = |count: Option<i64>| {
            count.map_or_else(|| format!("dưới {SMALLEST_CELL}"), viet::format_count)
        };
        match self.expected {
            Some(_) => format!("{} trên {}", cell(self.present), cell(self.expected)),
            None => cell(self.present),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Figures, Tally};
    use crate::roll::{Presence, RollRow};
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

    #[test]
    fn above_the_branch_small_counts_are_not_shown() {
        let tally = Tally { summoned: 14, present: 4, exempt: 1, ..Tally::default() };
        assert_eq!(Figures::exact(&tally).text(), "4 trên 13");
        assert_eq!(Figures::above(&tally), Figures { present: None, expected: Some(13) });
        assert_eq!(Figures::above(&tally).text(), "dưới 5 trên 13");
        let few = Tally { summoned: 4, present: 3, ..Tally::default() };
        assert_eq!(Figures::above(&few).text(), "dưới 5");
        assert_eq!(Figures::above(&Tally::default()).text(), "0 trên 0");
    }
}
