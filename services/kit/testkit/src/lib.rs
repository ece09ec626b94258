//! What tests stand on: one embedded `PostgreSQL` and one S3 server a run, and
//! for each test a database of its own, copied from a template.
//!
//! Panics are this crate's way to report: it exists for tests alone.

#![expect(
    clippy::missing_panics_doc,
    clippy::unwrap_used,
    reason = "a test that cannot be set up fails"
)]

mod cluster;
mod server;

pub use cluster::{Cluster, TestDatabase};
pub use server::Server;
