//! What tests stand on: one embedded `PostgreSQL` and one S3 server a run, and
//! for each test a database of its own, copied from a template. Beside them what
//! breaks: [`Cutter`], [`Gate`] and servers of one's own.
//!
//! Panics are this crate's way to report: it exists for tests alone.

#![expect(
    clippy::missing_panics_doc,
    clippy::unwrap_used,
    reason = "a test that cannot be set up fails"
)]

mod cluster;
mod cut;
mod gate;
mod own;
mod server;

pub use cluster::{Cluster, TestDatabase};
pub use cut::{Cut, Cutter};
pub use gate::Gate;
pub use own::own_server;
pub use server::{PASSWORD, PROVISIONER, Server, bundle};
