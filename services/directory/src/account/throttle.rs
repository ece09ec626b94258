//! How often sign-in and activation may be tried: a few times at once, then
//! slowly, by login and by address, apart for each tenant. In memory: a restart
//! forgives.

use governor::{
    DefaultKeyedRateLimiter, Quota, RateLimiter,
    clock::{Clock as _, DefaultClock},
};
use kernel::{Error, TenantId};
use std::{net::IpAddr, num::NonZeroU32, sync::Arc, time::Duration};

/// Counters. Cheap to clone.
#[derive(Clone)]
pub(super) struct Throttle {
    by_login: Arc<DefaultKeyedRateLimiter<(TenantId, String)>>,
    by_address: Arc<DefaultKeyedRateLimiter<(TenantId, IpAddr)>>,
}

impl Default for Throttle {
    fn default() -> Self {
        Self {
            // Ten tries at once, then one in twenty seconds.
            by_login: Arc::new(RateLimiter::keyed(quota(20_000, 10))),
            // A committee's office shares one address.
            by_address: Arc::new(RateLimiter::keyed(quota(500, 120))),
        }
    }
}

impl Throttle {
    /// Counts one try.
    pub(super) fn count(
        &self,
        tenant: &TenantId,
        address: IpAddr,
        login: &str,
    ) -> Result<(), Error> {
        let now = DefaultClock::default().now();
        let late = |wait: Duration| Err(Error::TooManyRequests(wait));
        if let Err(not_yet) = self.by_address.check_key(&(tenant.clone(), address)) {
            return late(not_yet.wait_time_from(now));
        }
        if let Err(not_yet) = self.by_login.check_key(&(tenant.clone(), login.to_owned())) {
            return late(not_yet.wait_time_from(now));
        }
        // Keys whose counters are full again say nothing any more.
        if self.by_login.len() > 100_000 {
            self.by_login.retain_recent();
            self.by_address.retain_recent();
        }
        Ok(())
    }
}

fn quota(millis: u64, burst: u32) -> Quota {
    let burst = NonZeroU32::new(burst).unwrap_or(NonZeroU32::MIN);
    Quota::with_period(Duration::from_millis(millis))
        .unwrap_or(Quota::per_second(burst))
        .allow_burst(burst)
}

#[cfg(test)]
mod tests {
    use super::Throttle;
    use kernel::{Error, TenantId};
    use std::net::IpAddr;

    #[test]
    fn tries_run_out_for_one_login_of_one_tenant_only() {
        let throttle = Throttle::default();
        let (a, b) = (TenantId::new("ha-noi").unwrap(), TenantId::new("hung-yen").unwrap());
        let address = IpAddr::from([127, 0, 0, 1]);
        for _ in 0..10 {
            assert!(throttle.count(&a, address, "0912345678").is_ok());
        }
        assert!(matches!(
            throttle.count(&a, address, "0912345678"),
            Err(Error::TooManyRequests(_))
        ));
        assert!(throttle.count(&a, address, "0912345679").is_ok());
        assert!(throttle.count(&b, address, "0912345678").is_ok());
    }
}
