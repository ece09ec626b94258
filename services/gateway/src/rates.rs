//! Counting requests by tenant and principal, in bounded memory.

use crate::{address, limits::Rate, refusal::Refusal};
use governor::{
    DefaultKeyedRateLimiter, Quota, RateLimiter,
    clock::{Clock as _, DefaultClock},
};
use kernel::{AccountId, TenantId};
use std::{
    hash::{BuildHasher as _, RandomState},
    net::IpAddr,
    num::NonZeroU32,
    sync::atomic::{AtomicBool, AtomicU32, Ordering},
    time::Duration,
};

/// Principals that one counter keeps apart. About 100 bytes each.
const KEYS: usize = 100_000;
/// How many calls pass between two looks at the size.
const LOOK: u32 = 1_024;
/// Into how many groups new principals fall when there are too many to count.
const CROWDS: u64 = 512;

/// Who is counted, always inside one tenant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Who {
    /// Somebody signed in.
    Account(AccountId),
    /// Nobody known: the address, of IPv6 the network that one customer gets.
    Address(IpAddr),
    /// The tenant as a whole.
    Everybody,
    /// One of many, when there are too many addresses to tell apart.
    Crowd(u64),
}

impl Who {
    /// Whoever is behind an address.
    pub(crate) fn behind(address: IpAddr) -> Self {
        Self::Address(address::origin(address))
    }
}

/// One budget, counted apart for each tenant and principal.
pub(crate) struct Counter {
    limit: &'static str,
    limiter: DefaultKeyedRateLimiter<(TenantId, Who)>,
    calls: AtomicU32,
    crowded: AtomicBool,
    hasher: RandomState,
    keys: usize,
}

impl Counter {
    /// `limit` names it where refusals are counted.
    pub(crate) fn new(limit: &'static str, rate: Rate) -> Self {
        Self::bounded(limit, rate, KEYS)
    }

    fn bounded(limit: &'static str, rate: Rate, keys: usize) -> Self {
        Self {
            limit,
            limiter: RateLimiter::keyed(quota(rate)),
            calls: AtomicU32::new(0),
            crowded: AtomicBool::new(false),
            hasher: RandomState::new(),
            keys,
        }
    }

    /// Counts one request.
    ///
    /// # Errors
    /// When it was one too many. It is not counted then.
    pub(crate) fn count(&self, tenant: &TenantId, who: Who) -> Result<(), Refusal> {
        if self.calls.fetch_add(1, Ordering::Relaxed).is_multiple_of(LOOK) {
            self.look();
        }
        let who = match who {
            Who::Address(_) if self.crowded.load(Ordering::Relaxed) => {
                Who::Crowd(self.hasher.hash_one(who) % CROWDS)
            }
            who => who,
        };
        self.limiter.check_key(&(tenant.clone(), who)).map_err(|not_yet| {
            telemetry::count::refused(self.limit, tenant);
            Refusal::often(not_yet.wait_time_from(DefaultClock::default().now()))
        })
    }

    /// Forgets principals whose budget is whole again.
    pub(crate) fn tidy(&self) {
        self.limiter.retain_recent();
        self.limiter.shrink_to_fit();
        self.crowded.store(self.limiter.len() > self.keys, Ordering::Relaxed);
    }

    fn look(&self) {
        if self.limiter.len() > self.keys && !self.crowded.load(Ordering::Relaxed) {
            self.tidy();
        }
    }
}

fn quota(rate: Rate) -> Quota {
    let burst = NonZeroU32::new(rate.burst).unwrap_or(NonZeroU32::MIN);
    let every = Duration::from_mins(1) / rate.per_minute.max(1);
    Quota::with_period(every).unwrap_or(Quota::per_second(burst)).allow_burst(burst)
}

#[cfg(test)]
mod tests {
    use super::{Counter, LOOK, Who};
    use crate::limits::Rate;
    use kernel::TenantId;
    use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

    const RATE: Rate = Rate { per_minute: 1, burst: 3 };

    #[test]
    fn a_budget_runs_out_for_one_principal_of_one_tenant_only() {
        let counter = Counter::new("visitor", RATE);
        let (a, b) = (TenantId::new("ha-noi").unwrap(), TenantId::new("hung-yen").unwrap());
        let (one, two) = (Who::behind([10, 0, 0, 1].into()), Who::behind([10, 0, 0, 2].into()));
        for _ in 0..3 {
            counter.count(&a, one).unwrap();
        }
        let refusal = counter.count(&a, one).unwrap_err();
        assert!((50..=60).contains(&refusal.wait.as_secs()), "{refusal:?}");
        counter.count(&a, two).unwrap();
        counter.count(&b, one).unwrap();
    }

    #[test]
    fn all_addresses_of_one_ipv6_customer_are_one() {
        let address = |text: &str| Who::behind(text.parse().unwrap());
        assert_eq!(address("2001:db8:1:2::1"), address("2001:db8:1:2:ffff::9"));
        assert_ne!(address("2001:db8:1:2::1"), address("2001:db8:1:3::1"));
        assert_ne!(address("10.0.0.1"), address("10.0.0.2"));
    }

    #[test]
    fn more_addresses_than_can_be_told_apart_take_no_more_memory() {
        let counter = Counter::bounded("visitor", RATE, 5_000);
        let tenant = TenantId::new("ha-noi").unwrap();
        for n in 0..200_000_u32 {
            let address: IpAddr = if n % 2 == 0 {
                Ipv4Addr::from_bits(n).into()
            } else {
                Ipv6Addr::from_bits(u128::from(n) << 64).into()
            };
            let _ = counter.count(&tenant, Who::behind(address));
        }
        let bound = 5_000 + LOOK as usize + 512;
        assert!(counter.limiter.len() <= bound, "{}", counter.limiter.len());
        // Whoever is signed in is still counted alone.
        counter.count(&tenant, Who::Account(uuid::Uuid::nil().into())).unwrap();
    }
}
