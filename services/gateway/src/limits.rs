//! How much of the house one tenant, one person or one address may use.
//!
//! The numbers are chosen for a commune office whose people share one address
//! and come at the same minute, not for one browser; whoever is signed in is
//! counted by account, so that a crowded address never stops them. They hold
//! for one process: with several gateways each lets as much through.

use serde::Deserialize;
use tenancy::DatabaseConfig;

/// The `[limits]` section.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// Of one address, for requests of nobody who is known to be signed in.
    pub visitor: Rate,
    /// Of one account.
    pub member: Rate,
    /// Sign-ins and activations of one address.
    pub sign_in: Rate,
    /// Uploads, imports and exports of one account.
    pub transfer: Rate,
    /// Of one tenant, all visitors together.
    pub tenant_visitors: Rate,
    /// Of one tenant, all who are signed in together.
    pub tenant_members: Rate,
    /// Requests under way at once; what is above `database.budget` and
    /// `database.per_tenant` is lowered to them. So it is here that requests
    /// wait, where somebody decides who goes first, and not for a connection. As
    /// many as there are cores are a tenant's: more would only take turns on
    /// them, and whoever comes from another tenant with all of them. Twice as
    /// many are worth a fifth more to a tenant that has the machine to itself,
    /// and cost its neighbour half as much again of the wait
    /// (`make bench PARTS=pressure`).
    pub work: Places,
    /// Check-ins under way at once, which share their transactions.
    pub shared: Places,
    /// Uploads under way at once, which take minutes on a weak link.
    pub uploads: Places,
    /// Spreadsheets being made at once.
    pub exports: Places,
}

/// How many at once, over all tenants and of each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Places {
    /// At least `per_tenant`.
    pub total: usize,
    /// At least 1.
    pub per_tenant: usize,
}

/// How often something may be asked for: `burst` times at once, and
/// `per_minute` times a minute in the long run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rate {
    /// 1 to 60,000,000.
    pub per_minute: u32,
    /// At least 1.
    pub burst: u32,
}

impl Rate {
    const fn new(per_minute: u32, burst: u32) -> Self {
        Self { per_minute, burst }
    }
}

impl Default for Limits {
    fn default() -> Self {
        let cores = std::thread::available_parallelism().map_or(2, usize::from);
        Self {
            // A hall of a hundred people opens the QR code's page, signs in and
            // lands on the home page: five or six requests each before they are
            // counted by account.
            visitor: Rate::new(1_200, 600),
            // Ten pages a second is more than a hand can press, and enough for a
            // program that fetches its figures.
            member: Rate::new(600, 200),
            // Two hundred people of one course activate within a minute.
            sign_in: Rate::new(120, 200),
            transfer: Rate::new(30, 30),
            // A province's members all open the same announcement.
            tenant_visitors: Rate::new(18_000, 6_000),
            tenant_members: Rate::new(120_000, 20_000),
            work: Places { total: (8 * cores).clamp(16, 48), per_tenant: cores.clamp(2, 12) },
            shared: Places { total: 512, per_tenant: 128 },
            uploads: Places { total: 128, per_tenant: 32 },
            exports: Places { total: 8, per_tenant: 4 },
        }
    }
}

impl Limits {
    /// Rates that nobody reaches: for measuring what lies behind them.
    #[must_use]
    pub fn unreachable_rates(self) -> Self {
        let rate = Rate::new(60_000_000, u32::MAX);
        Self {
            visitor: rate,
            member: rate,
            sign_in: rate,
            transfer: rate,
            tenant_visitors: rate,
            tenant_members: rate,
            ..self
        }
    }

    /// With no more requests under way than there are connections for.
    #[must_use]
    pub fn within(mut self, database: &DatabaseConfig) -> Self {
        let work = &mut self.work;
        work.total = work.total.min(database.budget);
        work.per_tenant = work.per_tenant.min(database.per_tenant).min(work.total);
        self
    }

    /// Checks what the types cannot.
    ///
    /// # Errors
    /// A sentence that names the key.
    pub fn validate(&self) -> Result<(), String> {
        for (name, rate) in [
            ("visitor", self.visitor),
            ("member", self.member),
            ("sign_in", self.sign_in),
            ("transfer", self.transfer),
            ("tenant_visitors", self.tenant_visitors),
            ("tenant_members", self.tenant_members),
        ] {
            if !(1..=60_000_000).contains(&rate.per_minute) || rate.burst == 0 {
                return Err(format!(
                    "limits.{name}: per_minute từ 1 đến 60000000, burst từ 1 trở lên"
                ));
            }
        }
        for (name, places) in [
            ("work", self.work),
            ("shared", self.shared),
            ("uploads", self.uploads),
            ("exports", self.exports),
        ] {
            if places.per_tenant == 0 || places.total < places.per_tenant {
                return Err(format!(
                    "limits.{name}: per_tenant từ 1 trở lên, total không nhỏ hơn per_tenant"
                ));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::{Limits, Places};
    use std::collections::BTreeMap;
    use tenancy::DatabaseConfig;

    #[test]
    fn there_are_no_more_places_than_connections() {
        let work = Places { total: 16, per_tenant: 6 };
        let limits = Limits { work, ..Limits::default() };
        let within = |budget, per_tenant| {
            let database = DatabaseConfig { budget, per_tenant, placements: BTreeMap::new() };
            let work = limits.within(&database).work;
            (work.total, work.per_tenant)
        };
        assert_eq!(within(8, 1), (8, 1));
        assert_eq!(within(4, 12), (4, 4));
        assert_eq!(within(60, 12), (16, 6));
    }
}
