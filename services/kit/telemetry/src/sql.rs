//! Statements, as `sqlx` reports them when they end. Connections that serve
//! requests report; those of the provisioner do not, because its statements
//! hold passwords.

use crate::{request::Tally, trace};
use opentelemetry::Context;
use std::{fmt::Debug, time::Duration};
use tracing::{
    Event, Metadata, Subscriber,
    field::{Field, Visit},
};
use tracing_subscriber::layer::{Context as Around, Layer};

/// Counts statements into the request that they belong to.
pub(crate) struct Statements;

pub(crate) fn is_statement(line: &Metadata<'_>) -> bool {
    line.target() == "sqlx::query"
}

impl<S: Subscriber> Layer<S> for Statements {
    fn on_event(&self, event: &Event<'_>, _: Around<'_, S>) {
        let mut statement = Statement::default();
        event.record(&mut statement);
        Context::map_current(|here| {
            if let Some(tally) = here.get::<std::sync::Arc<Tally>>() {
                tally.add(statement.took);
            }
        });
        trace::statement(&statement.text, statement.took);
    }
}

#[derive(Default)]
struct Statement {
    text: String,
    took: Duration,
}

impl Visit for Statement {
    fn record_f64(&mut self, field: &Field, value: f64) {
        if field.name() == "elapsed_secs" {
            self.took = Duration::try_from_secs_f64(value).unwrap_or_default();
        }
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        // The statement is there only when it is longer than its summary.
        let named = matches!(field.name(), "summary" | "db.statement");
        if named && value.len() > self.text.len() {
            value.clone_into(&mut self.text);
        }
    }

    fn record_debug(&mut self, _: &Field, _: &dyn Debug) {}
}
