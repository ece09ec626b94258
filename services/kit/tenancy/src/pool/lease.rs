//! A connection on loan.

use super::{AWAY, Pool, SLOW, away};
use kernel::Error;
use log::LevelFilter;
use sqlx::{ConnectOptions as _, Connection as _, PgConnection};
use std::{
    ops::{Deref, DerefMut},
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::{sync::OwnedSemaphorePermit, time::timeout};

/// A connection on loan. It goes back when it is dropped.
pub struct Lease {
    /// None only while it is opened or closed.
    pub(super) connection: Option<PgConnection>,
    pub(super) role: Arc<str>,
    /// When it was last known to live.
    pub(super) alive: Instant,
    pub(super) generation: u64,
    pub(super) pool: Pool,
    // Given up after the connection went back, for the next who waits.
    pub(super) _place: OwnedSemaphorePermit,
    pub(super) _share: Option<OwnedSemaphorePermit>,
}

impl Lease {
    /// Closes the connection instead of giving it back.
    pub fn discard(mut self) {
        self.connection = None;
    }

    pub(super) async fn open(&mut self, password_version: i32) -> Result<(), Error> {
        let Self { role, pool, .. } = self;
        // Statements of those who serve are counted by whoever listens; they hold
        // placeholders, so that even their text may be shown.
        let options = pool
            .options(role, password_version)
            .log_statements(LevelFilter::Debug)
            .log_slow_statements(LevelFilter::Debug, Duration::MAX);
        let began = Instant::now();
        // Taken first: what is to be renewed meanwhile is renewed with this one too.
        self.generation = pool.role(&mut pool.state(), role).generation;
        // Boxed: the rare login is much larger than all that awaits a connection.
        match timeout(SLOW, Box::pin(PgConnection::connect_with(&options))).await {
            Ok(Ok(connection)) => {
                let mut state = pool.state();
                (state.reached, state.away_until) = (Some(Instant::now()), None);
                self.connection = Some(connection);
                return Ok(());
            }
            Ok(Err(error)) => {
                tracing::warn!(role = %role, %error, "cannot open a database connection as {role}: {error}");
                if !matches!(error, sqlx::Error::Io(_)) {
                    return Err(away());
                }
            }
            Err(_) => {
                tracing::warn!(role = %role, "the database did not answer a connection as {role} in time");
            }
        }
        pool.went_away(began, Some(Instant::now() + AWAY));
        Err(away())
    }
}

impl Deref for Lease {
    type Target = PgConnection;
    fn deref(&self) -> &PgConnection {
        self.connection
            .as_ref()
            .unwrap_or_else(|| unreachable!("a lease holds its connection until it is dropped"))
    }
}

impl DerefMut for Lease {
    fn deref_mut(&mut self) -> &mut PgConnection {
        self.connection
            .as_mut()
            .unwrap_or_else(|| unreachable!("a lease holds its connection until it is dropped"))
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        let pool = self.pool.clone();
        pool.give_back(self);
    }
}
