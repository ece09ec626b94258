//! What is counted. Labels are few and known: an operation's name, a slug of
//! the registry, a status class; never a path, an address or a person.
//!
//! Crates below this one count through `opentelemetry::global` themselves.

use opentelemetry::{
    KeyValue, global,
    metrics::{Counter, Gauge, Histogram, UpDownCounter},
};
use std::{sync::LazyLock, time::Duration};

/// Boundaries for times in seconds, from a read to the longest patience.
const SECONDS: [f64; 14] =
    [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0];

/// A counter of our own; its name ends in `_total` where Prometheus reads it.
fn counter(name: &'static str, what: &'static str) -> Counter<u64> {
    global::meter("sotay").u64_counter(name).with_description(what).build()
}

/// A number that goes up and down.
fn gauge(name: &'static str, what: &'static str) -> Gauge<u64> {
    global::meter("sotay").u64_gauge(name).with_description(what).build()
}

/// Times, in seconds.
fn seconds(name: &'static str, what: &'static str) -> Histogram<f64> {
    global::meter("sotay")
        .f64_histogram(name)
        .with_description(what)
        .with_unit("s")
        .with_boundaries(SECONDS.to_vec())
        .build()
}

pub(crate) struct Instruments {
    /// By tenant and by operation apart: their product would be a series for
    /// each pair, hundreds of thousands of them.
    pub requests: Counter<u64>,
    pub durations: Histogram<f64>,
    pub statements: Counter<u64>,
    pub statement_time: Counter<f64>,
    refused: Counter<u64>,
    shed: Counter<u64>,
    upstream_failures: Counter<u64>,
    sign_ins: Counter<u64>,
    passwords_waiting: UpDownCounter<i64>,
}

pub(crate) static INSTRUMENTS: LazyLock<Instruments> = LazyLock::new(|| Instruments {
    requests: counter("sotay.requests", "Requests answered, by tenant and status class"),
    durations: seconds(
        "sotay.request.duration",
        "Time to the answer, by operation and status class",
    ),
    statements: counter("sotay.sql.statements", "SQL statements, by operation"),
    statement_time: global::meter("sotay")
        .f64_counter("sotay.sql.time")
        .with_description("Time in SQL, by operation")
        .with_unit("s")
        .build(),
    refused: counter("sotay.refused", "Requests refused by a limit, by limit and tenant"),
    shed: counter("sotay.shed", "Requests turned away while overloaded, by reason"),
    upstream_failures: counter(
        "sotay.upstream.failures",
        "Requests that a part in another process did not answer, by part",
    ),
    sign_ins: counter("sotay.sign_ins", "Sign-ins tried, by outcome"),
    passwords_waiting: global::meter("sotay")
        .i64_up_down_counter("sotay.passwords.waiting")
        .with_description("Passwords that are hashed or wait for a core")
        .build(),
});

/// A request was refused by a limit. `limit` names it in code; `tenant` is a
/// slug of the registry.
pub fn refused(limit: &'static str, tenant: &str) {
    INSTRUMENTS
        .refused
        .add(1, &[KeyValue::new("limit", limit), KeyValue::new("tenant", tenant.to_owned())]);
}

/// A request was turned away because there is too much work. `reason` names
/// what was full.
pub fn shed(reason: &'static str) {
    INSTRUMENTS.shed.add(1, &[KeyValue::new("reason", reason)]);
}

/// A part in another process did not answer a request. `part` is its name in
/// the configuration.
pub fn upstream_failed(part: &'static str) {
    INSTRUMENTS.upstream_failures.add(1, &[KeyValue::new("part", part)]);
}

/// How a sign-in ended.
#[derive(Clone, Copy, Debug)]
pub enum SignIn {
    /// Somebody is in.
    Ok,
    /// Unknown, withdrawn or mistyped.
    Wrong,
    /// Tried too often.
    Throttled,
}

/// A sign-in was tried.
pub fn sign_in(outcome: SignIn) {
    let outcome = match outcome {
        SignIn::Ok => "ok",
        SignIn::Wrong => "wrong",
        SignIn::Throttled => "throttled",
    };
    INSTRUMENTS.sign_ins.add(1, &[KeyValue::new("outcome", outcome)]);
}

/// A password that waits or is being hashed, as long as this lives.
#[must_use = "it counts while it lives"]
pub struct PasswordWaiting(());

impl PasswordWaiting {
    /// Counts from now on.
    pub fn begin() -> Self {
        INSTRUMENTS.passwords_waiting.add(1, &[]);
        Self(())
    }
}

impl Drop for PasswordWaiting {
    fn drop(&mut self) {
        INSTRUMENTS.passwords_waiting.add(-1, &[]);
    }
}

/// Which build this is.
pub(crate) fn build_info() {
    gauge("sotay.build_info", "1 for the version that runs")
        .record(1, &[KeyValue::new("version", env!("CARGO_PKG_VERSION"))]);
}

pub(crate) fn as_seconds(time: Duration) -> f64 {
    time.as_secs_f64()
}
