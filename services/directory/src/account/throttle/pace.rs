//! How long the next try has to wait.

use std::time::Duration;

/// Wrong tries older than this are forgiven, one after the other.
const FORGIVEN: u32 = 3_600;

/// How waiting grows: `free` tries at once, then `first` seconds, twice as long
/// each time, never more than `longest`.
#[derive(Clone, Copy)]
pub(super) struct Pace {
    pub(super) free: u32,
    pub(super) first: u32,
    pub(super) longest: u32,
}

impl Pace {
    /// The wait that is left, `since` seconds after the last of `wrong` tries.
    pub(super) fn wait(self, wrong: u32, since: u32) -> Duration {
        let left = wrong.saturating_sub(since / FORGIVEN);
        let Some(steps) = left.checked_sub(self.free) else { return Duration::ZERO };
        let whole = self.first.saturating_mul(1 << steps.min(20)).min(self.longest);
        Duration::from_secs(whole.saturating_sub(since).into())
    }
}

/// Whether nothing of so many tries counts any more.
pub(super) fn forgiven(wrong: u32, since: u32) -> bool {
    wrong <= since / FORGIVEN
}

#[cfg(test)]
mod tests {
    use super::Pace;

    #[test]
    fn waiting_grows_to_a_bound_and_time_forgives() {
        let pace = Pace { free: 3, first: 15, longest: 900 };
        let wait = |wrong, since| pace.wait(wrong, since).as_secs();
        assert_eq!([0, 1, 2].map(|wrong| wait(wrong, 0)), [0; 3]);
        assert_eq!(
            [3, 4, 5, 8, 9, 10, 4_000].map(|wrong| wait(wrong, 0)),
            [15, 30, 60, 480, 900, 900, 900]
        );
        assert_eq!((wait(4, 29), wait(4, 30)), (1, 0));
        // An hour later one of the tries is forgiven; the wait is long over.
        assert_eq!(wait(4_000, 900), 0);
    }
}
