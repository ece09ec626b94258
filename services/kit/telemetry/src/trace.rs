//! Traces: gateway, operation, SQL, over as many processes as there are.

use crate::request::Tally;
use http::HeaderMap;
use opentelemetry::{
    Context, KeyValue,
    context::FutureExt as _,
    propagation::TextMapPropagator as _,
    trace::{SpanBuilder, SpanKind, TraceContextExt as _, Tracer as _},
};
use opentelemetry_http::{HeaderExtractor, HeaderInjector};
use opentelemetry_sdk::{propagation::TraceContextPropagator, trace::SdkTracer};
use std::{
    sync::{Arc, OnceLock},
    time::{Duration, SystemTime},
};

static TRACER: OnceLock<SdkTracer> = OnceLock::new();

pub(crate) fn set(tracer: SdkTracer) {
    let _ = TRACER.set(tracer);
}

/// The span of another process, which ours continues.
#[derive(Clone, Debug)]
pub struct Parent(Context);

/// Says in a request's headers which span it belongs to (W3C `traceparent`).
pub fn inject(headers: &mut HeaderMap) {
    if TRACER.get().is_some() {
        TraceContextPropagator::new().inject(&mut HeaderInjector(headers));
    }
}

/// Which span a request belongs to. Only for requests of our own processes:
/// anybody else could make traces of their choice.
#[must_use]
pub fn extract(headers: &HeaderMap) -> Option<Parent> {
    TRACER.get()?;
    let context = TraceContextPropagator::new()
        .extract_with_context(&Context::new(), &HeaderExtractor(headers));
    context.has_active_span().then_some(Parent(context))
}

/// Begins the span of a request; without a tracer only `values` travel.
pub(crate) fn begin(parent: Option<Parent>, values: impl FnOnce(Context) -> Context) -> Context {
    let parent = values(parent.map_or_else(Context::new, |parent| parent.0));
    let Some(tracer) = TRACER.get() else { return parent };
    let span = SpanBuilder::from_name("request").with_kind(SpanKind::Server);
    let span = tracer.build_with_context(span, &parent);
    parent.with_span(span)
}

/// The operation of a request, as a step inside a span of its own. No span is
/// added outside a trace.
pub fn step<T>(
    name: &'static str,
    step: impl Future<Output = T> + Send,
) -> impl Future<Output = T> + Send {
    let here = Context::current();
    if let Some(tally) = here.get::<Arc<Tally>>() {
        tally.reached(name);
    }
    let tracer = TRACER.get().filter(|_| here.span().is_recording());
    let context = match tracer {
        None => here,
        Some(tracer) => {
            let span = tracer.build_with_context(SpanBuilder::from_name(name), &here);
            here.with_span(span)
        }
    };
    step.with_context(context)
}

/// A statement has just ended.
pub(crate) fn statement(text: &str, took: Duration) {
    let Some(tracer) = TRACER.get() else { return };
    Context::map_current(|here| {
        if !here.span().is_recording() {
            return;
        }
        let verb = text.split_whitespace().next().unwrap_or("SQL").to_ascii_uppercase();
        #[expect(clippy::disallowed_methods, reason = "spans of a test's fixed clock would lie")]
        let now = SystemTime::now();
        let span = SpanBuilder::from_name(verb)
            .with_kind(SpanKind::Client)
            .with_start_time(now.checked_sub(took).unwrap_or(now))
            .with_attributes([
                KeyValue::new("db.system.name", "postgresql"),
                KeyValue::new("db.query.text", text.trim().to_owned()),
            ]);
        // It ends where it is dropped, which is now.
        drop(tracer.build_with_context(span, here));
    });
}
