//! The roster import and the relay, killed between any two steps and run again.
//!
//! Each run dies one step later than the one before, until it comes to its end
//! alive; at each step twice: before the server hears of it, and after it did
//! it but before anybody was told.

use super::{CUTS, TENANT, count, counted};
use crate::{app::TestApp, run};
use directory::roster;
use kernel::{Error, TenantId};
use std::{fmt::Write as _, path::PathBuf};
use tenancy::{Relay, TenantDb, Tenants};
use testkit::{Cut, Cutter, TestDatabase};
use time::Duration;

pub(super) async fn tenants(database: &TestDatabase) -> Tenants {
    Tenants::connect(&database.config, database.key.clone()).await.unwrap()
}

pub(super) fn id() -> TenantId {
    TenantId::new(TENANT).unwrap()
}

/// `good` rows that can be imported and three that cannot, all with numbers
/// that begin with `mark`.
fn file(app: &TestApp, mark: &str, good: usize) -> PathBuf {
    let mut text = String::from("Họ và tên,Số lý lịch,Mã chi bộ,Tình trạng\n");
    for row in 0..good {
        writeln!(text, "Lê Thị Bền,{mark}-{row},cb-1,Chính thức").unwrap();
    }
    writeln!(text, "Lê Thị Bền,{mark}-0,cb-1,Chính thức").unwrap();
    writeln!(text, "Lê Thị Bền,{mark}-x,cb-99,Chính thức").unwrap();
    writeln!(text, ",{mark}-y,cb-1,Chính thức").unwrap();
    let path = app.database.bucket.join(format!("{mark}.csv"));
    std::fs::write(&path, text).unwrap();
    path
}

/// Kills an import at one step, runs it again and looks at all it leaves.
/// False when it has no such step.
async fn import(
    app: &TestApp,
    (cutter, through): (&Cutter, &TestDatabase),
    (at, cut): (usize, Cut),
    good: usize,
) -> bool {
    let mark = format!("K{good}-{at}-{cut:?}").to_uppercase();
    let path = file(app, &mark, good);
    let direct = app.platform.app.tenants.db(&id()).unwrap();
    let before = counted(app).await;
    let import = roster::start(&direct, &app.world, None, &path).await.unwrap();
    let work = |db: &TenantDb| {
        let (db, world, path) = (db.clone(), app.world.clone(), path.clone());
        Box::pin(async move { roster::run(&db, &world, import, &path, None, |_| ()).await })
    };
    let dying = tenants(through).await.db(&id()).unwrap();
    let alive = cutter.kill(at, cut, work(&dying)).await;
    let was_cut = alive.is_none();
    if let Some(done) = alive {
        done.unwrap();
    } else {
        // The dead give no sign of life.
        app.world.advance(Duration::seconds(21));
        match work(&direct).await {
            // Its last step was done, only nobody heard of it.
            Err(Error::Conflict(_)) => assert_eq!(cut, Cut::After),
            done => _ = done.unwrap(),
        }
    }
    app.fold(TENANT).await;
    let good = i64::try_from(good).unwrap();
    let said = format!("killed at {at}, {cut:?}");
    let sql = format!("SELECT count(*) FROM member WHERE file_number LIKE '{mark}-%'");
    assert_eq!(count(app, &sql).await, good, "{said}: members");
    assert_eq!(counted(app).await, before + good, "{said}: folded figures");
    let sql = format!(
        "SELECT coalesce(sum((data->>'added')::bigint), 0)::bigint FROM event
         WHERE kind = 'roster.imported' AND subject = '{}'",
        import.0
    );
    assert_eq!(count(app, &sql).await, good, "{said}: events");
    let sql = format!(
        "SELECT count(*) FROM roster_import WHERE id = '{}' AND state = 'done' AND progress = 1
         AND rows = {good} + 3 AND added + unchanged = {good} AND changed = 0 AND bad = 3",
        import.0
    );
    assert_eq!(count(app, &sql).await, 1, "{said}: the report");
    let sql = format!("SELECT count(*) FROM roster_problem WHERE import = '{}'", import.0);
    assert_eq!(count(app, &sql).await, 3, "{said}: problems");
    was_cut
}

#[test]
fn an_import_killed_at_any_step_is_whole_after_it_is_run_again() {
    run(async {
        let app = TestApp::new().await;
        let (cutter, through) = Cutter::before(&app.database);
        let proxy = (&cutter, &through);
        // Every step of a short file; every third of one with several batches,
        // whose steps are the same ones again.
        let mut short = 0;
        for at in 1.. {
            let cut = [
                import(&app, proxy, (at, CUTS[0]), 4).await,
                import(&app, proxy, (at, CUTS[1]), 4).await,
            ];
            if cut == [false; 2] {
                break;
            }
            short = at;
        }
        assert!(short >= 12, "the short import had {short} steps");
        let mut long = 0;
        for at in (2..).step_by(3) {
            if !import(&app, proxy, (at, CUTS[at % 2]), 2100).await {
                break;
            }
            long = at;
        }
        assert!(long >= short + 12, "the long import had {long} steps");
        app.platform.relay.rebuild(&id()).await.unwrap();
        let sql = "SELECT count(*) FROM member WHERE status = 'active'";
        assert_eq!(
            counted(&app).await,
            count(&app, sql).await,
            "rebuilt, the figures are the same"
        );
    });
}

#[test]
fn a_relay_killed_at_any_step_folds_each_event_once() {
    run(async {
        let app = TestApp::new().await;
        let (cutter, through) = Cutter::before(&app.database);
        let (mut phone, mut steps) = (973_000_000, 0);
        'steps: for at in 1.. {
            for cut in CUTS {
                let before = counted(&app).await;
                for _ in 0..2 {
                    phone += 1;
                    app.newcomer(TENANT, "cb-1", &format!("0{phone}")).await;
                }
                let outlets = adoption::outlets(app.world.clone());
                let relay = Relay::new(tenants(&through).await, adoption::folds(), outlets);
                match cutter.kill(at, cut, relay.fold(&id())).await {
                    Some(done) => {
                        done.unwrap();
                        break 'steps;
                    }
                    None => swept(&app).await,
                }
                steps = at;
                let said = format!("killed at {at}, {cut:?}");
                assert_eq!(counted(&app).await, before + 2, "{said}");
                assert_eq!(count(&app, "SELECT count(*) FROM outbox").await, 0, "{said}");
                let sql = "SELECT version - (SELECT count(*) FROM event) FROM fold_state WHERE fold = 'all'";
                assert_eq!(count(&app, sql).await, 0, "{said}: each event was folded once");
                let sent = sent(&app).await;
                assert_eq!(sent, before + 2, "{said}: what left the tenant");
            }
        }
        assert!(steps >= 8, "folding had {steps} steps");
    });
}

/// What a dead relay left is found by a later sweep: once the server has
/// noticed the death, the rows it held are free.
async fn swept(app: &TestApp) {
    for _ in 0..1500 {
        app.fold(TENANT).await;
        if count(app, "SELECT count(*) FROM outbox").await == 0 {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    panic!("the outbox is not emptied");
}

/// Members in the signed aggregates of the tenant.
pub(super) async fn sent(app: &TestApp) -> i64 {
    let mut platform = app.database.connect("sotay_platform").await.unwrap();
    sqlx::query_scalar(
        "SELECT (figures->'raw'->>'members')::bigint FROM platform.adoption_rollup WHERE tenant = $1",
    )
    .bind(TENANT)
    .fetch_one(&mut platform)
    .await
    .unwrap()
}
