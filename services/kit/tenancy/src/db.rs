//! A tenant's database: single reads and transactions, as the tenant's role.

use crate::{
    measure,
    pool::{Lease, Pool, SLOW},
    registry::Tenant,
    wake::Wake,
};
use kernel::{Error, TenantId};
use sqlx::{Executor as _, PgConnection};
use std::{
    ops::{Deref, DerefMut},
    sync::Arc,
};
use tokio::time::timeout;

/// A connection for single statements. Goes back to the pool when dropped.
pub type TenantConn = Lease;

/// The database of one tenant. Opens connections on use; cheap to clone.
#[derive(Clone)]
pub struct TenantDb {
    tenant: Arc<Tenant>,
    pool: Pool,
    wake: Wake,
}

impl TenantDb {
    pub(crate) fn new(tenant: Arc<Tenant>, pool: Pool, wake: Wake) -> Self {
        Self { tenant, pool, wake }
    }

    /// Whose database it is.
    #[must_use]
    pub fn tenant(&self) -> &Arc<Tenant> {
        &self.tenant
    }

    /// A connection for reads that need no common snapshot.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when none comes free in time or the server is away.
    pub async fn conn(&self) -> Result<TenantConn, Error> {
        let lease = self.pool.lease(&self.tenant.role, self.tenant.password_version);
        measure::lease(&self.tenant, lease).await
    }

    /// A transaction. It is rolled back unless it is committed.
    ///
    /// # Errors
    /// As for [`TenantDb::conn`].
    pub async fn begin(&self) -> Result<TenantTx, Error> {
        let mut tx = TenantTx {
            conn: Some(self.conn().await?),
            tenant: self.tenant.id.clone(),
            wake: self.wake.clone(),
            events: false,
        };
        // It is a transaction before it begins: a request that is cut off just
        // now must not give the connection back with the transaction open.
        sqlx::raw_sql("BEGIN").execute(&mut *tx).await?;
        Ok(tx)
    }
}

/// A transaction in a tenant's schema; the only way to record an event.
pub struct TenantTx {
    conn: Option<TenantConn>,
    tenant: TenantId,
    wake: Wake,
    pub(crate) events: bool,
}

impl TenantTx {
    /// Whose schema it is in.
    #[must_use]
    pub fn tenant(&self) -> &TenantId {
        &self.tenant
    }

    /// Makes it durable, then wakes the relay if an event was recorded.
    ///
    /// # Errors
    /// When the server refuses or is lost; then nothing has happened, or the
    /// caller cannot know.
    pub async fn commit(mut self) -> Result<(), Error> {
        let done = sqlx::raw_sql("COMMIT").execute(&mut *self).await;
        let Some(conn) = self.conn.take() else { unreachable!("taken only here and on drop") };
        if let Err(error) = done {
            conn.discard();
            return Err(error.into());
        }
        drop(conn);
        if self.events {
            self.wake.tenant(&self.tenant);
        }
        Ok(())
    }
}

impl Deref for TenantTx {
    type Target = PgConnection;
    fn deref(&self) -> &PgConnection {
        self.conn.as_deref().unwrap_or_else(|| unreachable!("taken only by commit and drop"))
    }
}

impl DerefMut for TenantTx {
    fn deref_mut(&mut self) -> &mut PgConnection {
        self.conn.as_deref_mut().unwrap_or_else(|| unreachable!("taken only by commit and drop"))
    }
}

impl Drop for TenantTx {
    fn drop(&mut self) {
        let Some(mut conn) = self.conn.take() else { return };
        let Ok(runtime) = tokio::runtime::Handle::try_current() else { return conn.discard() };
        runtime.spawn(async move {
            // A statement that somebody left may still be at work, or the server gone.
            let undone = timeout(SLOW, conn.execute("ROLLBACK")).await;
            if !matches!(undone, Ok(Ok(_))) {
                conn.discard();
            }
        });
    }
}
