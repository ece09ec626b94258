//! Tenants on two database servers, the registry and the national figures on
//! the first.

use crate::{
    app::{TestApp, cluster, fill_with, tenant_file},
    browser::Browser,
    meetings::under_way,
    run,
};
use kernel::{Error, TenantId};
use serde_json::json;
use sqlx::Row as _;
use tenancy::{TenantState, migrations::Schema};
use testkit::Server;
use time::Duration;

const HOMES: [(&str, &str, &str); 3] =
    [("gan", "province", "main"), ("xa", "province", "second"), ("ca-nuoc", "national", "main")];

async fn checks_in(app: &TestApp, tenant: &str) {
    let mut secretary = app.program(tenant, "secretary").await;
    let mut member = app.program(tenant, "member").await;
    app.world.advance(Duration::minutes(90));
    let (_, code) = under_way(app, &mut secretary, tenant).await;
    let answer = member.post_json("/api/v1/meetings/check-in", &json!({"code": code})).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
}

async fn national_row(reviewer: &mut Browser, tenant: &str) -> serde_json::Value {
    let page = reviewer.get("/api/v1/national").await.json();
    page["tenants"].as_array().unwrap().iter().find(|row| row["tenant"] == tenant).unwrap().clone()
}

#[test]
fn a_tenant_on_the_second_server_works_from_sign_in_to_the_national_page() {
    run(async {
        let database = cluster().await.empty_on_two().await;
        fill_with(&database, HOMES).await;
        let app = TestApp::on(database).await;
        checks_in(&app, "xa").await;
        let mut editor = app.browser("xa", "editor").await;
        let form = editor.get("/documents/new").await;
        assert!(form.shows("Nghị quyết"), "reference data is on its server too: {}", form.body);
        app.fold("xa").await;
        let mut reviewer = app.program("ca-nuoc", "reviewer").await;
        let row = national_row(&mut reviewer, "xa").await;
        assert_eq!(row["standing"], "reported", "{row}");
        assert_eq!(row["figures"]["checked_in"], 1, "{row}");

        let provisioner = app.database.provisioner();
        for tenant in provisioner.list().await.unwrap() {
            let (.., home) = HOMES.into_iter().find(|(slug, ..)| *slug == &*tenant.id).unwrap();
            let found = provisioner.verify(&tenant).await.unwrap();
            assert!(found.is_empty(), "{found:?}");
            // Its schema, its role and its ledger are on its own server alone.
            for placement in ["main", "second"] {
                let here = placement == home;
                let role = app.database.connect_to(placement, &tenant.role).await;
                assert_eq!(role.is_ok(), here, "{} on {placement}", tenant.id);
                let mut ledger =
                    app.database.connect_to(placement, "sotay_platform").await.unwrap();
                let known: bool = sqlx::query("SELECT EXISTS (SELECT FROM platform.tenant_migration WHERE tenant = $1), EXISTS (SELECT FROM pg_namespace WHERE nspname = $2)")
                    .bind(&*tenant.id)
                    .bind(&*tenant.role)
                    .fetch_one(&mut ledger)
                    .await
                    .map(|row| row.get::<bool, _>(0) || row.get::<bool, _>(1))
                    .unwrap();
                assert_eq!(known, here, "{} on {placement}", tenant.id);
            }
        }
    });
}

#[test]
fn a_tenant_behind_on_the_second_server_waits_for_its_migration() {
    run(async {
        let database = cluster().await.empty_on_two().await;
        let earlier = Schema::default();
        let earlier = earlier.clone().up_to(earlier.version() - 1);
        let provisioner = database.provisioner().with_schema(earlier);
        provisioner.migrate_platform().await.unwrap();
        let mut file = tenant_file("sau", "province");
        file.placement = "second".into();
        provisioner.apply(&file).await.unwrap();
        let app = TestApp::on(database).await;
        assert_eq!(app.visitor("sau").get("/sign-in").await.status, 503);
        let report = app.database.provisioner().migrate_tenants(2).await.unwrap();
        assert_eq!(report.migrated, [TenantId::new("sau").unwrap()]);
        app.platform.app.tenants.refresh().await.unwrap();
        assert_eq!(app.visitor("sau").get("/sign-in").await.status, 200);
    });
}

#[test]
fn a_running_server_takes_up_what_the_registry_says_by_itself() {
    run(async {
        let database = cluster().await.empty_on_two().await;
        fill_with(
            &database,
            [
                ("day", "province", "main"),
                ("kia", "province", "second"),
                ("tat-ca", "national", "main"),
            ],
        )
        .await;
        let app = TestApp::on(database).await;
        let mut background = app.platform.background();
        let provisioner = app.database.provisioner();
        let mut file = tenant_file("moi", "province");
        file.placement = "second".into();
        provisioner.apply(&file).await.unwrap();
        let seen = async |tenant: &str, status: u16| {
            let began = std::time::Instant::now();
            while app.visitor(tenant).get("/sign-in").await.status != status {
                assert!(began.elapsed() < std::time::Duration::from_secs(20), "{tenant}: {status}");
                tokio::time::sleep(std::time::Duration::from_millis(100)).await;
            }
        };
        seen("moi", 200).await;
        provisioner
            .set_state(&TenantId::new("kia").unwrap(), TenantState::Suspended)
            .await
            .unwrap();
        seen("kia", 503).await;
        seen("day", 200).await;
        background.shutdown().await;
    });
}

#[test]
fn the_national_committee_lives_where_the_figures_are() {
    run(async {
        let database = cluster().await.empty_on_two().await;
        let provisioner = database.provisioner();
        provisioner.migrate_platform().await.unwrap();
        let mut file = tenant_file("toan-quoc", "national");
        file.placement = "second".into();
        let refused = provisioner.apply(&file).await;
        assert!(matches!(refused, Err(Error::BadRequest(_))), "{refused:?}");
    });
}

#[test]
fn a_server_that_is_away_takes_its_own_tenants_with_it_and_nobody_else() {
    run(async {
        let folder = tempfile::tempdir().unwrap();
        let second = Server::start(&folder.path().join("postgres"), 40).await;
        let database = cluster().await.empty_beside(&second).await;
        let tenants = [
            ("con", "province", "main"),
            ("mat", "province", "second"),
            ("chung", "national", "main"),
        ];
        fill_with(&database, tenants).await;
        let app = TestApp::on(database).await;
        let mut far = app.browser("mat", "member").await;
        let mut program = app.program("mat", "member").await;
        let mut near = app.browser("con", "member").await;
        assert_eq!(far.get("/").await.status, 200);

        second.stop().await;
        for _ in 0..3 {
            let started = std::time::Instant::now();
            let answer = far.get("/").await;
            assert_eq!(answer.status, 503, "{}", answer.body);
            assert!(answer.headers.contains_key("retry-after"));
            assert!(started.elapsed() < std::time::Duration::from_secs(2), "says so at once");
            assert_eq!(near.get("/").await.status, 200, "the others serve");
        }
        let answer = program.get("/api/v1/meetings").await;
        assert_eq!((answer.status, &answer.json()["status"]), (503, &json!(503)));
        // As `sotay migrate` does.
        let provisioner = app.database.provisioner();
        provisioner.migrate_platform().await.unwrap();
        let report = provisioner.migrate_tenants(2).await.unwrap();
        assert_eq!(report.current, 2, "the others are looked at");
        assert_eq!(report.failed.len(), 1);
        assert_eq!(&*report.failed[0].tenant, "mat");

        // Away for longer than a connection is used without being tried first.
        tokio::time::sleep(std::time::Duration::from_millis(500)).await;
        let second = Server::start(&folder.path().join("postgres"), 40).await;
        tokio::time::sleep(std::time::Duration::from_millis(300)).await;
        let answer = far.get("/").await;
        assert_eq!(answer.status, 200, "back without a restart of ours: {}", answer.body);
        second.stop().await;
    });
}
