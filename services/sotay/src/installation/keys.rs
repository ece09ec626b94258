//! Secrets in files: the master key, the provisioner's password.

use crate::fault::{self, Fault};
use embedded::files;
use std::{
    fs,
    io::{ErrorKind, Write as _},
    os::unix::fs::DirBuilderExt as _,
    path::Path,
};

/// A random secret in a file, made at first use. One that is there, readable or
/// not, is never replaced: whatever is derived from it would be lost.
pub(super) fn keep(folder: &Path, name: &str) -> Result<String, Fault> {
    let path = folder.join(name);
    match fs::read_to_string(&path) {
        Ok(text) => return Ok(text.trim().to_owned()),
        Err(error) if error.kind() == ErrorKind::NotFound => {}
        Err(error) => return Err(fault::file(&path, &error)),
    }
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)
        .map_err(|e| fault::file(folder, &e))?;
    write_first(folder, &path, files::secret::<32>().as_bytes())
        .map_err(|e| fault::file(&path, &e))?;
    // Another process may have been first.
    secret(&path)
}

/// Whole or not at all, readable by its owner alone, and only when there is
/// nothing yet.
fn write_first(folder: &Path, path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    match file.persist_noclobber(path) {
        Err(refused) if refused.error.kind() != ErrorKind::AlreadyExists => Err(refused.error),
        _ => Ok(()),
    }
}

/// What a file says, without the line break at its end.
pub(super) fn secret(path: &Path) -> Result<String, Fault> {
    Ok(fs::read_to_string(path).map_err(|e| fault::file(path, &e))?.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::keep;
    use std::{fs, thread};

    #[test]
    fn a_secret_is_made_once_and_never_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let keys = folder.path().join("keys");
        let all: Vec<String> = thread::scope(|scope| {
            let starts: Vec<_> =
                (0..8).map(|_| scope.spawn(|| keep(&keys, "master.key").unwrap())).collect();
            starts.into_iter().map(|start| start.join().unwrap()).collect()
        });
        assert!(all.iter().all(|secret| *secret == all[0]), "who comes second takes the first's");
        assert_eq!(fs::read_dir(&keys).unwrap().count(), 1, "nothing else is left there");

        // It is there and cannot be read as text.
        fs::write(keys.join("master.key"), [0xff, 0xfe]).unwrap();
        assert!(keep(&keys, "master.key").is_err());
        assert_eq!(fs::read(keys.join("master.key")).unwrap(), [0xff, 0xfe]);
    }
}
