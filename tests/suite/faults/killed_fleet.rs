//! `migrate` with several migrations to do and several tenants at once, on
//! either server, killed between any two steps and run again.

use super::{CUTS, buried};
use crate::{
    app::{TestApp, cluster, tenant_file},
    run,
};
use sqlx::{AssertSqlSafe, Connection as _, Executor as _, PgConnection, Row as _};
use std::time::Duration;
use tenancy::{Tenant, migrations::Schema};
use testkit::{Cutter, PASSWORD, PROVISIONER, TestDatabase};

/// A later release's: each adds a column, and something that shows how often
/// it was done.
const LATER: [(&str, &str); 2] = [
    ("0998_later", "CREATE TABLE later (what text); INSERT INTO later VALUES ('made')"),
    ("0999_mark", "ALTER TABLE later ADD mark int; INSERT INTO later VALUES ('marked', 1)"),
];

fn later() -> Schema {
    LATER.into_iter().fold(Schema::default(), |schema, (name, sql)| schema.and(name, sql))
}

/// Of the tenants on a placement: who, how many of the later migrations the
/// ledger has and how many the tables show, in the same moment.
async fn reached(database: &TestDatabase, placement: &str) -> Vec<(String, i64, i64)> {
    let mut platform = database.connect_to(placement, "sotay_platform").await.unwrap();
    let rows = sqlx::query(
        "SELECT m.tenant, count(*) FILTER (WHERE m.version > $1 AND m.state = 'applied'),
                (SELECT count(*) FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
                 JOIN pg_namespace n ON n.oid = c.relnamespace
                 WHERE n.nspname = 'tn_' || replace(m.tenant, '-', '_') AND c.relname = 'later'
                   AND a.attnum > 0)
         FROM platform.tenant_migration m GROUP BY m.tenant ORDER BY m.tenant",
    )
    .bind(Schema::default().version())
    .fetch_all(&mut platform)
    .await
    .unwrap();
    rows.iter().map(|row| (row.get(0), row.get(1), row.get(2))).collect()
}

/// Takes tenants back to before the later migrations.
async fn take_back(database: &TestDatabase, placement: &str, owns: &mut [PgConnection]) {
    for own in owns {
        own.execute("DROP TABLE IF EXISTS later").await.unwrap();
    }
    let now = Schema::default().version();
    let mut ledger = database.connect_to(placement, "sotay_platform").await.unwrap();
    sqlx::query("DELETE FROM platform.tenant_migration WHERE version > $1")
        .bind(now)
        .execute(&mut ledger)
        .await
        .unwrap();
    let mut registry = database.connect("sotay_platform").await.unwrap();
    sqlx::query("UPDATE platform.tenant SET schema_version = $1")
        .bind(now)
        .execute(&mut registry)
        .await
        .unwrap();
}

/// Kills migrations of the tenants on a placement at every step that it sees: how
/// many there are.
async fn killed(database: &TestDatabase, placement: &str) -> usize {
    let (cutter, through) = Cutter::before_placement(database, placement);
    let provisioner = database.provisioner().with_schema(later());
    let dying = through.provisioner().with_schema(later());
    let listed = async || -> Vec<Tenant> {
        let tenants = provisioner.list().await.unwrap();
        tenants.into_iter().filter(|tenant| tenant.placement == placement).collect()
    };
    let tenants = listed().await;
    let mut owns = Vec::new();
    for tenant in &tenants {
        owns.push(database.connect_to(placement, &tenant.role).await.unwrap());
    }
    let mut half = 0;
    for at in 1.. {
        for cut in CUTS {
            let said = format!("killed at {at}, {cut:?}");
            take_back(database, placement, &mut owns).await;
            if let Some(done) = cutter.kill(at, cut, dying.migrate_tenants(2)).await {
                assert_eq!(done.unwrap().migrated.len(), tenants.len());
                assert!(half > 0, "a tenant was on its way, with the first of the two");
                return at - 1;
            }
            // What servers read, before what it must not run ahead of.
            let told = listed().await;
            for (tenant, noted, made) in reached(database, placement).await {
                assert_eq!(noted, made, "{said}: {tenant}: ledger and tables");
                let told = told.iter().find(|told| *told.id == *tenant).unwrap();
                let ahead = told.schema_version - Schema::default().version();
                assert!(i64::from(ahead) <= noted, "{said}: {tenant}: registry and ledger");
                half += usize::from(noted == 1);
            }
            buried(database, placement).await;
            let report = provisioner.migrate_tenants(2).await.unwrap();
            assert!(report.failed.is_empty(), "{said}: {:?}", report.failed);
            assert_eq!(report.migrated.len() + report.current, tenants.len(), "{said}");
            for own in &mut owns {
                let rows: Vec<String> = sqlx::query_scalar("SELECT what FROM later ORDER BY what")
                    .fetch_all(own)
                    .await
                    .unwrap();
                assert_eq!(rows, ["made", "marked"], "{said}: each was done once");
            }
            let newest = later().version();
            assert!(listed().await.iter().all(|t| t.schema_version == newest), "{said}");
        }
    }
    unreachable!("it comes to its end alive")
}

#[test]
fn several_migrations_of_several_tenants_killed_at_any_step_are_whole_after_they_are_run_again() {
    run(async {
        let steps = killed(&TestApp::new().await.database, "main").await;
        assert!(steps >= 20, "migrating had {steps} steps");
    });
}

#[test]
fn the_same_on_the_second_server() {
    run(async {
        let database = cluster().await.empty_on_two().await;
        let provisioner = database.provisioner();
        provisioner.migrate_platform().await.unwrap();
        let files = ["xa-mot", "xa-hai", "xa-ba"].map(|slug| {
            let mut file = tenant_file(slug, "province");
            file.placement = "second".into();
            file
        });
        provisioner.apply_all(&files, 3).await.unwrap();
        let steps = killed(&database, "second").await;
        assert!(steps >= 18, "migrating had {steps} steps there");
    });
}

#[test]
fn a_migration_that_the_dead_are_still_committing_is_waited_for_and_not_done_again() {
    run(async {
        let database = TestApp::new().await.database;
        let once = "INSERT INTO fold_state (fold, version) VALUES ('later', 1)
                    ON CONFLICT (fold) DO UPDATE SET version = fold_state.version + 1";
        let schema = Schema::default().and("0999_once", once);
        let options = database.config.placements["main"].options(PROVISIONER, PASSWORD);
        let mut late = PgConnection::connect_with(&options).await.unwrap();
        let last = schema.migrations().last().unwrap();
        let (version, checksum) = (last.version, &last.checksum);
        let all_but_committed = format!(
            "BEGIN;
             INSERT INTO platform.tenant_migration (tenant, version, checksum, state)
             VALUES ('ha-noi', {version}, '{checksum}', 'applied');
             SET LOCAL ROLE tn_ha_noi;
             SET LOCAL search_path = tn_ha_noi, ext;
             {once}"
        );
        late.execute(sqlx::raw_sql(AssertSqlSafe(all_but_committed))).await.unwrap();
        let provisioner = database.provisioner().with_schema(schema);
        let migrating = tokio::spawn(async move { provisioner.migrate_tenants(2).await });
        let mut watching = PgConnection::connect_with(&options).await.unwrap();
        let waits = "SELECT EXISTS (SELECT FROM pg_stat_activity
                     WHERE datname = current_database() AND wait_event_type = 'Lock')";
        let waited = async {
            while !sqlx::query_scalar::<_, bool>(waits).fetch_one(&mut watching).await.unwrap() {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(20), waited).await.expect("it waits");
        late.execute("COMMIT").await.unwrap();
        let report = migrating.await.unwrap().unwrap();
        assert_eq!((report.migrated.len(), report.failed.len()), (3, 0), "{report:?}");
        let mut own = database.connect("tn_ha_noi").await.unwrap();
        let times: i64 = sqlx::query_scalar("SELECT version FROM fold_state WHERE fold = 'later'")
            .fetch_one(&mut own)
            .await
            .unwrap();
        assert_eq!(times, 1);
    });
}
