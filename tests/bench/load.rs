//! The load generators: wrk for HTTP, pgbench for the database alone.

use crate::{
    Result,
    ground::{Database, Ground},
    statements::Script,
};
use std::{fmt::Write as _, fs, path::Path};
use tokio::process::Command;

/// How often each side of a pair is measured, turn by turn.
pub const ROUNDS: usize = 3;
/// How long each time, in seconds.
pub const SECONDS: u32 = 4;

/// The middle one.
pub fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

/// Whether there is a wrk.
pub async fn has_wrk() -> bool {
    // It says its version and ends with an error.
    Command::new("wrk").arg("-v").output().await.is_ok()
}

/// What wrk saw.
#[derive(Clone, Copy, Debug)]
pub struct Seen {
    /// Those that were done.
    pub requests: u64,
    /// Those of them that were done in a second.
    pub rate: f64,
    /// Milliseconds, of every answer.
    pub p99: f64,
    /// Those that were told to come back.
    pub refused: u64,
}

/// For a row's note, when there were any.
pub fn refusals(count: u64) -> String {
    if count == 0 { String::new() } else { format!("; {count} refused") }
}

/// Lua that counts for us; `requests` is a file of whole requests, each closed
/// by a line with a single dot, which are sent round and round.
const SCRIPT: &str = r#"
local requests, at, threads = {}, 0, {}
refused = 0
function setup(thread)
  threads[#threads + 1] = thread
end
function init(args)
  local lines = {}
  for line in io.lines(args[1]) do
    if line == "." then
      requests[#requests + 1] = table.concat(lines, "\r\n")
      lines = {}
    else
      lines[#lines + 1] = line
    end
  end
end
function request()
  at = at % #requests + 1
  return requests[at]
end
function done(summary, latency)
  local e, told = summary.errors, 0
  for _, thread in ipairs(threads) do
    told = told + thread:get("refused")
  end
  io.write(string.format("SEEN %d %f %f %d %d\n", summary.requests, summary.duration / 1e6,
    latency:percentile(99) / 1000, e.connect + e.read + e.write + e.timeout + e.status, told))
end
"#;

/// Looks at each answer for one more thing than wrk counts by itself.
const LOOK: &str = r#"
function response(status, headers)
  if status == 503 and (headers["retry-after"] or headers["Retry-After"]) then
    refused = refused + 1
  end
end
"#;

/// A request as a line-by-line text, for [`wrk`].
pub fn request(head: &str, body: &str) -> String {
    let mut text = format!("{head}\n");
    if !body.is_empty() {
        let _ = writeln!(text, "Content-Length: {}", body.len());
    }
    // The empty line before the body, and the body or the end of the headers.
    let _ = writeln!(text, "\n{body}\n.");
    text
}

/// Sends `requests` over `connections` for some seconds. Those that are told to
/// come back are counted; everything else must succeed.
pub async fn wrk(
    ground: &Ground,
    url: &str,
    requests: &str,
    connections: u32,
    seconds: u32,
) -> Result<Seen> {
    let script = format!("{SCRIPT}{LOOK}");
    succeeded(send(ground, &script, url, requests, connections, seconds).await?)
}

/// The same where nobody is refused: so that wrk need not look at the answers,
/// which takes its time where they are tens of thousands a second.
pub async fn race(
    ground: &Ground,
    url: &str,
    requests: &str,
    connections: u32,
    seconds: u32,
) -> Result<Seen> {
    succeeded(send(ground, SCRIPT, url, requests, connections, seconds).await?)
}

fn succeeded((seen, broken): (Seen, u64)) -> Result<Seen> {
    if broken > 0 {
        return Err(format!("wrk: {broken} yêu cầu hỏng, {} xong", seen.requests).into());
    }
    Ok(seen)
}

/// The same before anything is measured: whoever is not known yet may be sent
/// away while connections are still being opened.
pub async fn warm(ground: &Ground, url: &str, requests: &str, connections: u32) -> Result<()> {
    send(ground, SCRIPT, url, requests, connections, 2).await?;
    Ok(())
}

/// What was seen, and how many requests failed.
async fn send(
    ground: &Ground,
    lua: &str,
    url: &str,
    requests: &str,
    connections: u32,
    seconds: u32,
) -> Result<(Seen, u64)> {
    let (script, file) = (ground.path("wrk.lua"), ground.path("requests"));
    fs::write(&script, lua)?;
    fs::write(&file, requests)?;
    let output = Command::new("wrk")
        .args(["-t1", "-c", &connections.to_string(), "-d", &format!("{seconds}s")])
        .args(["--timeout", "10s", "-s"])
        .arg(&script)
        .arg(url)
        .arg("--")
        .arg(&file)
        .output()
        .await?;
    let text = String::from_utf8_lossy(&output.stdout);
    let seen = text.lines().find_map(|line| line.strip_prefix("SEEN "));
    let numbers: Vec<f64> = seen
        .ok_or_else(|| format!("wrk: {text}{}", String::from_utf8_lossy(&output.stderr)))?
        .split(' ')
        .map(str::parse)
        .collect::<std::result::Result<_, _>>()?;
    let [answers, seconds, p99, errors, refused] = numbers[..] else { return Err("wrk".into()) };
    // wrk counts an answer of 503 among its errors.
    let (done, broken) = (answers - errors, errors - refused);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a count")]
    let count = |number: f64| number as u64;
    let seen = Seen { requests: count(done), rate: done / seconds, p99, refused: count(refused) };
    Ok((seen, count(broken)))
}

/// Transactions a second of pgbench with prepared statements, logged in as a
/// tenant's role.
pub async fn pgbench(
    ground: &Ground,
    database: &Database,
    role: &str,
    script: &Script,
    seconds: u32,
) -> Result<f64> {
    let mut arguments: Vec<String> =
        ["-n", "-M", "prepared", "-c", "32", "-j", "1", "-T"].map(Into::into).into();
    arguments.push(seconds.to_string());
    let path = ground.path("pgbench.sql");
    fs::write(&path, &script.text)?;
    arguments.extend(["-f".into(), path.display().to_string()]);
    for (name, value) in &script.variables {
        arguments.extend(["-D".into(), format!("{name}={value}")]);
    }
    arguments.push(login(ground.postgres.socket_dir(), database, role));
    let output = ground.postgres.run_tool("pgbench", arguments).await?;
    let text = String::from_utf8_lossy(&output.stdout);
    let failed = text.lines().find_map(|line| line.strip_prefix("number of failed transactions: "));
    if failed.is_none_or(|failed| !failed.starts_with("0 ")) {
        return Err(format!("pgbench: {text}").into());
    }
    let rate = text.lines().find_map(|line| line.strip_prefix("tps = ")?.split(' ').next());
    Ok(rate.ok_or_else(|| format!("pgbench: {text}"))?.parse()?)
}

fn login(socket: &Path, database: &Database, role: &str) -> String {
    format!(
        "host={} dbname={} user={role} password={}",
        socket.display(),
        database.name,
        database.key.role_password(role, 1)
    )
}
