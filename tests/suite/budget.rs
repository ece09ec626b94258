//! Connections: few for many tenants, and a fair share for each.

use crate::{
    app::{TestApp, cluster, tenant_file},
    run,
};
use kernel::Error;
use sqlx::Executor as _;
use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};
use tenancy::{TenantDb, TenantFile, Tenants};
use testkit::TestDatabase;
use tokio::task::JoinSet;

/// As many tenants as `count`, and a server's view of them under a budget.
/// Roles are the database server's, so the names are of one test.
async fn tenants(
    name: &str,
    count: usize,
    budget: usize,
    per_tenant: usize,
) -> (TestDatabase, Vec<TenantDb>) {
    let mut database = cluster().await.empty().await;
    let provisioner = database.provisioner();
    provisioner.migrate_platform().await.unwrap();
    let files: Vec<TenantFile> =
        (0..count).map(|n| tenant_file(&format!("{name}-{n:03}"), "province")).collect();
    provisioner.apply_all(&files, 4).await.unwrap();
    (database.config.budget, database.config.per_tenant) = (budget, per_tenant);
    let tenants = Tenants::connect(&database.config, database.key.clone()).await.unwrap();
    let dbs = files.iter().map(|file| tenants.db(&file.slug).unwrap()).collect();
    (database, dbs)
}

const NOBODY: &str = "00000000-0000-0000-0000-000000000000";

async fn ask(db: &TenantDb) -> Result<(), Error> {
    let mut conn = db.conn().await?;
    let who: String = sqlx::query_scalar("SELECT current_user::text").fetch_one(&mut *conn).await?;
    assert_eq!(who, *db.tenant().role, "a connection never changes hands");
    Ok(())
}

/// Five times as many tenants as connections, all of them wanted again and
/// again: each time somebody's connection has to make room.
#[test]
fn many_tenants_are_served_by_few_connections_without_an_error() {
    const BUDGET: usize = 8;
    run(async {
        let (database, dbs) = tenants("nhieu", 40, BUDGET, 4).await;
        let done = Arc::new(AtomicBool::new(false));
        let mut watcher = database.connect("sotay_platform").await.unwrap();
        let watching = tokio::spawn({
            let (done, name) = (done.clone(), database.name.clone());
            async move {
                let mut most = 0;
                while !done.load(Ordering::Relaxed) {
                    let now: i64 = sqlx::query_scalar("SELECT count(*) FROM pg_stat_activity WHERE datname = $1 AND pid <> pg_backend_pid()")
                        .bind(&name)
                        .fetch_one(&mut watcher)
                        .await
                        .unwrap();
                    most = most.max(now);
                    tokio::time::sleep(Duration::from_millis(5)).await;
                }
                most
            }
        });
        let mut work = JoinSet::new();
        // Twice as many at once as there are connections, each going its own way.
        for worker in 0..2 * BUDGET {
            let dbs = dbs.clone();
            work.spawn(async move {
                for step in 0..15 {
                    ask(&dbs[(worker + 7 * step) % dbs.len()]).await?;
                }
                Ok::<_, Error>(())
            });
        }
        while let Some(outcome) = work.join_next().await {
            outcome.unwrap().unwrap();
        }
        done.store(true, Ordering::Relaxed);
        let most = usize::try_from(watching.await.unwrap()).unwrap();
        assert!((2..=BUDGET).contains(&most), "{most} sessions on the server at once");
    });
}

#[test]
fn whoever_waits_for_the_budget_is_served_in_turn() {
    run(async {
        let (_, dbs) = tenants("luot", 3, 2, 2).await;
        let (flood, patient) = (dbs[0].clone(), dbs[1].clone());
        // Two at work at any time and two more behind them, all of one tenant.
        let stop = Arc::new(AtomicBool::new(false));
        let mut work = JoinSet::new();
        for _ in 0..12 {
            let (flood, stop) = (flood.clone(), stop.clone());
            work.spawn(async move {
                while !stop.load(Ordering::Relaxed) {
                    let mut conn = flood.conn().await.unwrap();
                    conn.execute("SELECT pg_sleep(0.02)").await.unwrap();
                }
            });
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
        let started = Instant::now();
        for _ in 0..10 {
            ask(&patient).await.unwrap();
        }
        // One turn is 20 ms of another's sleep and a login; a queue jumped by
        // everybody else would last as long as the flood.
        assert!(started.elapsed() < Duration::from_secs(3), "{:?}", started.elapsed());
        stop.store(true, Ordering::Relaxed);
        while let Some(done) = work.join_next().await {
            done.unwrap();
        }
    });
}

#[test]
fn a_flood_of_one_tenant_leaves_the_other_calm() {
    run(async {
        let (_, dbs) = tenants("lut", 2, 12, 4).await;
        let (flood, calm) = (dbs[0].clone(), dbs[1].clone());
        let waits = async |count: u32| {
            let mut waits = Vec::new();
            for _ in 0..count {
                let started = Instant::now();
                // The wait for a connection, not the machine's two cores.
                drop(calm.conn().await.unwrap());
                waits.push(started.elapsed());
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
            waits.sort();
            waits[waits.len() * 95 / 100]
        };
        ask(&calm).await.unwrap();
        let stop = Arc::new(AtomicBool::new(false));
        let mut work = JoinSet::new();
        for _ in 0..64 {
            let (flood, stop) = (flood.clone(), stop.clone());
            work.spawn(async move {
                while !stop.load(Ordering::Relaxed) {
                    let mut conn = flood.conn().await.unwrap();
                    conn.execute("SELECT pg_sleep(0.05)").await.unwrap();
                }
            });
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
        let flooded = waits(100).await;
        // Behind the flood's queue it would be 64 / 4 turns of 50 ms.
        assert!(flooded < Duration::from_millis(50), "{flooded:?}");
        stop.store(true, Ordering::Relaxed);
        while let Some(done) = work.join_next().await {
            done.unwrap();
        }
    });
}

#[test]
fn giving_up_costs_no_connection() {
    run(async {
        let (_, dbs) = tenants("thoi", 4, 2, 2).await;
        // Given up at every moment of a login, a goodbye and a ping.
        for n in 0..60_u64 {
            let _ = tokio::time::timeout(
                Duration::from_micros(n * 150),
                ask(&dbs[usize::try_from(n).unwrap() % dbs.len()]),
            )
            .await;
        }
        let (one, two) = (dbs[0].conn().await.unwrap(), dbs[1].conn().await.unwrap());
        drop((one, two));
        for db in &dbs {
            ask(db).await.unwrap();
        }
    });
}

#[test]
fn a_transaction_that_is_given_up_while_it_begins_is_not_left_open() {
    run(async {
        let (_, dbs) = tenants("do", 1, 2, 1).await;
        for n in 0..40 {
            let _ = tokio::time::timeout(Duration::from_micros(n * 20), dbs[0].begin()).await;
        }
        let mut conn = dbs[0].conn().await.unwrap();
        // Outside a transaction each statement has its own time.
        let mut times = Vec::new();
        for _ in 0..2 {
            let now: time::OffsetDateTime =
                sqlx::query_scalar("SELECT now()").fetch_one(&mut *conn).await.unwrap();
            times.push(now);
        }
        assert!(times[0] < times[1], "{times:?}");
    });
}

/// What a person may do is decided from what is in memory.
#[test]
fn deciding_what_somebody_may_do_asks_the_database_nothing() {
    run(async {
        let app = TestApp::new().await;
        let mut member = app.browser("thanh-hoa", "member").await;
        let tenants = &app.platform.app.tenants;
        let matrix = app.platform.matrix();
        let refused =
            app.platform.routes.iter().filter(|route| {
                route.method == "GET" && !matrix[route.operation].contains(&"member")
            });
        let mut count = 0;
        for route in refused {
            let path: Vec<&str> = route
                .path
                .split('/')
                .map(|part| if part.starts_with('{') { NOBODY } else { part })
                .collect();
            let before = tenants.connections_lent();
            assert_eq!(member.get(&path.join("/")).await.status, 403, "{}", route.path);
            // Who it is takes one look; being refused takes none.
            assert_eq!(tenants.connections_lent() - before, 1, "{}", route.operation);
            count += 1;
        }
        assert!(count > 5, "{count}");
    });
}
