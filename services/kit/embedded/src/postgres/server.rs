//! The server's process and the watcher that ends it when we are gone.

use super::{Error, Options, Place, SCRAM, error::last_lines, leftover, log::Log};
use rustix::process::Signal;
use std::{
    fs::{self, File},
    io::{self, Write as _},
    path::{Path, PathBuf},
    process::{Child, Stdio},
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU32, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

/// Long, because recovering from a crash may take a while.
const READY: Duration = Duration::from_mins(2);

/// Waits on a pipe that only our process holds open. A line means that all is
/// in order; the end of it means that we died, and the server goes too. The
/// name is checked because numbers are given out again, the state because
/// nobody may have asked after a process that has ended.
const WATCHER: &str = r#"
trap '' HUP INT TERM
alive() { read -r _ name state _ < "/proc/$1/stat" && [ "$name" = "(postgres)" ] && [ "$state" != Z ]; }
read -r _ && exit 0
alive "$1" && kill -INT "$1"
i=0
while [ "$i" -lt 50 ] && alive "$1"; do sleep 0.1; i=$((i + 1)); done
alive "$1" && kill -QUIT "$1"
"#;

/// The running postmaster and its watcher.
pub(super) struct Server {
    /// Taken apart by `stop` and `drop`.
    running: Mutex<Option<Running>>,
    pid: AtomicU32,
}

struct Running {
    // The standard library's children, not tokio's: a server may be started in
    // one runtime and stopped in another.
    postmaster: Child,
    watcher: Child,
    /// The socket's folder.
    socket: PathBuf,
    /// Given up last, when nothing uses the folder any more.
    _lock: File,
}

impl Server {
    pub(super) async fn start(
        place: &Place,
        options: &Options,
        log: &Log,
        lock: File,
    ) -> Result<Self, Error> {
        let (postmaster, watcher) = spawn(place, options, log)?;
        let pid = AtomicU32::new(postmaster.id());
        let socket = place.socket.clone();
        let running = Running { postmaster, watcher, socket, _lock: lock };
        // From here on, an error or a cancelled start drops the server, and so stops it.
        let server = Self { running: Mutex::new(Some(running)), pid };
        server.ready(place, log).await?;
        Ok(server)
    }

    /// Starts the postmaster anew after it ended by itself. May be cancelled at
    /// any point and called again.
    pub(super) async fn again(
        &self,
        place: &Place,
        options: &Options,
        log: &Log,
    ) -> Result<(), Error> {
        // Sessions of a killed postmaster may still be ending.
        leftover::clear(&place.tag, &place.data, &place.socket).await?;
        let (postmaster, watcher) = spawn(place, options, log)?;
        self.pid.store(postmaster.id(), Ordering::Relaxed);
        let before = self.running().as_mut().map(|running| {
            running.postmaster = postmaster;
            std::mem::replace(&mut running.watcher, watcher)
        });
        if let Some(watcher) = before {
            send_away(watcher);
        }
        self.ready(place, log).await
    }

    pub(super) fn pid(&self) -> u32 {
        self.pid.load(Ordering::Relaxed)
    }

    /// Whether the postmaster has ended by itself.
    pub(super) fn has_ended(&self) -> bool {
        self.running().as_mut().is_some_and(|r| !matches!(r.postmaster.try_wait(), Ok(None)))
    }

    fn running(&self) -> MutexGuard<'_, Option<Running>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn ready(&self, place: &Place, log: &Log) -> Result<(), Error> {
        let began = Instant::now();
        while began.elapsed() < READY {
            if leftover::status(&place.data)
                .is_some_and(|status| status.pid == self.pid() && status.ready)
            {
                return Ok(());
            }
            if self.has_ended() {
                break;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        let said = log.said();
        let detail = last_lines(&said);
        Err(if said.contains("No space left on device") {
            Error::NoSpace { path: place.data.clone(), detail }
        } else if said.contains("lock file \"postmaster.pid\"")
            || said.contains("pre-existing shared memory")
        {
            Error::AlreadyRunning { data: place.data.clone(), detail }
        } else {
            Error::Start { log: log.path().to_owned(), detail }
        })
    }

    /// Shuts the server down and waits for it.
    pub(super) async fn stop(self) -> io::Result<()> {
        let began = Instant::now();
        let mut asked = None;
        // The child stays in `self` meanwhile, so that a cancelled stop is
        // finished by `drop`.
        while self.still_runs()? {
            let how = match began.elapsed() {
                passed if passed < leftover::FAST => Signal::INT,
                passed if passed < leftover::IMMEDIATE => Signal::QUIT,
                _ => Signal::KILL,
            };
            if asked != Some(how) {
                leftover::signal(self.pid(), how);
                asked = Some(how);
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        let running = self.running().take();
        if let Some(running) = running {
            running.dismiss();
        }
        Ok(())
    }

    fn still_runs(&self) -> io::Result<bool> {
        match self.running().as_mut() {
            Some(running) => Ok(running.postmaster.try_wait()?.is_none()),
            None => Ok(false),
        }
    }
}

/// A postmaster and the watcher that ends it when we are gone.
fn spawn(place: &Place, options: &Options, log: &Log) -> Result<(Child, Child), Error> {
    let program = place.program("postgres");
    let mut command = place.account.command(&program);
    command.arg("-D").arg(&place.data);
    for setting in settings(place, options) {
        command.args(["-c", &setting]);
    }
    let mut postmaster = command
        .stdin(Stdio::null())
        .stdout(log.sink()?)
        .stderr(log.sink()?)
        .spawn()
        .map_err(Error::at(&program))?;
    let pid = postmaster.id();
    let shell = Path::new("/bin/sh");
    let watcher = place
        .account
        .command(shell)
        .args(["-c", WATCHER, "sh", &pid.to_string(), &place.tag])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn();
    match watcher {
        Ok(watcher) => Ok((postmaster, watcher)),
        Err(error) => {
            leftover::signal(pid, Signal::INT);
            let _ = postmaster.wait();
            Err(Error::at(shell)(error))
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let Some(mut running) = self.running().take() else { return };
        if let Ok(None) = running.postmaster.try_wait() {
            leftover::signal(self.pid(), Signal::INT);
        }
        // Waiting here could block a runtime, so a thread waits and gives the
        // lock up afterwards; if the process ends first, the watcher sees to
        // the server.
        let waiting = thread::Builder::new().spawn(move || {
            let _ = running.postmaster.wait();
            running.dismiss();
        });
        // Without a thread the closure, and with it the pipe, was just dropped.
        drop(waiting);
    }
}

impl Running {
    /// The server is gone: tell the watcher, and leave neither zombie nor folder.
    fn dismiss(self) {
        send_away(self.watcher);
        // Whatever a killed server left in it is for the next start to clear.
        let _ = fs::remove_dir(&self.socket);
    }
}

/// Tells a watcher that its server is gone, and waits for it.
fn send_away(mut watcher: Child) {
    if let Some(mut pipe) = watcher.stdin.take() {
        let _ = pipe.write_all(b"\n");
    }
    let _ = watcher.wait();
}

/// Everything that makes this server what it is, on its command line, so that
/// a new version's settings hold for old data too.
fn settings(place: &Place, options: &Options) -> Vec<String> {
    let mut settings = vec![
        format!("cluster_name={}", place.tag),
        format!("unix_socket_directories={}", place.socket.display()),
        format!("max_connections={}", options.max_connections),
        format!("port={}", super::PORT),
    ];
    settings.extend(
        [
            "listen_addresses=",
            "unix_socket_permissions=0700",
            SCRAM,
            // A small machine's worth of memory: the page cache does the rest.
            "shared_buffers=64MB",
            "huge_pages=off",
            "io_method=sync",
            "max_wal_size=256MB",
            "min_wal_size=32MB",
            // Our statements are short; compiling them costs more than it saves.
            "jit=off",
            "track_activities=on",
            "timezone=UTC",
            "log_timezone=UTC",
            // The log goes to operators: no statements and no key values in
            // it, because those hold people's names and numbers.
            "log_min_messages=warning",
            "log_min_error_statement=panic",
            "log_error_verbosity=terse",
            "log_checkpoints=off",
        ]
        .map(String::from),
    );
    if !options.durable {
        settings.extend(
            [
                "fsync=off",
                "synchronous_commit=off",
                "full_page_writes=off",
                "wal_level=minimal",
                "max_wal_senders=0",
            ]
            .map(String::from),
        );
    }
    settings
}
