//! Shared strings, spooled to two temporary files instead of memory: the
//! texts one after the other, and the 8-byte offset at which each begins.

use std::fs::File;
use std::io::{BufWriter, Write};

use super::ReadError;
use super::package::Part;
use super::paged::Paged;
use super::text;
use super::xml::{Token, Xml};

pub(super) struct Strings {
    texts: Paged,
    offsets: Paged,
    count: u64,
    scratch: Vec<u8>,
}

impl Strings {
    pub(super) fn spool(part: Part) -> Result<Self, ReadError> {
        let mut spool = Spool::new()?;
        let mut xml = Xml::new(part);
        let mut current = String::new();
        let (mut in_text, mut in_phonetic) = (false, false);
        loop {
            match xml.next()? {
                Token::Open(tag) => match tag.name {
                    "si" => current.clear(),
                    "t" => in_text = !in_phonetic,
                    // How a Japanese text is pronounced: not part of it.
                    "rPh" => in_phonetic = true,
                    _ => {}
                },
                Token::Close(name) => match name {
                    "si" => {
                        text::unescape(&mut current);
                        spool.push(&current)?;
                    }
                    "t" => in_text = false,
                    "rPh" => in_phonetic = false,
                    _ => {}
                },
                Token::Empty(tag) if tag.name == "si" => spool.push("")?,
                Token::End => break,
                token if in_text => text::collect(&token, &mut current)?,
                _ => {}
            }
        }
        spool.finish()
    }

    /// Puts the string numbered `index` into `out`; false if there is none.
    pub(super) fn get(&mut self, index: u64, out: &mut String) -> Result<bool, ReadError> {
        out.clear();
        if index >= self.count {
            return Ok(false);
        }
        self.scratch.clear();
        self.offsets.read(index * 8, 16, &mut self.scratch)?;
        let offset = |bytes: &[u8]| u64::from_le_bytes(bytes.try_into().expect("eight bytes"));
        let (start, end) = (offset(&self.scratch[..8]), offset(&self.scratch[8..]));
        self.scratch.clear();
        let length = usize::try_from(end - start).map_err(std::io::Error::other)?;
        self.texts.read(start, length, &mut self.scratch)?;
        let text = str::from_utf8(&self.scratch).map_err(std::io::Error::other)?;
        out.push_str(text);
        Ok(true)
    }
}

/// The two files while they are written.
struct Spool {
    texts: BufWriter<File>,
    offsets: BufWriter<File>,
    end: u64,
    count: u64,
}

impl Spool {
    fn new() -> Result<Self, ReadError> {
        let file = || tempfile::tempfile().map(|file| BufWriter::with_capacity(64 * 1024, file));
        let mut spool = Self { texts: file()?, offsets: file()?, end: 0, count: 0 };
        spool.offsets.write_all(&0_u64.to_le_bytes())?;
        Ok(spool)
    }

    fn push(&mut self, text: &str) -> Result<(), ReadError> {
        self.texts.write_all(text.as_bytes())?;
        self.end += text.len() as u64;
        self.offsets.write_all(&self.end.to_le_bytes())?;
        self.count += 1;
        Ok(())
    }

    fn finish(self) -> Result<Strings, ReadError> {
        let file = |writer: BufWriter<File>| {
            writer.into_inner().map_err(std::io::IntoInnerError::into_error)
        };
        Ok(Strings {
            texts: Paged::new(file(self.texts)?),
            offsets: Paged::new(file(self.offsets)?),
            count: self.count,
            scratch: Vec::new(),
        })
    }
}
