//! Positioned reads of a temporary file through a small cache of pages.
//!
//! Cells name their shared strings mostly in the order in which these were
//! stored, and a few strings (a sex, a branch) again and again; a table that
//! was sorted names them at random. Small pages serve all three.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;

const PAGE: usize = 4096;
/// 1,024 pages of 4 KiB: 4 MiB at most, taken as they are needed.
const PAGES: usize = 1024;

pub(super) struct Paged {
    file: File,
    pages: Vec<Page>,
}

#[derive(Default)]
struct Page {
    /// Its position in the file, counted in pages.
    number: u64,
    bytes: Vec<u8>,
}

impl Paged {
    /// The file must not change from here on.
    pub(super) fn new(file: File) -> Self {
        Self { file, pages: std::iter::repeat_with(Page::default).take(PAGES).collect() }
    }

    /// Appends `length` bytes from `offset` on to `out`.
    pub(super) fn read(
        &mut self,
        mut offset: u64,
        mut length: usize,
        out: &mut Vec<u8>,
    ) -> io::Result<()> {
        while length > 0 {
            let (number, within) = (offset / PAGE as u64, offset % PAGE as u64);
            let page = self.page(number)?;
            let within = usize::try_from(within).map_err(io::Error::other)?;
            let piece = page.get(within..).unwrap_or_default();
            let piece = &piece[..piece.len().min(length)];
            if piece.is_empty() {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            out.extend_from_slice(piece);
            offset += piece.len() as u64;
            length -= piece.len();
        }
        Ok(())
    }

    /// Each page has one place, so that a look-up is one comparison.
    fn page(&mut self, number: u64) -> io::Result<&[u8]> {
        let slot = usize::try_from(number % PAGES as u64).map_err(io::Error::other)?;
        let page = &mut self.pages[slot];
        if page.bytes.is_empty() || page.number != number {
            page.bytes.resize(PAGE, 0);
            let mut filled = 0;
            while filled < PAGE {
                match self
                    .file
                    .read_at(&mut page.bytes[filled..], number * PAGE as u64 + filled as u64)
                {
                    Ok(0) => break,
                    Ok(length) => filled += length,
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                    Err(error) => {
                        page.bytes.clear();
                        return Err(error);
                    }
                }
            }
            page.bytes.truncate(filled);
            page.number = number;
        }
        Ok(&page.bytes)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    #[test]
    fn reads_anywhere() {
        let bytes: Vec<u8> =
            (0..6_000_000_u32).map(|n| n.to_le_bytes()[(n % 3) as usize]).collect();
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(&bytes).unwrap();
        let mut paged = Paged::new(file);
        let mut at = 1_usize;
        for length in [0, 1, 16, 4095, 4096, 4097, 20_000].into_iter().cycle().take(2000) {
            at = (at * 7919 + 13) % (bytes.len() - 20_000);
            let mut out = Vec::new();
            paged.read(at as u64, length, &mut out).unwrap();
            assert_eq!(out, &bytes[at..at + length]);
        }
        assert!(paged.read(5_999_999, 2, &mut Vec::new()).is_err());
        assert!(paged.read(1 << 40, 1, &mut Vec::new()).is_err());
    }
}
