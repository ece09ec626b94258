//! A collector of OTLP: takes what a process sends, and reads it.

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
    logs::v1::LogRecord,
    metrics::v1::Metric,
    trace::v1::Span,
};
use std::{
    net::Ipv4Addr,
    sync::{Arc, Mutex},
};
use tokio::{net::TcpListener, sync::watch};

/// What was received, by path.
type Received = Arc<Mutex<Vec<(String, Vec<u8>)>>>;

/// Listens as long as its runtime is there.
pub struct Collector {
    /// Where.
    pub url: String,
    received: Received,
}

impl Collector {
    pub async fn start() -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let received = Received::default();
        let (keep, stop) = watch::channel(false);
        let taking = Taking(received.clone());
        tokio::spawn(async move {
            let _keep = keep;
            listen::serve(listener, None, listen::Bounds::default(), taking, stop).await;
        });
        Self { url, received }
    }

    /// Every body with its path.
    pub fn everything(&self) -> Vec<(String, Vec<u8>)> {
        self.received.lock().unwrap().clone()
    }

    /// The bodies that were sent to a path.
    fn bodies<M: prost::Message + Default>(&self, path: &str) -> Vec<M> {
        let received = self.received.lock().unwrap();
        let bodies = received.iter().filter(|(to, _)| to == path);
        bodies.map(|(_, body)| M::decode(&body[..]).unwrap()).collect()
    }

    pub fn spans(&self) -> Vec<Span> {
        self.bodies::<ExportTraceServiceRequest>("/v1/traces")
            .into_iter()
            .flat_map(|body| body.resource_spans)
            .flat_map(|resource| resource.scope_spans)
            .flat_map(|scope| scope.spans)
            .collect()
    }

    pub fn metrics(&self) -> Vec<Metric> {
        self.bodies::<ExportMetricsServiceRequest>("/v1/metrics")
            .into_iter()
            .flat_map(|body| body.resource_metrics)
            .flat_map(|resource| resource.scope_metrics)
            .flat_map(|scope| scope.metrics)
            .collect()
    }

    pub fn logs(&self) -> Vec<LogRecord> {
        self.bodies::<ExportLogsServiceRequest>("/v1/logs")
            .into_iter()
            .flat_map(|body| body.resource_logs)
            .flat_map(|resource| resource.scope_logs)
            .flat_map(|scope| scope.log_records)
            .collect()
    }
}

#[derive(Clone)]
struct Taking(Received);

impl listen::Answer for Taking {
    async fn answer(self, request: Request, _: Peer) -> Response {
        let (parts, body) = request.into_parts();
        let body = body.collect().await.unwrap().to_bytes().to_vec();
        self.0.lock().unwrap().push((parts.uri.path().to_owned(), body));
        // An empty message is a whole answer.
        ([("content-type", "application/x-protobuf")], Vec::<u8>::new()).into_response()
    }
}

/// An attribute as text.
pub fn attribute(attributes: &[KeyValue], name: &str) -> Option<String> {
    let found = attributes.iter().find(|attribute| attribute.key == name)?;
    Some(match found.value.clone()?.value? {
        Value::StringValue(text) => text,
        Value::IntValue(number) => number.to_string(),
        other => panic!("{other:?}"),
    })
}
