//! Time and chance, the two inputs that tests and the demo must be able to
//! choose. Nothing else in the tree reads the clock or the random generator;
//! clippy's `disallowed-methods` sees to that.

use crate::viet::HO_CHI_MINH;
use rand::{RngExt as _, SeedableRng as _, rngs::StdRng};
use std::sync::{Arc, Mutex};
use time::{Date, Duration, OffsetDateTime};
use uuid::Uuid;

/// Letters and digits that are not mistaken for one another when read aloud or
/// copied by hand: no 0/O, 1/I/L.
const CODE_ALPHABET: &[u8; 31] = b"23456789ABCDEFGHJKMNPQRSTUVWXYZ";

/// Where the time and the random bits come from. Cheap to clone; clones of a
/// fixed world share one clock and one stream of chance.
#[derive(Clone)]
pub struct World {
    clock: Clock,
    chance: Chance,
}

#[derive(Clone)]
enum Clock {
    System,
    Fixed(Arc<Mutex<OffsetDateTime>>),
}

#[derive(Clone)]
enum Chance {
    System,
    Seeded(Arc<Mutex<StdRng>>),
}

impl World {
    /// The machine's clock and random generator.
    #[must_use]
    pub fn system() -> Self {
        Self { clock: Clock::System, chance: Chance::System }
    }

    /// A clock that stands at `now` until [`World::advance`], and chance that
    /// repeats for the same `seed`.
    #[must_use]
    pub fn fixed(now: OffsetDateTime, seed: u64) -> Self {
        Self {
            clock: Clock::Fixed(Arc::new(Mutex::new(now))),
            chance: Chance::Seeded(Arc::new(Mutex::new(StdRng::seed_from_u64(seed)))),
        }
    }

    /// The same chance, with a clock of its own that stands at `now`: how past
    /// activity is replayed with its dates.
    #[must_use]
    pub fn at(&self, now: OffsetDateTime) -> Self {
        Self { clock: Clock::Fixed(Arc::new(Mutex::new(now))), chance: self.chance.clone() }
    }

    /// The present moment, in UTC, cut to the microsecond that the database keeps.
    #[must_use]
    pub fn now(&self) -> OffsetDateTime {
        let now = match &self.clock {
            #[expect(clippy::disallowed_methods, reason = "the one place that reads the clock")]
            Clock::System => OffsetDateTime::now_utc(),
            Clock::Fixed(now) => *now.lock().unwrap_or_else(std::sync::PoisonError::into_inner),
        };
        now.replace_nanosecond(now.nanosecond() / 1000 * 1000).unwrap_or(now)
    }

    /// Today's date in Vietnam.
    #[must_use]
    pub fn today(&self) -> Date {
        self.now().to_offset(HO_CHI_MINH).date()
    }

    /// Moves a fixed clock forward; the machine's clock moves by itself.
    pub fn advance(&self, by: Duration) {
        if let Clock::Fixed(now) = &self.clock {
            *now.lock().unwrap_or_else(std::sync::PoisonError::into_inner) += by;
        }
    }

    /// A new identifier that sorts by the present moment.
    #[must_use]
    pub fn id<T: From<Uuid>>(&self) -> T {
        let millis = self.now().unix_timestamp_nanos() / 1_000_000;
        let millis = u64::try_from(millis).unwrap_or_default();
        let random = self.bytes::<10>();
        T::from(uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid())
    }

    /// Random bytes, fit for secrets in the machine's world.
    #[must_use]
    pub fn bytes<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        match &self.chance {
            #[expect(clippy::disallowed_methods, reason = "the one place that draws chance")]
            Chance::System => rand::rng().fill(&mut bytes),
            Chance::Seeded(rng) => {
                rng.lock().unwrap_or_else(std::sync::PoisonError::into_inner).fill(&mut bytes);
            }
        }
        bytes
    }

    /// A code of `N` characters to be typed by hand: 31 possibilities each,
    /// without letters and digits that look alike.
    #[must_use]
    pub fn code<const N: usize>(&self) -> String {
        // 248 = 8 × 31: bytes above it would favour the first letters.
        let mut code = String::with_capacity(N);
        while code.len() < N {
            for byte in self.bytes::<16>() {
                if byte < 248 && code.len() < N {
                    code.push(char::from(CODE_ALPHABET[usize::from(byte % 31)]));
                }
            }
        }
        code
    }
}

#[cfg(test)]
mod tests {
    use super::World;
    use time::{Duration, macros::datetime};
    use uuid::Uuid;

    #[test]
    fn a_fixed_world_repeats_itself_and_moves_only_when_told() {
        let start = datetime!(2026-11-03 17:30 UTC);
        let (a, b) = (World::fixed(start, 7), World::fixed(start, 7));
        assert_eq!(a.id::<Uuid>(), b.id::<Uuid>());
        assert_eq!(a.code::<8>(), b.code::<8>());
        assert_eq!(a.now(), start);
        assert_eq!(a.today().to_string(), "2026-11-04", "it is already tomorrow in Vietnam");
        a.advance(Duration::hours(1));
        assert_eq!(a.now(), start + Duration::hours(1));
    }

    #[test]
    fn codes_avoid_look_alikes() {
        let code = World::system().code::<400>();
        assert_eq!(code.len(), 400);
        assert!(!code.contains(['0', 'O', '1', 'I', 'L']));
    }

    #[test]
    fn identifiers_sort_by_time() {
        let world = World::fixed(datetime!(2026-01-01 0:00 UTC), 1);
        let first: Uuid = world.id();
        world.advance(Duration::milliseconds(1));
        assert!(first < world.id::<Uuid>());
    }
}
