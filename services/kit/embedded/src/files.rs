//! Small file habits shared by the three parts and by whoever starts them:
//! secrets readable by their owner alone, whole files or none, and one process
//! to a folder.

use kernel::World;
use std::{
    ffi::OsString,
    fmt::Write as _,
    fs::{self, File, OpenOptions, TryLockError},
    io::{self, Write as _},
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

/// How long a start waits for a predecessor that is still putting its things away.
const LOCK_PATIENCE: Duration = Duration::from_secs(3);

/// `folder` with `.suffix` added to its name: where things about the folder
/// are kept that must not be inside it.
pub(crate) fn beside(folder: &Path, suffix: &str) -> PathBuf {
    let mut name = OsString::from(folder);
    name.push(".");
    name.push(suffix);
    PathBuf::from(name)
}

/// Holds the folder's lock file for this process, waiting a little for a
/// predecessor. The kernel gives it up when the process ends, however it ends.
/// `None` means that another process keeps it.
pub(crate) async fn lock(folder: &Path) -> io::Result<Option<File>> {
    let file =
        OpenOptions::new().create(true).append(true).mode(0o600).open(beside(folder, "lock"))?;
    let began = Instant::now();
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(Some(file)),
            Err(TryLockError::WouldBlock) if began.elapsed() < LOCK_PATIENCE => {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            Err(TryLockError::WouldBlock) => return Ok(None),
            Err(TryLockError::Error(error)) => return Err(error),
        }
    }
}

/// Writes a whole file or nothing, with the given permission bits.
///
/// # Errors
/// When it cannot be written; what was there before stays.
pub fn write(path: &Path, mode: u32, contents: &str) -> io::Result<()> {
    let new = beside(path, "new");
    // A left-over would keep its own, perhaps wider, permissions.
    match fs::remove_file(&new) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = OpenOptions::new().write(true).create_new(true).mode(mode).open(&new)?;
    file.write_all(contents.as_bytes())?;
    file.sync_all()?;
    fs::rename(new, path)
}

/// `N` random bytes as lower-case hexadecimal text, fit for a password. Always
/// from the machine: a repeatable password would be no password.
#[must_use]
pub fn secret<const N: usize>() -> String {
    hex(&World::system().bytes::<N>())
}

/// Lower-case hexadecimal text.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}
