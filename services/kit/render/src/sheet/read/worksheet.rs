//! The rows of one worksheet.

use std::fs::File;

use super::super::MAX_ROWS;
use super::package::Package;
use super::strings::Strings;
use super::styles::Styles;
use super::text;
use super::value;
use super::workbook::Workbook;
use super::xml::{Tag, Token, Xml};
use super::{MAX_COLUMNS, ReadError, Row, trim};

pub(super) struct Worksheet {
    xml: Xml,
    /// Compressed bytes of the shared strings, which were read first.
    before: u64,
    strings: Option<Strings>,
    styles: Styles,
    since_1904: bool,
    /// The number of the row being read, or last read.
    number: u64,
}

/// The cell being read.
#[derive(Default)]
struct Cell {
    column: usize,
    kind: Kind,
    style: usize,
    text: String,
    /// Inside `<v>` or a `<t>` that is shown.
    open: bool,
    /// Inside a pronunciation, which is not shown.
    phonetic: bool,
}

#[derive(Clone, Copy, Default)]
enum Kind {
    #[default]
    Number,
    Shared,
    Boolean,
    IsoDate,
    /// Inline text, the text of a formula, the name of an error.
    Text,
}

impl Worksheet {
    pub(super) fn open(file: File) -> Result<Self, ReadError> {
        let mut package = Package::open(file)?;
        let Workbook { sheet, strings, styles, since_1904 } = Workbook::open(&mut package)?;
        Ok(Self {
            xml: Xml::new(sheet),
            before: strings.as_ref().map_or(0, |part| part.consumed().1),
            strings: strings.map(Strings::spool).transpose()?,
            styles: styles.map(Styles::read).transpose()?.unwrap_or_default(),
            since_1904,
            number: 0,
        })
    }

    /// Compressed bytes consumed, of how many.
    pub(super) fn consumed(&self) -> (u64, u64) {
        let (done, total) = self.xml.consumed();
        (self.before + done, self.before + total)
    }

    pub(super) fn next_row(&mut self) -> Result<Option<Row>, ReadError> {
        let mut cells = Vec::new();
        let mut next_column = 0;
        let mut cell: Option<Cell> = None;
        let mut spare = String::new();
        loop {
            // Read on to the end even after the last row: it proves the file whole.
            let token = match self.xml.next() {
                Err(ReadError::TextTooLong) if cell.is_some() => {
                    let column = cell.map_or(0, |cell| cell.column);
                    return Err(ReadError::cell_too_long(self.number, column));
                }
                token => token?,
            };
            match token {
                Token::Open(tag) => match (tag.name, &mut cell) {
                    ("row", None) => {
                        self.number = row_number(tag, self.number)?;
                        next_column = 0;
                    }
                    ("c", None) => {
                        let mut found = start(tag, next_column)?;
                        found.text = std::mem::take(&mut spare);
                        next_column = found.column + 1;
                        cell = Some(found);
                    }
                    ("v", Some(cell)) => cell.open = true,
                    ("t", Some(cell)) => cell.open = !cell.phonetic,
                    ("rPh", Some(cell)) => cell.phonetic = true,
                    _ => {}
                },
                Token::Empty(tag) => match tag.name {
                    "row" => self.number = row_number(tag, self.number)?,
                    "c" if cell.is_none() => next_column = start(tag, next_column)?.column + 1,
                    _ => {}
                },
                Token::Close(name) => match (name, &mut cell) {
                    ("v" | "t", Some(cell)) => cell.open = false,
                    ("rPh", Some(cell)) => cell.phonetic = false,
                    ("c", Some(_)) => {
                        if let Some(mut done) = cell.take() {
                            let shown = show(
                                &mut done,
                                self.number,
                                self.strings.as_mut(),
                                &self.styles,
                                self.since_1904,
                            )?;
                            place(&mut cells, done.column, shown, self.number)?;
                            done.text.clear();
                            spare = done.text;
                        }
                    }
                    ("row", None) if trim(&mut cells) => {
                        return Ok(Some(Row { number: self.number, cells }));
                    }
                    _ => {}
                },
                Token::End => return Ok(None),
                other => {
                    if let Some(cell) = cell.as_mut().filter(|cell| cell.open) {
                        text::collect(&other, &mut cell.text)?;
                    }
                }
            }
        }
    }
}

/// Rows may leave their number out; what they may not do is go back.
fn row_number(tag: Tag<'_>, last: u64) -> Result<u64, ReadError> {
    let mut number = last + 1;
    let mut valid = true;
    tag.attributes(|name, value| {
        if name == "r" {
            match value.parse() {
                Ok(given) => number = given,
                Err(_) => valid = false,
            }
        }
    })?;
    if number > MAX_ROWS {
        Err(ReadError::TooManyRows)
    } else if !valid || number <= last {
        Err(ReadError::damaged(format!("row {last}")))
    } else {
        Ok(number)
    }
}

fn start(tag: Tag<'_>, next_column: usize) -> Result<Cell, ReadError> {
    let mut cell = Cell { column: next_column, ..Cell::default() };
    let mut valid = true;
    tag.attributes(|name, value| match name {
        "r" => match column_of(value) {
            Some(column) => cell.column = column,
            None => valid = false,
        },
        "s" => cell.style = value.parse().unwrap_or(0),
        "t" => {
            cell.kind = match value {
                "n" => Kind::Number,
                "s" => Kind::Shared,
                "b" => Kind::Boolean,
                "d" => Kind::IsoDate,
                _ => Kind::Text,
            }
        }
        _ => {}
    })?;
    if valid { Ok(cell) } else { Err(ReadError::damaged("cell reference")) }
}

/// The column of a reference such as `AB12`, from 0.
fn column_of(reference: &str) -> Option<usize> {
    let letters = reference.bytes().take_while(u8::is_ascii_alphabetic);
    let column = letters.fold(0_usize, |column, letter| {
        let place = usize::from(letter.to_ascii_uppercase() - b'A') + 1;
        column.saturating_mul(26).saturating_add(place)
    });
    (1..=16_384).contains(&column).then(|| column - 1)
}

/// The text of a finished cell, as a person sees it.
fn show(
    cell: &mut Cell,
    row: u64,
    strings: Option<&mut Strings>,
    styles: &Styles,
    since_1904: bool,
) -> Result<String, ReadError> {
    if cell.text.is_empty() {
        return Ok(String::new());
    }
    let text = match cell.kind {
        Kind::Number => value::show(&cell.text, styles.shape(cell.style), since_1904),
        Kind::Boolean => if cell.text.trim() == "1" { "TRUE" } else { "FALSE" }.to_owned(),
        Kind::IsoDate => value::iso_date(cell.text.trim()),
        Kind::Shared => {
            let missing = || ReadError::damaged(format!("shared string, row {row}"));
            let index = cell.text.trim().parse().map_err(|_| missing())?;
            if !strings.ok_or_else(missing)?.get(index, &mut cell.text)? {
                return Err(missing());
            }
            cell.text.as_str().to_owned()
        }
        Kind::Text => {
            text::unescape(&mut cell.text);
            cell.text.as_str().to_owned()
        }
    };
    if text::too_long(&text) {
        return Err(ReadError::cell_too_long(row, cell.column));
    }
    Ok(text)
}

/// Puts a cell into its column. Cells that are only formatted may stand
/// anywhere; those that hold something may not stand too far out.
fn place(cells: &mut Vec<String>, column: usize, text: String, row: u64) -> Result<(), ReadError> {
    if text.is_empty() {
        return Ok(());
    }
    if column >= MAX_COLUMNS {
        return Err(ReadError::TooManyColumns { row });
    }
    if column >= cells.len() {
        cells.resize_with(column + 1, String::new);
    }
    cells[column] = text;
    Ok(())
}

#[cfg(test)]
mod tests;
