//! CSV: UTF-8 with a byte order mark, without which Excel shows Vietnamese as
//! noise, and CRLF.

use std::io::Write;

use csv::{Terminator, WriterBuilder};

use super::super::guard::guard;
use super::cell::written;
use super::{Cell, Column, WriteError};

/// Writes the titles of `columns` and then `rows`, of which it returns the
/// number. Text that a spreadsheet program would run gets an apostrophe in
/// front. Offer XLSX first: on opening a CSV, Excel drops leading zeros.
///
/// # Errors
///
/// [`WriteError::Io`] when writing fails.
pub fn write_csv<W, R>(mut writer: W, columns: &[Column<'_>], rows: R) -> Result<u64, WriteError>
where
    W: Write,
    R: IntoIterator<Item = Vec<Cell>>,
{
    writer.write_all("\u{feff}".as_bytes())?;
    let mut table =
        WriterBuilder::new().terminator(Terminator::CRLF).flexible(true).from_writer(writer);
    for column in columns {
        table.write_field(&*guard(column.title)).map_err(failed)?;
    }
    end(&mut table)?;
    let mut count = 0;
    for cells in rows {
        count += 1;
        for cell in &cells {
            field(&mut table, cell).map_err(failed)?;
        }
        end(&mut table)?;
    }
    table.flush()?;
    Ok(count)
}

fn end<W: Write>(table: &mut csv::Writer<W>) -> Result<(), WriteError> {
    table.write_record(None::<&[u8]>).map_err(failed)
}

fn field<W: Write>(table: &mut csv::Writer<W>, cell: &Cell) -> csv::Result<()> {
    match cell {
        Cell::Text(text) => table.write_field(&*guard(text)),
        Cell::Integer(number) => table.write_field(number.to_string()),
        Cell::Number(number) if number.is_finite() => table.write_field(number.to_string()),
        Cell::Percent(share) if share.is_finite() => {
            table.write_field(format!("{:.1}%", share * 100.0))
        }
        Cell::Empty | Cell::Number(_) | Cell::Percent(_) => table.write_field(""),
        Cell::Date(date) => table.write_field(written(*date)),
    }
}

fn failed(error: csv::Error) -> WriteError {
    WriteError::Io(error.into())
}
