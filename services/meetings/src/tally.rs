//! How many came: the figures of a meeting. Pure.

use crate::roll::{Presence, RollRow};
use kernel::privacy::Count;
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

/// How many came, as far as the reader may know.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Figures {
    /// Who came. Null above the branch when they, or those who did not, are few.
    #[schema(value_type = Option<i64>)]
    pub present: Count,
    /// Who had to come; likewise.
    #[schema(value_type = Option<i64>)]
    pub expected: Count,
}

impl Figures {
    /// The figures for the secretary.
    #[must_use]
    pub fn exact(tally: &Tally) -> Self {
        Self { present: Count::Exact(tally.present), expected: Count::Exact(tally.expected()) }
    }

    /// The figures for the levels above, to whom numbers under `below` are not
    /// shown.
    #[must_use]
    pub fn above(tally: &Tally, below: i64) -> Self {
        Self {
            present: Count::part(tally.present, tally.expected(), below),
            expected: Count::whole(tally.expected(), below),
        }
    }

    /// As people read them: `12 trên 15`, `dưới 5 trên 15`.
    #[must_use]
    pub fn text(&self) -> String {
        match self.expected {
            Count::Exact(_) => format!("{} trên {}", self.present, self.expected),
            _ => self.present.to_string(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Count, Figures, Tally};
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
        assert_eq!(Figures::above(&tally, 5).text(), "dưới 5 trên 13");
        let nearly_all = Tally { present: 12, ..tally };
        assert_eq!(Figures::above(&nearly_all, 5).text(), "không nêu trên 13");
        assert_eq!(Figures::above(&nearly_all, 5).present, Count::Withheld);
        let few = Tally { summoned: 4, present: 3, ..Tally::default() };
        assert_eq!(Figures::above(&few, 5).text(), "dưới 5");
        assert_eq!(Figures::above(&Tally::default(), 5).text(), "0 trên 0");
    }
}
