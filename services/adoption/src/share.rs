//! Head counts, shares, and how they and dates are written in JSON.

use kernel::viet;
use serde::{Serialize, Serializer};
use std::ops::AddAssign;
use time::Date;

/// Head counts of an organisation or of a subtree on a date.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Members whose official home it is: the denominator of every share here.
    pub members: i64,
    /// Those who have a smartphone.
    pub smartphones: i64,
    /// Those whose account is activated.
    pub activated: i64,
}

impl AddAssign for Counts {
    fn add_assign(&mut self, other: Self) {
        self.members += other.members;
        self.smartphones += other.smartphones;
        self.activated += other.activated;
    }
}

/// A share in tenths of a percent; in JSON a number with one decimal, or null
/// when there is nothing to divide by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Percent(pub Option<i64>);

impl Percent {
    /// `part` of `whole`, rounded half up in whole numbers.
    #[must_use]
    pub fn of(part: i64, whole: i64) -> Self {
        Self(viet::percent_tenths(part, whole))
    }

    /// As a number, such as 92.3.
    #[must_use]
    pub fn number(self) -> Option<f64> {
        self.0.and_then(|tenths| i32::try_from(tenths).ok()).map(|tenths| f64::from(tenths) / 10.0)
    }
}

impl Serialize for Percent {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.number().serialize(serializer)
    }
}

/// Figures of a whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Share {
    /// The denominator.
    pub members: i64,
    /// The numerator.
    pub activated: i64,
    /// One of the other.
    pub percent: Percent,
    /// For pages.
    #[serde(skip)]
    pub counts: Counts,
}

impl From<Counts> for Share {
    fn from(counts: Counts) -> Self {
        Self {
            members: counts.members,
            activated: counts.activated,
            percent: Percent::of(counts.activated, counts.members),
            counts,
        }
    }
}

/// A date, or none, as `yyyy-mm-dd`.
pub(crate) fn iso<D: Copy + Into<Option<Date>>, S: Serializer>(
    date: &D,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    let date: Option<Date> = (*date).into();
    date.map(|date| date.to_string()).serialize(serializer)
}
