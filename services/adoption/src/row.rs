//! The rows of an overview's tables.

use crate::{
    exclusion::{self, Reason},
    figure::Figure,
    share::iso,
};
use kernel::{OrganisationId, viet};
use serde::Serialize;
use time::Date;
use utoipa::ToSchema;

/// A unit of an [`crate::overview::Overview`], with all below it.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Row {
    /// Its identifier.
    #[schema(value_type = uuid::Uuid)]
    pub id: OrganisationId,
    /// Its kind.
    pub kind: String,
    /// Its name on that date.
    pub name: String,
    /// Before exclusions.
    pub raw: Figure,
    /// After exclusions, where that differs and something is left.
    pub adjusted: Option<Figure>,
    /// Why the whole unit is excluded.
    pub excluded: Option<Reason>,
    /// Excluded units below it.
    pub excluded_below: Vec<String>,
    /// Whether its share lies below the threshold.
    pub named: bool,
    /// Whether the reader may look into it.
    #[serde(skip)]
    pub open: bool,
}

/// An exclusion that holds on the date.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ExclusionRow {
    /// The unit.
    pub name: String,
    /// Why.
    pub reason: Reason,
    /// More about why.
    pub note: String,
    /// Who approved it.
    pub approved_by: String,
    /// Since when.
    #[serde(serialize_with = "iso")]
    pub excluded_from: Date,
    /// Members that it takes away, as far as they are within the report.
    pub members: i64,
}

impl ExclusionRow {
    /// The reason and the note in one line.
    #[must_use]
    pub fn reason_text(&self) -> String {
        exclusion::in_words(self.reason, &self.note)
    }

    /// Since when, as people read it.
    #[must_use]
    pub fn since_text(&self) -> String {
        viet::format_date(self.excluded_from)
    }
}

/// A rule's number and source.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Source {
    /// The threshold.
    pub value: i64,
    /// Where it comes from.
    pub citation: String,
    /// A, B, C or D: how well the source is known.
    pub confidence: String,
}
