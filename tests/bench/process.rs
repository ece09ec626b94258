//! The program itself: run to its end, or serving.

use crate::{Result, ground::Database, http};
use std::{
    fs,
    net::{Ipv4Addr, TcpListener},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

/// How a command went.
pub struct Ended {
    /// Wall clock.
    pub took: Duration,
    /// The most memory it had resident, in MB.
    pub peak: f64,
}

/// The release build beside this program.
fn program() -> Result<PathBuf> {
    let here = std::env::current_exe()?;
    let folder = here.parent().and_then(Path::parent).ok_or("chạy bằng: make bench")?;
    Ok(folder.join("sotay"))
}

/// Runs a command of `sotay` to its end.
pub async fn run(database: &Database, arguments: &[&str]) -> Result<Ended> {
    let began = Instant::now();
    let mut child = Command::new(program()?)
        .arg("--config")
        .arg(&database.file)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .spawn()?;
    let mut peak = 0.0;
    loop {
        peak = resident(child.id(), "VmHWM").unwrap_or(peak);
        if let Some(status) = child.try_wait()? {
            let took = began.elapsed();
            if !status.success() {
                return Err(format!("sotay {}: {status}", arguments.join(" ")).into());
            }
            return Ok(Ended { took, peak });
        }
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

/// `sotay serve`, until it is dropped.
pub struct Serving {
    child: Child,
    pub port: u16,
    /// From the start of the process to its first word that it is ready.
    pub took: Duration,
}

impl Serving {
    pub async fn start(database: &Database) -> Result<Self> {
        Self::with(database, &[], &[]).await
    }

    /// The same with a few arguments and settings of its own, the latter as
    /// environment variables.
    pub async fn with(
        database: &Database,
        arguments: &[&str],
        settings: &[(String, String)],
    ) -> Result<Self> {
        let port = free_port()?;
        let began = Instant::now();
        let child = Command::new(program()?)
            .arg("--config")
            .arg(&database.file)
            .arg("serve")
            .args(arguments)
            .env("SOTAY__HTTP__PORT", port.to_string())
            .envs(settings.iter().cloned())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .spawn()?;
        let mut serving = Self { child, port, took: Duration::ZERO };
        while !http::is_ready(port).await {
            if let Some(status) = serving.child.try_wait()? {
                return Err(format!("sotay serve: {status}").into());
            }
            if began.elapsed() > Duration::from_secs(30) {
                return Err("sotay serve không sẵn sàng sau 30 giây".into());
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        serving.took = began.elapsed();
        Ok(serving)
    }

    /// Resident memory now, in MB.
    pub fn resident(&self) -> Result<f64> {
        resident(self.child.id(), "VmRSS").ok_or_else(|| "không đọc được /proc".into())
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A port that was free a moment ago.
pub fn free_port() -> Result<u16> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port())
}

/// A line of `/proc/<pid>/status` in MB.
fn resident(pid: u32, line: &str) -> Option<f64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let kilobytes = status.lines().find_map(|l| l.strip_prefix(line)?.split_whitespace().nth(1))?;
    Some(kilobytes.parse::<f64>().ok()? / 1024.0)
}
