//! `migrate`, killed between any two steps and run again.

use super::CUTS;
use crate::{app::TestApp, run};
use sqlx::{AssertSqlSafe, Executor as _, PgConnection, Row as _};
use testkit::Cutter;

const ROLES: [&str; 2] = ["tn_ha_noi", "tn_thanh_hoa"];

/// Everything in a schema, as text.
pub(super) async fn shape(connection: &mut PgConnection, schema: &str) -> Vec<String> {
    let rows = sqlx::query(
        "SELECT c.relname || '.' || a.attname || ' ' || a.atttypid::regtype || a.attnotnull AS line
         FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
         WHERE c.relnamespace = $1::text::regnamespace AND c.relkind = 'r' AND a.attnum > 0 AND NOT a.attisdropped
         UNION ALL SELECT indexdef FROM pg_indexes WHERE schemaname = $1::text
         UNION ALL SELECT conrelid::regclass || ' ' || pg_get_constraintdef(oid) FROM pg_constraint
         WHERE connamespace = $1::text::regnamespace
         UNION ALL SELECT c.relname || ' ' || coalesce(c.relacl::text, '') FROM pg_class c
         WHERE c.relnamespace = $1::text::regnamespace AND c.relkind = 'r'
         ORDER BY 1",
    )
    .bind(schema)
    .fetch_all(connection)
    .await
    .unwrap();
    rows.iter().map(|row| row.get(0)).collect()
}

/// Takes a schema back to where it was before the newest migration.
async fn take_back(own: &mut PgConnection) {
    let drops: Vec<String> = sqlx::query_scalar(
        "SELECT 'DROP ' || CASE c.relkind WHEN 'S' THEN 'SEQUENCE' ELSE 'TABLE' END || ' IF EXISTS '
                || quote_ident(c.relname) || ' CASCADE'
         FROM pg_class c WHERE c.relnamespace = current_user::regnamespace AND c.relkind IN ('r', 'S')",
    )
    .fetch_all(&mut *own)
    .await
    .unwrap();
    own.execute(sqlx::raw_sql(AssertSqlSafe(drops.join(";")))).await.unwrap();
    let all = tenancy::migrations::tenant();
    for migration in &all[..all.len() - 1] {
        own.execute(sqlx::raw_sql(AssertSqlSafe(migration.sql.clone()))).await.unwrap();
    }
}

#[test]
fn a_fleet_migration_killed_at_any_step_is_whole_after_it_is_run_again() {
    run(async {
        let app = TestApp::new().await;
        let (cutter, through) = Cutter::before(&app.database);
        let (provisioner, dying) = (app.database.provisioner(), through.provisioner());
        let newest = i32::try_from(tenancy::migrations::tenant_count()).unwrap();
        let mut platform = app.database.connect("sotay_platform").await.unwrap();
        // Two tenants say as much as three.
        platform
            .execute("DELETE FROM platform.tenant_migration WHERE tenant = 'toan-quoc'")
            .await
            .unwrap();
        let mut owns = Vec::new();
        for role in ROLES {
            let mut own = app.database.connect(role).await.unwrap();
            let shape = shape(&mut own, role).await;
            owns.push((own, role, shape));
        }
        let mut steps = 0;
        'steps: for at in 1.. {
            for cut in CUTS {
                for (own, ..) in &mut owns {
                    take_back(own).await;
                }
                sqlx::query("DELETE FROM platform.tenant_migration WHERE version = $1")
                    .bind(newest)
                    .execute(&mut platform)
                    .await
                    .unwrap();
                // One at a time, so that the order of steps is always the same.
                let done = cutter.kill(at, cut, dying.migrate_tenants(1)).await;
                if let Some(report) = done {
                    assert_eq!(report.unwrap().migrated.len(), 2);
                    break 'steps;
                }
                steps = at;
                let report = provisioner.migrate_tenants(2).await.unwrap();
                let said = format!("killed at {at}, {cut:?}");
                assert!(report.failed.is_empty(), "{said}: {:?}", report.failed);
                assert_eq!(report.migrated.len() + report.current, 2, "{said}");
                for (own, role, shape_before) in &mut owns {
                    assert_eq!(&shape(own, role).await, shape_before, "{said}");
                }
                let sql = "SELECT count(*) FROM platform.tenant_migration WHERE state = 'applied' AND error IS NULL";
                let ledger: i64 = sqlx::query_scalar(sql).fetch_one(&mut platform).await.unwrap();
                assert_eq!(ledger, 2 * i64::from(newest), "{said}");
                assert_eq!(provisioner.migrate_tenants(1).await.unwrap().current, 2, "{said}");
            }
        }
        assert!(steps >= 10, "migrating had {steps} steps");
    });
}
