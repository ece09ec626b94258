//! Whether a collector is there at all.

use crate::{Config, client::Client};
use bytes::Bytes;
use http::Request;
use opentelemetry_http::HttpClient as _;

/// Sends an empty batch to the collector, if one is configured.
///
/// # Errors
/// A sentence that says why it was not taken.
pub async fn reach(config: &Config) -> Result<(), String> {
    let Some(url) = &config.otlp else { return Ok(()) };
    let request = Request::post(format!("{}/v1/traces", url.trim_end_matches('/')))
        .header("content-type", "application/x-protobuf")
        .body(Bytes::new())
        .map_err(|error| error.to_string())?;
    let client = Client::new(tokio::runtime::Handle::current());
    match client.send_bytes(request).await {
        Ok(answer) if answer.status().is_success() => Ok(()),
        Ok(answer) => Err(format!("{url} trả lời {}, không phải bộ thu OTLP", answer.status())),
        Err(_) => Err(format!("{url} không trả lời")),
    }
}
