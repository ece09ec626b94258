//! One request as it is seen from outside.

use crate::{
    count::{INSTRUMENTS, as_seconds},
    trace::{self, Parent},
};
use http::Method;
use opentelemetry::{
    Context, KeyValue,
    context::FutureExt as _,
    trace::{Status, TraceContextExt as _},
};
use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, AtomicU64, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

/// A request under way.
pub struct Request {
    started: Instant,
    context: Context,
    sql: Arc<Tally>,
}

/// Statements of one request.
#[derive(Default)]
pub(crate) struct Tally {
    statements: AtomicU32,
    nanos: AtomicU64,
}

impl Tally {
    pub(crate) fn add(&self, took: Duration) {
        self.statements.fetch_add(1, Relaxed);
        self.nanos.fetch_add(u64::try_from(took.as_nanos()).unwrap_or(u64::MAX), Relaxed);
    }
}

/// What is known of a request once it is answered.
#[derive(Clone, Copy, Debug)]
pub struct Answered<'a> {
    /// Names the request.
    pub id: &'a str,
    /// How it was sent.
    pub method: &'a Method,
    /// The operation behind it, if it reached one. The path is nobody's
    /// business: it may hold a code.
    pub operation: Option<&'static str>,
    /// The slug of the tenant in the registry, if there is one.
    pub tenant: Option<&'a str>,
    /// What was answered.
    pub status: u16,
}

impl Request {
    /// A request begins; with the span of another process that sent it here,
    /// when that is one of ours.
    #[must_use]
    pub fn begin(parent: Option<Parent>) -> Self {
        let sql = Arc::new(Tally::default());
        let context = trace::begin(parent, |context| context.with_value(sql.clone()));
        Self { started: Instant::now(), context, sql }
    }

    /// Runs the work of the request, so that its SQL and its steps are known
    /// as its own.
    pub fn run<T>(&self, work: impl Future<Output = T> + Send) -> impl Future<Output = T> + Send {
        work.with_context(self.context.clone())
    }

    /// The request is answered: one log line, counted, its span ended.
    pub fn end(self, answered: &Answered<'_>) {
        let Answered { id, status, .. } = *answered;
        let took = self.started.elapsed();
        let statements = self.sql.statements.load(Relaxed);
        let in_sql = Duration::from_nanos(self.sql.nanos.load(Relaxed));
        let operation = answered.operation.unwrap_or("-");
        let tenant = answered.tenant.unwrap_or("-");
        let method = known(answered.method);
        let class = class(status);

        let by_operation = [KeyValue::new("operation", operation), KeyValue::new("status", class)];
        INSTRUMENTS.durations.record(as_seconds(took), &by_operation);
        INSTRUMENTS.statements.add(statements.into(), &by_operation[..1]);
        INSTRUMENTS.statement_time.add(as_seconds(in_sql), &by_operation[..1]);
        INSTRUMENTS
            .requests
            .add(1, &[KeyValue::new("tenant", tenant.to_owned()), KeyValue::new("status", class)]);

        let span = self.context.span();
        if span.is_recording() {
            span.update_name(format!("{method} {operation}"));
            span.set_attributes([
                KeyValue::new("http.request.method", method),
                KeyValue::new("http.response.status_code", i64::from(status)),
                KeyValue::new("sotay.operation", operation),
                KeyValue::new("sotay.tenant", tenant.to_owned()),
                KeyValue::new("sotay.request", id.to_owned()),
                KeyValue::new("sotay.sql.statements", i64::from(statements)),
            ]);
            if status >= 500 {
                span.set_status(Status::error(""));
            }
        }
        // The line belongs to the span.
        let _here = self.context.clone().attach();
        let (millis, sql_millis) = (whole_millis(took), whole_millis(in_sql));
        tracing::info!(%id, tenant, operation, status, millis, sql = statements, sql_millis,
            "{tenant} {method} {operation} {status} in {millis} ms ({statements} SQL, {sql_millis} ms)");
        span.end();
    }
}

/// Anybody can write anything where a method belongs.
fn known(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::HEAD => "HEAD",
        Method::OPTIONS => "OPTIONS",
        _ => "OTHER",
    }
}

fn class(status: u16) -> &'static str {
    match status {
        ..=199 => "1xx",
        200..=299 => "2xx",
        300..=399 => "3xx",
        400..=499 => "4xx",
        _ => "5xx",
    }
}

fn whole_millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::known;
    use http::Method;

    #[test]
    fn an_invented_method_is_not_repeated() {
        assert_eq!(known(&Method::from_bytes(b"NGUYEN-VAN-A").unwrap()), "OTHER");
        assert_eq!(known(&Method::DELETE), "DELETE");
    }
}
