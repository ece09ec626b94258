//! `data/run.json`: which process keeps the servers that are brought along, and
//! how another one reaches them.

use crate::fault::{self, Fault};
use embedded::files;
use serde::{Deserialize, Serialize};
use std::{
    fs,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

/// How long those who serve wait for a command that keeps the servers meanwhile.
const PATIENCE: Duration = Duration::from_mins(5);

/// How another process reaches the servers that this one keeps.
#[derive(Serialize, Deserialize)]
pub(super) struct Running {
    pub(super) pid: u32,
    pub(super) socket: String,
    pub(super) port: u16,
    pub(super) s3_endpoint: String,
    pub(super) s3_access_key: String,
    pub(super) s3_secret_key: String,
    /// It serves: the servers run until it is told to stop.
    #[serde(default)]
    pub(super) serves: bool,
}

impl Running {
    /// The servers of a process that still lives.
    pub(super) fn read(data: &Path) -> Option<Self> {
        let running: Self = serde_json::from_slice(&fs::read(path(data)).ok()?).ok()?;
        running.lives().then_some(running)
    }

    /// Whether its process does. One that has ended is listed until somebody
    /// asks after it.
    fn lives(&self) -> bool {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.pid)).unwrap_or_default();
        let state = stat.split_once("(sotay) ").map(|(_, state)| state);
        self.pid != std::process::id() && state.is_some_and(|state| !state.starts_with('Z'))
    }

    /// Waits until no command keeps the servers. It withdraws `run.json` before
    /// it stops them, so it is waited for itself.
    pub(super) async fn outlast_command(data: &Path) -> Result<(), Fault> {
        let since = Instant::now();
        while let Some(command) = Self::read(data).filter(|running| !running.serves) {
            let pid = command.pid;
            tracing::warn!(pid, "waiting for process {pid}, a command that keeps the servers");
            while command.lives() {
                if since.elapsed() > PATIENCE {
                    return Err(Fault::new(format!(
                        "Một lệnh sotay khác (tiến trình {pid}) đang giữ PostgreSQL và kho tệp ở «{}»: hãy đợi lệnh đó xong rồi chạy lại.",
                        data.display()
                    )));
                }
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
        Ok(())
    }

    pub(super) fn write(&self, data: &Path) -> Result<(), Fault> {
        let path = path(data);
        files::write(&path, 0o600, &serde_json::to_string(self)?)
            .map_err(|e| fault::file(&path, &e))
    }

    pub(super) fn withdraw(data: &Path) {
        let _ = fs::remove_file(path(data));
    }
}

fn path(data: &Path) -> PathBuf {
    data.join("run.json")
}
