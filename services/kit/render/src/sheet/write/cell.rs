//! Columns and cells of a table to be written.

use time::Date;

/// What a column holds: it decides how Excel treats what people type into it,
/// so that a telephone number typed into a text column keeps its zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Kind {
    /// Text, kept as typed.
    #[default]
    Text,
    /// A number.
    Number,
    /// A share, shown with one decimal: 0.125 as 12.5%.
    Percent,
    /// A day, shown as `dd/mm/yyyy`.
    Date,
}

/// One column: its title in the first row, its width, what it holds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Column<'a> {
    /// The title.
    pub title: &'a str,
    /// In characters of the standard font, as Excel counts: up to 255.
    pub width: f64,
    /// What it holds.
    pub kind: Kind,
}

impl<'a> Column<'a> {
    /// A column of text.
    #[must_use]
    pub const fn text(title: &'a str, width: f64) -> Self {
        Self { title, width, kind: Kind::Text }
    }

    /// A column of numbers.
    #[must_use]
    pub const fn number(title: &'a str, width: f64) -> Self {
        Self { title, width, kind: Kind::Number }
    }

    /// A column of shares.
    #[must_use]
    pub const fn percent(title: &'a str, width: f64) -> Self {
        Self { title, width, kind: Kind::Percent }
    }

    /// A column of days.
    #[must_use]
    pub const fn date(title: &'a str, width: f64) -> Self {
        Self { title, width, kind: Kind::Date }
    }
}

/// One value.
#[derive(Debug, Clone, PartialEq, Default)]
pub enum Cell {
    /// Nothing.
    #[default]
    Empty,
    /// Text, never a formula.
    Text(String),
    /// A whole number, with thousands separated in Excel. Beyond the fifteen
    /// digits that Excel keeps it is written as text.
    Integer(i64),
    /// A number. What is not finite is left empty.
    Number(f64),
    /// A share: 1.0 is 100%. What is not finite is left empty.
    Percent(f64),
    /// A day. One before 1900, which Excel has no number for, is text.
    Date(Date),
}

impl From<&str> for Cell {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Cell {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<i64> for Cell {
    fn from(number: i64) -> Self {
        Self::Integer(number)
    }
}

impl From<f64> for Cell {
    fn from(number: f64) -> Self {
        Self::Number(number)
    }
}

impl From<Date> for Cell {
    fn from(date: Date) -> Self {
        Self::Date(date)
    }
}

/// `None` is an empty cell.
impl<T: Into<Cell>> From<Option<T>> for Cell {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Empty, Into::into)
    }
}

/// `dd/mm/yyyy`.
pub(super) fn written(date: Date) -> String {
    format!("{:02}/{:02}/{:04}", date.day(), u8::from(date.month()), date.year())
}
