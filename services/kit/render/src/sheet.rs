//! Spreadsheets, read and written as streams: memory does not grow with the
//! number of rows.

mod guard;
pub mod read;
pub mod write;

/// Excel's own limit on the text of one cell, in characters.
const MAX_CELL: usize = 32_767;

/// Excel's own limit on rows, header included.
const MAX_ROWS: u64 = 1_048_576;
