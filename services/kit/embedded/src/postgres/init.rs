//! Making a new data folder, all of it or none of it.

use super::{Error, MAJOR, Place, SUPERUSER, error::last_lines, log::Log};
use crate::files;
use std::{fs, io, os::unix::fs::DirBuilderExt as _, path::Path, process::Stdio};

/// Passwords for everybody, the superuser and root included.
const ACCESS: &str = "# type  database  user  method\nlocal   all       all   scram-sha-256\n";

/// Looks at what is there: `Ok(true)` for a data folder of the right version,
/// `Ok(false)` for nothing at all.
pub(super) fn exists(data: &Path) -> Result<bool, Error> {
    match fs::read_to_string(data.join("PG_VERSION")) {
        Ok(version) if version.trim() == MAJOR => Ok(true),
        Ok(version) => Err(Error::VersionMismatch {
            data: data.to_owned(),
            found: version.trim().to_owned(),
            expected: MAJOR,
        }),
        Err(error) if error.kind() == io::ErrorKind::NotFound => match fs::read_dir(data) {
            Ok(mut entries) => match entries.next() {
                None => Ok(false),
                Some(_) => Err(Error::NotOurs { path: data.to_owned() }),
            },
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(error) => Err(Error::at(data)(error)),
        },
        Err(error) => Err(Error::at(data)(error)),
    }
}

/// Makes the data folder beside its final place and renames it, so that a
/// killed `initdb` leaves nothing that looks like data. Returns the
/// superuser's password.
pub(super) async fn create(place: &Place, durable: bool, log: &Log) -> Result<String, Error> {
    remove_unfinished(&place.data);
    let password = files::secret::<32>();
    let kept = place.secret();
    files::write(&kept, 0o600, &password).map_err(Error::at(&kept))?;

    // A new name each time: a killed predecessor's initdb may still be writing.
    let new = files::beside(&place.data, &format!("new-{}", files::secret::<4>()));
    fs::DirBuilder::new().mode(0o700).create(&new).map_err(Error::at(&new))?;
    place.account.give(&new)?;
    // The socket's folder is the one place that both of us can read.
    let handed = place.socket.join("password");
    files::write(&handed, 0o600, &password).map_err(Error::at(&handed))?;
    place.account.give(&handed)?;

    let done = initdb(place, &new, &handed, durable, log).await;
    // Before the outcome: the password must not stay there either way.
    fs::remove_file(&handed).map_err(Error::at(&handed))?;
    let finished = done.and_then(|()| {
        let access = new.join("pg_hba.conf");
        fs::write(&access, ACCESS).map_err(Error::at(&access))?;
        fs::rename(&new, &place.data).map_err(Error::at(&place.data))
    });
    if finished.is_err() {
        remove_unfinished(&place.data);
    }
    finished.map(|()| password)
}

async fn initdb(
    place: &Place,
    into: &Path,
    password: &Path,
    durable: bool,
    log: &Log,
) -> Result<(), Error> {
    let program = place.program("initdb");
    let mut command = place.account.command(&program);
    command
        .arg("--pgdata")
        .arg(into)
        .arg("--pwfile")
        .arg(password)
        .args(["--username", SUPERUSER, "--auth", "scram-sha-256", "--encoding", "UTF8"])
        // No ICU in the programs, and the C library's orders differ between
        // machines; the built-in provider knows letters and never changes.
        .args(["--locale", "C", "--locale-provider", "builtin", "--builtin-locale", "C.UTF-8"])
        .args(["--no-instructions", "--set", super::SCRAM])
        .args((!durable).then_some("--no-sync"))
        .stdin(Stdio::null())
        .stdout(log.sink()?)
        .stderr(log.sink()?);
    let status = tokio::process::Command::from(command)
        .kill_on_drop(true)
        .status()
        .await
        .map_err(Error::at(&program))?;
    if status.success() {
        return Ok(());
    }
    let said = log.said();
    let detail = last_lines(&said);
    Err(if said.contains("No space left on device") {
        Error::NoSpace { path: place.data.clone(), detail }
    } else {
        Error::Init { log: log.path().to_owned(), detail }
    })
}

/// Best effort: an unfinished folder is in nobody's way.
fn remove_unfinished(data: &Path) {
    let (Some(parent), Some(name)) = (data.parent(), data.file_name()) else { return };
    let prefix = format!("{}.new-", name.to_string_lossy());
    for entry in fs::read_dir(parent).into_iter().flatten().flatten() {
        if entry.file_name().to_string_lossy().starts_with(&prefix) {
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}
