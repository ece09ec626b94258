//! Head counts as one reader may see them, in JSON and in words.

use crate::share::{Counts, Percent};
use kernel::{privacy::Shown, viet};
use serde::Serialize;
use utoipa::ToSchema;

const WITHHELD: &str = "không nêu";

/// Figures of a unit. What is withheld is null in JSON.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
pub struct Figure {
    /// The denominator.
    pub members: i64,
    /// Members who have a smartphone.
    pub smartphones: Option<i64>,
    /// Members whose account is activated.
    pub activated: Option<i64>,
    /// Members whose account is not activated.
    pub not_activated: Option<i64>,
    /// Activated of members, in percent.
    #[schema(value_type = Option<f64>)]
    pub percent: Percent,
    /// How much of it is shown, and why not all: `all`, `few` (fewer than the
    /// rule shows have yet to activate) or `withheld`.
    #[schema(value_type = String)]
    pub shown: Shown,
    #[serde(skip)]
    below: i64,
}

impl Figure {
    /// `below` is the first count that is not too small to be shown.
    #[must_use]
    pub fn new(counts: Counts, shown: Shown, below: i64) -> Self {
        let all = shown == Shown::All;
        Self {
            members: counts.members,
            smartphones: all.then_some(counts.smartphones),
            activated: all.then_some(counts.activated),
            not_activated: all.then_some(counts.members - counts.activated),
            percent: if all {
                Percent::of(counts.activated, counts.members)
            } else {
                Percent(None)
            },
            shown,
            below,
        }
    }

    /// The denominator, as people read it.
    #[must_use]
    pub fn members_text(&self) -> String {
        viet::format_count(self.members)
    }

    /// The smartphone owners, as people read it.
    #[must_use]
    pub fn smartphones_text(&self) -> String {
        self.smartphones.map_or_else(|| WITHHELD.into(), viet::format_count)
    }

    /// The numerator, as people read it.
    #[must_use]
    pub fn activated_text(&self) -> String {
        self.activated.map_or_else(|| WITHHELD.into(), viet::format_count)
    }

    /// The rest, as people read it.
    #[must_use]
    pub fn not_activated_text(&self) -> String {
        match self.not_activated {
            Some(count) => viet::format_count(count),
            None if self.shown == Shown::Few => format!("dưới {}", self.below),
            None => WITHHELD.into(),
        }
    }

    /// The share, as people read it.
    #[must_use]
    pub fn percent_text(&self) -> String {
        self.activated.map_or_else(
            || WITHHELD.into(),
            |activated| viet::format_percent(activated, self.members),
        )
    }

    /// The share in words with both of its numbers.
    #[must_use]
    pub fn sentence(&self) -> String {
        match self.activated {
            Some(activated) => format!(
                "{} trên {} đảng viên đã kích hoạt tài khoản",
                viet::format_count(activated),
                viet::format_count(self.members)
            ),
            None => format!(
                "Số chưa kích hoạt: {}, trên {} đảng viên",
                self.not_activated_text(),
                viet::format_count(self.members)
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Figure;
    use crate::share::Counts;
    use kernel::privacy::Shown;

    #[test]
    fn what_is_withheld_cannot_be_worked_out_from_the_rest() {
        let counts = Counts { members: 20, smartphones: 19, activated: 17 };
        let few = Figure::new(counts, Shown::Few, 5);
        assert_eq!(few.not_activated_text(), "dưới 5");
        let json = serde_json::to_value(few).unwrap();
        for field in ["smartphones", "activated", "not_activated", "percent"] {
            assert!(json[field].is_null(), "{field}");
        }
        assert_eq!(json["shown"], "few");
        let all = Figure::new(counts, Shown::All, 5);
        assert_eq!(
            (all.not_activated_text().as_str(), all.percent_text().as_str()),
            ("3", "85,0 %")
        );
        assert_eq!(Figure::new(counts, Shown::Withheld, 5).not_activated_text(), "không nêu");
    }
}
