//! What an earlier life of ours may have left running, and how it is ended.
//!
//! The caller holds the folder's lock, so whatever still runs on the data has
//! no owner any more: its owner was killed, and its watcher is either at work
//! or was killed as well.

use super::Error;
use rustix::process::{Pid, Signal, kill_process};
use std::{
    fs, io,
    path::Path,
    time::{Duration, Instant},
};

/// After this a fast shutdown becomes an immediate one.
pub(super) const FAST: Duration = Duration::from_secs(5);
/// After this an immediate shutdown becomes a killing.
pub(super) const IMMEDIATE: Duration = Duration::from_secs(8);
const GIVE_UP: Duration = Duration::from_secs(15);

/// What the server writes about itself into its data folder.
pub(super) struct Status {
    /// The postmaster's process.
    pub pid: u32,
    /// Whether it takes connections.
    pub ready: bool,
}

/// Reads `postmaster.pid`: the process on line 1, its state on line 8.
pub(super) fn status(data: &Path) -> Option<Status> {
    let text = fs::read_to_string(data.join("postmaster.pid")).ok()?;
    let pid = text.lines().next()?.trim().parse().ok()?;
    let ready = text.lines().nth(7).is_some_and(|state| state.trim() == "ready");
    Some(Status { pid, ready })
}

/// Sends a signal; a process that is gone is as good.
pub(super) fn signal(pid: u32, signal: Signal) {
    let pid = i32::try_from(pid).ok().and_then(Pid::from_raw);
    if let Some(pid) = pid {
        // Gone already, or (a recycled number) not ours: nothing to do.
        let _ = kill_process(pid, signal);
    }
}

/// Ends every server process that carries `tag` and takes away the files that
/// would keep a new server from starting.
pub(super) async fn clear(tag: &str, data: &Path, socket: &Path) -> Result<(), Error> {
    let began = Instant::now();
    let mut asked = None;
    loop {
        let running = tagged(tag);
        if running.is_empty() {
            break;
        }
        let postmaster = status(data).map(|status| status.pid).filter(|pid| running.contains(pid));
        let passed = began.elapsed();
        let how = match postmaster {
            Some(_) if passed < FAST => Signal::INT,
            Some(_) if passed < IMMEDIATE => Signal::QUIT,
            // Sessions whose postmaster was killed: nothing to wait for.
            None if passed < Duration::from_secs(1) => Signal::QUIT,
            _ if passed < GIVE_UP => Signal::KILL,
            _ => {
                return Err(Error::AlreadyRunning { data: data.to_owned(), detail: String::new() });
            }
        };
        if asked != Some((postmaster, how)) {
            tracing::info!(
                processes = running.len(),
                "ending a PostgreSQL server left by an earlier run"
            );
            for &pid in &running {
                // The postmaster passes a shutdown on to its children in order.
                if how == Signal::KILL || postmaster.is_none_or(|postmaster| postmaster == pid) {
                    signal(pid, how);
                }
            }
            asked = Some((postmaster, how));
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    // The server would find out by itself that these are stale, unless the
    // process number in them has been given to somebody else since.
    for file in [
        data.join("postmaster.pid"),
        socket.join(format!(".s.PGSQL.{}", super::PORT)),
        socket.join(format!(".s.PGSQL.{}.lock", super::PORT)),
    ] {
        match fs::remove_file(&file) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(Error::at(&file)(error));
            }
            _ => {}
        }
    }
    Ok(())
}

/// The server processes whose command line carries `tag`: the postmaster has
/// it among its arguments, its children in their titles. (The working folder
/// would tell as well, but needs rights that root lacks in a container.)
fn tagged(tag: &str) -> Vec<u32> {
    let Ok(processes) = fs::read_dir("/proc") else { return Vec::new() };
    processes
        .flatten()
        .filter_map(|process| process.file_name().to_str()?.parse().ok())
        .filter(|pid| {
            let read = |file: &str| fs::read(format!("/proc/{pid}/{file}")).unwrap_or_default();
            read("comm") == b"postgres\n" && String::from_utf8_lossy(&read("cmdline")).contains(tag)
        })
        .collect()
}
