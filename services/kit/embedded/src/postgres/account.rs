//! Who the server runs as. `PostgreSQL` refuses to be root, so a root process
//! lends it an unprivileged user; anybody else runs it as themselves.

use super::Error;
use std::{
    fs, io,
    os::unix::{
        fs::{MetadataExt as _, chown},
        process::CommandExt as _,
    },
    path::Path,
    process::{Command, Stdio},
};

/// Users to lend, in order of preference; the last one's numbers hold where
/// `/etc/passwd` does not name it.
const CANDIDATES: [&str; 2] = ["postgres", "nobody"];
const NOBODY: u32 = 65534;

/// The capabilities that let the lent user pass folders it may not enter.
const CAPABILITIES: &str = "+dac_override,+dac_read_search";

/// The user that owns the data and runs the server.
pub(super) struct Account {
    /// Set when it is not us, which only root can arrange.
    lent: Option<Lent>,
}

struct Lent {
    uid: u32,
    gid: u32,
    /// Whether it needs [`CAPABILITIES`] to reach its own data.
    helped: bool,
}

impl Account {
    /// The owner of the data folder if there is one, so that the choice holds
    /// for as long as the data does; otherwise a fitting user.
    pub(super) fn choose(data: &Path) -> Result<Self, Error> {
        let us = rustix::process::geteuid().as_raw();
        let owner = match fs::metadata(data) {
            Ok(folder) => Some((folder.uid(), folder.gid())),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(Error::at(data)(error)),
        };
        match owner {
            Some((uid, gid)) if us == 0 && uid != 0 => Ok(Self::lent(uid, gid)),
            Some((uid, _)) if uid != us => Err(Error::NotOurs { path: data.to_owned() }),
            _ if us == 0 => {
                let users = fs::read_to_string("/etc/passwd").unwrap_or_default();
                let found = CANDIDATES.iter().find_map(|name| numbers(&users, name));
                let (uid, gid) = found.unwrap_or((NOBODY, NOBODY));
                Ok(Self::lent(uid, gid))
            }
            _ => Ok(Self { lent: None }),
        }
    }

    fn lent(uid: u32, gid: u32) -> Self {
        Self { lent: Some(Lent { uid, gid, helped: false }) }
    }

    /// The user's number.
    pub(super) fn uid(&self) -> u32 {
        self.lent.as_ref().map_or_else(|| rustix::process::geteuid().as_raw(), |lent| lent.uid)
    }

    /// Makes sure that the user can run `program` and enter `folder`, helping
    /// it with capabilities when a folder on the way (a checkout under /root,
    /// say) is closed to it.
    pub(super) fn reach(&mut self, program: &Path, folder: &Path) -> Result<(), Error> {
        if self.lent.is_none() || self.reaches(program, folder) {
            return Ok(());
        }
        if let Some(lent) = &mut self.lent {
            lent.helped = true;
        }
        if self.reaches(program, folder) {
            return Ok(());
        }
        Err(Error::Unreachable { account: self.uid().to_string(), path: folder.to_owned() })
    }

    fn reaches(&self, program: &Path, folder: &Path) -> bool {
        self.command(Path::new("/bin/sh"))
            .args(["-c", r#"test -x "$1" && cd "$2""#, "sh"])
            .args([program, folder])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .is_ok_and(|status| status.success())
    }

    /// A command run as the user, away from our terminal's signals, our
    /// working folder and our environment (which holds secrets that are none
    /// of its business).
    pub(super) fn command(&self, program: &Path) -> Command {
        let mut command = match &self.lent {
            Some(Lent { uid, gid, helped: true }) => {
                let mut command = Command::new("setpriv");
                command
                    .arg(format!("--reuid={uid}"))
                    .arg(format!("--regid={gid}"))
                    .arg("--clear-groups")
                    // initdb asks access(2) about its own programs, which
                    // otherwise leaves capabilities out of account.
                    .arg("--securebits=+no_setuid_fixup")
                    .arg(format!("--inh-caps={CAPABILITIES}"))
                    .arg(format!("--ambient-caps={CAPABILITIES}"))
                    .arg(program);
                command
            }
            Some(Lent { uid, gid, helped: false }) => {
                let mut command = Command::new(program);
                command.uid(*uid).gid(*gid);
                command
            }
            None => Command::new(program),
        };
        command
            .current_dir("/")
            .env_clear()
            .env("PATH", "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin")
            .env("LC_ALL", "C")
            // Ctrl-C reaches the terminal's whole process group; only our own
            // orderly stop shall end the server.
            .process_group(0);
        command
    }

    /// Hands a file or folder of ours over to the user.
    pub(super) fn give(&self, path: &Path) -> Result<(), Error> {
        let Some(lent) = &self.lent else { return Ok(()) };
        chown(path, Some(lent.uid), Some(lent.gid)).map_err(Error::at(path))
    }
}

/// A user's number and group from the text of `/etc/passwd`.
fn numbers(users: &str, name: &str) -> Option<(u32, u32)> {
    users.lines().find_map(|line| {
        let mut fields = line.split(':');
        if fields.next()? != name {
            return None;
        }
        let uid = fields.nth(1)?.parse().ok()?;
        let gid = fields.next()?.parse().ok()?;
        // A root by another name would be refused as well.
        (uid != 0).then_some((uid, gid))
    })
}

#[cfg(test)]
mod tests {
    use super::numbers;

    #[test]
    fn users_are_found_by_name_and_never_root() {
        let users = "root:x:0:0::/:/bin/sh\npostgres2:x:9:9::/:\npostgres:x:101:104:a,b:/x:/y\ntoor:x:0:0:::";
        assert_eq!(numbers(users, "postgres"), Some((101, 104)));
        assert_eq!(numbers(users, "toor"), None);
        assert_eq!(numbers(users, "nobody"), None);
    }
}
