//! A tenant is a role: what that keeps apart.

use crate::{app::TestApp, run};
use kernel::{Error, TenantId};
use sqlx::{Executor as _, Row as _};
use std::sync::Arc;
use tenancy::Tenants;

async fn refused(connection: &mut sqlx::PgConnection, sql: &'static str) -> String {
    let error = connection.execute(sql).await.expect_err(sql);
    error.as_database_error().unwrap().code().unwrap().into_owned()
}

#[test]
fn a_tenants_login_reaches_its_own_schema_and_nothing_else() {
    run(async {
        let app = TestApp::new().await;
        let mut own = app.database.connect("tn_thanh_hoa").await.unwrap();
        own.execute("SELECT id FROM member").await.unwrap();
        own.execute("SELECT kind FROM platform.document_kind").await.unwrap();
        for sql in [
            "SELECT id FROM tn_ha_noi.member",
            "SELECT slug FROM platform.tenant",
            "SELECT figures FROM platform.adoption_rollup",
            "UPDATE platform.document_kind SET name = ''",
            "SET ROLE tn_ha_noi",
            "SET ROLE sotay_platform",
            "CREATE SCHEMA mine",
            "CREATE TEMP TABLE t (x int)",
            "UPDATE event SET kind = 'x'",
            "DELETE FROM event",
            "TRUNCATE event",
        ] {
            assert_eq!(refused(&mut own, sql).await, "42501", "{sql}");
        }
    });
}

#[test]
fn the_platforms_login_cannot_read_a_tenant() {
    run(async {
        let app = TestApp::new().await;
        let mut platform = app.database.connect("sotay_platform").await.unwrap();
        platform.execute("SELECT slug FROM platform.tenant").await.unwrap();
        assert_eq!(refused(&mut platform, "SELECT id FROM tn_thanh_hoa.member").await, "42501");
        assert_eq!(refused(&mut platform, "SET ROLE tn_thanh_hoa").await, "42501");
        assert_eq!(refused(&mut platform, "CREATE ROLE x").await, "42501");
    });
}

#[test]
fn the_national_login_reads_aggregates_only() {
    run(async {
        let app = TestApp::new().await;
        let mut national = app.database.connect("tn_toan_quoc").await.unwrap();
        national.execute("SELECT figures FROM platform.adoption_rollup").await.unwrap();
        assert_eq!(
            refused(&mut national, "UPDATE platform.adoption_rollup SET version = 0").await,
            "42501"
        );
        assert_eq!(refused(&mut national, "SELECT id FROM tn_thanh_hoa.member").await, "42501");
    });
}

#[test]
fn connections_stay_within_the_budget_and_go_back() {
    run(async {
        let app = TestApp::new().await;
        let mut config = app.database.config.clone();
        (config.budget, config.per_tenant) = (3, 2);
        let tenants = Tenants::connect(&config, app.database.key.clone()).await.unwrap();
        let ids = ["thanh-hoa", "ha-noi", "toan-quoc"].map(|slug| TenantId::new(slug).unwrap());
        let tenants = Arc::new(tenants);
        let mut work = tokio::task::JoinSet::new();
        for round in 0..60 {
            let (tenants, id) = (tenants.clone(), ids[round % 3].clone());
            work.spawn(async move {
                let db = tenants.db(&id).unwrap();
                // On a busy machine one may be told to come back.
                let mut conn = loop {
                    match db.conn().await {
                        Err(Error::Unavailable(_)) => {}
                        conn => break conn.unwrap(),
                    }
                };
                let who: String = sqlx::query_scalar("SELECT current_user::text")
                    .fetch_one(&mut *conn)
                    .await
                    .unwrap();
                assert_eq!(who, id.role(), "a connection never changes hands");
                assert!(tenants.open_connections() <= 3);
            });
        }
        while let Some(done) = work.join_next().await {
            done.unwrap();
        }
        tenants.close().await;
        assert_eq!(tenants.open_connections(), 0);
    });
}

#[test]
fn a_dropped_transaction_is_rolled_back() {
    run(async {
        let app = TestApp::new().await;
        let db = app.db("thanh-hoa");
        let mut tx = db.begin().await.unwrap();
        tx.execute("DELETE FROM role_grant").await.unwrap();
        drop(tx);
        let mut conn = db.conn().await.unwrap();
        let left: i64 = sqlx::query_scalar("SELECT count(*) FROM role_grant")
            .fetch_one(&mut *conn)
            .await
            .unwrap();
        assert!(left > 0);
    });
}

#[test]
fn folding_twice_counts_once_and_rebuilding_changes_nothing() {
    run(async {
        let app = TestApp::new().await;
        let id = TenantId::new("thanh-hoa").unwrap();
        let figures = async || {
            let mut conn = app.platform.app.tenants.db(&id).unwrap().conn().await.unwrap();
            let rows = sqlx::query("SELECT organisation::text, measure, day::text, amount FROM adoption_day WHERE amount <> 0 ORDER BY 1, 2, 3")
                .fetch_all(&mut *conn)
                .await
                .unwrap();
            rows.iter()
                .map(|r| {
                    (
                        r.get::<String, _>(0),
                        r.get::<String, _>(1),
                        r.get::<String, _>(2),
                        r.get::<i64, _>(3),
                    )
                })
                .collect::<Vec<_>>()
        };
        let before = figures().await;
        assert!(
            before.iter().any(|(_, measure, _, amount)| measure == "activated" && *amount > 0),
            "{before:?}"
        );
        let (one, two) = tokio::join!(app.platform.relay.fold(&id), app.platform.relay.fold(&id));
        one.unwrap();
        two.unwrap();
        assert_eq!(figures().await, before);
        assert!(app.platform.relay.rebuild(&id).await.unwrap() > 0);
        assert_eq!(figures().await, before);
    });
}
