//! When to stop asking a service that does not answer.

use std::time::{Duration, Instant};

/// Failures in a row after which nobody is made to wait any more.
const PATIENCE: u32 = 3;
/// How long nobody asks, the first time.
const FIRST: Duration = Duration::from_millis(500);
/// How long at most: a restarted service is found again within this time.
const LONGEST: Duration = Duration::from_secs(4);

/// A request's turn; the probe's says until when nobody else gets one.
#[derive(Clone, Copy, Debug)]
pub(super) struct Turn(Option<Instant>);

/// Counts failures in a row. Open, it lets one request through at a time of its
/// own choosing to find out whether the service is back.
#[derive(Debug, Default)]
pub(super) struct Circuit {
    failures: u32,
    /// Once open: when somebody may ask again.
    until: Option<Instant>,
    /// Somebody is finding out whether the service is back.
    probing: bool,
}

impl Circuit {
    /// The turn of a request that may be sent now. When the circuit is open and its
    /// time is over, the one that asks is the probe, and the others wait on.
    pub(super) fn admits(&mut self, now: Instant) -> Option<Turn> {
        match self.until {
            None => Some(Turn(None)),
            Some(until) if now < until => None,
            Some(_) => {
                // A silent service lets the probe wait.
                self.until = Some(now + LONGEST);
                self.probing = true;
                Some(Turn(self.until))
            }
        }
    }

    /// A turn is over. When it was the probe's and nothing was found out (whoever
    /// it was has left), the next one finds out.
    pub(super) fn ended(&mut self, Turn(until): Turn, now: Instant) {
        if until.is_some() && self.until == until {
            self.until = Some(now);
            self.probing = false;
        }
    }

    /// Whether nobody asks just now.
    pub(super) fn is_open(&self, now: Instant) -> bool {
        self.until.is_some_and(|until| now < until)
    }

    /// The service answered, whatever it said.
    pub(super) fn answered(&mut self) {
        *self = Self::default();
    }

    /// It did not.
    pub(super) fn failed(&mut self, now: Instant) {
        // Whoever was under way when it opened tells nothing new; the probe does.
        if !self.probing && self.is_open(now) {
            return;
        }
        self.probing = false;
        self.failures = self.failures.saturating_add(1);
        if self.failures >= PATIENCE {
            self.until = Some(now + self.pause());
        }
    }

    fn pause(&self) -> Duration {
        let doublings = self.failures.saturating_sub(PATIENCE).min(8);
        (FIRST * 2_u32.pow(doublings)).min(LONGEST)
    }
}

#[cfg(test)]
mod tests {
    use super::{Circuit, FIRST, LONGEST};
    use std::time::{Duration, Instant};

    #[test]
    fn a_few_failures_in_a_row_open_it_and_an_answer_in_between_does_not() {
        let (mut circuit, now) = (Circuit::default(), Instant::now());
        circuit.failed(now);
        circuit.failed(now);
        circuit.answered();
        circuit.failed(now);
        circuit.failed(now);
        assert!(circuit.admits(now).is_some());
        circuit.failed(now);
        assert!(circuit.admits(now).is_none() && circuit.is_open(now));
        assert!(!circuit.is_open(now + FIRST), "whoever comes now may find out");
    }

    #[test]
    fn one_probe_at_a_time_and_an_answer_closes_it() {
        let (mut circuit, now) = (Circuit::default(), Instant::now());
        (0..3).for_each(|_| circuit.failed(now));
        let later = now + FIRST;
        assert!(circuit.admits(later).is_some(), "the probe");
        assert!(circuit.admits(later).is_none(), "nobody beside the probe");
        assert!(circuit.admits(later + 2 * FIRST).is_none(), "nor while it waits");
        assert!(circuit.admits(later + LONGEST).is_some(), "unless it never comes back");
        circuit.answered();
        assert!(circuit.admits(later).is_some());
    }

    #[test]
    fn a_probe_that_finds_nothing_out_leaves_its_turn_to_the_next() {
        let (mut circuit, now) = (Circuit::default(), Instant::now());
        let before = circuit.admits(now).unwrap();
        (0..3).for_each(|_| circuit.failed(now));
        let later = now + FIRST;
        let probe = circuit.admits(later).unwrap();
        circuit.ended(before, later);
        assert!(circuit.admits(later).is_none(), "it was not the probe that left");
        circuit.ended(probe, later);
        let later = later + Duration::from_millis(1);
        let next = circuit.admits(later).unwrap();
        assert!(circuit.admits(later).is_none(), "one at a time still");
        circuit.ended(probe, later);
        assert!(circuit.admits(later).is_none(), "nobody leaves twice");
        circuit.failed(later);
        circuit.ended(next, later);
        assert!(circuit.admits(later).is_none(), "what was found out stays found");
    }

    #[test]
    fn who_was_under_way_when_it_opened_makes_nobody_wait_longer() {
        let (mut circuit, now) = (Circuit::default(), Instant::now());
        (0..40).for_each(|_| circuit.failed(now));
        assert!(circuit.admits(now + FIRST).is_some(), "the probe");
        (0..40).for_each(|_| circuit.failed(now + FIRST));
        assert!(circuit.admits(now + FIRST).is_none());
        assert!(circuit.admits(now + 3 * FIRST).is_some(), "it doubled once");
    }

    #[test]
    fn the_pause_grows_from_probe_to_probe_and_to_a_bound() {
        let (mut circuit, mut now) = (Circuit::default(), Instant::now());
        (0..3).for_each(|_| circuit.failed(now));
        for pause in [FIRST, 2 * FIRST, 4 * FIRST, LONGEST, LONGEST] {
            assert!(circuit.admits(now + pause.saturating_sub(Duration::from_millis(1))).is_none());
            now += pause;
            assert!(circuit.admits(now).is_some(), "{pause:?}");
            circuit.failed(now);
        }
    }
}
