//! How often a password or a code may be tried.
//!
//! Guessing has to be hopeless, yet nobody may be locked out by somebody else's
//! guessing (NIST SP 800-63B, 3.2.2; OWASP Authentication Cheat Sheet). So a
//! wrong try never locks anything; it makes the next one wait, longer each
//! time, at most [`Pace::longest`]. And tries are counted in places apart:
//!
//! - a device on which this account signed in before counts for itself, so that
//!   its owner gets in during an attack from anywhere else;
//! - everybody else counts by login and address, and by login over all
//!   addresses together, so that many addresses are worth no more than one.
//!
//! What is refused is not counted: whoever keeps knocking does not push the
//! wait further away for others. Logins are counted as they are typed, whether
//! they exist or not, so the answer tells nothing. All of it is in the memory
//! of this process, in bounded space; a restart forgives.

mod pace;
mod tries;

use governor::{
    DefaultKeyedRateLimiter, Quota, RateLimiter,
    clock::{Clock as _, DefaultClock},
};
use kernel::{Error, TenantId};
use pace::Pace;
use std::{
    net::{IpAddr, Ipv6Addr},
    num::NonZeroU32,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use time::OffsetDateTime;
use tries::{Counted, Tries};

/// Own tries of one device or address, before waiting begins.
const OWN: Pace = Pace { free: 10, first: 15, longest: 900 };
/// Tries at one login from all unknown devices together.
const STRANGERS: Pace = Pace { free: 20, first: 15, longest: 900 };
/// Wrong codes of one address. A code has 31¹⁰ possibilities, so this only
/// keeps the work small, and a hall full of people with slips must not wait.
const CODES: Pace = Pace { free: 60, first: 1, longest: 10 };
/// Tries of a tenant's unknown devices, over all logins: at once, and a second.
const TENANT: (u32, u32) = (3_000, 5);

/// Counts tries. Cheap to clone.
#[derive(Clone)]
pub(super) struct Throttle {
    tries: Arc<Mutex<Tries>>,
    tenants: Arc<DefaultKeyedRateLimiter<TenantId>>,
}

/// Where a try comes from.
#[derive(Clone, Copy)]
pub(super) enum From {
    /// A device on which one of the login's accounts signed in before; which.
    Device([u8; 8]),
    /// Anywhere else.
    Address(IpAddr),
}

/// A try under way. It counts as wrong until it is said to be otherwise, so that
/// a thousand at once are a thousand.
#[must_use]
pub(super) struct Try<'a> {
    throttle: &'a Throttle,
    counted: Vec<Counted>,
}

impl Default for Throttle {
    fn default() -> Self {
        let burst = |n| NonZeroU32::new(n).unwrap_or(NonZeroU32::MIN);
        let quota = Quota::per_second(burst(TENANT.1)).allow_burst(burst(TENANT.0));
        Self { tries: Arc::default(), tenants: Arc::new(RateLimiter::keyed(quota)) }
    }
}

impl Throttle {
    /// Begins a try of a password.
    ///
    /// # Errors
    /// [`Error::TooManyRequests`] while it has to wait.
    pub(super) fn password(
        &self,
        tenant: &TenantId,
        login: &str,
        from: From,
        now: OffsetDateTime,
    ) -> Result<Try<'_>, Error> {
        let places: &[(&str, &[u8], Pace)] = match &from {
            From::Device(device) => &[("device", device, OWN)],
            From::Address(address) => {
                &[("address", &network(*address), OWN), ("strangers", &[], STRANGERS)]
            }
        };
        let started = self.begin(tenant, login, places, now)?;
        if let From::Address(_) = from
            && let Err(not_yet) = self.tenants.check_key(tenant)
        {
            started.not_made();
            let wait = not_yet.wait_time_from(DefaultClock::default().now());
            return Err(Error::TooManyRequests(wait));
        }
        Ok(started)
    }

    /// Begins a try of a one-time code.
    ///
    /// # Errors
    /// [`Error::TooManyRequests`] while it has to wait.
    pub(super) fn code(
        &self,
        tenant: &TenantId,
        address: IpAddr,
        now: OffsetDateTime,
    ) -> Result<Try<'_>, Error> {
        self.begin(tenant, "", &[("code", &network(address), CODES)], now)
    }

    fn begin(
        &self,
        tenant: &TenantId,
        login: &str,
        places: &[(&str, &[u8], Pace)],
        now: OffsetDateTime,
    ) -> Result<Try<'_>, Error> {
        let mut tries = self.lock();
        let mut keys = Vec::with_capacity(places.len());
        let mut wait = Duration::ZERO;
        for (kind, place, pace) in places {
            let key = tries.key(kind, tenant, login, place, now);
            wait = wait.max(tries.wait(key, *pace, now));
            keys.push(key);
        }
        if !wait.is_zero() {
            return Err(Error::TooManyRequests(wait));
        }
        let counted = keys.into_iter().map(|key| tries.count(key, now)).collect();
        Ok(Try { throttle: self, counted })
    }

    fn lock(&self) -> MutexGuard<'_, Tries> {
        self.tries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Try<'_> {
    /// It was right: nothing wrong is held against these places any more.
    pub(super) fn right(self) {
        let mut tries = self.throttle.lock();
        for counted in self.counted {
            tries.forget(counted);
        }
    }

    /// It was not made after all, or says nothing about the others.
    pub(super) fn not_made(self) {
        let mut tries = self.throttle.lock();
        for counted in self.counted {
            tries.uncount(counted);
        }
    }
}

/// An address; of IPv6 the network that one customer gets.
fn network(address: IpAddr) -> [u8; 16] {
    match address {
        IpAddr::V4(v4) => v4.to_ipv6_mapped().octets(),
        IpAddr::V6(v6) => Ipv6Addr::from_bits(v6.to_bits() & !u128::from(u64::MAX)).octets(),
    }
}

#[cfg(test)]
mod tests;
