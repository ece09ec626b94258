//! What is counted of connections and folds. This crate is below the one that
//! shows the numbers, so it counts into OpenTelemetry's own global meter, which
//! does nothing until somebody listens.

use crate::{Relay, Tenants, pool::Lease, registry::Tenant};
use kernel::{Error, TenantId};
use opentelemetry::{
    KeyValue, global,
    metrics::{Counter, Gauge, Histogram, Meter, UpDownCounter},
};
use std::{
    sync::LazyLock,
    time::{Duration, Instant},
};

/// Boundaries for times, in seconds.
const SECONDS: [f64; 14] =
    [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 60.0];

struct Instruments {
    lease: Histogram<f64>,
    waiting: UpDownCounter<i64>,
    connections: Gauge<u64>,
    lag: Histogram<f64>,
    fold: Histogram<f64>,
    failures: Counter<u64>,
    outbox: Gauge<u64>,
}

static INSTRUMENTS: LazyLock<Instruments> = LazyLock::new(|| {
    let meter = global::meter("sotay");
    Instruments {
        lease: seconds(&meter, "sotay.db.lease", "Waiting for a database connection"),
        waiting: meter
            .i64_up_down_counter("sotay.db.waiting")
            .with_description("Requests that wait for a database connection")
            .build(),
        connections: meter
            .u64_gauge("sotay.db.connections")
            .with_description("Database connections, by placement and state")
            .build(),
        lag: seconds(&meter, "sotay.relay.lag", "From a commit until its events are folded"),
        fold: seconds(&meter, "sotay.fold.duration", "Folding one batch of events"),
        failures: meter
            .u64_counter("sotay.fold.failures")
            .with_description("Batches that could not be folded, by tenant")
            .build(),
        outbox: meter
            .u64_gauge("sotay.outbox.rows")
            .with_description("Events that wait to be folded, by tenant")
            .build(),
    }
});

fn seconds(meter: &Meter, name: &'static str, what: &'static str) -> Histogram<f64> {
    meter
        .f64_histogram(name)
        .with_description(what)
        .with_unit("s")
        .with_boundaries(SECONDS.to_vec())
        .build()
}

/// One who waits, counted also when it gives up.
struct Waiting<'a>(&'a [KeyValue]);

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        INSTRUMENTS.waiting.add(-1, self.0);
    }
}

/// Waits for a connection, and counts how long.
pub(crate) async fn lease(
    tenant: &Tenant,
    lease: impl Future<Output = Result<Lease, Error>>,
) -> Result<Lease, Error> {
    let placement = [KeyValue::new("placement", tenant.placement.clone())];
    INSTRUMENTS.waiting.add(1, &placement);
    let waiting = Waiting(&placement);
    let since = Instant::now();
    let lease = lease.await;
    drop(waiting);
    INSTRUMENTS.lease.record(since.elapsed().as_secs_f64(), &placement);
    lease
}

/// How many connections there are at this moment.
pub fn connections(tenants: &Tenants) {
    for (placement, open, idle) in tenants.connections() {
        for (state, count) in [("busy", open.saturating_sub(idle)), ("idle", idle)] {
            let labels =
                [KeyValue::new("placement", placement.clone()), KeyValue::new("state", state)];
            INSTRUMENTS.connections.record(count as u64, &labels);
        }
    }
}

/// A batch was folded.
pub(crate) fn folded(took: Duration) {
    INSTRUMENTS.fold.record(took.as_secs_f64(), &[]);
}

/// Everything of a tenant is folded that was committed when it was woken.
pub(crate) fn caught_up(tenant: &TenantId, woken: Instant) {
    INSTRUMENTS.lag.record(woken.elapsed().as_secs_f64(), &[]);
    INSTRUMENTS.outbox.record(0, &[KeyValue::new("tenant", tenant.to_string())]);
}

/// A tenant could not be folded; its events wait.
pub(crate) async fn fell_behind(relay: &Relay, tenant: &TenantId) {
    let label = [KeyValue::new("tenant", tenant.to_string())];
    INSTRUMENTS.failures.add(1, &label);
    if let Ok(waiting) = relay.waiting(tenant).await {
        INSTRUMENTS.outbox.record(waiting.rows, &label);
    }
}
