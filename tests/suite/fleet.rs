//! Migrating many tenants at once: the canary, the broken, the busy, the rest.

use crate::{
    app::{TestApp, cluster, tenant_file},
    run,
};
use sqlx::{Connection as _, Executor as _};
use std::{sync::Arc, time::Duration};
use tenancy::{Provisioner, TenantFile, migrations::Schema, provision::Progress};
use testkit::TestDatabase;

const TENANTS: usize = 40;

/// Roles are the server's, so the names are of one test.
fn files(name: &str, count: usize) -> Vec<TenantFile> {
    (0..count).map(|n| tenant_file(&format!("{name}-{n:03}"), "province")).collect()
}

/// A fleet as the release before made it.
async fn fleet(name: &str, count: usize) -> (TestDatabase, Provisioner) {
    let database = cluster().await.empty().await;
    let newest = Schema::default();
    let before = newest.clone().up_to(newest.version() - 1);
    let provisioner = database.provisioner().with_schema(before);
    provisioner.migrate_platform().await.unwrap();
    provisioner.apply_all(&files(name, count), 4).await.unwrap();
    let provisioner = provisioner.with_schema(newest);
    (database, provisioner)
}

#[test]
fn a_fleet_is_migrated_but_for_the_broken_and_a_rerun_mends_those() {
    run(async {
        let (database, provisioner) = fleet("hong", TENANTS).await;
        let app = TestApp::on(database).await;
        let status = async |tenant: &str| app.visitor(tenant).get("/sign-in").await.status;
        assert_eq!(status("hong-000").await, 503, "below the minimum");
        let page = app.visitor("hong-000").get("/").await;
        assert!(page.shows("nâng cấp"), "{}", page.body);
        let problem = app.visitor("hong-000").get("/api/v1/meetings").await;
        assert_eq!((problem.status, &problem.json()["status"]), (503, &503.into()));
        assert!(page.headers.contains_key("retry-after"));
        assert!(problem.headers.contains_key("retry-after"));

        // Somebody made a table by hand that the newest migration makes.
        let mut broken = app.database.connect("tn_hong_007").await.unwrap();
        broken.execute("CREATE TABLE adoption_exclusion (x int)").await.unwrap();
        let progress = provisioner.progress();
        let report = provisioner.migrate_tenants(4).await.unwrap();
        assert_eq!((report.migrated.len(), report.current), (TENANTS - 1, 0));
        assert_eq!(report.failed.len(), 1);
        assert_eq!(&*report.failed[0].tenant, "hong-007");
        assert!(report.failed[0].error.contains("already exists"), "{report:?}");
        assert_eq!(
            *progress.borrow(),
            Progress { total: TENANTS, migrated: TENANTS - 1, failed: 1 }
        );
        app.platform.app.tenants.refresh().await.unwrap();
        assert_eq!((status("hong-000").await, status("hong-039").await), (200, 200));
        assert_eq!(status("hong-007").await, 503, "it alone waits");
        let listed = provisioner.list().await.unwrap();
        let broken_one = listed.iter().find(|tenant| &*tenant.id == "hong-007").unwrap();
        assert_eq!(provisioner.verify(broken_one).await.unwrap().len(), 1, "and says why");

        broken.execute("DROP TABLE adoption_exclusion").await.unwrap();
        let report = provisioner.migrate_tenants(4).await.unwrap();
        assert_eq!((report.migrated.len(), report.current), (1, TENANTS - 1), "it resumes");
        app.platform.app.tenants.refresh().await.unwrap();
        assert_eq!(status("hong-007").await, 200);
        let report = provisioner.migrate_tenants(4).await.unwrap();
        assert_eq!((report.migrated.len(), report.current), (0, TENANTS));
    });
}

#[test]
fn a_migration_that_breaks_the_canary_touches_nobody_else() {
    run(async {
        let (database, provisioner) = fleet("thu", 4).await;
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
fn a_busy_tenant_is_tried_again_and_holds_up_nobody() {
    run(async {
        let (database, provisioner) = fleet("ban", 6).await;
        let later = Schema::default().and("0999_note", "ALTER TABLE member ADD COLUMN note text");
        let provisioner = provisioner.with_schema(later);
        let mut busy = database.connect("tn_ban_003").await.unwrap();
        let mut reading = busy.begin().await.unwrap();
        reading.execute("SELECT count(*) FROM member").await.unwrap();
        let progress = provisioner.progress();
        let migrating = tokio::spawn(async move { provisioner.migrate_tenants(2).await.unwrap() });
        let mut others = progress.clone();
        tokio::time::timeout(Duration::from_secs(20), others.wait_for(|now| now.migrated == 5))
            .await
            .expect("the others are done while one is busy")
            .unwrap();
        assert!(!migrating.is_finished());
        reading.rollback().await.unwrap();
        let report = migrating.await.unwrap();
        assert_eq!((report.migrated.len(), report.failed.len()), (6, 0), "{report:?}");
        assert_eq!(report.migrated.last().map(|tenant| &**tenant), Some("ban-003"));
    });
}

#[test]
fn connections_opened_before_a_migration_are_not_used_after_it() {
    run(async {
        let (database, provisioner) = fleet("cu", 1).await;
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
        let (_, provisioner) = fleet("hai", 6).await;
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
