//! What a service contributes to the home page.

use serde::Serialize;

/// A short list under a heading, with one way on.
#[derive(Clone, Debug, Serialize)]
pub struct Card {
    /// «Việc cần đọc».
    pub heading: String,
    /// The few rows that matter now.
    pub rows: Vec<CardRow>,
    /// What to say, and do first, when there are no rows.
    pub empty: String,
    /// Where everything else is: address and label.
    pub more: Option<(String, String)>,
}

/// One row of a [`Card`].
#[derive(Clone, Debug, Serialize)]
pub struct CardRow {
    /// Where it leads.
    pub href: String,
    /// What it is.
    pub title: String,
    /// When, where, by whom.
    pub meta: String,
    /// How it stands, empty for nothing to say.
    pub status: String,
    /// The tag's colour, as in the template kit.
    pub colour: &'static str,
}
