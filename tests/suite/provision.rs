//! How tenants come to be, and how they are migrated.

use crate::{
    app::{TestApp, cluster, tenant_file},
    run,
    snapshot::snapshot,
};
use kernel::{Error, TenantId};
use sqlx::{Executor as _, Row as _};
use tenancy::provision::Change;
use testkit::TestDatabase;

async fn schema_of(database: &TestDatabase, schema: &str) -> String {
    let placement = &database.config.placements["main"];
    let dump = cluster()
        .await
        .postgres()
        .run_tool(
            "pg_dump",
            ["--schema-only", "--no-owner", "--schema", schema, "--dbname", &placement.database],
        )
        .await
        .unwrap();
    String::from_utf8(dump.stdout)
        .unwrap()
        .lines()
        .filter(|line| !line.starts_with("--") && !line.starts_with('\\') && !line.is_empty())
        .map(|line| line.replace(schema, "SCHEMA"))
        .collect::<Vec<_>>()
        .join("\n")
}

/// New tenants are made from one text. `UPDATE_SNAPSHOT=1` writes it anew.
#[test]
fn the_snapshot_equals_the_sum_of_migrations() {
    run(async {
        let database = cluster().await.empty().await;
        let provisioner = database.provisioner();
        provisioner.migrate_platform().await.unwrap();
        provisioner.apply(&tenant_file("chup-nhanh", "province")).await.unwrap();
        let mut own = database.connect("tn_chup_nhanh").await.unwrap();
        // The same role makes its schema again, this time step by step.
        let path = format!("{}/../migrations/tenant.snapshot.sql", env!("CARGO_MANIFEST_DIR"));
        let from_snapshot = schema_of(&database, "tn_chup_nhanh").await;
        let tables: Vec<String> = sqlx::query("SELECT quote_ident(c.relname), c.relkind::text FROM pg_class c WHERE c.relnamespace = 'tn_chup_nhanh'::regnamespace AND c.relkind IN ('r', 'S')")
            .fetch_all(&mut own)
            .await
            .unwrap()
            .into_iter()
            .map(|row| format!("DROP {} IF EXISTS {} CASCADE", if row.get::<String, _>(1) == "S" { "SEQUENCE" } else { "TABLE" }, row.get::<String, _>(0)))
            .collect();
        for drop in tables {
            own.execute(sqlx::AssertSqlSafe(drop)).await.unwrap();
        }
        for migration in tenancy::migrations::tenant() {
            sqlx::raw_sql(sqlx::AssertSqlSafe(migration.sql.into_owned()))
                .execute(&mut own)
                .await
                .unwrap();
        }
        let from_migrations = schema_of(&database, "tn_chup_nhanh").await;
        if std::env::var_os("UPDATE_SNAPSHOT").is_some() {
            std::fs::write(&path, snapshot(&from_migrations)).unwrap();
        }
        assert_eq!(
            std::fs::read_to_string(&path).unwrap(),
            snapshot(&from_migrations),
            "run: make snapshot"
        );
        assert_eq!(from_snapshot, from_migrations, "run: make snapshot");
    });
}

#[test]
fn apply_says_beforehand_what_it_does_and_is_idempotent() {
    run(async {
        let app = TestApp::new().await;
        let provisioner = app.database.provisioner();
        let mut file = tenant_file("vinh-long", "province");
        let plan = provisioner.plan(std::slice::from_ref(&file)).await.unwrap();
        assert!(
            matches!(&plan.changes[..], [Change::Create { tenant, .. }] if &**tenant == "vinh-long")
        );
        sotay::onboarding::apply(&provisioner, &app.platform, &file).await.unwrap();
        assert!(provisioner.plan(std::slice::from_ref(&file)).await.unwrap().changes.is_empty());
        let again = sotay::onboarding::apply(&provisioner, &app.platform, &file).await.unwrap();
        assert!(again.code.is_none(), "the administrator is invited once");
        file.accent = "#123456".into();
        let plan = provisioner.plan(std::slice::from_ref(&file)).await.unwrap();
        assert!(matches!(&plan.changes[..], [Change::Update { key: "accent", .. }]));
        provisioner.apply(&file).await.unwrap();
        file.placement = "elsewhere".into();
        assert!(matches!(
            provisioner.plan(std::slice::from_ref(&file)).await,
            Err(Error::Conflict(_))
        ));
        let tenant =
            provisioner.list().await.unwrap().into_iter().find(|t| &*t.id == "vinh-long").unwrap();
        assert!(provisioner.verify(&tenant).await.unwrap().is_empty());
    });
}

#[test]
fn a_creation_that_was_killed_goes_on() {
    run(async {
        let app = TestApp::new().await;
        let provisioner = app.database.provisioner();
        let file = tenant_file("ca-mau", "province");
        provisioner.apply(&file).await.unwrap();
        // As if killed before the last step.
        let mut platform = app.database.connect("sotay_platform").await.unwrap();
        platform
            .execute("UPDATE platform.tenant SET state = 'provisioning', revision = nextval('platform.registry_revision') WHERE slug = 'ca-mau'")
            .await
            .unwrap();
        app.platform.app.tenants.refresh().await.unwrap();
        assert_eq!(
            app.visitor("ca-mau").get("/sign-in").await.status,
            404,
            "not served before it is whole"
        );
        provisioner.apply(&file).await.unwrap();
        app.platform.app.tenants.refresh().await.unwrap();
        assert_eq!(app.visitor("ca-mau").get("/sign-in").await.status, 200);
    });
}

#[test]
fn migrating_with_nothing_to_do_does_nothing() {
    run(async {
        let app = TestApp::new().await;
        let provisioner = app.database.provisioner();
        assert_eq!(provisioner.migrate_platform().await.unwrap(), 0);
        let report = provisioner.migrate_tenants(4).await.unwrap();
        assert_eq!((report.migrated.len(), report.current, report.failed.len()), (0, 3, 0));
    });
}

#[test]
fn a_broken_tenant_is_reported_and_a_rerun_resumes() {
    run(async {
        let app = TestApp::new().await;
        let provisioner = app.database.provisioner();
        let newest = i32::try_from(tenancy::migrations::tenant_count()).unwrap();
        let mut platform = app.database.connect("sotay_platform").await.unwrap();
        sqlx::query("DELETE FROM platform.tenant_migration WHERE version = $1")
            .bind(newest)
            .execute(&mut platform)
            .await
            .unwrap();
        // The canary, ha-noi, can be migrated again; thanh-hoa and toan-quoc still have the table.
        let mut canary = app.database.connect("tn_ha_noi").await.unwrap();
        canary.execute("DROP TABLE adoption_day, adoption_exclusion").await.unwrap();
        let report = provisioner.migrate_tenants(2).await.unwrap();
        assert_eq!(report.migrated, [TenantId::new("ha-noi").unwrap()]);
        assert_eq!(report.failed.len(), 2);
        assert!(report.failed.iter().all(|failure| failure.error.contains("already exists")));
        app.platform.app.tenants.refresh().await.unwrap();
        assert_eq!(
            app.visitor("thanh-hoa").get("/sign-in").await.status,
            503,
            "below the minimum version"
        );
        assert_eq!(app.visitor("ha-noi").get("/sign-in").await.status, 200, "the others serve");
        let mut mended = app.database.connect("tn_thanh_hoa").await.unwrap();
        mended.execute("DROP TABLE adoption_day, adoption_exclusion").await.unwrap();
        let report = provisioner.migrate_tenants(2).await.unwrap();
        assert_eq!(report.migrated, [TenantId::new("thanh-hoa").unwrap()]);
        assert_eq!((report.current, report.failed.len()), (1, 1));
    });
}
