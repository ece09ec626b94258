//! Connections of one placement, shared by all roles under one budget.
//!
//! A connection belongs to one role for life, because the login *is* the
//! isolation. So when a role needs a connection and the budget is spent, the
//! connection that has been idle longest is closed to make room, whoever's it
//! is; and no role may use more than its share at once, so that one tenant's
//! flood leaves room for the others.

use crate::{config::PlacementConfig, key::MasterKey};
use kernel::Error;
use log::LevelFilter;
use sqlx::{ConnectOptions as _, Connection as _, PgConnection, postgres::PgConnectOptions};
use std::{
    collections::HashMap,
    ops::{Deref, DerefMut},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};

/// How long a request waits for a connection before it is told to come back.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long a connection may be idle before it is closed.
const IDLE: Duration = Duration::from_mins(1);
/// A connection idle for longer is asked whether it still lives before use:
/// rare under load, and a restarted server costs nobody an error.
const TRUSTED: Duration = Duration::from_millis(500);

/// All connections to one placement. Cheap to clone.
#[derive(Clone)]
pub struct Pool {
    inner: Arc<Inner>,
}

struct Inner {
    placement: PlacementConfig,
    key: MasterKey,
    budget: usize,
    per_role: usize,
    state: Mutex<State>,
    /// Told whenever a connection becomes idle or is closed.
    freed: Notify,
}

#[derive(Default)]
struct State {
    open: usize,
    roles: HashMap<Arc<str>, RoleState>,
    closed: bool,
}

struct RoleState {
    /// What the role may use at once; first come, first served.
    share: Arc<Semaphore>,
    /// Last used last.
    idle: Vec<(Instant, PgConnection)>,
}

/// A connection on loan. It goes back when it is dropped.
pub struct Lease {
    connection: Option<PgConnection>,
    role: Arc<str>,
    pool: Pool,
    _share: OwnedSemaphorePermit,
}

enum Next {
    Use(Instant, PgConnection),
    Open,
    Replace(PgConnection),
    Wait,
}

impl Pool {
    /// A pool that has opened nothing yet.
    #[must_use]
    pub fn new(placement: PlacementConfig, key: MasterKey, budget: usize, per_role: usize) -> Self {
        Self {
            inner: Arc::new(Inner {
                placement,
                key,
                budget,
                per_role,
                state: Mutex::default(),
                freed: Notify::new(),
            }),
        }
    }

    /// A connection that is logged in as `role`.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when none comes free in time or the server
    /// cannot be reached.
    pub async fn lease(&self, role: &Arc<str>, password_version: i32) -> Result<Lease, Error> {
        let deadline = tokio::time::Instant::now() + PATIENCE;
        let share = self.share(role);
        let share = tokio::time::timeout_at(deadline, share.acquire_owned())
            .await
            .map_err(|_| crowded())?
            .unwrap_or_else(|_| unreachable!("a role's share is never closed"));
        loop {
            let freed = self.inner.freed.notified();
            tokio::pin!(freed);
            // Listening starts before the look, so that nothing freed in between is missed.
            freed.as_mut().enable();
            match self.next(role)? {
                Next::Use(since, mut connection) => {
                    if since.elapsed() < TRUSTED || connection.ping().await.is_ok() {
                        return Ok(Lease {
                            connection: Some(connection),
                            role: role.clone(),
                            pool: self.clone(),
                            _share: share,
                        });
                    }
                    // The server went away; so did every connection that waited with this one.
                    self.forget_idle();
                }
                Next::Open => return self.open(role, password_version, share).await,
                Next::Replace(idle) => {
                    // The server counts the old one until it has said goodbye.
                    let _ = idle.close().await;
                    return self.open(role, password_version, share).await;
                }
                Next::Wait => {
                    tokio::time::timeout_at(deadline, freed).await.map_err(|_| crowded())?;
                }
            }
        }
    }

    /// How many connections are open at the moment.
    #[must_use]
    pub fn open_connections(&self) -> usize {
        self.state().open
    }

    /// Closes connections that nobody has used for a while.
    pub async fn reap(&self) {
        let stale: Vec<PgConnection> = {
            let mut state = self.state();
            let mut closing = Vec::new();
            for role in state.roles.values_mut() {
                let fresh = role.idle.partition_point(|(since, _)| since.elapsed() > IDLE);
                closing.extend(role.idle.drain(..fresh).map(|(_, connection)| connection));
            }
            // A share that somebody holds or waits for has a second owner.
            state
                .roles
                .retain(|_, role| Arc::strong_count(&role.share) > 1 || !role.idle.is_empty());
            state.open -= closing.len();
            closing
        };
        for connection in stale {
            let _ = connection.close().await;
            self.inner.freed.notify_one();
        }
    }

    /// Closes what is idle now and whatever comes back later.
    pub async fn close(&self) {
        let idle: Vec<PgConnection> = {
            let mut state = self.state();
            state.closed = true;
            let idle: Vec<_> = state
                .roles
                .values_mut()
                .flat_map(|role| role.idle.drain(..).map(|(_, connection)| connection))
                .collect();
            state.open -= idle.len();
            idle
        };
        for connection in idle {
            let _ = connection.close().await;
        }
    }

    /// How to connect as a role, for a connection outside the budget.
    pub(crate) fn options(&self, role: &str, password_version: i32) -> PgConnectOptions {
        let password = self.inner.key.role_password(role, password_version);
        self.inner.placement.options(role, &password)
    }

    fn next(&self, role: &Arc<str>) -> Result<Next, Error> {
        let mut state = self.state();
        if state.closed {
            return Err(Error::Unavailable("Hệ thống đang dừng.".into()));
        }
        if let Some((since, connection)) = self.role(&mut state, role).idle.pop() {
            return Ok(Next::Use(since, connection));
        }
        if state.open < self.inner.budget {
            state.open += 1;
            return Ok(Next::Open);
        }
        let oldest = state
            .roles
            .values_mut()
            .filter(|other| !other.idle.is_empty())
            .min_by_key(|other| other.idle[0].0);
        Ok(oldest.map_or(Next::Wait, |other| Next::Replace(other.idle.remove(0).1)))
    }

    /// Drops every idle connection and the one just found dead.
    fn forget_idle(&self) {
        let mut state = self.state();
        let dead: Vec<_> =
            state.roles.values_mut().flat_map(|role| std::mem::take(&mut role.idle)).collect();
        state.open -= dead.len() + 1;
        drop(state);
        self.inner.freed.notify_waiters();
    }

    async fn open(
        &self,
        role: &Arc<str>,
        password_version: i32,
        share: OwnedSemaphorePermit,
    ) -> Result<Lease, Error> {
        // The place in the budget is taken; the guard gives it back on every way out.
        let mut lease =
            Lease { connection: None, role: role.clone(), pool: self.clone(), _share: share };
        // Statements of those who serve are counted by whoever listens; they hold
        // placeholders, so that even their text may be shown.
        let options = self.options(role, password_version).log_statements(LevelFilter::Debug);
        let connection = tokio::time::timeout(PATIENCE, PgConnection::connect_with(&options)).await;
        match connection {
            Ok(Ok(connection)) => {
                lease.connection = Some(connection);
                Ok(lease)
            }
            Ok(Err(error)) => {
                tracing::warn!(role = %role, %error, "cannot open a database connection as {role}: {error}");
                Err(Error::Unavailable("Cơ sở dữ liệu tạm thời không trả lời.".into()))
            }
            Err(_) => {
                tracing::warn!(role = %role, "the database did not answer a connection as {role} in time");
                Err(Error::Unavailable("Cơ sở dữ liệu tạm thời không trả lời.".into()))
            }
        }
    }

    fn give_back(&self, role: &Arc<str>, connection: Option<PgConnection>) {
        let mut state = self.state();
        match connection {
            Some(connection) if !state.closed => {
                self.role(&mut state, role).idle.push((Instant::now(), connection));
            }
            // Dropping a connection closes its socket.
            _ => state.open -= 1,
        }
        drop(state);
        self.inner.freed.notify_one();
    }

    fn share(&self, role: &Arc<str>) -> Arc<Semaphore> {
        self.role(&mut self.state(), role).share.clone()
    }

    fn role<'a>(&self, state: &'a mut State, role: &Arc<str>) -> &'a mut RoleState {
        state.roles.entry(role.clone()).or_insert_with(|| RoleState {
            share: Arc::new(Semaphore::new(self.inner.per_role)),
            idle: Vec::new(),
        })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.inner.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn crowded() -> Error {
    Error::Unavailable("Hệ thống đang có rất nhiều người dùng cùng lúc.".into())
}

impl Lease {
    /// Closes the connection instead of giving it back.
    pub fn discard(mut self) {
        self.connection = None;
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
        let connection = self.connection.take().filter(|_| !std::thread::panicking());
        self.pool.give_back(&self.role, connection);
    }
}
