//! The platform's own migrations, killed between any two steps and run again.

use super::{CUTS, buried, killed::tenants, killed_migrate::shape};
use crate::{app::cluster, run};
use sqlx::{AssertSqlSafe, Connection as _, Executor as _, PgConnection};
use testkit::{Cutter, PASSWORD, PROVISIONER, Server};

/// How many of the migrations are in the ledger of a placement, if there is one.
async fn noted(provisioner: &mut PgConnection) -> usize {
    let ready = "SELECT to_regclass('platform.schema_migration') IS NOT NULL";
    if !sqlx::query_scalar::<_, bool>(ready).fetch_one(&mut *provisioner).await.unwrap() {
        return 0;
    }
    let sql = "SELECT count(*) FROM platform.schema_migration";
    let count: i64 = sqlx::query_scalar(sql).fetch_one(provisioner).await.unwrap();
    usize::try_from(count).unwrap()
}

/// All that the migrations leave: tables, rights, and the rows that they put in.
async fn left(provisioner: &mut PgConnection) -> (Vec<String>, Vec<String>) {
    let kinds = "SELECT kind || ' ' || name FROM platform.document_kind
                 UNION ALL SELECT version || ' ' || checksum FROM platform.schema_migration
                 UNION ALL SELECT 'ext ' || has_schema_privilege('sotay_tenant', 'ext', 'USAGE')
                 ORDER BY 1";
    let rows = sqlx::query_scalar(kinds).fetch_all(&mut *provisioner).await.unwrap();
    (shape(provisioner, "platform").await, rows)
}

#[test]
fn the_platforms_migrations_killed_at_any_step_are_whole_after_they_are_run_again() {
    run(async {
        // Roles are the server's, so none that others use is taken through this.
        let folder = tempfile::tempdir().unwrap();
        let server = Server::start(&folder.path().join("postgres"), 40).await;
        let database = cluster().await.empty_beside(&server).await;
        let (cutter, through) = Cutter::before_placement(&database, "second");
        let (provisioner, dying) = (database.provisioner(), through.provisioner());
        let all = tenancy::migrations::platform().len();
        assert_eq!(provisioner.migrate_platform().await.unwrap(), 2 * all);
        let options = database.config.placements["second"].options(PROVISIONER, PASSWORD);
        let watch = async || PgConnection::connect_with(&options).await.unwrap();
        let whole = left(&mut watch().await).await;
        let (mut steps, mut half) = (0, 0);
        'steps: for at in 1.. {
            for cut in CUTS {
                let said = format!("killed at {at}, {cut:?}");
                let mut own = watch().await;
                for schema in ["platform", "ext"] {
                    let drop = format!("DROP SCHEMA {schema} CASCADE");
                    own.execute(AssertSqlSafe(drop)).await.unwrap();
                }
                own.close().await.unwrap();
                if let Some(done) = cutter.kill(at, cut, dying.migrate_platform()).await {
                    assert_eq!(done.unwrap(), all);
                    break 'steps;
                }
                steps = at;
                buried(&database, "second").await;
                let mut own = watch().await;
                let before = noted(&mut own).await;
                half += usize::from(before == 1);
                assert_eq!(before == all, before > 0 && left(&mut own).await == whole, "{said}");
                let again = provisioner.migrate_platform().await;
                assert_eq!(again.unwrap(), all - before, "{said}: the rest, and only that");
                assert_eq!(left(&mut own).await, whole, "{said}");
                assert_eq!(provisioner.migrate_platform().await.unwrap(), 0, "{said}");
            }
        }
        assert!(half > 0 && steps >= 20, "migrating had {steps} steps");
        // Servers get in.
        tenants(&database).await.close().await;
        server.stop().await;
    });
}
