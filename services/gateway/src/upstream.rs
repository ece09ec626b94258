//! Services in other processes.
//!
//! Where a service's requests go is decided once, when the routes are put
//! together: its own handlers when it runs here, a [`Remote`] when it runs
//! elsewhere. A `Remote` is a `tower` service like any handler; it carries the
//! request over HTTP/2 between two ends that know each other's certificates,
//! to the [`Inner`] door of the other process. What the gateway knows of the
//! request travels in a signed header ([`wire`]); bodies stream both ways.

mod circuit;
mod connections;
mod exchange;
mod identity;
mod inner;
mod obstacle;
mod remote;
mod wire;

pub use identity::Identity;
pub use inner::Inner;
pub use obstacle::Obstacle;
pub use remote::Remote;
pub(crate) use wire::strip;

/// When an answer is no longer worth waiting for; on requests, as an extension.
#[derive(Clone, Copy, Debug)]
pub struct Deadline(pub tokio::time::Instant);
