//! Reads the tables people upload: CSV and XLSX, row by row.
//!
//! A file is refused, with a sentence its owner can act on, rather than read
//! half: after the first error the reader yields nothing more.

mod delimited;
mod error;
#[cfg(test)]
mod fixture;
mod package;
mod paged;
mod strings;
mod styles;
mod text;
mod value;
mod workbook;
mod worksheet;
mod xml;

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::Path;

pub use error::ReadError;

use delimited::Delimited;
use worksheet::Worksheet;

/// More columns than this is never a list of people or documents.
const MAX_COLUMNS: usize = 200;

/// What kind of file it turned out to be, by its content: people rename files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Text with `,`, `;` or tab between cells.
    Csv,
    /// An Excel workbook; its first visible worksheet is read.
    Xlsx,
}

/// One row that holds something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// The row number at the left edge of a spreadsheet program, from 1.
    pub number: u64,
    /// The cells from column A on, as shown, neither trimmed nor normalised.
    /// A gap is an empty string, empty cells at the end are left out, and the
    /// last cell is therefore never empty. Dates are `dd/mm/yyyy`.
    pub cells: Vec<String>,
}

/// A table being read. Memory stays within some 16 MiB whatever its length;
/// the shared strings of an XLSX are kept in the system's temporary directory
/// until the reader is dropped.
pub struct Reader {
    source: Source,
    finished: bool,
}

enum Source {
    Csv(Box<Delimited>),
    Xlsx(Box<Worksheet>),
}

impl Reader {
    /// Opens a table. For an XLSX this reads everything but the rows.
    ///
    /// # Errors
    ///
    /// [`ReadError`] says what is wrong with the file as a whole.
    pub fn open(path: &Path) -> Result<Self, ReadError> {
        let file = File::open(path)?;
        let mut magic = [0; 4];
        let length = file.read_at(&mut magic, 0)?;
        let source = match magic {
            _ if length == 0 => return Err(ReadError::Empty),
            [0xD0, 0xCF, 0x11, 0xE0] => return Err(ReadError::Protected),
            [b'P', b'K', 3, 4] | [b'P', b'K', 5, 6] => {
                Source::Xlsx(Box::new(Worksheet::open(file)?))
            }
            _ => Source::Csv(Box::new(Delimited::open(file)?)),
        };
        Ok(Self { source, finished: false })
    }

    /// What kind of file it is.
    #[must_use]
    pub fn format(&self) -> Format {
        match self.source {
            Source::Csv(_) => Format::Csv,
            Source::Xlsx(_) => Format::Xlsx,
        }
    }

    /// How much of the file has been consumed, from 0 to 1.
    #[must_use]
    pub fn progress(&self) -> f64 {
        let (done, total) = match &self.source {
            _ if self.finished => return 1.0,
            Source::Csv(table) => table.consumed(),
            Source::Xlsx(table) => table.consumed(),
        };
        share(done, total)
    }
}

impl Iterator for Reader {
    type Item = Result<Row, ReadError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.finished {
            return None;
        }
        let row = match &mut self.source {
            Source::Csv(table) => table.next_row(),
            Source::Xlsx(table) => table.next_row(),
        };
        self.finished = !matches!(row, Ok(Some(_)));
        row.transpose()
    }
}

impl std::fmt::Debug for Reader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Reader").field("format", &self.format()).finish_non_exhaustive()
    }
}

#[expect(clippy::cast_precision_loss, reason = "a progress bar does not need the last bits")]
fn share(done: u64, total: u64) -> f64 {
    if total == 0 { 1.0 } else { (done as f64 / total as f64).clamp(0.0, 1.0) }
}

/// Drops empty cells at the end and then says whether anything is left.
fn trim(cells: &mut Vec<String>) -> bool {
    let length = cells.iter().rposition(|cell| !cell.is_empty()).map_or(0, |last| last + 1);
    cells.truncate(length);
    length > 0
}
