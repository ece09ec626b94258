//! Everything that leaves the process.

use crate::telemetry_collector::Collector;
use opentelemetry_proto::tonic::{common::v1::any_value::Value, trace::v1::Span};
use std::{
    io::{self, Write},
    sync::{Arc, Mutex},
};
use telemetry::{Config, Format, Settings, Telemetry};
use tokio::sync::OnceCell;
use tracing_subscriber::fmt::MakeWriter;

/// Sees everything.
pub struct Watch {
    collector: Collector,
    /// As JSON, and as people read them.
    lines: Lines,
    read: Lines,
    telemetry: Telemetry,
}

static WATCH: OnceCell<Watch> = OnceCell::const_new();

/// Starts to see everything, at the most talkative that is offered.
pub async fn watch() -> &'static Watch {
    WATCH.get_or_init(start).await
}

async fn start() -> Watch {
    let collector = Collector::start().await;
    let (lines, read) = (Lines::default(), Lines::default());
    let looks = [(Format::Json, lines.clone()), (Format::Human, read.clone())];
    let config = Config { otlp: Some(collector.url.clone()), sample: 1.0, service: "suite".into() };
    let settings = Settings { filter: "trace", config: &config, metrics: true };
    let telemetry = telemetry::start_with(looks, &settings).unwrap();
    Watch { collector, lines, read, telemetry }
}

#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl<'w> MakeWriter<'w> for Lines {
    type Writer = Self;

    fn make_writer(&'w self) -> Self {
        self.clone()
    }
}

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Watch {
    /// Every span until now.
    pub async fn spans(&self) -> Vec<Span> {
        self.telemetry.flush().await;
        self.collector.spans()
    }

    /// The names of all metrics that were sent.
    pub async fn metrics(&self) -> Vec<String> {
        self.telemetry.flush().await;
        self.collector.metrics().into_iter().map(|metric| metric.name).collect()
    }

    /// The trace of each log line that was sent, with its text.
    pub async fn logs(&self) -> Vec<(Vec<u8>, String)> {
        self.telemetry.flush().await;
        let sent = self.collector.logs().into_iter();
        sent.map(|record| {
            let body = record.body.and_then(|body| body.value);
            let Some(Value::StringValue(text)) = body else { panic!("{body:?}") };
            (record.trace_id, text)
        })
        .collect()
    }

    /// The log lines of this process.
    pub fn lines(&self) -> Vec<serde_json::Value> {
        let lines = self.lines.0.lock().unwrap();
        String::from_utf8_lossy(&lines)
            .lines()
            .map(|line| serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line}")))
            .collect()
    }

    /// Everything that left, each with where it went.
    pub async fn everything(&self) -> Vec<(String, String)> {
        self.telemetry.flush().await;
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).to_lowercase();
        let sent = self.collector.everything().into_iter();
        let mut all: Vec<(String, String)> = sent.map(|(path, body)| (path, text(&body))).collect();
        for (look, lines) in [("log", &self.lines), ("log for people", &self.read)] {
            all.push((look.into(), text(&lines.0.lock().unwrap())));
        }
        all.push(("/metrics".into(), telemetry::page::text().to_lowercase()));
        all
    }
}
