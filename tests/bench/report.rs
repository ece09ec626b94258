//! The table that is printed and the same as JSON.

use crate::{Result, Trouble};
use serde::Serialize;
use std::{fs, path::Path};

/// Where the figures go: a whole run's, and those of some parts.
const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../target/bench");

/// What a row should reach.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(tag = "sense", content = "goal", rename_all = "snake_case")]
pub enum Goal {
    /// Ours divided by what it is held against.
    RatioAtLeast(f64),
    /// The same, where less is better.
    RatioAtMost(f64),
    /// Ours alone, in the row's unit.
    AtMost(f64),
}

/// One line of the table.
#[derive(Clone, Debug, Serialize)]
pub struct Row {
    /// What was measured.
    pub name: String,
    /// Of `ours` and `against`.
    pub unit: &'static str,
    /// None when it was skipped; the note says why.
    pub ours: Option<f64>,
    /// What it is held against, measured in the same run.
    pub against: Option<f64>,
    /// `ours / against`.
    pub ratio: Option<f64>,
    /// None when the row is there to explain another.
    #[serde(flatten)]
    pub goal: Option<Goal>,
    /// Whether the goal is reached.
    pub met: Option<bool>,
    /// How it was measured, or why not.
    pub note: String,
}

/// All rows so far.
#[derive(Default)]
pub struct Report {
    rows: Vec<Row>,
    failed: bool,
}

impl Report {
    /// Adds a figure with what it is held against.
    pub fn pair(
        &mut self,
        name: &str,
        unit: &'static str,
        (ours, against): (f64, f64),
        goal: Option<Goal>,
        note: impl Into<String>,
    ) {
        let ratio = ours / against;
        let met = goal.map(|goal| match goal {
            Goal::RatioAtLeast(least) => ratio >= least,
            Goal::RatioAtMost(most) => ratio <= most,
            Goal::AtMost(most) => ours <= most,
        });
        self.add(Row {
            name: name.into(),
            unit,
            ours: Some(ours),
            against: Some(against),
            ratio: Some(ratio),
            goal,
            met,
            note: note.into(),
        });
    }

    /// Adds a figure that stands alone.
    pub fn alone(
        &mut self,
        name: &str,
        unit: &'static str,
        ours: f64,
        most: Option<f64>,
        note: impl Into<String>,
    ) {
        self.add(Row {
            name: name.into(),
            unit,
            ours: Some(ours),
            against: None,
            ratio: None,
            goal: most.map(Goal::AtMost),
            met: most.map(|most| ours <= most),
            note: note.into(),
        });
    }

    /// Says what could not be measured, and why.
    pub fn skipped(&mut self, name: &str, why: &str) {
        self.add(Row {
            name: name.into(),
            unit: "",
            ours: None,
            against: None,
            ratio: None,
            goal: None,
            met: None,
            note: format!("skipped: {why}"),
        });
    }

    /// Says that a part went wrong, if it did.
    pub fn ended(&mut self, part: &str, outcome: Result<()>) {
        let Err(Trouble(why)) = outcome else { return };
        self.add(Row {
            name: part.into(),
            unit: "",
            ours: None,
            against: None,
            ratio: None,
            goal: None,
            met: Some(false),
            note: format!("failed: {why}"),
        });
        self.failed = true;
    }

    /// Whether any part went wrong.
    pub fn has_failed(&self) -> bool {
        self.failed
    }

    fn add(&mut self, row: Row) {
        eprintln!("{}", row.line());
        self.rows.push(row);
    }

    /// The whole table.
    pub fn print(&self) {
        println!("{}", Row::header());
        for row in &self.rows {
            println!("{}", row.line());
        }
    }

    /// `latest.json`, or `parts.json` when some parts only were measured: the table
    /// is of one run.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn write(&self, whole: bool) -> Result<()> {
        let name = if whole { "latest.json" } else { "parts.json" };
        fs::create_dir_all(FOLDER)?;
        fs::write(Path::new(FOLDER).join(name), serde_json::to_vec_pretty(&self.rows)?)?;
        Ok(())
    }
}

impl Row {
    fn header() -> String {
        format!(
            "{:<58} {:>11} {:>11}  {:<8} {:>6}  {:<8}  note",
            "what", "ours", "against", "unit", "ratio", "goal"
        )
    }

    fn line(&self) -> String {
        let number = |value: Option<f64>| match value {
            None => "–".to_owned(),
            Some(value) if value >= 100.0 => format!("{value:.0}"),
            Some(value) => format!("{value:.3}"),
        };
        let ratio = self.ratio.map_or_else(String::new, |ratio| format!("{ratio:.2}"));
        let goal = match self.goal {
            None => String::new(),
            Some(Goal::RatioAtLeast(least)) => format!("≥ {least}"),
            Some(Goal::RatioAtMost(most) | Goal::AtMost(most)) => format!("≤ {most}"),
        };
        let mark = if self.met == Some(false) { "✗ " } else { "" };
        let (ours, against) = (number(self.ours), number(self.against));
        format!(
            "{:<58} {ours:>11} {against:>11}  {:<8} {ratio:>6}  {goal:<8}  {mark}{}",
            self.name, self.unit, self.note
        )
    }
}
