//! What a request asks the database, taken from the server's own log, so that
//! pgbench runs the very same statements with the same values.

use crate::{
    Result,
    ground::{Database, Ground},
    http,
    people::{LARGE, Somebody},
    process::Serving,
};
use std::{fs, time::Duration};

/// After this long a server that has just started has nothing left to do.
const SETTLED: Duration = Duration::from_secs(2);

/// A request's statements as a pgbench script, with its variables.
pub struct Script {
    pub statements: usize,
    pub text: String,
    pub variables: Vec<(String, String)>,
}

impl Script {
    /// Its first statement alone.
    pub fn first(&self) -> Self {
        let text = self.text.split_inclusive(";\n").next().unwrap_or_default().to_owned();
        Self { statements: 1, text, variables: self.variables.clone() }
    }
}

/// Records what `GET path` asks for each of some members.
pub async fn of(
    ground: &Ground,
    database: &Database,
    path: &str,
    members: &[&Somebody],
) -> Result<Vec<Script>> {
    let role = format!("tn_{}", LARGE.replace('-', "_"));
    let log = |what: &str| format!("ALTER ROLE {role} {what}");
    ground.superuser(&database.name, &log("SET log_statement = 'all'")).await?;
    ground.superuser(&database.name, &log("SET log_error_verbosity = 'default'")).await?;
    let scripts = record(ground, database, path, members).await;
    // Whatever came of it: others are measured after this.
    ground.superuser(&database.name, &log("RESET log_statement")).await?;
    ground.superuser(&database.name, &log("RESET log_error_verbosity")).await?;
    scripts
}

async fn record(
    ground: &Ground,
    database: &Database,
    path: &str,
    members: &[&Somebody],
) -> Result<Vec<Script>> {
    let serving = Serving::start(database).await?;
    // At its start a server looks whether anything waits to be folded.
    tokio::time::sleep(SETTLED).await;
    let mut scripts = Vec::new();
    let file = ground.path("postgres.log");
    for (number, member) in members.iter().enumerate() {
        // The first request prepares and logs what a new connection sets up.
        http::get(serving.port, LARGE, path, &member.token).await?;
        let before = fs::read_to_string(&file)?.len();
        let answer = http::get(serving.port, LARGE, path, &member.token).await?;
        if answer.status != 200 {
            return Err(format!("GET {path}: {} {}", answer.status, answer.body).into());
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
        let said = fs::read_to_string(&file)?;
        if !said[before..].contains("] DETAIL:  Parameters") {
            return Err("nhật ký của PostgreSQL không có câu lệnh nào".into());
        }
        scripts.push(script(&said[before..], number));
    }
    drop(serving);
    let lengths: Vec<usize> = scripts.iter().map(|script| script.statements).collect();
    if lengths.iter().any(|length| *length != lengths[0]) {
        return Err(format!("GET {path}: mỗi lần một số câu lệnh khác nhau: {lengths:?}").into());
    }
    Ok(scripts)
}

/// The statements of a piece of log. Lines of one entry after its first begin
/// with a tab.
fn script(log: &str, number: usize) -> Script {
    let log = log.replace("\n\t", "\n\u{1}");
    let mut entries: Vec<String> = Vec::new();
    for line in log.split('\n') {
        match (line.strip_prefix('\u{1}'), entries.last_mut()) {
            (Some(more), Some(entry)) => {
                entry.push('\n');
                entry.push_str(more);
            }
            _ => entries.push(line.to_owned()),
        }
    }
    let mut script = Script { statements: 0, text: String::new(), variables: Vec::new() };
    for (entry, next) in entries.iter().zip(entries.iter().skip(1).chain([&String::new()])) {
        let Some((_, said)) = entry.split_once("] LOG:  ") else { continue };
        let Some((kind, sql)) = said.split_once(": ") else { continue };
        if kind != "statement" && !kind.starts_with("execute ") {
            continue;
        }
        script.statements += 1;
        let mut sql = sql.to_owned();
        let values = next.split_once("Parameters: ").map_or_else(Vec::new, |(_, p)| values(p));
        // Backwards, so that $1 is not found in $10.
        for (place, value) in values.into_iter().enumerate().rev() {
            let name = format!("v{number}_{}_{place}", script.statements);
            let dollar = format!("${}", place + 1);
            match value {
                None => sql = sql.replace(&dollar, "NULL"),
                Some(value) => {
                    sql = sql.replace(&dollar, &format!(":{name}"));
                    script.variables.push((name, value));
                }
            }
        }
        script.text += &sql;
        script.text += ";\n";
    }
    script
}

/// `$1 = 'a''b', $2 = NULL` → `a'b`, none.
fn values(text: &str) -> Vec<Option<String>> {
    let mut values = Vec::new();
    let mut rest = text;
    while let Some((_, after)) = rest.split_once(" = ") {
        let Some(mut quoted) = after.strip_prefix('\'') else {
            values.push(None);
            rest = after;
            continue;
        };
        let mut value = String::new();
        while let Some((part, after)) = quoted.split_once('\'') {
            value.push_str(part);
            quoted = after;
            let Some(after) = quoted.strip_prefix('\'') else { break };
            value.push('\'');
            quoted = after;
        }
        values.push(Some(value));
        rest = quoted;
    }
    values
}
