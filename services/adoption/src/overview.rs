//! What one reader may see of a report: the rows behind the page, its JSON and
//! its spreadsheet.

use crate::{
    exclusion::Reason,
    privacy::{self, Cell, Shown},
    report::{self, Counts, Percent, Report, Unit},
    rules,
    store::{self, Organisation},
};
use kernel::{Error, OrgPath, OrganisationId, Role, viet};
use serde::Serialize;
use sqlx::PgConnection;
use time::Date;
use utoipa::ToSchema;
use web::Ctx;

/// Figures as the reader may see them. What is withheld is null in JSON.
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
    /// How much of it is shown, and why not all.
    pub shown: Shown,
}

impl Figure {
    fn new(counts: Counts, shown: Shown) -> Self {
        let all = shown == Shown::All;
        Self {
            members: counts.members,
            smartphones: all.then_some(counts.smartphones),
            activated: all.then_some(counts.activated),
            not_activated: all.then_some(counts.members - counts.activated),
            percent: if all { Percent::of(counts.activated, counts.members) } else { Percent(None) },
            shown,
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
        self.smartphones.map_or_else(|| "không nêu".into(), viet::format_count)
    }

    /// The numerator, as people read it.
    #[must_use]
    pub fn activated_text(&self) -> String {
        self.activated.map_or_else(|| "không nêu".into(), viet::format_count)
    }

    /// The rest, as people read it.
    #[must_use]
    pub fn not_activated_text(&self) -> String {
        match (self.shown, self.not_activated) {
            (Shown::All, Some(count)) => viet::format_count(count),
            (Shown::Few, _) => "dưới 5".into(),
            _ => "không nêu".into(),
        }
    }

    /// The share, as people read it.
    #[must_use]
    pub fn percent_text(&self) -> String {
        match self.activated {
            Some(activated) => viet::format_percent(activated, self.members),
            None => "không nêu".into(),
        }
    }
}
