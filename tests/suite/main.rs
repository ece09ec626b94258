//! The scenario suite: see [`app::TestApp`] for what a scenario starts from.

#![expect(
    clippy::too_many_lines,
    clippy::format_push_string,
    clippy::similar_names,
    reason = "a scenario is told in one piece"
)]

mod adoption;
mod apart;
mod app;
mod architecture;
mod attack;
mod browser;
mod budget;
mod crowd;
mod ddl;
mod doctor;
mod documents;
mod door;
mod faults;
mod fleet;
mod isolation;
mod limits;
mod matrix;
mod meetings;
mod moves;
mod openapi;
mod overload;
mod passwords;
mod people;
mod placements;
mod provision;
mod ready;
mod recovery;
mod reference;
mod roster;
mod routes;
mod sessions;
mod sessions_hostile;
mod snapshot;
mod split;
mod tenancy;
mod tls;
mod wire;

use std::{
    sync::LazyLock,
    time::{Duration, Instant},
};
use tokio::runtime::Runtime;

/// One runtime for all tests: the servers of the run live on it.
static RUNTIME: LazyLock<Runtime> =
    LazyLock::new(|| tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap());

/// Runs a scenario.
pub fn run(scenario: impl Future<Output = ()>) {
    RUNTIME.block_on(Box::pin(scenario));
}

/// Waits for what is on its way.
async fn soon(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let since = Instant::now();
    while !holds().await {
        assert!(since.elapsed() < Duration::from_secs(30), "{what}: not in half a minute");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}
