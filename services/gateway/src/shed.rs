//! How many requests are worked on at once. Beyond that they wait, shortly, and
//! beyond that they are told to come back: better a quick refusal for some than
//! a slow failure for all.
//!
//! - No tenant has more than its share under way, so that its flood waits in
//!   its own line, not in front of the others'; whoever waits is let in by
//!   turns, one tenant after the other.
//! - Whoever is signed in goes before strangers of any tenant.
//! - A line that empties now and then is a burst and is waited out. A line that
//!   stands is overload: waiting any longer makes nobody faster, so whoever has
//!   waited longer than [`Rank::standing`] is let go (after Nichols and
//!   Jacobson's `CoDel`, which likewise leaves the last few in peace: when no
//!   more wait than there are places, the work is slow, and nobody too many).
//!
//! A place is given back when the head of the answer is there; how long its body
//! takes to a weak phone does not matter here.

use crate::limits::Places;
use kernel::TenantId;
use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};
use tokio::sync::oneshot;

/// How long anybody waits in a burst.
const BURST: Duration = Duration::from_secs(1);
/// For how long a line may stand before it is overload.
const INTERVAL: Duration = Duration::from_millis(500);
/// Longest line of one tenant and rank. The waits above keep it far shorter.
const LONGEST: usize = 1_024;

/// Who goes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rank {
    /// Signed in.
    Member,
    /// Anybody else.
    Stranger,
}

impl Rank {
    /// How long one waits in a line that stands.
    fn standing(self) -> Duration {
        match self {
            Self::Member => Duration::from_millis(200),
            Self::Stranger => Duration::from_millis(100),
        }
    }
}

/// Places to be worked on. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Shed(Arc<Inner>);

struct Inner {
    places: Places,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    taken: usize,
    waiting: usize,
    /// One a tenant, for as long as the process runs.
    tenants: Vec<Line>,
    index: HashMap<TenantId, usize>,
    /// Whose turn it is.
    turn: usize,
}

struct Line {
    taken: usize,
    waiting: [VecDeque<Waiter>; 2],
    /// When nobody of that rank waited here for the last time.
    calm: [Instant; 2],
}

struct Waiter {
    since: Instant,
    place: oneshot::Sender<Place>,
}

/// A place, until it is dropped.
pub(crate) struct Place {
    shed: Shed,
    line: usize,
    /// Whether it is anybody's; one that nobody took is not given back twice.
    held: bool,
}

/// Nobody can be let in now.
#[derive(Debug)]
pub(crate) struct Full;

impl Shed {
    pub(crate) fn new(places: Places) -> Self {
        Self(Arc::new(Inner { places, state: Mutex::default() }))
    }

    /// Waits for a place.
    ///
    /// # Errors
    /// [`Full`] when it would take too long.
    pub(crate) async fn place(&self, tenant: &TenantId, rank: Rank) -> Result<Place, Full> {
        let waiting = {
            let mut state = self.lock();
            let line = state.line(tenant);
            if state.free(line, self.0.places) && state.tenants[line].is_calm() {
                state.take(line);
                return Ok(Place { shed: self.clone(), line, held: true });
            }
            let (place, waiting) = oneshot::channel();
            state.wait(line, rank, Waiter { since: Instant::now(), place })?;
            waiting
        };
        match tokio::time::timeout(BURST, waiting).await {
            Ok(Ok(place)) => Ok(place),
            _ => Err(Full),
        }
    }

    /// Lets in whoever is next, as long as there are places.
    fn call_next(&self, state: &mut State) {
        while let Some((line, waiter)) = state.next(self.0.places) {
            state.take(line);
            let place = Place { shed: self.clone(), line, held: true };
            if let Err(mut place) = waiter.place.send(place) {
                // Gone meanwhile.
                place.held = false;
                state.give_back(line);
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if self.held {
            let mut state = self.shed.lock();
            state.give_back(self.line);
            self.shed.call_next(&mut state);
        }
    }
}

impl State {
    fn line(&mut self, tenant: &TenantId) -> usize {
        if let Some(line) = self.index.get(tenant) {
            return *line;
        }
        let waiting = [VecDeque::new(), VecDeque::new()];
        self.tenants.push(Line { taken: 0, waiting, calm: [Instant::now(); 2] });
        self.index.insert(tenant.clone(), self.tenants.len() - 1);
        self.tenants.len() - 1
    }

    fn free(&self, line: usize, places: Places) -> bool {
        self.taken < places.total && self.tenants[line].taken < places.per_tenant
    }

    fn take(&mut self, line: usize) {
        self.taken += 1;
        self.tenants[line].taken += 1;
    }

    fn give_back(&mut self, line: usize) {
        self.taken -= 1;
        self.tenants[line].taken -= 1;
    }

    fn wait(&mut self, line: usize, rank: Rank, waiter: Waiter) -> Result<(), Full> {
        let line = &mut self.tenants[line];
        let waiting = &mut line.waiting[rank as usize];
        if waiting.is_empty() {
            line.calm[rank as usize] = waiter.since;
        }
        if waiting.len() >= LONGEST {
            let before = waiting.len();
            waiting.retain(|waiter| !waiter.place.is_closed());
            self.waiting -= before - waiting.len();
            if waiting.len() >= LONGEST {
                return Err(Full);
            }
        }
        waiting.push_back(waiter);
        self.waiting += 1;
        Ok(())
    }

    /// Whoever is to be let in now.
    fn next(&mut self, places: Places) -> Option<(usize, Waiter)> {
        for rank in [Rank::Member, Rank::Stranger] {
            for step in 0..self.tenants.len() {
                if self.waiting == 0 {
                    return None;
                }
                let line = (self.turn + step) % self.tenants.len();
                if !self.free(line, places) {
                    continue;
                }
                let (waiter, left) = self.tenants[line].first(rank, places.per_tenant);
                self.waiting -= left;
                if let Some(waiter) = waiter {
                    self.turn = line + 1;
                    return Some((line, waiter));
                }
            }
        }
        None
    }
}

impl Line {
    fn is_calm(&self) -> bool {
        self.waiting.iter().all(VecDeque::is_empty)
    }

    /// The first who has not waited too long, and how many leave the line.
    fn first(&mut self, rank: Rank, few: usize) -> (Option<Waiter>, usize) {
        let stands = self.calm[rank as usize].elapsed() >= INTERVAL;
        let mut left = 0;
        let first = loop {
            let waiting = &mut self.waiting[rank as usize];
            let patience = if stands && waiting.len() > few { rank.standing() } else { BURST };
            let Some(waiter) = waiting.pop_front() else { break None };
            left += 1;
            if waiter.since.elapsed() < patience && !waiter.place.is_closed() {
                break Some(waiter);
            }
        };
        if self.waiting[rank as usize].is_empty() {
            self.calm[rank as usize] = Instant::now();
        }
        (first, left)
    }
}

#[cfg(test)]
mod tests;
