//! XML, event by event, with a bound on everything that is held at once: an
//! element or a text that never ends, and nesting that never ends, are ways
//! to fill memory from a small file.

use std::io::{self, BufRead, BufReader, Read};

use quick_xml::escape::unescape;
use quick_xml::events::{BytesStart, Event};
use quick_xml::{Error, Reader};

use super::ReadError;
use super::package::{Part, Refusal};

/// A cell at its longest, with every character as an escape, is a quarter of this.
const MAX_EVENT: usize = 1 << 20;

/// A workbook nests some ten deep.
const MAX_DEPTH: usize = 64;

pub(super) struct Xml {
    reader: Reader<Bounded>,
    buffer: Vec<u8>,
    depth: usize,
}

impl Xml {
    pub(super) fn new(part: Part) -> Self {
        let inner = BufReader::with_capacity(128 * 1024, part);
        let mut reader = Reader::from_reader(Bounded { inner, taken: 0 });
        // The checksum of the part finds damage at less cost.
        reader.config_mut().check_end_names = false;
        Self { reader, buffer: Vec::new(), depth: 0 }
    }

    #[inline]
    pub(super) fn next(&mut self) -> Result<Event<'_>, ReadError> {
        self.buffer.clear();
        self.reader.get_mut().taken = 0;
        let event = self.reader.read_event_into(&mut self.buffer).map_err(refused)?;
        match event {
            Event::Start(_) if self.depth == MAX_DEPTH => return Err(ReadError::damaged("depth")),
            Event::Start(_) => self.depth += 1,
            Event::End(_) => self.depth = self.depth.saturating_sub(1),
            Event::Eof if self.depth > 0 => return Err(ReadError::damaged("unexpected end")),
            _ => {}
        }
        Ok(event)
    }

    /// Compressed bytes consumed, of how many.
    pub(super) fn consumed(&self) -> (u64, u64) {
        self.reader.get_ref().inner.get_ref().consumed()
    }
}

/// Calls `each` with the local name and the value of every attribute. Names
/// are taken without their prefix, because programs choose their own.
///
/// Worksheets have millions of attributes, all of the simplest form; this
/// takes a third of the time that the library's own iterator takes.
pub(super) fn attributes(
    element: &BytesStart<'_>,
    mut each: impl FnMut(&str, &str),
) -> Result<(), ReadError> {
    let mut rest = element.attributes_raw().trim_ascii();
    while !rest.is_empty() {
        let (name, value, after) = attribute(rest)
            .ok_or_else(|| ReadError::damaged(format!("<{}>", element.name().as_ref())))?;
        let name = name.split_once(':').map_or(name, |(_, local)| local);
        if value.contains('&') {
            each(name, &unescape(value).map_err(|error| ReadError::damaged(error.to_string()))?);
        } else {
            each(name, value);
        }
        rest = after.trim_ascii_start();
    }
    Ok(())
}

/// The first attribute: its name, its value as written, and what follows it.
fn attribute(text: &str) -> Option<(&str, &str, &str)> {
    let (name, rest) = text.split_once('=')?;
    let rest = rest.trim_ascii_start();
    let quote = rest.chars().next().filter(|quote| matches!(quote, '"' | '\''))?;
    let (value, rest) = rest[1..].split_once(quote)?;
    Some((name.trim_ascii_end(), value, rest))
}

fn refused(error: Error) -> ReadError {
    match error {
        Error::Io(error) => match error.get_ref().and_then(|inner| inner.downcast_ref::<Refusal>())
        {
            Some(refusal) => (*refusal).into(),
            None if error.raw_os_error().is_some() => {
                ReadError::Io(io::Error::new(error.kind(), error.to_string()))
            }
            None => ReadError::damaged(error.to_string()),
        },
        other => ReadError::damaged(other.to_string()),
    }
}

/// Counts what one event takes.
struct Bounded {
    inner: BufReader<Part>,
    taken: usize,
}

impl Read for Bounded {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.inner.read(buffer)
    }
}

impl BufRead for Bounded {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.taken > MAX_EVENT {
            return Err(Refusal::Text.into());
        }
        self.inner.fill_buf()
    }

    fn consume(&mut self, amount: usize) {
        self.taken += amount;
        self.inner.consume(amount);
    }
}
