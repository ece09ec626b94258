//! What a running server holds of the tenants.

use crate::{
    config::{DatabaseConfig, MAIN},
    db::{TenantConn, TenantDb},
    key::MasterKey,
    pool::Pool,
    registry::{self, Tenant, TenantState},
    wake::Wake,
};
use kernel::{Error, TenantId};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError, RwLock},
    time::{Duration, Instant},
};

/// The platform's own role: owns the registry, cannot read a tenant.
pub const PLATFORM_ROLE: &str = "sotay_platform";
/// How often a server looks whether the registry moved.
const REFRESH: Duration = Duration::from_secs(2);
/// How long reading it may take.
const SLOW: Duration = Duration::from_secs(10);

/// The registry and the connections of a running server. Cheap to clone.
#[derive(Clone)]
pub struct Tenants {
    inner: Arc<Inner>,
}

struct Inner {
    pools: HashMap<String, Pool>,
    platform_role: Arc<str>,
    key: MasterKey,
    wake: Wake,
    registry: RwLock<Registry>,
    /// When the registry was last known to be the newest.
    read: Mutex<Instant>,
}

#[derive(Default)]
struct Registry {
    revision: i64,
    by_id: HashMap<TenantId, Arc<Tenant>>,
    by_host: HashMap<String, Arc<Tenant>>,
}

impl Tenants {
    /// Reads the registry.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when the main placement cannot be reached.
    pub async fn connect(config: &DatabaseConfig, key: MasterKey) -> Result<Self, Error> {
        let pools = config
            .placements
            .iter()
            .map(|(name, placement)| {
                let pool =
                    Pool::new(placement.clone(), key.clone(), config.budget, config.per_tenant);
                (name.clone(), pool)
            })
            .collect();
        let tenants = Self {
            inner: Arc::new(Inner {
                pools,
                platform_role: PLATFORM_ROLE.into(),
                key,
                wake: Wake::default(),
                registry: RwLock::default(),
                read: Mutex::new(Instant::now()),
            }),
        };
        tenants.refresh().await?;
        Ok(tenants)
    }

    /// The installation's key, for what else is derived from it.
    #[must_use]
    pub fn key(&self) -> &MasterKey {
        &self.inner.key
    }

    /// Every tenant of the registry, by slug.
    #[must_use]
    pub fn all(&self) -> Vec<Arc<Tenant>> {
        let mut all: Vec<_> = self.registry().by_id.values().cloned().collect();
        all.sort_by(|a, b| a.id.cmp(&b.id));
        all
    }

    /// A tenant by its slug.
    #[must_use]
    pub fn get(&self, id: &TenantId) -> Option<Arc<Tenant>> {
        self.registry().by_id.get(id).cloned()
    }

    /// A tenant by a host name of its own, lower case and without port.
    #[must_use]
    pub fn by_host(&self, host: &str) -> Option<Arc<Tenant>> {
        self.registry().by_host.get(host).cloned()
    }

    /// The database of a tenant; opens nothing yet.
    ///
    /// # Errors
    /// [`Error::NotFound`] for a slug that is not in the registry,
    /// [`Error::Unavailable`] when its placement is not configured here.
    pub fn db(&self, id: &TenantId) -> Result<TenantDb, Error> {
        let tenant = self.get(id).ok_or(Error::NotFound)?;
        let pool = self.inner.pools.get(&tenant.placement).ok_or_else(|| {
            tracing::error!("placement {} of tenant {id} is not configured here", tenant.placement);
            Error::Unavailable("Máy chủ dữ liệu của đơn vị chưa được khai báo.".into())
        })?;
        Ok(TenantDb::new(tenant, pool.clone(), self.inner.wake.clone()))
    }

    /// Lets no connection of a tenant be used again that was opened until now:
    /// what it has prepared may no longer fit the tables.
    pub fn renew(&self, id: &TenantId) {
        if let Some(tenant) = self.get(id)
            && let Some(pool) = self.inner.pools.get(&tenant.placement)
        {
            pool.renew(&tenant.role);
        }
    }

    /// A connection as the platform's role, which cannot read a tenant.
    ///
    /// # Errors
    /// [`Error::Unavailable`] as for [`Pool::lease`].
    pub async fn platform(&self) -> Result<TenantConn, Error> {
        self.platform_at(MAIN).await
    }

    /// The same on a placement that is known to be configured.
    pub(crate) async fn platform_at(&self, placement: &str) -> Result<TenantConn, Error> {
        self.pool(placement).lease(&self.inner.platform_role, 1).await
    }

    /// Reads the registry again if it moved.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when the main placement cannot be reached.
    pub async fn refresh(&self) -> Result<(), Error> {
        let mut platform = self.platform().await?;
        let seen = self.registry().revision;
        let (revision, changed) = registry::load(&mut platform, seen).await?;
        drop(platform);
        let mut registry = self.inner.registry.write().unwrap_or_else(PoisonError::into_inner);
        // Somebody else may have read more in the meantime.
        if revision <= registry.revision {
            drop(registry);
            self.just_read();
            return Ok(());
        }
        registry.revision = revision;
        for tenant in changed.into_iter().map(Arc::new) {
            if let Some(before) = registry.by_id.insert(tenant.id.clone(), tenant.clone())
                && (before.schema_version, before.password_version)
                    != (tenant.schema_version, tenant.password_version)
                && let Some(pool) = self.inner.pools.get(&tenant.placement)
            {
                pool.renew(&tenant.role);
            }
        }
        // The hosts of one that is gone may be another's by now.
        registry.by_host = registry
            .by_id
            .values()
            .filter(|tenant| tenant.state != TenantState::Retired)
            .flat_map(|tenant| tenant.hosts.iter().map(|host| (host.clone(), tenant.clone())))
            .collect();
        drop(registry);
        self.just_read();
        Ok(())
    }

    /// How long ago the registry was last known to be the newest.
    #[must_use]
    pub fn registry_age(&self) -> Duration {
        self.inner.read.lock().unwrap_or_else(PoisonError::into_inner).elapsed()
    }

    /// Follows the registry and closes idle connections until it is cancelled.
    pub async fn keep_up(&self) {
        let mut tick = tokio::time::interval(REFRESH);
        tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            tick.tick().await;
            let read = tokio::time::timeout(SLOW, self.refresh()).await;
            let late = || Err(Error::Unavailable("it takes too long".into()));
            if let Err(error) = read.unwrap_or_else(|_| late()) {
                tracing::warn!("cannot read the registry, serving what was last read: {error}");
            }
            for pool in self.inner.pools.values() {
                pool.reap().await;
            }
        }
    }

    /// The names of the placements that are configured.
    pub fn placements(&self) -> impl Iterator<Item = &str> {
        self.inner.pools.keys().map(String::as_str)
    }

    /// Connections open at the moment, over all placements.
    #[must_use]
    pub fn open_connections(&self) -> usize {
        self.inner.pools.values().map(Pool::open_connections).sum()
    }

    /// For each placement its name, the connections open, and those of them
    /// that nobody uses.
    #[must_use]
    pub fn connections(&self) -> Vec<(String, usize, usize)> {
        let pools = self.inner.pools.iter();
        pools
            .map(|(name, pool)| (name.clone(), pool.open_connections(), pool.idle_connections()))
            .collect()
    }

    /// How often a connection was lent since the start, over all placements.
    #[must_use]
    pub fn connections_lent(&self) -> u64 {
        self.inner.pools.values().map(Pool::lent).sum()
    }

    /// Closes every connection.
    pub async fn close(&self) {
        for pool in self.inner.pools.values() {
            pool.close().await;
        }
    }

    /// The pool of a placement that is known to be configured.
    pub(crate) fn pool(&self, placement: &str) -> &Pool {
        &self.inner.pools[placement]
    }

    fn just_read(&self) {
        *self.inner.read.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
    }

    pub(crate) fn wake(&self) -> &Wake {
        &self.inner.wake
    }

    fn registry(&self) -> std::sync::RwLockReadGuard<'_, Registry> {
        self.inner.registry.read().unwrap_or_else(PoisonError::into_inner)
    }
}
