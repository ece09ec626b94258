//! XML, token by token, from a window that slides over the part.
//!
//! Our own, for two reasons. A worksheet has tens of millions of tokens, and
//! handing out slices of the window takes half the time that quick-xml takes,
//! which copies and checks each one. And a token has a bound: an element or a
//! text that never ends, and nesting that never ends, are ways to fill memory
//! from a small file. That end tags bear the right names is not checked: the
//! checksum of the part finds damage. What a workbook may not hold (a document
//! type, and so entities of its own) is refused.

use std::io::{self, Read};
use std::ops::Range;

use super::ReadError;
use super::package::{Part, Refusal};
use super::text::decode;

const WINDOW: usize = 64 * 1024;

/// A token that passes this is refused, at the latest when it is twice as long. A
/// cell at its longest, with every character as an escape, is a quarter.
const MAX_TOKEN: usize = 1 << 20;

/// A workbook nests some ten deep.
const MAX_DEPTH: usize = 64;

pub(super) struct Xml {
    part: Part,
    window: Vec<u8>,
    /// What is left of the window: `window[at..end]`.
    at: usize,
    end: usize,
    depth: usize,
}

/// What comes next. Names are without their prefix: programs choose their own.
pub(super) enum Token<'a> {
    Open(Tag<'a>),
    /// `<tag/>`, which no `Close` follows.
    Empty(Tag<'a>),
    Close(&'a str),
    /// Text as written, with its references.
    Text(&'a str),
    /// Text that has no references.
    Literal(&'a str),
    End,
}

#[derive(Clone, Copy)]
pub(super) struct Tag<'a> {
    pub(super) name: &'a str,
    attributes: &'a str,
}

#[derive(Clone, Copy)]
enum Kind {
    Open,
    Empty,
    Close,
    Text,
    Literal,
    End,
}

impl Xml {
    pub(super) fn new(part: Part) -> Self {
        Self { part, window: vec![0; WINDOW], at: 0, end: 0, depth: 0 }
    }

    /// Compressed bytes consumed, of how many.
    pub(super) fn consumed(&self) -> (u64, u64) {
        self.part.consumed()
    }

    pub(super) fn next(&mut self) -> Result<Token<'_>, ReadError> {
        let (kind, range) = self.advance()?;
        match kind {
            Kind::Open if self.depth == MAX_DEPTH => return Err(ReadError::damaged("depth")),
            Kind::Open => self.depth += 1,
            Kind::Close if self.depth == 0 => return Err(ReadError::damaged("unexpected end tag")),
            Kind::Close => self.depth -= 1,
            Kind::End if self.depth > 0 => return Err(ReadError::damaged("unexpected end")),
            _ => {}
        }
        let text = str::from_utf8(&self.window[range]).map_err(|_| ReadError::damaged("UTF-8"))?;
        Ok(match kind {
            Kind::Open => Token::Open(Tag::new(text)),
            Kind::Empty => Token::Empty(Tag::new(text)),
            Kind::Close => Token::Close(local(text.trim_ascii_end())),
            Kind::Text => Token::Text(text),
            Kind::Literal => Token::Literal(text),
            Kind::End => Token::End,
        })
    }

    /// Moves past the next token; its content is at the range returned.
    fn advance(&mut self) -> Result<(Kind, Range<usize>), ReadError> {
        loop {
            if self.at == self.end && !self.more()? {
                return Ok((Kind::End, 0..0));
            }
            if self.window[self.at] != b'<' {
                let length = self.find(|rest| memchr::memchr(b'<', rest))?;
                return Ok((Kind::Text, self.take(0, length.unwrap_or(self.end - self.at), 0)));
            }
            if self.end - self.at < 2 && !self.more()? {
                return Err(unfinished());
            }
            let second = self.window[self.at + 1];
            match second {
                b'?' => {
                    self.markup(2, b"?>")?;
                }
                b'!' if self.starts_with(b"<!--")? => {
                    self.markup(4, b"-->")?;
                }
                b'!' if self.starts_with(b"<![CDATA[")? => {
                    return Ok((Kind::Literal, self.markup(9, b"]]>")?));
                }
                b'!' => return Err(ReadError::damaged("DOCTYPE")),
                _ => {
                    let end = self.find(end_of_tag)?.ok_or_else(unfinished)?;
                    return Ok(match self.window[self.at + end - 1] {
                        _ if second == b'/' => (Kind::Close, self.take(2, end, 1)),
                        b'/' => (Kind::Empty, self.take(1, end - 1, 2)),
                        _ => (Kind::Open, self.take(1, end, 1)),
                    });
                }
            }
        }
    }

    /// Takes the token that ends at `end`, both counted from `at`, and the
    /// `tail` after it; its content starts at `start`.
    fn take(&mut self, start: usize, end: usize, tail: usize) -> Range<usize> {
        let range = self.at + start.min(end)..self.at + end;
        self.at += end + tail;
        range
    }

    /// Takes markup that begins with `head` bytes and ends with `tail`.
    fn markup(&mut self, head: usize, tail: &[u8]) -> Result<Range<usize>, ReadError> {
        let end = self.find(|rest| memchr::memmem::find(rest.get(head..)?, tail))?;
        let end = end.ok_or_else(unfinished)? + head;
        Ok(self.take(head, end, tail.len()))
    }

    fn starts_with(&mut self, prefix: &[u8]) -> Result<bool, ReadError> {
        loop {
            let rest = &self.window[self.at..self.end];
            if rest.len() >= prefix.len() || !prefix.starts_with(rest) {
                return Ok(rest.starts_with(prefix));
            }
            if !self.more()? {
                return Ok(false);
            }
        }
    }

    /// Asks `found` about what is left of the window, and about more of it
    /// until it has an answer or the part ends.
    fn find(&mut self, found: impl Fn(&[u8]) -> Option<usize>) -> Result<Option<usize>, ReadError> {
        loop {
            if let Some(place) = found(&self.window[self.at..self.end]) {
                return Ok(Some(place));
            }
            if !self.more()? {
                return Ok(None);
            }
        }
    }

    /// Reads on; false at the end of the part.
    fn more(&mut self) -> Result<bool, ReadError> {
        self.window.copy_within(self.at..self.end, 0);
        self.end -= self.at;
        self.at = 0;
        if self.end > MAX_TOKEN {
            return Err(ReadError::TextTooLong);
        }
        if self.end > self.window.len() / 2 {
            self.window.resize(self.window.len() * 2, 0);
        }
        let length = loop {
            match self.part.read(&mut self.window[self.end..]) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                read => break read.map_err(refused)?,
            }
        };
        self.end += length;
        Ok(length > 0)
    }
}

impl<'a> Tag<'a> {
    fn new(text: &'a str) -> Self {
        let length = text.bytes().position(|byte| byte.is_ascii_whitespace());
        let (name, attributes) = text.split_at(length.unwrap_or(text.len()));
        Self { name: local(name), attributes }
    }

    /// Calls `each` with the local name and the value of every attribute.
    pub(super) fn attributes(&self, mut each: impl FnMut(&str, &str)) -> Result<(), ReadError> {
        let mut rest = self.attributes.trim_ascii_start();
        while !rest.is_empty() {
            let (name, value, after) =
                attribute(rest).ok_or_else(|| ReadError::damaged(format!("<{}>", self.name)))?;
            if value.contains('&') {
                let mut decoded = String::new();
                decode(value, &mut decoded)?;
                each(local(name), &decoded);
            } else {
                each(local(name), value);
            }
            rest = after.trim_ascii_start();
        }
        Ok(())
    }
}

/// The first attribute: its name, its value as written, and what follows it.
fn attribute(text: &str) -> Option<(&str, &str, &str)> {
    let equals = text.bytes().position(|byte| byte == b'=')?;
    let rest = text[equals + 1..].trim_ascii_start();
    let quote = *rest.as_bytes().first().filter(|quote| matches!(quote, b'"' | b'\''))?;
    let length = rest.bytes().skip(1).position(|byte| byte == quote)?;
    Some((text[..equals].trim_ascii_end(), &rest[1..=length], &rest[length + 2..]))
}

/// A `>` may stand inside the value of an attribute.
fn end_of_tag(rest: &[u8]) -> Option<usize> {
    let mut quote = None;
    rest.iter().position(|&byte| {
        match quote {
            None if byte == b'>' => return true,
            None if matches!(byte, b'"' | b'\'') => quote = Some(byte),
            Some(open) if byte == open => quote = None,
            _ => {}
        }
        false
    })
}

fn local(name: &str) -> &str {
    name.bytes().position(|byte| byte == b':').map_or(name, |colon| &name[colon + 1..])
}

fn unfinished() -> ReadError {
    ReadError::damaged("unexpected end")
}

fn refused(error: io::Error) -> ReadError {
    match error.get_ref().and_then(|inner| inner.downcast_ref::<Refusal>()) {
        Some(refusal) => (*refusal).into(),
        None if error.raw_os_error().is_some() => ReadError::Io(error),
        None => ReadError::damaged(error.to_string()),
    }
}

#[cfg(test)]
mod tests;
