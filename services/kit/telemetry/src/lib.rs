//! How the platform is seen from outside: log lines, metrics, traces.
//!
//! - A log line a request, for people or as JSON ([`Request`]).
//! - One set of instruments ([`count`]), read by Prometheus from the private
//!   listener ([`page`]) and sent over OTLP when an endpoint is configured.
//! - Traces over OTLP ([`trace`]): gateway, operation, SQL.
//!
//! Only what this crate is told by name leaves the process: tenant, operation,
//! status, times, and the text of statements, which holds placeholders. Spans
//! of libraries are never exported, and their log lines end at `info`, because
//! below that they show what they carry.

mod client;
mod config;
pub mod count;
mod filter;
pub mod page;
mod reach;
mod request;
mod sql;
mod start;
pub mod trace;

pub use config::{Config, Format};
pub use filter::OURS;
pub use reach::reach;
pub use request::{Answered, Request};
pub use start::{Settings, Telemetry, start, start_with};
