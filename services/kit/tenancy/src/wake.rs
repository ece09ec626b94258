//! Waking whoever folds: in this process at once, in another by a
//! notification. It only makes folding prompt; what is never announced is found
//! by the relay's sweep.

use crate::{
    config::MAIN, pool::SLOW, registry::TenantState, tenants::PLATFORM_ROLE, tenants::Tenants,
};
use kernel::{Error, TenantId};
use sqlx::{
    Executor as _,
    postgres::{PgListener, PgPoolOptions},
};
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};
use tokio::{
    sync::Notify,
    time::{sleep, timeout},
};

/// Payloads are slugs.
const CHANNEL: &str = "sotay_fold";
/// How long announcements are gathered. A notification takes a lock that every
/// commit of the database with a notification waits for, so it is sent by itself
/// and seldom, not in the transaction of each event.
const GATHER: Duration = Duration::from_millis(50);
/// Before a lost connection is tried again.
const PAUSE: Duration = Duration::from_secs(1);
/// A connection on which nothing was heard for so long is asked whether it lives:
/// one that was lost without a word is silent as well.
const QUIET: Duration = Duration::from_mins(1);

/// Tenants that have something to fold, and since when.
#[derive(Clone, Default)]
pub(crate) struct Wake {
    inner: Arc<(Mutex<BTreeMap<TenantId, Instant>>, Notify)>,
}

impl Wake {
    pub(crate) fn tenant(&self, tenant: &TenantId) {
        self.since(tenant, Instant::now());
    }

    pub(crate) fn since(&self, tenant: &TenantId, since: Instant) {
        let mut due = self.inner.0.lock().unwrap_or_else(PoisonError::into_inner);
        let first = due.entry(tenant.clone()).or_insert(since);
        *first = since.min(*first);
        drop(due);
        self.inner.1.notify_one();
    }

    pub(crate) async fn notified(&self) {
        self.inner.1.notified().await;
    }

    pub(crate) fn take(&self) -> Vec<(TenantId, Instant)> {
        let mut due = self.inner.0.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut *due).into_iter().collect()
    }
}

impl Tenants {
    /// Tells the process that folds what happened in this one, until cancelled.
    pub async fn announce(&self) {
        loop {
            self.wake().notified().await;
            sleep(GATHER).await;
            let due = self.wake().take();
            if let Err(error) = self.tell(&due).await {
                tracing::warn!("cannot announce events, will try again: {error}");
                sleep(PAUSE).await;
                for (tenant, since) in &due {
                    self.wake().since(tenant, *since);
                }
            }
        }
    }

    /// Hears what other processes announce, until cancelled.
    pub(crate) async fn listen(&self) {
        loop {
            if let Err(error) = self.hear().await {
                tracing::warn!("cannot hear of events in other processes, will try again: {error}");
            }
            sleep(PAUSE).await;
        }
    }

    /// Every tenant that is served.
    pub(crate) fn active(&self) -> Vec<TenantId> {
        let active = |tenant: &Arc<crate::Tenant>| tenant.state == TenantState::Active;
        self.all().into_iter().filter(active).map(|tenant| tenant.id.clone()).collect()
    }

    async fn tell(&self, due: &[(TenantId, Instant)]) -> Result<(), Error> {
        let slugs: Vec<&str> = due.iter().map(|(tenant, _)| &**tenant).collect();
        let mut platform = self.platform().await?;
        sqlx::query("SELECT pg_notify($1, slug) FROM unnest($2::text[]) AS slug")
            .bind(CHANNEL)
            .bind(slugs)
            .execute(&mut *platform)
            .await?;
        Ok(())
    }

    async fn hear(&self) -> Result<(), Error> {
        let options = self.pool(MAIN).options(PLATFORM_ROLE, 1);
        let one = PgPoolOptions::new().max_connections(1).connect_lazy_with(options);
        let mut listener = PgListener::connect_with(&one).await?;
        timeout(SLOW, listener.listen(CHANNEL)).await??;
        let wake_all = || self.active().iter().for_each(|tenant| self.wake().tenant(tenant));
        // Whatever was said before somebody listened.
        wake_all();
        loop {
            let Ok(heard) = timeout(QUIET, listener.try_recv()).await else {
                timeout(SLOW, listener.execute("SELECT 1")).await??;
                continue;
            };
            match heard? {
                Some(notification) => {
                    if let Ok(tenant) = TenantId::new(notification.payload()) {
                        self.wake().tenant(&tenant);
                    }
                }
                // The connection was lost, and whatever was said meanwhile.
                None => wake_all(),
            }
        }
    }
}
