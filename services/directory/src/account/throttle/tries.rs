//! The wrong tries of each place, in bounded memory.

use super::pace::{Pace, forgiven};
use kernel::TenantId;
use std::{
    collections::HashMap,
    hash::{BuildHasher as _, RandomState},
    time::Duration,
};
use time::OffsetDateTime;

/// Places that are kept apart. About 50 bytes each.
const PLACES: usize = 200_000;
/// Into how many groups further places fall when there are more.
const CROWDS: u64 = 4_096;
/// Seconds between two attempts to make room.
const SWEEP: i64 = 30;

/// A place where tries are counted: a hash, so that neither logins nor
/// addresses are kept.
pub(super) type Key = u64;

#[derive(Clone, Copy)]
struct Wrong {
    count: u32,
    /// Unix time of the last, in seconds.
    last: i64,
}

/// A try as it was counted, so that it can be taken back.
pub(super) struct Counted {
    key: Key,
    at: i64,
    /// When the one before it was.
    before: i64,
}

#[derive(Default)]
pub(super) struct Tries {
    hasher: RandomState,
    wrong: HashMap<Key, Wrong>,
    swept: i64,
}

impl Tries {
    pub(super) fn key(
        &mut self,
        kind: &str,
        tenant: &TenantId,
        login: &str,
        place: &[u8],
        now: OffsetDateTime,
    ) -> Key {
        let key = self.hasher.hash_one((kind, tenant, login, place));
        if self.wrong.len() < PLACES || self.wrong.contains_key(&key) {
            return key;
        }
        let now = now.unix_timestamp();
        if now - self.swept >= SWEEP {
            self.swept = now;
            self.wrong.retain(|_, wrong| !forgiven(wrong.count, seconds(now, wrong.last)));
        }
        if self.wrong.len() < PLACES { key } else { key % CROWDS }
    }

    pub(super) fn wait(&self, key: Key, pace: Pace, now: OffsetDateTime) -> Duration {
        self.wrong.get(&key).map_or(Duration::ZERO, |wrong| {
            pace.wait(wrong.count, seconds(now.unix_timestamp(), wrong.last))
        })
    }

    pub(super) fn count(&mut self, key: Key, now: OffsetDateTime) -> Counted {
        let now = now.unix_timestamp();
        let wrong = self.wrong.entry(key).or_insert(Wrong { count: 0, last: now });
        if forgiven(wrong.count, seconds(now, wrong.last)) {
            wrong.count = 0;
        }
        let counted = Counted { key, at: now, before: wrong.last };
        *wrong = Wrong { count: wrong.count.saturating_add(1), last: now };
        counted
    }

    pub(super) fn uncount(&mut self, Counted { key, at, before }: Counted) {
        if let Some(wrong) = self.wrong.get_mut(&key) {
            wrong.count = wrong.count.saturating_sub(1);
            // Unless somebody has tried since, the wait is where it was.
            if wrong.last == at {
                wrong.last = before;
            }
        }
    }

    pub(super) fn forget(&mut self, Counted { key, .. }: Counted) {
        self.wrong.remove(&key);
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.wrong.len()
    }
}

/// A clock that was set back counts as no time passed.
fn seconds(now: i64, then: i64) -> u32 {
    u32::try_from(now.saturating_sub(then).max(0)).unwrap_or(u32::MAX)
}
