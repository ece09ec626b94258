//! Who waits for whom while a fleet is migrated: workers, tenants, their people.

use super::{fleet, until};
use crate::run;
use sqlx::{Connection as _, Executor as _, PgConnection};
use std::time::{Duration, Instant};
use tenancy::migrations::Schema;
use testkit::TestDatabase;

/// How many migrations wait for a lock, and how many did at most.
struct Waiting {
    own: PgConnection,
    most: i64,
}

impl Waiting {
    async fn at(database: &TestDatabase) -> Self {
        Self { own: database.connect("sotay_platform").await.unwrap(), most: 0 }
    }

    async fn until(&mut self, fits: impl Fn(i64) -> bool) {
        let began = Instant::now();
        loop {
            let now: i64 = sqlx::query_scalar(
                "SELECT count(*) FROM pg_locks l JOIN pg_database d ON d.oid = l.database
                 WHERE NOT l.granted AND l.mode = 'AccessExclusiveLock' AND d.datname = current_database()",
            )
            .fetch_one(&mut self.own)
            .await
            .unwrap();
            self.most = self.most.max(now);
            if fits(now) {
                return;
            }
            assert!(began.elapsed() < Duration::from_secs(20), "{now} wait for a lock");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}

/// Somebody of a tenant looks at its members, and does not finish.
async fn reading(database: &TestDatabase, tenant: &str) -> PgConnection {
    let role = format!("tn_{}", tenant.replace('-', "_"));
    let mut own = database.connect(&role).await.unwrap();
    own.execute("BEGIN; SELECT count(*) FROM member").await.unwrap();
    own
}

/// Ours and one migration more, which wants `member` for itself.
fn later() -> Schema {
    Schema::default().and("0999_note", "ALTER TABLE member ADD COLUMN note text")
}

#[test]
fn the_canary_goes_alone_and_then_as_many_at_once_as_there_are_workers() {
    run(async {
        let (database, provisioner) = fleet("dan", 7, later()).await;
        let canary = reading(&database, "dan-000").await;
        // One more of them than there are workers.
        let mut others = Vec::new();
        for number in 1..=4 {
            others.push(reading(&database, &format!("dan-{number:03}")).await);
        }
        let mut waiting = Waiting::at(&database).await;
        let progress = provisioner.progress();
        let migrating = tokio::spawn(async move { provisioner.migrate_tenants(3).await.unwrap() });
        // It is given up once and tried again: long enough for others to begin.
        for wanted in [1, 0, 1] {
            waiting.until(|now| now == wanted).await;
        }
        let sql = "SELECT count(*) FROM platform.tenant_migration WHERE version = $1";
        let begun: i64 = sqlx::query_scalar(sql)
            .bind(later().version())
            .fetch_one(&mut waiting.own)
            .await
            .unwrap();
        assert_eq!((begun, waiting.most), (0, 1), "nobody is touched beside the canary");
        canary.close().await.unwrap();
        waiting.until(|now| now == 3).await;
        // Until each of them had a turn.
        waiting.until(|_| progress.borrow().migrated == 3).await;
        assert_eq!(waiting.most, 3, "as many as there are workers");
        for other in others {
            other.close().await.unwrap();
        }
        let report = migrating.await.unwrap();
        assert_eq!((report.migrated.len(), report.failed.len()), (7, 0), "{report:?}");
        assert_eq!(&*report.migrated[0], "dan-000");
    });
}

#[test]
fn a_busy_tenant_is_tried_again_and_holds_up_nobody_even_when_one_works_alone() {
    run(async {
        let (database, provisioner) = fleet("ban", 6, later()).await;
        let busy = reading(&database, "ban-003").await;
        let mut waiting = Waiting::at(&database).await;
        let progress = provisioner.progress();
        let migrating = tokio::spawn(async move { provisioner.migrate_tenants(1).await.unwrap() });
        waiting.until(|now| now == 1).await;
        let began = Instant::now();
        // Its own people, who come after the migration, wait behind it.
        reading(&database, "ban-003").await.close().await.unwrap();
        until(&progress, |now| now.migrated == 5).await;
        let held_up = began.elapsed();
        assert!(held_up < Duration::from_secs(4), "{held_up:?}, and the lock is waited for 0.5 s");
        waiting.until(|now| now == 1).await;
        busy.close().await.unwrap();
        let report = migrating.await.unwrap();
        assert_eq!((report.migrated.len(), report.failed.len()), (6, 0), "{report:?}");
        assert_eq!(report.migrated.last().map(|tenant| &**tenant), Some("ban-003"));
    });
}
