//! Tokens that lately proved to be somebody's. A crowd of strangers behind the
//! same address, or in front of the same tenant, does not stop who carries one,
//! and it is known before the database is asked.
//!
//! Only hashes under a key of this process are kept, in bounded memory; a
//! restart forgets, and the next request is a stranger's once.

use kernel::TenantId;
use std::{
    collections::HashSet,
    hash::{BuildHasher as _, RandomState},
    sync::{Mutex, MutexGuard, PoisonError},
};

/// Tokens of one generation; two are kept. 16 bytes each.
const GENERATION: usize = 100_000;

pub(crate) struct Familiar {
    hasher: RandomState,
    tokens: Mutex<Generations>,
}

#[derive(Default)]
struct Generations {
    young: HashSet<u64>,
    old: HashSet<u64>,
}

impl Familiar {
    pub(crate) fn new() -> Self {
        Self { hasher: RandomState::new(), tokens: Mutex::default() }
    }

    pub(crate) fn knows(&self, tenant: &TenantId, token: &str) -> bool {
        let token = self.hash(tenant, token);
        let mut tokens = self.lock();
        if tokens.young.contains(&token) {
            return true;
        }
        // Whoever comes back stays.
        let known = tokens.old.remove(&token);
        if known {
            tokens.add(token);
        }
        known
    }

    /// The token is somebody's.
    pub(crate) fn learn(&self, tenant: &TenantId, token: &str) {
        let token = self.hash(tenant, token);
        self.lock().add(token);
    }

    /// The token is nobody's any more.
    pub(crate) fn forget(&self, tenant: &TenantId, token: &str) {
        let token = self.hash(tenant, token);
        let mut tokens = self.lock();
        tokens.young.remove(&token);
        tokens.old.remove(&token);
    }

    /// Forgets whoever did not come for a whole generation. To be called once in
    /// a few hours.
    pub(crate) fn tidy(&self) {
        self.lock().age();
    }

    fn hash(&self, tenant: &TenantId, token: &str) -> u64 {
        self.hasher.hash_one((tenant, token))
    }

    fn lock(&self) -> MutexGuard<'_, Generations> {
        self.tokens.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Generations {
    fn add(&mut self, token: u64) {
        if self.young.insert(token) && self.young.len() >= GENERATION {
            self.age();
        }
    }

    fn age(&mut self) {
        self.old = std::mem::take(&mut self.young);
    }
}

#[cfg(test)]
mod tests {
    use super::{Familiar, GENERATION};
    use kernel::TenantId;

    #[test]
    fn a_token_is_familiar_at_its_own_tenant_until_two_generations_pass() {
        let familiar = Familiar::new();
        let (a, b) = (TenantId::new("ha-noi").unwrap(), TenantId::new("hung-yen").unwrap());
        familiar.learn(&a, "x");
        assert!(familiar.knows(&a, "x") && !familiar.knows(&b, "x") && !familiar.knows(&a, "y"));
        for _ in 0..5 {
            familiar.tidy();
            assert!(familiar.knows(&a, "x"), "whoever comes back stays");
        }
        familiar.tidy();
        familiar.tidy();
        assert!(!familiar.knows(&a, "x"));
        familiar.learn(&a, "x");
        familiar.forget(&a, "x");
        assert!(!familiar.knows(&a, "x"));
    }

    #[test]
    fn a_flood_of_tokens_is_forgotten_in_turn() {
        let familiar = Familiar::new();
        let tenant = TenantId::new("ha-noi").unwrap();
        for n in 0..3 * GENERATION {
            familiar.learn(&tenant, &n.to_string());
        }
        let tokens = familiar.lock();
        assert!(tokens.young.len() + tokens.old.len() <= 2 * GENERATION);
    }
}
