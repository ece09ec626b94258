//! Connections of one placement, shared by all roles under one budget.
//!
//! A connection belongs to one role for life, because the login *is* the
//! isolation. Who wants one waits twice, each time in the order of coming:
//! for the role's own share, so that one tenant's flood queues up among
//! itself, then for one of the places that all roles have together. There are
//! as many places as the budget has connections, so whoever holds a place
//! finds a connection of its role, room for a new one, or one that idles and
//! can be closed: the one that has been idle longest, whoever's it is.

mod lease;

pub use lease::Lease;

use crate::{config::PlacementConfig, key::MasterKey};
use kernel::Error;
use sqlx::{Connection as _, PgConnection, postgres::PgConnectOptions};
use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};
use tokio::{sync::Semaphore, time::timeout};

/// How long a request waits for a connection before it is told to come back.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long the server may take to let a login in, to answer a ping, to undo a
/// transaction, to say goodbye.
pub(crate) const SLOW: Duration = Duration::from_secs(3);
/// How long a connection may be idle before it is closed.
const IDLE: Duration = Duration::from_mins(1);
/// A connection that was asked longer ago whether it lives is asked again before
/// use. Counted from the asking and not from the last use, which may be what
/// found it dead: a busy tenant would go on getting the same dead connection.
const TRUSTED: Duration = Duration::from_millis(500);
/// After a server could not be reached nobody else tries for so long: a server
/// that is away must not hold up those who wait for nothing.
const AWAY: Duration = Duration::from_millis(250);

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
    /// One for each connection of the budget.
    places: Arc<Semaphore>,
    lent: AtomicU64,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// Idle, lent or on the way: never more than the budget.
    open: usize,
    roles: HashMap<Arc<str>, RoleState>,
    /// When a connection was last opened.
    reached: Option<Instant>,
    away_until: Option<Instant>,
    closed: bool,
}

struct RoleState {
    /// What the role may use at once.
    share: Arc<Semaphore>,
    /// Last used last.
    idle: Vec<Idle>,
    /// Connections of an earlier one are not used again.
    generation: u64,
}

struct Idle {
    since: Instant,
    alive: Instant,
    generation: u64,
    connection: PgConnection,
}

enum Next {
    Use(Idle),
    Open,
    Replace(PgConnection),
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
                places: Arc::new(Semaphore::new(budget)),
                lent: AtomicU64::new(0),
                state: Mutex::default(),
            }),
        }
    }

    /// A connection that is logged in as `role`.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when none comes free in time or the server
    /// cannot be reached.
    pub async fn lease(&self, role: &Arc<str>, password_version: i32) -> Result<Lease, Error> {
        let share = self.role(&mut self.state(), role).share.clone();
        let (share, place) = timeout(PATIENCE, async {
            // Never the other way round: who queues for a share takes nobody's place.
            (share.acquire_owned().await, self.inner.places.clone().acquire_owned().await)
        })
        .await
        .map_err(|_| {
            Error::Unavailable("Hệ thống đang có rất nhiều người dùng cùng lúc.".into())
        })?;
        let (Ok(share), Ok(place)) = (share, place) else {
            unreachable!("shares and places are never closed")
        };
        let next = self.next(role)?;
        // From here on the connection is counted, and the lease gives it back on every way out.
        let mut lease = Lease {
            connection: None,
            role: role.clone(),
            alive: Instant::now(),
            generation: 0,
            pool: self.clone(),
            _place: place,
            _share: Some(share),
        };
        match next {
            Next::Use(idle) => {
                lease.generation = idle.generation;
                let connection = lease.connection.insert(idle.connection);
                if idle.alive.elapsed() < TRUSTED {
                    lease.alive = idle.alive;
                } else {
                    let began = Instant::now();
                    let answer = timeout(SLOW, connection.ping()).await;
                    if !matches!(answer, Ok(Ok(()))) {
                        lease.connection = None;
                        // The server went away; so did every connection that waited with this
                        // one. One that keeps silent may still be at what somebody left.
                        if answer.is_ok() {
                            self.went_away(began, None);
                        }
                        lease.open(password_version).await?;
                    }
                }
            }
            Next::Open => lease.open(password_version).await?,
            Next::Replace(idle) => {
                // The server counts the old one until it has said goodbye.
                goodbye(idle).await;
                lease.open(password_version).await?;
            }
        }
        self.inner.lent.fetch_add(1, Ordering::Relaxed);
        Ok(lease)
    }

    /// How many connections are open at the moment.
    #[must_use]
    pub fn open_connections(&self) -> usize {
        self.state().open
    }

    /// How many of them nobody uses.
    #[must_use]
    pub fn idle_connections(&self) -> usize {
        self.state().roles.values().map(|role| role.idle.len()).sum()
    }

    /// How often a connection was lent since the start.
    #[must_use]
    pub fn lent(&self) -> u64 {
        self.inner.lent.load(Ordering::Relaxed)
    }

    /// Lets no connection of a role be used again that was opened until now:
    /// what it has prepared may no longer fit the tables, or its password was
    /// replaced.
    pub fn renew(&self, role: &Arc<str>) {
        if let Some(role) = self.state().roles.get_mut(role) {
            role.generation += 1;
        }
    }

    /// Closes connections that nobody has used for a while.
    pub async fn reap(&self) {
        // Each keeps a place until it is closed; when there is none, all are at work.
        while let Ok(place) = self.inner.places.clone().try_acquire_owned() {
            let Some((role, connection)) = self.stale() else { break };
            let mut lease = Lease {
                connection: None,
                role,
                alive: Instant::now(),
                generation: 0,
                pool: self.clone(),
                _place: place,
                _share: None,
            };
            goodbye(connection).await;
            lease.connection = None;
        }
        // A share that somebody holds or waits for has a second owner.
        self.state()
            .roles
            .retain(|_, role| Arc::strong_count(&role.share) > 1 || !role.idle.is_empty());
    }

    /// Closes what is idle now and whatever comes back later.
    pub async fn close(&self) {
        let idle: Vec<Idle> = {
            let mut state = self.state();
            state.closed = true;
            let idle: Vec<_> =
                state.roles.values_mut().flat_map(|role| std::mem::take(&mut role.idle)).collect();
            state.open -= idle.len();
            idle
        };
        for idle in idle {
            goodbye(idle.connection).await;
        }
    }

    /// How to connect as a role, for a connection outside the budget.
    pub(crate) fn options(&self, role: &str, password_version: i32) -> PgConnectOptions {
        let password = self.inner.key.role_password(role, password_version);
        self.inner.placement.options(role, &password)
    }

    /// What a holder of a place does next. The connection is counted from here on.
    fn next(&self, role: &Arc<str>) -> Result<Next, Error> {
        let mut state = self.state();
        if state.closed {
            return Err(Error::Unavailable("Hệ thống đang dừng.".into()));
        }
        let own = self.role(&mut state, role);
        if let Some(idle) = own.idle.pop() {
            return Ok(if idle.generation == own.generation {
                Next::Use(idle)
            } else {
                Next::Replace(idle.connection)
            });
        }
        if state.away_until.is_some_and(|until| Instant::now() < until) {
            return Err(away());
        }
        if state.open < self.inner.budget {
            state.open += 1;
            return Ok(Next::Open);
        }
        let oldest = state
            .roles
            .values_mut()
            .filter(|other| !other.idle.is_empty())
            .min_by_key(|other| other.idle[0].since)
            .unwrap_or_else(|| unreachable!("more connections are lent than there are places"));
        Ok(Next::Replace(oldest.idle.remove(0).connection))
    }

    /// Some connection that has been idle for too long.
    fn stale(&self) -> Option<(Arc<str>, PgConnection)> {
        self.state().roles.iter_mut().find_map(|(name, role)| {
            let stale = role.idle.first().is_some_and(|idle| idle.since.elapsed() > IDLE);
            stale.then(|| (name.clone(), role.idle.remove(0).connection))
        })
    }

    /// Somebody who began to ask then found the server gone: no connection that was
    /// opened until now is used again, and nobody tries before `until`. It may be
    /// told late: when one was opened since, the server is back.
    fn went_away(&self, began: Instant, until: Option<Instant>) {
        let mut state = self.state();
        if state.reached.is_some_and(|reached| reached > began) {
            return;
        }
        state.away_until = until.or(state.away_until);
        let mut dead = Vec::new();
        for role in state.roles.values_mut() {
            role.generation += 1;
            dead.append(&mut role.idle);
        }
        state.open -= dead.len();
    }

    fn give_back(&self, lease: &mut Lease) {
        let connection = lease.connection.take().filter(|_| !std::thread::panicking());
        let mut state = self.state();
        let closed = state.closed;
        let own = self.role(&mut state, &lease.role);
        match connection {
            Some(connection) if !closed && own.generation == lease.generation => {
                let (since, alive, generation) = (Instant::now(), lease.alive, lease.generation);
                own.idle.push(Idle { since, alive, generation, connection });
            }
            // Dropping a connection closes its socket.
            _ => state.open -= 1,
        }
    }

    fn role<'a>(&self, state: &'a mut State, role: &Arc<str>) -> &'a mut RoleState {
        state.roles.entry(role.clone()).or_insert_with(|| RoleState {
            share: Arc::new(Semaphore::new(self.inner.per_role)),
            idle: Vec::new(),
            generation: 0,
        })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.inner.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn away() -> Error {
    Error::Unavailable("Cơ sở dữ liệu tạm thời không trả lời.".into())
}

async fn goodbye(connection: PgConnection) {
    // Whatever comes of it, the socket is closed afterwards.
    let _ = timeout(SLOW, Box::pin(connection.close())).await;
}
