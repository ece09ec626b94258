//! A `PostgreSQL` server of our own, reached through a Unix socket.
//!
//! It lives exactly as long as the process that started it. An orderly stop is
//! [`Postgres::stop`]; when the process is killed, a watcher sees a pipe close
//! and shuts the server down; and when the watcher was killed too, the next
//! [`Postgres::start`] on the same data does it. When the server dies and the
//! process lives, [`Postgres::keep`] starts it again.

mod account;
mod error;
mod init;
mod keep;
mod leftover;
mod log;
mod server;

pub use error::Error;

use crate::files;
use account::Account;
use log::Log;
use server::Server;
use sha2::{Digest as _, Sha256};
use std::{
    ffi::OsStr,
    fmt::{self, Write as _},
    fs, io,
    os::unix::{
        ffi::OsStrExt as _,
        fs::{DirBuilderExt as _, MetadataExt as _},
    },
    path::{Path, PathBuf},
    process::{Output, Stdio},
};

/// The major version whose data folders the programs can read.
const MAJOR: &str = "18";
/// Only part of the socket's file name; nothing listens on TCP.
const PORT: u16 = 5432;
/// The bootstrap superuser, known to `initdb` and to the provisioner alone.
const SUPERUSER: &str = "postgres";
/// Passwords here are 256 random or derived bits, which no number of rounds
/// protects any better; fewer rounds make for fast connections.
const SCRAM: &str = "scram_iterations=1024";

/// What to start and where.
#[derive(Debug, Clone)]
pub struct Options {
    /// The folder with the programs, `…/postgresql-18.6.3`: it holds `bin`,
    /// `lib` and `share`.
    pub bin: PathBuf,
    /// The data folder, made when it is missing. Its password, log and lock
    /// are kept beside it, as `<data>.secret`, `<data>.log` and `<data>.lock`.
    pub data: PathBuf,
    /// How many sessions the server takes, its reserved ones included.
    pub max_connections: u32,
    /// `false` gives up surviving a crash of the machine, for speed: tests only.
    pub durable: bool,
}

/// A running server. Dropping it stops it as well, without waiting.
pub struct Postgres {
    place: Place,
    options: Options,
    password: String,
    server: Server,
}

// The password must never reach a log.
impl fmt::Debug for Postgres {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Postgres")
            .field("data", &self.place.data)
            .field("pid", &self.server.pid())
            .finish_non_exhaustive()
    }
}

/// Where everything is, and whose it is.
struct Place {
    bin: PathBuf,
    /// Canonical.
    data: PathBuf,
    socket: PathBuf,
    /// In the arguments and titles of this data folder's processes.
    tag: String,
    account: Account,
}

impl Postgres {
    /// Starts the server, making its data folder first if need be, and ending
    /// whatever an earlier, killed process left behind. Ready for connections
    /// when it returns.
    ///
    /// # Errors
    /// See [`Error`]; nothing is left running.
    pub async fn start(options: Options) -> Result<Self, Error> {
        let mut place = Place::find(&options)?;
        let Some(lock) = files::lock(&place.data).await.map_err(Error::at(&place.data))? else {
            return Err(Error::AlreadyRunning { data: place.data, detail: String::new() });
        };
        // What can be refused is refused before anything is touched.
        let kept = if init::exists(&place.data)? { Some(place.password()?) } else { None };
        place.prepare()?;
        leftover::clear(&place.tag, &place.data, &place.socket).await?;
        let log = Log::open(&place.data)?;
        let password = match kept {
            Some(password) => password,
            None => init::create(&place, options.durable, &log).await.inspect_err(|_| {
                let _ = fs::remove_dir(&place.socket);
            })?,
        };
        let server = Server::start(&place, &options, &log, lock).await?;
        tracing::info!(pid = server.pid(), "PostgreSQL is ready");
        Ok(Self { place, options, password, server })
    }

    /// The folder that holds the server's socket: what `sqlx` calls `socket`
    /// and libpq calls `host`.
    #[must_use]
    pub fn socket_dir(&self) -> &Path {
        &self.place.socket
    }

    /// The number in the socket's file name. No TCP port is open.
    #[must_use]
    pub fn port(&self) -> u16 {
        PORT
    }

    /// A URL for `sqlx` and libpq that signs in as the superuser. It holds the
    /// password: never log it.
    #[must_use]
    pub fn superuser_url(&self, database: &str) -> String {
        let socket = percent(self.place.socket.as_os_str().as_bytes());
        let database = percent(database.as_bytes());
        format!("postgres://{SUPERUSER}:{}@{socket}:{PORT}/{database}", self.password)
    }

    /// The superuser's name.
    #[must_use]
    pub fn superuser(&self) -> &str {
        SUPERUSER
    }

    /// The superuser's password, 64 hexadecimal digits.
    #[must_use]
    pub fn superuser_password(&self) -> &str {
        &self.password
    }

    /// The postmaster's process number; another one after [`Postgres::keep`]
    /// had to start it again.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.server.pid()
    }

    /// Runs one of the bundle's client programs (`psql`, `pg_dump`, `pgbench`)
    /// as the superuser on database `postgres` unless the arguments say
    /// otherwise, and collects its output.
    ///
    /// # Errors
    /// [`Error::Tool`] when it ends with an error, [`Error::Io`] when it does
    /// not start.
    pub async fn run_tool<I>(&self, tool: &str, arguments: I) -> Result<Output, Error>
    where
        I: IntoIterator<Item: AsRef<OsStr>>,
    {
        let program = self.place.program(tool);
        let output = tokio::process::Command::new(&program)
            .args(arguments)
            .env("PGHOST", &self.place.socket)
            .env("PGPORT", PORT.to_string())
            .env("PGUSER", SUPERUSER)
            .env("PGPASSWORD", &self.password)
            .env("PGDATABASE", "postgres")
            .stdin(Stdio::null())
            .kill_on_drop(true)
            .output()
            .await
            .map_err(Error::at(&program))?;
        if output.status.success() {
            return Ok(output);
        }
        let detail = error::last_lines(&String::from_utf8_lossy(&output.stderr));
        Err(Error::Tool { tool: tool.to_owned(), detail })
    }

    /// Ends sessions and stops the server; returns when it is gone. Usually
    /// well under a second; after 5 s it stops being polite.
    ///
    /// # Errors
    /// [`Error::Io`] when the process cannot be waited for.
    pub async fn stop(self) -> Result<(), Error> {
        let Self { place, server, .. } = self;
        server.stop().await.map_err(Error::at(&place.data))?;
        tracing::info!("PostgreSQL has stopped");
        Ok(())
    }
}

impl Place {
    fn find(options: &Options) -> Result<Self, Error> {
        let missing = || Error::MissingBinaries { bin: options.bin.clone() };
        let bin = options.bin.canonicalize().map_err(|_| missing())?;
        if !bin.join("bin/postgres").is_file() {
            return Err(missing());
        }
        let data = canonical(&options.data)?;
        let tag =
            format!("sotay-{}", &files::hex(&Sha256::digest(data.as_os_str().as_bytes()))[..16]);
        // Not inside the data folder: a socket's path has room for 107 bytes.
        let socket = Path::new("/tmp").join(&tag);
        let account = Account::choose(&data)?;
        Ok(Self { bin, data, socket, tag, account })
    }

    /// Makes the folders reachable for the server's user.
    fn prepare(&mut self) -> Result<(), Error> {
        let parent = self.data.parent().unwrap_or(Path::new("/")).to_owned();
        self.account.reach(&self.program("postgres"), &parent)?;
        match fs::DirBuilder::new().mode(0o700).create(&self.socket) {
            Ok(()) => return self.account.give(&self.socket),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(Error::at(&self.socket)(error)),
        }
        // Anybody may make folders in /tmp, so this one has to prove itself.
        let found = fs::symlink_metadata(&self.socket).map_err(Error::at(&self.socket))?;
        let us = rustix::process::geteuid().as_raw();
        let ours = found.uid() == self.account.uid() || found.uid() == us;
        if !found.is_dir() || !ours || found.mode() & 0o077 != 0 {
            return Err(Error::SocketFolder { path: self.socket.clone() });
        }
        self.account.give(&self.socket)
    }

    fn program(&self, name: &str) -> PathBuf {
        self.bin.join("bin").join(name)
    }

    fn secret(&self) -> PathBuf {
        files::beside(&self.data, "secret")
    }

    fn password(&self) -> Result<String, Error> {
        let path = self.secret();
        match fs::read_to_string(&path) {
            Ok(password) => Ok(password),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                Err(Error::LostPassword { path })
            }
            Err(error) => Err(Error::at(&path)(error)),
        }
    }
}

/// The folder's one true path, whether or not it exists yet; its parents do
/// after this.
fn canonical(folder: &Path) -> Result<PathBuf, Error> {
    if let Ok(path) = folder.canonicalize() {
        return Ok(path);
    }
    let folder = std::path::absolute(folder).map_err(Error::at(folder))?;
    let (Some(parent), Some(name)) = (folder.parent(), folder.file_name()) else {
        return Err(Error::NotOurs { path: folder });
    };
    fs::create_dir_all(parent).map_err(Error::at(parent))?;
    Ok(parent.canonicalize().map_err(Error::at(parent))?.join(name))
}

/// Percent-encodes whatever is not plainly harmless in a URL.
fn percent(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, &byte| {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.') {
            text.push(char::from(byte));
        } else {
            // Writing to a String cannot fail.
            let _ = write!(text, "%{byte:02X}");
        }
        text
    })
}
