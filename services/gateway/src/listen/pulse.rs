//! What a connection's peer has been doing, so that one that holds it without
//! using it can be told to go.

use super::Bounds;
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};
use tokio::time::Instant;

/// The life signs of one connection. Cheap to clone.
#[derive(Clone)]
pub(super) struct Pulse(Arc<Mutex<State>>);

struct State {
    /// When the last request ended, or the connection began.
    since: Instant,
    asked: bool,
    underway: usize,
    /// Since when pieces of answers wait to be taken, by request.
    offered: HashMap<u64, Instant>,
    next: u64,
}

/// What a peer neglects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lapse {
    /// It asks for nothing.
    Idle,
    /// It does not read what it asked for.
    Unread,
}

impl Pulse {
    pub(super) fn new() -> Self {
        Self(Arc::new(Mutex::new(State {
            since: Instant::now(),
            asked: false,
            underway: 0,
            offered: HashMap::new(),
            next: 0,
        })))
    }

    /// A request has arrived; it lasts until its answer's body is dropped.
    pub(super) fn exchange(&self) -> Exchange {
        let mut state = self.state();
        state.asked = true;
        state.underway += 1;
        state.next += 1;
        Exchange { pulse: self.clone(), id: state.next }
    }

    /// What the peer has neglected for too long.
    pub(super) fn lapse(&self, now: Instant, limits: &Bounds, crowded: bool) -> Option<Lapse> {
        let state = self.state();
        if state.offered.values().any(|since| now - *since > limits.unread) {
            return Some(Lapse::Unread);
        }
        let patience = match (state.asked, crowded) {
            (false, _) => limits.greeting,
            (true, false) => limits.idle,
            (true, true) => limits.idle / 10,
        };
        (state.underway == 0 && now - state.since > patience).then_some(Lapse::Idle)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One request and its answer.
pub(super) struct Exchange {
    pulse: Pulse,
    id: u64,
}

impl Exchange {
    /// A piece of the answer lies ready for the peer.
    pub(super) fn offered(&self) {
        self.pulse.state().offered.insert(self.id, Instant::now());
    }

    /// The peer has taken it.
    pub(super) fn taken(&self) {
        self.pulse.state().offered.remove(&self.id);
    }
}

impl Drop for Exchange {
    fn drop(&mut self) {
        let mut state = self.pulse.state();
        state.offered.remove(&self.id);
        state.underway -= 1;
        state.since = Instant::now();
    }
}

#[cfg(test)]
mod tests {
    use super::{Lapse, Pulse};
    use crate::listen::Bounds;
    use std::time::Duration;
    use tokio::time::Instant;

    #[test]
    fn a_connection_must_be_used_and_its_answers_read() {
        let limits = Bounds::default();
        let pulse = Pulse::new();
        let lapse = |seconds: u64, crowded: bool| {
            pulse.lapse(Instant::now() + Duration::from_secs(seconds), &limits, crowded)
        };
        assert_eq!((lapse(14, false), lapse(16, false)), (None, Some(Lapse::Idle)), "no request");
        let exchange = pulse.exchange();
        assert_eq!(lapse(10_000, true), None, "the server takes its time");
        exchange.offered();
        assert_eq!((lapse(59, false), lapse(61, false)), (None, Some(Lapse::Unread)));
        exchange.taken();
        assert_eq!(lapse(61, false), None);
        drop(exchange);
        assert_eq!((lapse(74, false), lapse(76, false)), (None, Some(Lapse::Idle)));
        assert_eq!(lapse(8, true), Some(Lapse::Idle), "others wait for a place");
    }
}
