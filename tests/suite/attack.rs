//! Hostile and unlucky peers over real sockets. Each is dealt with in a
//! bounded time, and others are served meanwhile.

mod bombs;
mod crowd;
mod shape;
mod slow;
mod streams;
