//! The platform as it is seen from outside, in a process of its own: what is
//! started here is started once a process, and sees every request of it.

#![expect(clippy::format_push_string, reason = "a scenario is told in one piece")]

mod apart;
#[expect(dead_code, reason = "these scenarios need a part of what the suite stands on")]
mod app;
#[expect(dead_code, reason = "these scenarios need a part of what the suite stands on")]
mod browser;
mod telemetry_canary;
mod telemetry_collector;
mod telemetry_deploy;
mod telemetry_isolation;
mod telemetry_seen;
mod telemetry_watch;

use std::sync::LazyLock;
use tokio::runtime::Runtime;

static RUNTIME: LazyLock<Runtime> =
    LazyLock::new(|| tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap());

/// Runs a scenario.
fn run(scenario: impl Future<Output = ()>) {
    RUNTIME.block_on(Box::pin(scenario));
}
