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
        Arc, OnceLock,
        atomic::{AtomicU32, AtomicU64, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

/// The status of a request that nobody waits for any more, as proxies write it.
const GONE: u16 = 499;

/// A request under way. One that is dropped before its end is recorded as
/// left by whoever sent it.
pub struct Request {
    started: Instant,
    context: Context,
    tally: Arc<Tally>,
    ended: bool,
}

/// What becomes known of one request while it is worked on.
#[derive(Default)]
pub(crate) struct Tally {
    statements: AtomicU32,
    nanos: AtomicU64,
    operation: OnceLock<&'static str>,
}

impl Tally {
    /// It has reached its operation.
    pub(crate) fn reached(&self, operation: &'static str) {
        // A request reaches one operation.
        let _ = self.operation.set(operation);
    }

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
        let tally = Arc::new(Tally::default());
        let context = trace::begin(parent, |context| context.with_value(tally.clone()));
        Self { started: Instant::now(), context, tally, ended: false }
    }

    /// Runs the work of the request, so that its SQL and its steps are known
    /// as its own.
    pub fn run<T>(&self, work: impl Future<Output = T> + Send) -> impl Future<Output = T> + Send {
        work.with_context(self.context.clone())
    }

    /// The request is answered: one log line, counted, its span ended.
    pub fn end(mut self, answered: &Answered<'_>) {
        self.ended = true;
        let Answered { id, method, operation, tenant, status } = *answered;
        self.record(id, known(method), operation, tenant, status);
    }

    fn record(
        &self,
        id: &str,
        method: &'static str,
        operation: Option<&'static str>,
        tenant: Option<&str>,
        status: u16,
    ) {
        let took = self.started.elapsed();
        let statements = self.tally.statements.load(Relaxed);
        let in_sql = Duration::from_nanos(self.tally.nanos.load(Relaxed));
        let (operation, tenant) = (operation.unwrap_or("-"), tenant.unwrap_or("-"));
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

impl Drop for Request {
    /// Whoever asked has left, and the work was dropped: as much is said as is
    /// known by then.
    fn drop(&mut self) {
        if self.ended {
            return;
        }
        let status = if std::thread::panicking() { 500 } else { GONE };
        self.record("-", "-", self.tally.operation.get().copied(), None, status);
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
    use super::{Answered, Request, known};
    use http::Method;
    use std::{
        io::{BufRead as _, BufReader},
        sync::Mutex,
    };

    #[test]
    fn a_request_is_told_of_once_whether_answered_or_left() {
        let (log, writer) = std::io::pipe().unwrap();
        let subscriber = tracing_subscriber::fmt().with_writer(Mutex::new(writer)).finish();
        tracing::subscriber::with_default(subscriber, || {
            Request::begin(None).end(&Answered {
                id: "1",
                method: &Method::GET,
                operation: None,
                tenant: None,
                status: 200,
            });
            let left = Request::begin(None);
            left.tally.reached("document.list");
            drop(left);
            tracing::info!("over");
        });
        let mut lines = BufReader::new(log).lines();
        for said in ["- GET - 200 in", "- - document.list 499 in", "over"] {
            let line = lines.next().unwrap().unwrap();
            assert!(line.contains(said), "{line}");
        }
    }

    #[test]
    fn an_invented_method_is_not_repeated() {
        assert_eq!(known(&Method::from_bytes(b"NGUYEN-VAN-A").unwrap()), "OTHER");
        assert_eq!(known(&Method::DELETE), "DELETE");
    }
}
