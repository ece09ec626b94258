//! `make bench`: what the platform costs, beside what the same work costs
//! without it. All pairs are measured in one run on one machine, so that the
//! ratios mean something where the figures themselves do not.
//!
//! `bench lists check-in` measures only these; see [`PARTS`].

#![expect(
    clippy::cast_precision_loss,
    reason = "counts of a benchmark fit a double many times over"
)]

mod check_in;
mod crowd;
mod fleet;
mod ground;
mod http;
mod lists;
mod load;
mod memory;
mod people;
mod pressure;
mod process;
mod proxy;
mod report;
mod roster;
mod sign_in;
mod statements;
mod visits;

use ground::Ground;
use report::Report;
use std::process::ExitCode;
use tokio::sync::OnceCell;

/// Whatever goes wrong ends the run with a sentence.
struct Trouble(String);

type Result<T> = std::result::Result<T, Trouble>;

impl<E: std::fmt::Display> From<E> for Trouble {
    fn from(error: E) -> Self {
        Self(error.to_string())
    }
}

/// What can be measured, in the order in which it is.
const PARTS: [&str; 9] =
    ["roster", "lists", "check-in", "sign-in", "pressure", "proxy", "memory", "fleet", "visits"];

#[tokio::main]
async fn main() -> ExitCode {
    let chosen: Vec<String> =
        std::env::args().skip(1).filter(|argument| !argument.starts_with('-')).collect();
    if let Some(odd) = chosen.iter().find(|name| !PARTS.contains(&name.as_str())) {
        eprintln!("không có phần «{odd}»; có: {}", PARTS.join(", "));
        return ExitCode::FAILURE;
    }
    let whole = chosen.is_empty();
    let chosen = |part: &str| whole || chosen.iter().any(|name| name == part);
    let mut report = Report::default();
    let outcome = measure(chosen, &mut report).await;
    report.print();
    // What was measured before something went wrong is kept.
    match report.write(whole).and(outcome) {
        Ok(()) if !report.has_failed() => ExitCode::SUCCESS,
        Ok(()) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("bench: {}", error.0);
            ExitCode::FAILURE
        }
    }
}

/// The parts, one after the other: one that fails is said to have, and the others
/// are measured all the same.
async fn measure(chosen: impl Fn(&str) -> bool, report: &mut Report) -> Result<()> {
    let ground = Ground::start().await?;
    let outcome = on_ground(&ground, &chosen, report).await;
    let stopped = ground.stop().await;
    if chosen("visits") {
        let outcome = visits::measure(report).await;
        report.ended("visits", outcome);
    }
    outcome.and(stopped)
}

async fn on_ground(
    ground: &Ground,
    chosen: &impl Fn(&str) -> bool,
    report: &mut Report,
) -> Result<()> {
    let province = ground.database("sotay").await?;
    let settled = OnceCell::new();
    let people = async || {
        let settled = settled.get_or_init(|| people::settle(ground, &province)).await;
        settled.as_ref().map_err(|trouble| Trouble(trouble.0.clone()))
    };
    for part in PARTS.into_iter().filter(|part| chosen(part)) {
        let outcome: Result<()> = async {
            match part {
                "roster" => roster::measure(ground, &province, report).await,
                "lists" => lists::measure(ground, &province, people().await?, report).await,
                "check-in" => check_in::measure(ground, &province, people().await?, report).await,
                "sign-in" => sign_in::measure(&province, people().await?, report).await,
                "pressure" => pressure::measure(&province, people().await?, report).await,
                "proxy" => proxy::measure(ground, report).await,
                "memory" => memory::measure(ground, report).await,
                "fleet" => fleet::measure(ground, report).await,
                // On a ground of its own.
                _ => Ok(()),
            }
        }
        .await;
        let failed = outcome.is_err();
        report.ended(part, outcome);
        if failed {
            // It may have ended while nothing was written through.
            ground.hurry(false).await?;
        }
    }
    Ok(())
}
