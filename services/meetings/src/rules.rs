//! The rule pack of meetings: figures with their source, by the day on which
//! they hold.

use kernel::Error;
use serde::{Deserialize, Serialize};
use std::sync::LazyLock;
use time::Date;

static PACK: LazyLock<Result<Pack, toml::de::Error>> =
    LazyLock::new(|| toml::from_str(include_str!("../../../tenant-config/rules/meetings.toml")));

#[derive(Deserialize)]
struct Pack {
    rule: Vec<Entry>,
}

#[derive(Deserialize)]
struct Entry {
    id: String,
    value: i64,
    valid_from: String,
    valid_to: Option<String>,
    citation: String,
    confidence: String,
}

/// A rule as it held on a day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Rule {
    /// The figure; its unit is in the rule's name.
    pub value: i64,
    /// Where it comes from.
    pub citation: String,
    /// How sure that is, `A` to `D`.
    pub confidence: String,
}

/// Fewest minutes that a regular meeting should take.
pub(crate) const REGULAR_MINUTES: &str = "regular_minutes";
/// The day of the month on which a regular meeting is proposed.
pub(crate) const REGULAR_DAY: &str = "regular_day";
/// Fewest characters of the minute that closes a meeting.
const MINUTE_CHARACTERS: &str = "minute_characters";

/// The rule of a name on a day; nothing when none held.
///
/// # Errors
/// Only when the pack that was compiled in cannot be read.
pub(crate) fn on(day: Date, id: &str) -> Result<Option<Rule>, Error> {
    let pack = PACK
        .as_ref()
        .map_err(|error| Error::internal(format!("the rule pack of meetings: {error}")))?;
    for entry in pack.rule.iter().filter(|entry| entry.id == id) {
        let from = kernel::viet::parse_date(&entry.valid_from)?;
        let to = entry.valid_to.as_deref().map(kernel::viet::parse_date).transpose()?;
        if from <= day && to.is_none_or(|to| day < to) {
            return Ok(Some(Rule {
                value: entry.value,
                citation: entry.citation.clone(),
                confidence: entry.confidence.clone(),
            }));
        }
    }
    Ok(None)
}

/// Fewest characters of the minute of a meeting on a day.
///
/// # Errors
/// As for [`on`].
pub(crate) fn minute_characters(day: Date) -> Result<i64, Error> {
    Ok(on(day, MINUTE_CHARACTERS)?.map_or(1, |rule| rule.value))
}

#[cfg(test)]
mod tests {
    use super::{MINUTE_CHARACTERS, REGULAR_DAY, REGULAR_MINUTES, on};
    use time::macros::date;

    #[test]
    fn every_rule_holds_today_and_has_a_source() {
        for id in [REGULAR_MINUTES, REGULAR_DAY, MINUTE_CHARACTERS] {
            let rule = on(date!(2026 - 11 - 22), id).unwrap().unwrap();
            assert!(rule.value > 0 && !rule.citation.is_empty(), "{id}");
            assert!(["A", "B", "C", "D"].contains(&rule.confidence.as_str()), "{id}");
        }
    }

    #[test]
    fn the_source_is_the_one_of_the_day() {
        let cited = |day| on(day, REGULAR_MINUTES).unwrap().map(|rule| rule.citation);
        assert!(cited(date!(2025 - 10 - 27)).unwrap().contains("12-HD/BTCTW"));
        assert!(cited(date!(2025 - 10 - 28)).unwrap().contains("42-HD/BTCTW"));
        assert_eq!(cited(date!(2010 - 01 - 01)), None);
    }
}
