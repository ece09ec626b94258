//! The log of one data folder, kept beside it: `initdb`'s and the server's
//! words in one place, in a file that the server's user cannot replace.

use super::Error;
use crate::files;
use std::{
    fs::{self, File, OpenOptions},
    io::{Read as _, Seek as _, SeekFrom},
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
};

/// Bytes; above this the log is set aside at the next start.
const ENOUGH: u64 = 4 << 20;

/// The open log, and where this run's part of it begins.
pub(super) struct Log {
    path: PathBuf,
    file: File,
    start: u64,
}

impl Log {
    /// Opens the log, setting a long one aside as `.log.1`.
    pub(super) fn open(data: &Path) -> Result<Self, Error> {
        let path = files::beside(data, "log");
        if fs::metadata(&path).is_ok_and(|file| file.len() > ENOUGH) {
            fs::rename(&path, files::beside(&path, "1")).map_err(Error::at(&path))?;
        }
        let file = OpenOptions::new()
            .create(true)
            .append(true)
            .read(true)
            .mode(0o600)
            .open(&path)
            .map_err(Error::at(&path))?;
        let start = file.metadata().map_err(Error::at(&path))?.len();
        Ok(Self { path, file, start })
    }

    /// Where it is.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Another handle for a child process to write to.
    pub(super) fn sink(&self) -> Result<File, Error> {
        self.file.try_clone().map_err(Error::at(&self.path))
    }

    /// What was written since it was opened.
    pub(super) fn said(&self) -> String {
        let mut bytes = Vec::new();
        // A log that cannot be read is an empty one; the sentence stands.
        let _ = (&self.file)
            .seek(SeekFrom::Start(self.start))
            .and_then(|_| (&self.file).read_to_end(&mut bytes));
        String::from_utf8_lossy(&bytes).into_owned()
    }
}
