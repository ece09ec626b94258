//! How OTLP leaves: plain HTTP, on the process's own runtime.

use async_trait::async_trait;
use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper_util::{
    client::legacy::{Client as Hyper, connect::HttpConnector},
    rt::TokioExecutor,
};
use opentelemetry_http::{HttpClient, HttpError};
use std::time::Duration;
use tokio::runtime::Handle;

/// How long the collector may take over one batch.
const PATIENCE: Duration = Duration::from_secs(5);
/// The largest answer that is read: a collector says little.
const ANSWER: usize = 64 * 1024;

/// Sends batches. They are made on threads of the SDK, which have no runtime.
#[derive(Clone, Debug)]
pub(crate) struct Client {
    hyper: Hyper<HttpConnector, Full<Bytes>>,
    runtime: Handle,
}

impl Client {
    pub(crate) fn new(runtime: Handle) -> Self {
        Self { hyper: Hyper::builder(TokioExecutor::new()).build_http(), runtime }
    }
}

#[async_trait]
impl HttpClient for Client {
    async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let answer = self.hyper.request(request.map(Full::new));
        let whole = async move {
            let (parts, body) = answer.await?.into_parts();
            let body = Limited::new(body, ANSWER).collect().await?.to_bytes();
            Ok::<_, HttpError>(Response::from_parts(parts, body))
        };
        // The clock, like the socket, is the runtime's: both are asked from within.
        self.runtime.spawn(async move { tokio::time::timeout(PATIENCE, whole).await }).await??
    }
}
