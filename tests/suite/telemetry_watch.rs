//! A collector of OTLP, and everything else that leaves the process.

use axum::{
    extract::Request,
    response::{IntoResponse as _, Response},
};
use gateway::{Peer, listen};
use http_body_util::BodyExt as _;
use opentelemetry_proto::tonic::{
    collector::{
        logs::v1::ExportLogsServiceRequest, metrics::v1::ExportMetricsServiceRequest,
        trace::v1::ExportTraceServiceRequest,
    },
    common::v1::{KeyValue, any_value::Value},
    trace::v1::Span,
};
use prost::Message as _;
use std::{
    io::{self, Write},
    net::Ipv4Addr,
    sync::{Arc, Mutex},
};
use telemetry::{Config, Format, Settings, Telemetry};
use tokio::{
    net::TcpListener,
    sync::{OnceCell, watch},
};
use tracing_subscriber::fmt::MakeWriter;

/// What was received, by path.
type Received = Arc<Mutex<Vec<(String, Vec<u8>)>>>;

/// Sees everything.
pub struct Watch {
    received: Received,
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
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let received = Received::default();
    let (keep, stop) = watch::channel(false);
    let collector = Collector { received: received.clone() };
    tokio::spawn(async move {
        let _keep = keep;
        listen::serve(listener, None, listen::Bounds::default(), collector, stop).await;
    });
    let (lines, read) = (Lines::default(), Lines::default());
    let looks = [(Format::Json, lines.clone()), (Format::Human, read.clone())];
    let config = Config { otlp: Some(url), sample: 1.0, service: "suite".into() };
    let settings = Settings { filter: "trace", config: &config, metrics: true };
    let telemetry = telemetry::start_with(looks, &settings).unwrap();
    Watch { received, lines, read, telemetry }
}

#[derive(Clone)]
struct Collector {
    received: Received,
}

impl listen::Answer for Collector {
    async fn answer(self, request: Request, _: Peer) -> Response {
        let (parts, body) = request.into_parts();
        let body = body.collect().await.unwrap().to_bytes().to_vec();
        self.received.lock().unwrap().push((parts.uri.path().to_owned(), body));
        // An empty message is a whole answer.
        ([("content-type", "application/x-protobuf")], Vec::<u8>::new()).into_response()
    }
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
    /// The bodies that were sent to a path until now.
    async fn bodies(&self, path: &str) -> Vec<Vec<u8>> {
        self.telemetry.flush().await;
        let received = self.received.lock().unwrap();
        received.iter().filter(|(to, _)| to == path).map(|(_, body)| body.clone()).collect()
    }

    /// Every span until now.
    pub async fn spans(&self) -> Vec<Span> {
        self.bodies("/v1/traces")
            .await
            .iter()
            .flat_map(|body| ExportTraceServiceRequest::decode(&body[..]).unwrap().resource_spans)
            .flat_map(|resource| resource.scope_spans)
            .flat_map(|scope| scope.spans)
            .collect()
    }

    /// The names of all metrics that were sent.
    pub async fn metrics(&self) -> Vec<String> {
        self.bodies("/v1/metrics")
            .await
            .iter()
            .flat_map(|body| {
                ExportMetricsServiceRequest::decode(&body[..]).unwrap().resource_metrics
            })
            .flat_map(|resource| resource.scope_metrics)
            .flat_map(|scope| scope.metrics)
            .map(|metric| metric.name)
            .collect()
    }

    /// The trace of each log line that was sent, with its text.
    pub async fn logs(&self) -> Vec<(Vec<u8>, String)> {
        self.bodies("/v1/logs")
            .await
            .iter()
            .flat_map(|body| ExportLogsServiceRequest::decode(&body[..]).unwrap().resource_logs)
            .flat_map(|resource| resource.scope_logs)
            .flat_map(|scope| scope.log_records)
            .map(|record| {
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
        let mut all: Vec<(String, String)> = self
            .received
            .lock()
            .unwrap()
            .iter()
            .map(|(path, body)| (path.clone(), text(body)))
            .collect();
        for (look, lines) in [("log", &self.lines), ("log for people", &self.read)] {
            all.push((look.into(), text(&lines.0.lock().unwrap())));
        }
        all.push(("/metrics".into(), telemetry::page::text().to_lowercase()));
        all
    }
}

/// An attribute of a span as text.
pub fn attribute(span: &Span, name: &str) -> Option<String> {
    let find = |attribute: &&KeyValue| attribute.key == name;
    let value = span.attributes.iter().find(find)?.value.clone()?.value?;
    Some(match value {
        Value::StringValue(text) => text,
        Value::IntValue(number) => number.to_string(),
        other => panic!("{other:?}"),
    })
}
