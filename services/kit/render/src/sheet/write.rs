//! Writes the tables people download: XLSX, and CSV for programs.
//!
//! Both take an iterator and hold one row at a time. What a person typed is
//! never run: text stays text whatever it begins with.

mod cell;
mod csv;
mod xlsx;

use std::io;

use rust_xlsxwriter::XlsxError;

pub use self::csv::write_csv;
pub use cell::{Cell, Column, Kind};
pub use xlsx::{Sheet, write_xlsx};

/// Why a table could not be written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WriteError {
    /// The disk failed, or whoever was downloading went away.
    #[error("Không ghi được tệp: {0}")]
    Io(#[from] io::Error),
    /// More rows than Excel opens.
    #[error(
        "Danh sách có hơn 1.048.575 dòng, vượt giới hạn của Excel. Hãy thu hẹp phạm vi, hoặc tải xuống dạng CSV."
    )]
    TooManyRows,
    /// A cell too long, a column too many.
    #[error("Không tạo được tệp Excel: {0}")]
    Xlsx(#[source] XlsxError),
}

impl From<XlsxError> for WriteError {
    fn from(error: XlsxError) -> Self {
        match error {
            XlsxError::IoError(error) => Self::Io(error),
            other => Self::Xlsx(other),
        }
    }
}

#[cfg(test)]
mod tests;
