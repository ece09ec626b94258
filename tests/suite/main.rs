//! The scenario suite: see [`app::TestApp`] for what a scenario starts from.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod app;
mod architecture;
mod browser;
mod door;
mod adoption;
mod documents;
mod matrix;
mod meetings;
mod openapi;
mod people;
mod reference;
mod roster;
mod routes;
mod sessions;
mod tenancy;

use std::sync::LazyLock;
use tokio::runtime::Runtime;

/// One runtime for all tests: the servers of the run live on it.
static RUNTIME: LazyLock<Runtime> =
    LazyLock::new(|| tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap());

/// Runs a scenario.
pub fn run(scenario: impl Future<Output = ()>) {
    RUNTIME.block_on(scenario);
}
