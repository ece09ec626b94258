//! CSV.
//!
//! Our own scanner, for two things a general one does not give: blank lines
//! count as rows, so that our row numbers are those of a spreadsheet program;
//! and a cell has a bound while it is being read, so that a stray quotation
//! mark cannot pull the rest of the file into memory.

use std::fs::File;
use std::io::Read;

use super::super::guard::unguard;
use super::super::{MAX_CELL, MAX_ROWS};
use super::{MAX_COLUMNS, ReadError, Row, trim};

const CHUNK: usize = 64 * 1024;
const BOM: &[u8] = b"\xEF\xBB\xBF";

/// Excel's own limit on columns; a row of separators alone may be this long.
const MAX_SEPARATORS: usize = 16_384;

pub(super) struct Delimited {
    file: File,
    size: u64,
    taken: u64,
    chunk: Box<[u8]>,
    /// What is left of the chunk: `chunk[at..end]`.
    at: usize,
    end: usize,
    separator: u8,
    /// The number of the row last read.
    number: u64,
    /// The cells of that row, one after the other, and where each one ends.
    bytes: Vec<u8>,
    ends: Vec<usize>,
}

/// Where in a cell the scanner stands.
enum At {
    Start,
    Bare,
    Quoted,
    /// After a quotation mark inside quotes: the end, or half of a pair.
    Quote,
}

impl Delimited {
    pub(super) fn open(file: File) -> Result<Self, ReadError> {
        let size = file.metadata()?.len();
        let mut table = Self {
            file,
            size,
            taken: 0,
            chunk: vec![0; CHUNK].into(),
            at: 0,
            end: 0,
            separator: b',',
            number: 0,
            bytes: Vec::new(),
            ends: Vec::new(),
        };
        table.refill()?;
        let head = &table.chunk[..table.end];
        if head.starts_with(b"\xFF\xFE") || head.starts_with(b"\xFE\xFF") {
            return Err(ReadError::Utf16);
        }
        table.at = if head.starts_with(BOM) { BOM.len() } else { 0 };
        let head = &head[table.at..];
        if head.is_empty() {
            return Err(ReadError::Empty);
        }
        if !looks_like_text(head) {
            return Err(ReadError::NotATable);
        }
        if let Some((separator, length)) = declared_separator(head) {
            table.separator = separator;
            table.at += length;
        } else {
            table.separator = guess_separator(head);
        }
        Ok(table)
    }

    /// Bytes consumed, of how many.
    pub(super) fn consumed(&self) -> (u64, u64) {
        (self.taken - (self.end - self.at) as u64, self.size)
    }

    pub(super) fn next_row(&mut self) -> Result<Option<Row>, ReadError> {
        while self.scan()? {
            if self.number > MAX_ROWS {
                return Err(ReadError::TooManyRows);
            }
            if self.bytes.is_empty() {
                continue;
            }
            let mut cells = self.cells()?;
            if trim(&mut cells) {
                if cells.len() > MAX_COLUMNS {
                    return Err(ReadError::TooManyColumns { row: self.number });
                }
                return Ok(Some(Row { number: self.number, cells }));
            }
        }
        Ok(None)
    }

    fn cells(&self) -> Result<Vec<String>, ReadError> {
        let row = self.number;
        let text = str::from_utf8(&self.bytes).map_err(|_| ReadError::NotUtf8 { row })?;
        let mut cells = Vec::with_capacity(self.ends.len().min(MAX_COLUMNS));
        let mut start = 0;
        for &end in &self.ends {
            // Half a character on either side of a separator is still not UTF-8.
            let cell = text.get(start..end).ok_or(ReadError::NotUtf8 { row })?;
            if cell.len() > MAX_CELL && cell.chars().count() > MAX_CELL {
                return Err(ReadError::cell_too_long(row, cells.len()));
            }
            cells.push(unguard(cell).to_owned());
            start = end;
        }
        Ok(cells)
    }

    /// Reads one row into `bytes` and `ends`; false at the end of the file.
    fn scan(&mut self) -> Result<bool, ReadError> {
        self.bytes.clear();
        self.ends.clear();
        if !self.ready()? {
            return Ok(false);
        }
        self.number += 1;
        let mut state = At::Start;
        while self.ready()? {
            let rest = &self.chunk[self.at..self.end];
            match state {
                At::Start if rest[0] == b'"' => {
                    self.at += 1;
                    state = At::Quoted;
                }
                At::Quote if rest[0] == b'"' => {
                    self.at += 1;
                    self.bytes.push(b'"');
                    state = At::Quoted;
                }
                // Text after a closing quotation mark belongs to the cell, as in Excel.
                At::Start | At::Quote => state = At::Bare,
                At::Quoted => {
                    let found = memchr::memchr(b'"', rest);
                    self.bytes.extend_from_slice(&rest[..found.unwrap_or(rest.len())]);
                    self.at += found.map_or(rest.len(), |i| i + 1);
                    if found.is_some() {
                        state = At::Quote;
                    }
                    if self.cell_length() > 4 * MAX_CELL {
                        return Err(ReadError::UnclosedQuote { row: self.number });
                    }
                }
                At::Bare => {
                    let found = memchr::memchr3(self.separator, b'\n', b'\r', rest);
                    self.bytes.extend_from_slice(&rest[..found.unwrap_or(rest.len())]);
                    let stop = found.map(|i| rest[i]);
                    self.at += found.map_or(rest.len(), |i| i + 1);
                    if self.cell_length() > 4 * MAX_CELL {
                        return Err(ReadError::cell_too_long(self.number, self.ends.len()));
                    }
                    match stop {
                        None => {}
                        Some(b'\n') => return self.end_row(),
                        Some(b'\r') => {
                            if self.ready()? && self.chunk[self.at] == b'\n' {
                                self.at += 1;
                            }
                            return self.end_row();
                        }
                        Some(_) => {
                            self.end_row()?;
                            state = At::Start;
                        }
                    }
                }
            }
        }
        match state {
            At::Quoted => Err(ReadError::UnclosedQuote { row: self.number }),
            _ => self.end_row(),
        }
    }

    fn cell_length(&self) -> usize {
        self.bytes.len() - self.ends.last().copied().unwrap_or(0)
    }

    /// Ends a cell, and with it perhaps the row.
    fn end_row(&mut self) -> Result<bool, ReadError> {
        if self.ends.len() == MAX_SEPARATORS {
            return Err(ReadError::TooManyColumns { row: self.number });
        }
        self.ends.push(self.bytes.len());
        Ok(true)
    }

    /// Whether there is a byte at `at`, reading on if need be.
    fn ready(&mut self) -> Result<bool, ReadError> {
        Ok(self.at < self.end || self.refill()?)
    }

    fn refill(&mut self) -> Result<bool, ReadError> {
        let length = loop {
            match self.file.read(&mut self.chunk) {
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                read => break read?,
            }
        };
        self.at = 0;
        self.end = length;
        self.taken += length as u64;
        Ok(length > 0)
    }
}

/// Tells a table from the other things people upload by mistake, among them
/// the web pages that some systems export under the name of a spreadsheet.
fn looks_like_text(head: &[u8]) -> bool {
    let start = head.trim_ascii_start();
    memchr::memchr(0, head).is_none()
        && ![&b"<"[..], b"%PDF", b"{\\rtf", b"\x89PNG", b"\xFF\xD8\xFF", b"Rar!", b"7z\xBC\xAF"]
            .iter()
            .any(|other| start.starts_with(other))
}

/// Excel's own convention: a first line `sep=;`, which is not a row.
fn declared_separator(head: &[u8]) -> Option<(u8, usize)> {
    let (separator, rest) = head.strip_prefix(b"sep=")?.split_first()?;
    let end = if rest.starts_with(b"\r\n") {
        2
    } else if rest.starts_with(b"\n") {
        1
    } else {
        return None;
    };
    matches!(separator, b',' | b';' | b'\t').then_some((*separator, 5 + end))
}

/// The separator that the first line with content uses most.
fn guess_separator(head: &[u8]) -> u8 {
    let mut counts = [(b',', 0_usize), (b';', 0), (b'\t', 0)];
    let (mut quoted, mut content) = (false, false);
    for &byte in head {
        match byte {
            b'"' => quoted = !quoted,
            b'\n' | b'\r' if !quoted && content => break,
            b'\n' | b'\r' => continue,
            _ => {}
        }
        content = true;
        if let Some(count) = counts.iter_mut().find(|(separator, _)| *separator == byte && !quoted)
        {
            count.1 += 1;
        }
    }
    // The comma stays when nothing beats it.
    counts.iter().fold(counts[0], |best, next| if next.1 > best.1 { *next } else { best }).0
}

#[cfg(test)]
mod tests;
