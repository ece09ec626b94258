//! The zip container of a workbook. Each part is inflated as it is read, with
//! its own position in the file, so that a reader can own it; and inflating
//! stops when the part grows past what any real workbook holds.

use std::fs::File;
use std::io::{self, BufReader, Read};
use std::os::unix::fs::FileExt;
use std::sync::Arc;

use flate2::Crc;
use flate2::bufread::DeflateDecoder;
use zip::result::ZipError;
use zip::{CompressionMethod, ZipArchive};

use super::ReadError;

/// A part may inflate to this.
pub(super) const MAX_PART: u64 = 2 << 30;

/// A real sheet compresses 5 to 50 times. Past the first stretch, a part that
/// compresses far better than that is refused.
const MAX_RATIO: u64 = 200;
const RATIO_FROM: u64 = 50 << 20;

/// A workbook has tens of parts, with pictures perhaps a thousand.
const MAX_PARTS: usize = 20_000;

pub(super) struct Package {
    file: Arc<File>,
    archive: ZipArchive<File>,
}

impl Package {
    pub(super) fn open(file: File) -> Result<Self, ReadError> {
        // The archive moves its own cursor; the parts read by position.
        let archive = ZipArchive::new(file.try_clone()?).map_err(damaged)?;
        if archive.len() > MAX_PARTS {
            return Err(ReadError::Bomb);
        }
        Ok(Self { file: Arc::new(file), archive })
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.archive.file_names_raw().any(|other| same_name(other, name))
    }

    /// A part by name, refused once it inflates past `limit` bytes.
    pub(super) fn part(&mut self, name: &str, limit: u64) -> Result<Option<Part>, ReadError> {
        let Some(index) = self.archive.file_names_raw().position(|other| same_name(other, name))
        else {
            return Ok(None);
        };
        let entry = self.archive.by_index_raw(index).map_err(damaged)?;
        if entry.encrypted() {
            return Err(ReadError::Protected);
        }
        if entry.size() > limit {
            return Err(ReadError::TooBig);
        }
        let start = entry.data_start().ok_or_else(|| ReadError::damaged(name))?;
        let stored = entry.compressed_size();
        let window =
            Window { file: Arc::clone(&self.file), at: start, end: start.saturating_add(stored) };
        let source = match entry.compression() {
            CompressionMethod::Stored => Source::Stored(window),
            CompressionMethod::Deflated => Source::Deflated(Box::new(DeflateDecoder::new(
                BufReader::with_capacity(64 * 1024, window),
            ))),
            other => return Err(ReadError::damaged(format!("{name}: {other:?}"))),
        };
        Ok(Some(Part {
            source,
            start,
            stored,
            inflated: 0,
            limit,
            crc: Crc::new(),
            expected: entry.crc32(),
        }))
    }
}

/// Part names ignore case, and some programs write Windows separators.
fn same_name(stored: &[u8], name: &str) -> bool {
    stored.len() == name.len()
        && stored.iter().zip(name.bytes()).all(|(&a, b)| {
            let a = if a == b'\\' { b'/' } else { a };
            a.eq_ignore_ascii_case(&b)
        })
}

fn damaged(error: ZipError) -> ReadError {
    match error {
        ZipError::Io(error) if error.raw_os_error().is_some() => ReadError::Io(error),
        other => ReadError::damaged(other.to_string()),
    }
}

/// A stretch of a shared file.
struct Window {
    file: Arc<File>,
    at: u64,
    end: u64,
}

impl Read for Window {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let left = usize::try_from(self.end - self.at).unwrap_or(usize::MAX).min(buffer.len());
        let length = self.file.read_at(&mut buffer[..left], self.at)?;
        self.at += length as u64;
        Ok(length)
    }
}

enum Source {
    Stored(Window),
    Deflated(Box<DeflateDecoder<BufReader<Window>>>),
}

/// One part, inflated as it is read.
pub(super) struct Part {
    source: Source,
    start: u64,
    stored: u64,
    inflated: u64,
    limit: u64,
    crc: Crc,
    expected: u32,
}

impl Part {
    /// Compressed bytes consumed, of how many.
    pub(super) fn consumed(&self) -> (u64, u64) {
        let done = match &self.source {
            Source::Stored(window) => window.at - self.start,
            Source::Deflated(decoder) => decoder.total_in(),
        };
        (done, self.stored)
    }
}

impl Read for Part {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = match &mut self.source {
            Source::Stored(window) => window.read(buffer)?,
            Source::Deflated(decoder) => decoder.read(buffer)?,
        };
        self.crc.update(&buffer[..length]);
        self.inflated += length as u64;
        if length == 0 && !buffer.is_empty() && self.crc.sum() != self.expected {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "checksum"));
        }
        if self.inflated > self.limit {
            return Err(Refusal::TooBig.into());
        }
        if self.inflated > RATIO_FROM && self.inflated / MAX_RATIO > self.consumed().0 {
            return Err(Refusal::Bomb.into());
        }
        Ok(length)
    }
}

/// A refusal on its way through code that only knows I/O errors.
#[derive(Debug, Clone, Copy, thiserror::Error)]
pub(super) enum Refusal {
    #[error("too big")]
    TooBig,
    #[error("compressed beyond reason")]
    Bomb,
}

impl From<Refusal> for io::Error {
    fn from(refusal: Refusal) -> Self {
        io::Error::other(refusal)
    }
}

impl From<Refusal> for ReadError {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::TooBig => ReadError::TooBig,
            Refusal::Bomb => ReadError::Bomb,
        }
    }
}
