//! Folding: the outbox of each tenant is emptied into everything that is
//! computed from events.
//!
//! A batch of outbox rows is deleted in the transaction that applies the folds
//! to its events, so each event is folded exactly once inside the tenant,
//! however often the relay is killed and however many relays run. The order of
//! events is *not* part of the deal (transactions commit out of order), so
//! folds only ever add. What leaves the tenant goes through an [`Outlet`]
//! afterwards and is an idempotent upsert that carries a version.

use crate::{db::TenantDb, event::Event, measure, tenants::Tenants};
use futures_util::{StreamExt as _, future::BoxFuture, stream};
use kernel::{Error, TenantId};
use sqlx::PgConnection;
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};
use time::OffsetDateTime;

/// Outbox rows taken at once.
const BATCH: i64 = 1000;
/// Tenants folded at the same time.
const AT_ONCE: usize = 4;
/// How long one tenant may take before the others have their turn.
const TURN: Duration = Duration::from_secs(30);
/// How long more events are waited for after the first: in a crowd, figures
/// are folded and sent four times a second rather than after every commit.
const GATHER: Duration = Duration::from_millis(250);
/// How seldom what leaves a tenant is sent while events keep coming: it is summed
/// over the whole tenant, and nobody far away watches it by the second.
const SEND: Duration = Duration::from_secs(5);
/// How often every tenant is looked at, woken or not: what a process left
/// unfolded when it was killed is found at the next start or by this sweep.
const SWEEP: Duration = Duration::from_mins(5);

/// Something computed from a tenant's events.
pub trait Fold: Send + Sync {
    /// Its name, for logs.
    fn name(&self) -> &'static str;
    /// Adds events to what is computed. They come in no particular order.
    fn apply<'a>(
        &'a self,
        connection: &'a mut PgConnection,
        events: &'a [Event],
    ) -> BoxFuture<'a, Result<(), Error>>;
    /// Empties what is computed, before it is rebuilt from all events.
    fn clear<'a>(&'a self, connection: &'a mut PgConnection) -> BoxFuture<'a, Result<(), Error>>;
}

/// Something that leaves a tenant after its events were folded. Sending twice
/// must do no harm, and an older version must never win over a newer one.
pub trait Outlet: Send + Sync {
    /// Its name, for logs.
    fn name(&self) -> &'static str;
    /// Sends how the tenant stands now.
    fn send<'a>(
        &'a self,
        tenants: &'a Tenants,
        tenant: &'a TenantDb,
    ) -> BoxFuture<'a, Result<(), Error>>;
}

/// Events of a tenant that wait to be folded.
#[derive(Clone, Copy, Debug)]
pub struct Waiting {
    /// How many.
    pub rows: u64,
    /// When the oldest of them happened.
    pub oldest: Option<OffsetDateTime>,
}

/// Empties outboxes into folds. Cheap to clone.
#[derive(Clone)]
pub struct Relay {
    tenants: Tenants,
    folds: Arc<[Box<dyn Fold>]>,
    outlets: Arc<[Box<dyn Outlet>]>,
}

impl Relay {
    /// A relay of these folds and outlets.
    #[must_use]
    pub fn new(tenants: Tenants, folds: Vec<Box<dyn Fold>>, outlets: Vec<Box<dyn Outlet>>) -> Self {
        Self { tenants, folds: folds.into(), outlets: outlets.into() }
    }

    /// Folds until it is cancelled, for this process and for others that ask.
    /// Cancelling loses nothing.
    pub async fn run(&self) {
        tokio::join!(self.work(), self.tenants.listen());
    }

    async fn work(&self) {
        let mut sweep = tokio::time::interval(SWEEP);
        let sendings = Sendings::default();
        loop {
            let due: Vec<(TenantId, Instant)> = tokio::select! {
                _ = sweep.tick() => {
                    let now = Instant::now();
                    self.tenants.active().into_iter().map(|tenant| (tenant, now)).collect()
                }
                () = self.tenants.wake().notified() => {
                    tokio::time::sleep(GATHER).await;
                    self.tenants.wake().take()
                }
            };
            stream::iter(due)
                .for_each_concurrent(AT_ONCE, async |(id, woken)| {
                    let turn = tokio::time::timeout(TURN, self.turn(&id, &sendings)).await;
                    let late = || Err(Error::Unavailable("it takes too long".into()));
                    if let Err(error) = turn.unwrap_or_else(|_| late()) {
                        tracing::warn!(tenant = %id, "cannot fold the events of {id}, will try again: {error}");
                        measure::fell_behind(self, &id).await;
                        if crate::is_stale(&error) {
                            self.tenants.renew(&id);
                        }
                        // Beside the others: whose server is away holds up nobody else.
                        let wake = self.tenants.wake().clone();
                        tokio::spawn(async move {
                            tokio::time::sleep(Duration::from_secs(1)).await;
                            wake.since(&id, woken);
                        });
                    } else {
                        measure::caught_up(&id, woken);
                    }
                })
                .await;
        }
    }

    /// Folds all that one tenant has waiting, and sends what leaves it.
    ///
    /// # Errors
    /// When the database is away or a fold is refused; nothing is half-folded.
    pub async fn fold(&self, id: &TenantId) -> Result<(), Error> {
        let db = self.tenants.db(id)?;
        while self.batch(&db).await? > 0 {}
        self.send(&db).await
    }

    /// The same, but sends seldom: what is not sent now will be.
    async fn turn(&self, id: &TenantId, sendings: &Sendings) -> Result<(), Error> {
        let db = self.tenants.db(id)?;
        while self.batch(&db).await? > 0 {}
        match sendings.next(id) {
            Next::Now => {
                self.send(&db).await?;
                sendings.sent(id);
            }
            Next::At(time) => {
                let (wake, id) = (self.tenants.wake().clone(), id.clone());
                tokio::spawn(async move {
                    tokio::time::sleep_until(time.into()).await;
                    wake.tenant(&id);
                });
            }
            Next::Promised => {}
        }
        Ok(())
    }

    async fn send(&self, db: &TenantDb) -> Result<(), Error> {
        for outlet in &*self.outlets {
            outlet.send(&self.tenants, db).await?;
        }
        Ok(())
    }

    /// Computes everything anew from all events of one tenant. Writers wait.
    ///
    /// # Errors
    /// As for [`Relay::fold`]; then all is as before.
    pub async fn rebuild(&self, id: &TenantId) -> Result<u64, Error> {
        let db = self.tenants.db(id)?;
        let mut tx = db.begin().await?;
        sqlx::query!("LOCK TABLE outbox IN ACCESS EXCLUSIVE MODE").execute(&mut *tx).await?;
        sqlx::query!("DELETE FROM outbox").execute(&mut *tx).await?;
        for fold in &*self.folds {
            fold.clear(&mut tx).await?;
        }
        let mut after = uuid::Uuid::nil();
        let mut count = 0;
        loop {
            let page = sqlx::query!(
                "SELECT id FROM event WHERE id > $1 ORDER BY id LIMIT $2",
                after,
                BATCH
            )
            .fetch_all(&mut *tx)
            .await?;
            let Some(last) = page.last() else { break };
            after = last.id;
            count += page.len() as u64;
            let ids: Vec<_> = page.iter().map(|row| row.id).collect();
            self.apply(&mut tx, &ids).await?;
        }
        tx.commit().await?;
        self.send(&db).await?;
        Ok(count)
    }

    /// How many events of a tenant wait to be folded.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn waiting(&self, id: &TenantId) -> Result<Waiting, Error> {
        let mut conn = self.tenants.db(id)?.conn().await?;
        let row = sqlx::query!(
            r#"SELECT count(*) AS "rows!", min(e.at) AS oldest FROM outbox o JOIN event e ON e.id = o.event"#
        )
        .fetch_one(&mut *conn)
        .await?;
        Ok(Waiting { rows: u64::try_from(row.rows)?, oldest: row.oldest })
    }

    async fn batch(&self, db: &TenantDb) -> Result<usize, Error> {
        let since = Instant::now();
        let mut tx = db.begin().await?;
        let ids = sqlx::query_scalar!(
            "DELETE FROM outbox WHERE event IN
                 (SELECT event FROM outbox ORDER BY event LIMIT $1 FOR UPDATE SKIP LOCKED)
             RETURNING event",
            BATCH
        )
        .fetch_all(&mut *tx)
        .await?;
        if ids.is_empty() {
            return Ok(0);
        }
        self.apply(&mut tx, &ids).await?;
        sqlx::query!(
            "INSERT INTO fold_state (fold, version) VALUES ('all', $1)
             ON CONFLICT (fold) DO UPDATE SET version = fold_state.version + excluded.version",
            i64::try_from(ids.len())?
        )
        .execute(&mut *tx)
        .await?;
        tx.commit().await?;
        measure::folded(since.elapsed());
        Ok(ids.len())
    }

    async fn apply(&self, connection: &mut PgConnection, ids: &[uuid::Uuid]) -> Result<(), Error> {
        let rows = sqlx::query!(
            "SELECT id, at, kind, organisation, subject, data FROM event WHERE id = ANY($1) ORDER BY id",
            ids
        )
        .fetch_all(&mut *connection)
        .await?;
        let events: Vec<Event> = rows
            .into_iter()
            .map(|row| Event {
                id: row.id.into(),
                at: row.at,
                kind: row.kind,
                organisation: row.organisation.map(Into::into),
                subject: row.subject,
                data: row.data,
            })
            .collect();
        for fold in &*self.folds {
            fold.apply(connection, &events).await?;
        }
        Ok(())
    }
}

/// When what leaves each tenant may be sent again.
#[derive(Default)]
struct Sendings(Mutex<HashMap<TenantId, Sending>>);

struct Sending {
    not_before: Instant,
    /// Somebody waits for that time already.
    promised: bool,
}

enum Next {
    Now,
    At(Instant),
    Promised,
}

impl Sendings {
    fn next(&self, id: &TenantId) -> Next {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match all.get_mut(id) {
            Some(sending) if Instant::now() < sending.not_before => {
                if std::mem::replace(&mut sending.promised, true) {
                    Next::Promised
                } else {
                    Next::At(sending.not_before)
                }
            }
            _ => Next::Now,
        }
    }

    fn sent(&self, id: &TenantId) {
        let sending = Sending { not_before: Instant::now() + SEND, promised: false };
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(id.clone(), sending);
    }
}
