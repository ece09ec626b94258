//! Small numbers of people, above the branch: what points at somebody is not
//! shown, nor what it could be worked out from. One rule for all figures that
//! the levels above a branch read; the pack is `tenant-config/rules/privacy.toml`.

use crate::viet;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::{fmt, sync::LazyLock};
use time::Date;

const WITHHELD: &str = "không nêu";

static PACK: LazyLock<Pack> = LazyLock::new(|| {
    toml::from_str(include_str!("../../../../tenant-config/rules/privacy.toml"))
        .unwrap_or_else(|error| unreachable!("the rule pack is read by a test: {error}"))
});

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Pack {
    small_cell: Vec<Rule>,
}

/// The rule with its time and its source.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    #[serde(deserialize_with = "day")]
    valid_from: Date,
    #[serde(default, deserialize_with = "later_day")]
    valid_to: Option<Date>,
    /// The first number of people that is shown; nobody is shown as nobody.
    pub below: i64,
    /// Where the rule comes from, as readers see it.
    pub citation: String,
    /// A, B, C or D: how well the source is known.
    pub confidence: String,
}

/// The rule on a day, the day of reading and not of the figures.
#[must_use]
pub fn rule(on: Date) -> Option<&'static Rule> {
    PACK.small_cell.iter().find(|r| r.valid_from <= on && r.valid_to.is_none_or(|end| on < end))
}

/// The first number that is shown on a day; 0 when every number is.
#[must_use]
pub fn below(on: Date) -> i64 {
    rule(on).map_or(0, |rule| rule.below)
}

/// A number of people as the levels above a branch may see it. In JSON a
/// number, or null.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Count {
    /// The number.
    Exact(i64),
    /// At least one person and fewer than this.
    Below(i64),
    /// Not said: the others would be too few.
    Withheld,
}

impl Count {
    /// So many people altogether.
    #[must_use]
    pub fn whole(whole: i64, below: i64) -> Self {
        if small(whole, below) { Self::Below(below) } else { Self::Exact(whole) }
    }

    /// So many of `whole`: shown when neither they nor the others are few.
    #[must_use]
    pub fn part(part: i64, whole: i64, below: i64) -> Self {
        if small(part, below) || small(whole, below) {
            Self::Below(below)
        } else if small(whole - part, below) {
            Self::Withheld
        } else {
            Self::Exact(part)
        }
    }
}

impl fmt::Display for Count {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Count::Exact(count) => f.write_str(&viet::format_count(*count)),
            Count::Below(below) => write!(f, "dưới {below}"),
            Count::Withheld => f.write_str(WITHHELD),
        }
    }
}

impl Serialize for Count {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let shown = if let Count::Exact(count) = self { Some(count) } else { None };
        shown.serialize(serializer)
    }
}

/// How much of a unit's figures a reader sees.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Shown {
    /// All of them.
    All,
    /// That some members lack something, and that they are few.
    Few,
    /// Nothing but the number of members: few have it, or a neighbour's few
    /// could be worked out from the total.
    Withheld,
}

/// One row of a table, as far as this rule is concerned.
#[derive(Clone, Copy, Debug)]
pub struct Cell {
    /// Whether its people are close to each other, and the reader is not one
    /// of them: see [`is_close`].
    pub guarded: bool,
    /// Members who have it.
    pub with: i64,
    /// Members who do not.
    pub without: i64,
}

/// Whether a unit's figures are about people who all know each other: it is a
/// branch, or stands for a single one because its members all sit in one
/// (`organisations` is how many have members in it), or it has so few members
/// that one side or the other is always small.
#[must_use]
pub fn is_close(is_branch: bool, organisations: usize, members: i64, below: i64) -> bool {
    is_branch || organisations == 1 || members < 2 * below
}

/// Decides for all rows of a table whose total is known to the reader. A single
/// hidden row would follow from the total, so the next smallest goes with it.
#[must_use]
pub fn shown(rows: &[Cell], below: i64) -> Vec<Shown> {
    let mut result: Vec<Shown> = rows
        .iter()
        .map(|row| match row {
            Cell { guarded: false, .. } | Cell { without: 0, .. } => Shown::All,
            row if small(row.without, below) => Shown::Few,
            row if small(row.with, below) => Shown::Withheld,
            _ => Shown::All,
        })
        .collect();
    if result.iter().filter(|shown| **shown != Shown::All).count() == 1 {
        let partner = (0..rows.len()).filter(|at| result[*at] == Shown::All).min_by_key(|at| {
            let Cell { guarded, with, without } = rows[*at];
            // Of committees the smallest, so that the large ones stay exact.
            (!guarded, if guarded { 0 } else { with + without }, without)
        });
        if let Some(at) = partner {
            result[at] = Shown::Withheld;
        }
    }
    result
}

fn small(count: i64, below: i64) -> bool {
    (1..below).contains(&count)
}

fn day<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Date, D::Error> {
    let text = String::deserialize(deserializer)?;
    viet::parse_date(&text).map_err(serde::de::Error::custom)
}

fn later_day<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Date>, D::Error> {
    day(deserializer).map(Some)
}

#[cfg(test)]
mod tests;
