//! Log lines: one a request, for people or as JSON.

use serde::Deserialize;
use std::io;
use tracing_subscriber::{EnvFilter, fmt};

/// How a log line looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    /// For people.
    Human,
    /// One JSON object a line.
    Json,
}

/// Starts logging to standard error.
///
/// # Errors
/// When the filter does not parse or logging was started before.
pub fn start(format: Format, filter: &str) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let filter = EnvFilter::try_new(filter)?;
    match format {
        Format::Human => fmt().with_env_filter(filter).with_writer(io::stderr).compact().try_init(),
        Format::Json => fmt()
            .json()
            .flatten_event(true)
            .with_env_filter(filter)
            .with_writer(io::stderr)
            .try_init(),
    }
}
