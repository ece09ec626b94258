//! Migrating many tenants at once: the canary, the broken, the busy, the rest.

mod busy;

use crate::{
    app::{TestApp, cluster, tenant_file},
    run,
};
use sqlx::Executor as _;
use std::{sync::Arc, time::Duration};
use tenancy::{Provisioner, TenantFile, migrations::Schema, provision::Progress};
use testkit::TestDatabase;
use tokio::sync::watch::Receiver;

const TENANTS: usize = 1_000;

/// Roles are the server's, so the names are of one test.
fn files(name: &str, count: usize) -> Vec<TenantFile> {
    (0..count).map(|n| tenant_file(&format!("{name}-{n:03}"), "province")).collect()
}

/// A fleet as the release before made it.
async fn fleet(name: &str, count: usize, newest: Schema) -> (TestDatabase, Provisioner) {
    let database = cluster().await.empty().await;
    let before = newest.clone().up_to(newest.version() - 1);
    let provisioner = database.provisioner().with_schema(before);
    provisioner.migrate_platform().await.unwrap();
    provisioner.apply_all(&files(name, count), 4).await.unwrap();
    let provisioner = provisioner.with_schema(newest);
    (database, provisioner)
}

/// As many migrations as ours, of next to nothing. To the fleet they are the same,
/// and to make all our tables for a thousand tenants takes over a minute.
fn slight() -> Schema {
    let ours = Schema::default();
    let mut slight =
        ours.clone().up_to(0).and("first", "CREATE TABLE organisation (id uuid PRIMARY KEY)");
    while slight.version() < ours.version() - 1 {
        slight = slight.and("between", "SELECT 1");
    }
    slight.and("newest", "CREATE TABLE noted (organisation uuid REFERENCES organisation)")
}

/// Waits until a fleet migration is so far.
async fn until(progress: &Receiver<Progress>, far: impl Fn(&Progress) -> bool) {
    let mut progress = progress.clone();
    let far = progress.wait_for(far);
    tokio::time::timeout(Duration::from_mins(3), far).await.expect("not so far in time").unwrap();
}

#[test]
fn a_thousand_tenants_are_migrated_but_for_the_broken_and_a_rerun_mends_those() {
    run(async {
        let (database, provisioner) = fleet("hong", TENANTS, slight()).await;
        let app = TestApp::on(database).await;
        // Whose pages say that they are being upgraded; the others' are served.
        let away = async || {
            app.platform.app.tenants.refresh().await.unwrap();
            let mut away = Vec::new();
            for number in 0..TENANTS {
                let tenant = format!("hong-{number:03}");
                match app.visitor(&tenant).get("/sign-in").await.status {
                    200 => {}
                    status => {
                        assert_eq!(status, 503, "{tenant}");
                        away.push(tenant);
                    }
                }
            }
            away
        };
        assert_eq!(away().await.len(), TENANTS, "below the minimum");
        let page = app.visitor("hong-000").get("/").await;
        assert!(page.shows("nâng cấp"), "{}", page.body);
        let problem = app.visitor("hong-000").get("/api/v1/meetings").await;
        assert_eq!((problem.status, &problem.json()["status"]), (503, &503.into()));
        assert!(page.headers.contains_key("retry-after"));
        assert!(problem.headers.contains_key("retry-after"));

        // Somebody made a table by hand that the newest migration makes, and in
        // another tenant somebody is at work on what it refers to.
        let mut broken = app.database.connect("tn_hong_007").await.unwrap();
        broken.execute("CREATE TABLE noted (x int)").await.unwrap();
        let mut busy = app.database.connect("tn_hong_500").await.unwrap();
        busy.execute("BEGIN; LOCK TABLE organisation IN ROW EXCLUSIVE MODE").await.unwrap();
        let progress = provisioner.progress();
        let mut news = progress.clone();
        let told = tokio::spawn(async move {
            let mut told = vec![Progress::default()];
            while told
                .last()
                .is_none_or(|now| now.total == 0 || now.migrated + now.failed < now.total)
            {
                news.changed().await.unwrap();
                told.push(*news.borrow_and_update());
            }
            told
        });
        let migrating = tokio::spawn({
            let provisioner = provisioner.clone();
            async move { provisioner.migrate_tenants(4).await.unwrap() }
        });
        until(&progress, |now| now.migrated == TENANTS - 2).await;
        assert_eq!(away().await, ["hong-007", "hong-500"], "all others are served meanwhile");
        assert!(!migrating.is_finished(), "who is busy is tried again");
        busy.execute("ROLLBACK").await.unwrap();
        let report = migrating.await.unwrap();
        assert_eq!((report.migrated.len(), report.current), (TENANTS - 1, 0));
        let order = (report.migrated.first(), report.migrated.last());
        assert_eq!(order.0.map(|tenant| &**tenant), Some("hong-000"), "the canary");
        assert_eq!(order.1.map(|tenant| &**tenant), Some("hong-500"));
        assert_eq!(report.failed.len(), 1);
        assert_eq!(&*report.failed[0].tenant, "hong-007");
        assert!(report.failed[0].error.contains("already exists"), "{report:?}");

        let told = told.await.unwrap();
        let end = Progress { total: TENANTS, migrated: TENANTS - 1, failed: 1 };
        assert_eq!(told.last(), Some(&end));
        assert!(told.is_sorted_by_key(|now| now.migrated + now.failed), "{told:?}");
        let underway =
            |now: &Progress| now.total == TENANTS && (2..TENANTS - 2).contains(&now.migrated);
        assert!(told.iter().any(underway), "it is told on the way: {told:?}");

        assert_eq!(away().await, ["hong-007"], "it alone waits");
        let listed = provisioner.list().await.unwrap();
        let broken_one = listed.iter().find(|tenant| &*tenant.id == "hong-007").unwrap();
        assert_eq!(provisioner.verify(broken_one).await.unwrap().len(), 1, "and says why");

        broken.execute("DROP TABLE noted").await.unwrap();
        let report = provisioner.migrate_tenants(4).await.unwrap();
        assert_eq!((report.migrated.len(), report.current), (1, TENANTS - 1), "it resumes");
        assert!(away().await.is_empty());
        let report = provisioner.migrate_tenants(4).await.unwrap();
        assert_eq!((report.migrated.len(), report.current), (0, TENANTS));
    });
}

#[test]
fn a_migration_that_breaks_the_canary_touches_nobody_else() {
    run(async {
        let (database, provisioner) = fleet("thu", 4, Schema::default()).await;
        let wrong =
            Schema::default().and("0999_wrong", "ALTER TABLE nothing_here ADD COLUMN x int");
        let provisioner = provisioner.with_schema(wrong);
        let refused = provisioner.migrate_tenants(4).await.unwrap_err().to_string();
        assert!(refused.contains("thu-000") && refused.contains("nothing_here"), "{refused}");
        // The next run asks another one: perhaps only the first was odd.
        let refused = provisioner.migrate_tenants(4).await.unwrap_err().to_string();
        assert!(refused.contains("thu-001"), "{refused}");
        let listed = provisioner.list().await.unwrap();
        let versions: Vec<i32> = listed.iter().map(|tenant| tenant.schema_version).collect();
        let newest = Schema::default().version();
        assert_eq!(versions, [newest, newest, newest - 1, newest - 1], "as far as they came");
        // The release is taken back; the one after it is right.
        let report = database.provisioner().migrate_tenants(4).await.unwrap();
        assert_eq!((report.migrated.len(), report.current), (2, 2));
    });
}

#[test]
fn connections_opened_before_a_migration_are_not_used_after_it() {
    run(async {
        let (database, provisioner) = fleet("cu", 1, Schema::default()).await;
        provisioner.migrate_tenants(1).await.unwrap();
        let tenants =
            tenancy::Tenants::connect(&database.config, database.key.clone()).await.unwrap();
        let id = kernel::TenantId::new("cu-000").unwrap();
        let ask = async || {
            let mut conn = tenants.db(&id).unwrap().conn().await?;
            // Prepared and kept by the connection, with the types of its columns.
            let rows = sqlx::query("SELECT note FROM pinned").fetch_all(&mut *conn).await?;
            Ok::<_, kernel::Error>(rows.len())
        };
        let pinned = Schema::default().and("0998_pinned", "CREATE TABLE pinned (note text)");
        provisioner.clone().with_schema(pinned.clone()).migrate_tenants(1).await.unwrap();
        tenants.refresh().await.unwrap();
        assert_eq!(ask().await.unwrap(), 0);
        // What nobody should write, and somebody will.
        let changed =
            pinned.and("0999_in_place", "ALTER TABLE pinned ALTER note TYPE bigint USING 1");
        provisioner.with_schema(changed).migrate_tenants(1).await.unwrap();
        let stale = ask().await.unwrap_err();
        assert!(tenancy::is_stale(&stale), "the server refuses the old plan: {stale}");
        tenants.refresh().await.unwrap();
        assert_eq!(ask().await.unwrap(), 0, "no connection from before is left");
    });
}

#[test]
fn two_operators_at_once_do_the_work_once() {
    run(async {
        let (_, provisioner) = fleet("hai", 6, Schema::default()).await;
        let provisioner = Arc::new(provisioner);
        let (one, two) =
            tokio::join!(provisioner.migrate_tenants(2), provisioner.migrate_tenants(2));
        let (one, two) = (one.unwrap(), two.unwrap());
        assert_eq!(one.migrated.len() + two.migrated.len(), 6);
        assert_eq!(one.failed.len() + two.failed.len(), 0);
    });
}

#[test]
fn a_page_whose_statements_are_outdated_is_shown_all_the_same() {
    run(async {
        let app = TestApp::new().await;
        let mut editor = app.browser("thanh-hoa", "editor").await;
        let mut own = app.database.connect("tn_thanh_hoa").await.unwrap();
        let retype = async |own: &mut sqlx::PgConnection, width: u32| {
            // What the house forbids its migrations; a dump that was read back
            // into a newer server has the same effect.
            for (table, column) in [("document", "title"), ("member", "full_name")] {
                let sql = format!("ALTER TABLE {table} ALTER {column} TYPE varchar({width})");
                own.execute(sqlx::AssertSqlSafe(sql)).await.unwrap();
            }
        };
        for width in [500, 600, 700] {
            assert_eq!(editor.get("/documents").await.status, 200);
            assert_eq!(editor.get("/").await.status, 200);
            retype(&mut own, width).await;
            let page = editor.get("/documents").await;
            assert_eq!(page.status, 200, "{}", page.body);
            let page = editor.get("/").await;
            assert_eq!(page.status, 200, "{}", page.body);
        }
    });
}
