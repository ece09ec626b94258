//! The rule pack `tenant-config/rules/adoption.toml`, compiled in.

use crate::share::Counts;
use serde::{Deserialize, Deserializer};
use std::sync::LazyLock;
use time::Date;

static RULES: LazyLock<Rules> = LazyLock::new(|| {
    toml::from_str(include_str!("../../../tenant-config/rules/adoption.toml"))
        .unwrap_or_else(|error| unreachable!("the rule pack is read by a test: {error}"))
});

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Rules {
    named_below: Vec<Rule<NamedBelow>>,
}

/// A rule with its time and its source.
#[derive(Debug, Deserialize)]
pub struct Rule<T> {
    #[serde(deserialize_with = "day")]
    valid_from: Date,
    #[serde(default, deserialize_with = "later_day")]
    valid_to: Option<Date>,
    /// Where the rule comes from, as readers see it.
    pub citation: String,
    /// A, B, C or D: how well the source is known.
    pub confidence: String,
    /// What it says.
    #[serde(flatten)]
    pub rule: T,
}

/// Units below this share are named.
#[derive(Debug, Deserialize)]
pub struct NamedBelow {
    /// Whole percent of the members.
    pub percent: i64,
}

impl NamedBelow {
    /// Whether a unit is to be named. Compared exactly, before any rounding.
    #[must_use]
    pub fn names(&self, counts: Counts) -> bool {
        counts.members > 0
            && i128::from(counts.activated) * 100
                < i128::from(self.percent) * i128::from(counts.members)
    }
}

/// The share below which units are named in a report of that day.
#[must_use]
pub fn named_below(on: Date) -> Option<&'static Rule<NamedBelow>> {
    at(&RULES.named_below, on)
}

fn at<T>(rules: &[Rule<T>], on: Date) -> Option<&Rule<T>> {
    rules.iter().find(|rule| rule.valid_from <= on && rule.valid_to.is_none_or(|end| on < end))
}

fn day<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Date, D::Error> {
    let text = String::deserialize(deserializer)?;
    kernel::viet::parse_date(&text).map_err(serde::de::Error::custom)
}

fn later_day<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Date>, D::Error> {
    day(deserializer).map(Some)
}

#[cfg(test)]
mod tests {
    use super::{NamedBelow, RULES, named_below};
    use crate::share::Counts;
    use time::macros::date;

    #[test]
    fn the_pack_is_read_and_each_rule_says_its_source() {
        for rule in &RULES.named_below {
            assert!(!rule.citation.is_empty());
            assert!(["A", "B", "C", "D"].contains(&rule.confidence.as_str()));
        }
        assert!(named_below(date!(2024 - 03 - 29)).is_none());
        assert_eq!(named_below(date!(2024 - 03 - 30)).map(|r| r.rule.percent), Some(90));
    }

    #[test]
    fn a_unit_at_the_threshold_is_not_below_it() {
        let rule = NamedBelow { percent: 90 };
        let names = |activated, members| rule.names(Counts { members, smartphones: 0, activated });
        assert!(names(899, 1000));
        assert!(!names(900, 1000));
        assert!(names(89_996, 100_000), "shown as 90,0 % and still below");
        assert!(!names(0, 0));
    }
}
