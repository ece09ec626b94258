//! How much of the server one peer may hold, and for how long.

use std::time::Duration;

/// How much of one request's body on an HTTP/2 connection may wait to be read, in
/// bytes.
pub(super) const BODY: u32 = 256 * 1024;

/// What a listener grants. The defaults are for the open Internet, and for
/// people on weak links: a peer is cut off for standing still, not for being
/// slow.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// Connections at once; the next ones wait in the kernel until one ends.
    pub connections: usize,
    /// Connections at once from one IPv4 address or one IPv6 network of 64
    /// bits. Thousands of members may stand behind one address of a mobile
    /// carrier, and a browser opens up to six.
    pub per_address: usize,
    /// Requests at once on one HTTP/2 connection.
    pub streams: u32,
    /// How much of the requests' bodies on one HTTP/2 connection may wait to be
    /// read, in bytes; of one of them 256 KiB.
    pub bodies: u32,
    /// Headers of one request, together, in bytes; 8 KiB at least. HTTP/1.1
    /// looks between two reads only and may take up to twice as much.
    pub head: usize,
    /// For the TLS greeting; then for the head of each request, which over
    /// HTTP/1.1 includes the wait for it.
    pub greeting: Duration,
    /// How long a connection may stay without a request under way. A tenth of
    /// it when nearly all places are taken.
    pub idle: Duration,
    /// In every such stretch of waiting for it, 4 KiB of a request's body must
    /// arrive, or its end.
    pub stall: Duration,
    /// In every such stretch a peer must take 16 KiB of an answer, or its end.
    pub unread: Duration,
    /// How long requests under way may take when the server stops.
    pub drain: Duration,
}

impl Default for Bounds {
    fn default() -> Self {
        Self {
            connections: 10_000,
            per_address: 2_000,
            streams: 100,
            bodies: 4 * BODY,
            head: 32 * 1024,
            greeting: Duration::from_secs(15),
            idle: Duration::from_secs(75),
            stall: Duration::from_secs(30),
            unread: Duration::from_mins(1),
            drain: Duration::from_secs(10),
        }
    }
}

impl Bounds {
    /// Between our own processes, where one connection carries many people's
    /// requests: it must not be cut because one of them is slow, and the
    /// gateway has bounds for each of them at its own door. What people may send
    /// in headers takes several times as much on its way between us, with our
    /// own beside it, and too long a head ends the connection for everybody. A
    /// handler that reads no body yet holds up nobody else's.
    #[must_use]
    pub fn internal() -> Self {
        let (day, streams) = (Duration::from_hours(24), 2_000);
        Self {
            per_address: usize::MAX,
            streams,
            bodies: streams * BODY,
            head: 512 * 1024,
            idle: day,
            unread: day,
            stall: day,
            ..Self::default()
        }
    }
}
