//! XLSX. Rows go to a temporary file as they come, so that a national list
//! takes no more memory than a branch's.

use std::io::Write;

use rust_xlsxwriter::{
    ColNum, ExcelDateTime, Format, FormatAlign, FormatBorder, RowNum, Workbook, Worksheet,
    XlsxError,
};
use time::Date;

use super::super::MAX_ROWS;
use super::cell::written;
use super::{Cell, Column, Kind, WriteError};

/// Excel keeps fifteen digits of a number.
const MAX_EXACT: i64 = 999_999_999_999_999;

const NOTES: &str = "Hướng dẫn";

/// A worksheet, and what to say about it.
#[derive(Debug, Clone, Copy)]
pub struct Sheet<'a> {
    /// The name on its tab. What Excel does not accept there is replaced, and
    /// what is beyond 31 characters is cut off.
    pub name: &'a str,
    /// The columns, from A on.
    pub columns: &'a [Column<'a>],
    /// What to know, as pairs of subject and explanation, on a second sheet
    /// named `Hướng dẫn`; no pairs, no second sheet.
    pub notes: &'a [(&'a str, &'a str)],
}

struct Formats {
    text: Format,
    integer: Format,
    number: Format,
    percent: Format,
    date: Format,
    header: Format,
}

/// Writes a workbook: a bold first row that stays in view and filters, then
/// `rows`, of which it returns the number. A row shorter than the columns
/// leaves the rest empty.
///
/// # Errors
///
/// [`WriteError`], when there are more rows than Excel opens, a text is longer
/// than a cell holds (32,767 characters), or writing fails.
pub fn write_xlsx<W, R>(writer: W, sheet: &Sheet<'_>, rows: R) -> Result<u64, WriteError>
where
    W: Write + Send,
    R: IntoIterator<Item = Vec<Cell>>,
{
    let formats = Formats::new();
    let mut workbook = Workbook::new();
    let page = workbook.add_worksheet_with_constant_memory()?;
    page.set_name(tab_name(sheet.name))?;
    header(page, sheet.columns, &formats)?;
    let mut row = 0;
    for cells in rows {
        row += 1;
        if u64::from(row) >= MAX_ROWS {
            return Err(WriteError::TooManyRows);
        }
        for (column, cell) in (0..).zip(&cells) {
            put(page, row, column, cell, &formats)?;
        }
    }
    if let Some(last) = column_number(sheet.columns.len())?.checked_sub(1) {
        page.autofilter(0, 0, row, last)?;
    }
    if !sheet.notes.is_empty() {
        notes(workbook.add_worksheet_with_constant_memory()?, sheet.notes)?;
    }
    workbook.save_to_writer(writer)?;
    Ok(u64::from(row))
}

fn header(
    page: &mut Worksheet,
    columns: &[Column<'_>],
    formats: &Formats,
) -> Result<(), WriteError> {
    page.set_freeze_panes(1, 0)?;
    for (number, column) in (0..).zip(columns) {
        page.set_column_width(number, column.width.clamp(1.0, 255.0))?;
        let format = match column.kind {
            Kind::Text => &formats.text,
            Kind::Number => &formats.number,
            Kind::Percent => &formats.percent,
            Kind::Date => &formats.date,
        };
        page.set_column_format(number, format)?;
    }
    for (number, column) in (0..).zip(columns) {
        page.write_string_with_format(0, number, column.title, &formats.header)?;
    }
    Ok(())
}

fn put(
    page: &mut Worksheet,
    row: RowNum,
    column: ColNum,
    cell: &Cell,
    formats: &Formats,
) -> Result<(), WriteError> {
    let text = |page: &mut Worksheet, text: String| {
        page.write_string_with_format(row, column, text, &formats.text).map(drop)
    };
    match cell {
        Cell::Text(value) if value.is_empty() => {}
        Cell::Text(value) => text(page, value.clone())?,
        Cell::Integer(value) if value.abs() <= MAX_EXACT => {
            #[expect(clippy::cast_precision_loss, reason = "fifteen digits are exact")]
            page.write_number_with_format(row, column, *value as f64, &formats.integer)?;
        }
        Cell::Integer(value) => text(page, value.to_string())?,
        Cell::Number(value) if value.is_finite() => {
            page.write_number_with_format(row, column, *value, &formats.number)?;
        }
        Cell::Percent(value) if value.is_finite() => {
            page.write_number_with_format(row, column, *value, &formats.percent)?;
        }
        Cell::Empty | Cell::Number(_) | Cell::Percent(_) => {}
        Cell::Date(value) => match excel_date(*value) {
            Some(date) => {
                page.write_datetime_with_format(row, column, date?, &formats.date)?;
            }
            None => text(page, written(*value))?,
        },
    }
    Ok(())
}

/// Excel counts days from 1900, and wrongly until March of that year.
fn excel_date(date: Date) -> Option<Result<ExcelDateTime, XlsxError>> {
    let year = u16::try_from(date.year()).ok().filter(|year| (1901..=9999).contains(year))?;
    Some(ExcelDateTime::from_ymd(year, u8::from(date.month()), date.day()))
}

fn notes(page: &mut Worksheet, notes: &[(&str, &str)]) -> Result<(), WriteError> {
    let subject = Format::new().set_bold().set_align(FormatAlign::Top).set_text_wrap();
    let explanation = Format::new().set_align(FormatAlign::Top).set_text_wrap();
    page.set_name(NOTES)?;
    page.set_column_width(0, 28)?;
    page.set_column_width(1, 100)?;
    for (row, (about, text)) in (0..).zip(notes) {
        page.write_string_with_format(row, 0, *about, &subject)?;
        page.write_string_with_format(row, 1, *text, &explanation)?;
    }
    Ok(())
}

impl Formats {
    fn new() -> Self {
        let number_format = |code: &str| Format::new().set_num_format(code);
        Self {
            text: number_format("@"),
            integer: number_format("#,##0"),
            number: Format::new(),
            percent: number_format("0.0%"),
            date: number_format("dd/mm/yyyy"),
            header: Format::new()
                .set_bold()
                .set_text_wrap()
                .set_align(FormatAlign::VerticalCenter)
                .set_background_color(0x00F2_F2F2)
                .set_border_bottom(FormatBorder::Thin),
        }
    }
}

fn column_number(length: usize) -> Result<ColNum, WriteError> {
    ColNum::try_from(length).map_err(|_| XlsxError::RowColumnLimitError.into())
}

/// Names come from people: the unit, the meeting.
fn tab_name(name: &str) -> String {
    let allowed = |character: char| if "[]:*?/\\".contains(character) { '-' } else { character };
    // Excel counts UTF-16 units.
    let mut units = 0;
    let kept: String = name
        .chars()
        .map(allowed)
        .filter(|character| !character.is_control())
        .take_while(|character| {
            units += character.len_utf16();
            units <= 31
        })
        .collect();
    match kept.trim().trim_matches('\'') {
        "" => "Danh sách".to_owned(),
        name => name.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::tab_name;

    #[test]
    fn tab_names() {
        assert_eq!(tab_name("Chi bộ 1/2: [thôn?]"), "Chi bộ 1-2- -thôn--");
        assert_eq!(tab_name(" ' "), "Danh sách");
        assert_eq!(tab_name(&"ộ".repeat(40)), "ộ".repeat(31));
    }
}
