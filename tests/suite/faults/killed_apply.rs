//! `tenant apply`, killed between any two steps and run again.

use super::{CUTS, buried, waiting};
use crate::{
    app::{PASSWORD, TestApp, cluster, tenant_file},
    run,
};
use directory::account::{PasswordHash, activate};
use kernel::TenantId;
use sotay::onboarding::{self, Onboarded};
use sqlx::{Connection as _, Row as _};
use tenancy::{TenantFile, TenantState, Tenants};
use testkit::{Cut, Cutter, PROVISIONER};

fn file(slug: &str, placement: &str) -> TenantFile {
    TenantFile { placement: placement.into(), ..tenant_file(slug, "province") }
}

/// A platform on two servers that has no tenant yet.
async fn on_two() -> TestApp {
    let database = cluster().await.empty_on_two().await;
    database.provisioner().migrate_platform().await.unwrap();
    TestApp::on(database).await
}

/// All that a tenant begins with, counted.
async fn beginnings(app: &TestApp, file: &TenantFile) -> Vec<String> {
    let own = app.database.connect_to(&file.placement, &file.slug.role()).await;
    let rows = sqlx::query(
        "SELECT 'event ' || kind || ' ' || count(*) FROM event GROUP BY kind
         UNION ALL SELECT 'organisations ' || count(*) FROM organisation
         UNION ALL SELECT 'members ' || count(*) FROM member
         UNION ALL SELECT 'roles ' || count(*) FROM role_grant
         UNION ALL SELECT 'accounts ' || count(*) FROM account
         UNION ALL SELECT 'codes ' || count(*) FROM account_code WHERE used_at IS NULL
         ORDER BY 1",
    )
    .fetch_all(&mut own.unwrap())
    .await
    .unwrap();
    let mut all: Vec<String> = rows.iter().map(|row| row.get(0)).collect();
    let platform = app.database.connect_to(&file.placement, "sotay_platform").await;
    let ledger = sqlx::query(
        "SELECT 'steps ' || count(*) || ', failed ' || count(error)
         FROM platform.tenant_migration WHERE tenant = $1",
    )
    .bind(&*file.slug)
    .fetch_one(&mut platform.unwrap())
    .await
    .unwrap();
    all.push(ledger.get(0));
    all
}

/// Whether a tenant is served. One that is has all it needs.
async fn serves(app: &TestApp, slug: &TenantId, said: &str) -> bool {
    app.platform.app.tenants.refresh().await.unwrap();
    let status = app.visitor(slug).get("/sign-in").await.status;
    assert!(matches!(status, 200 | 404), "{said}: {status}");
    if status == 200 {
        let provisioner = app.database.provisioner();
        let tenants = provisioner.list().await.unwrap();
        let tenant = tenants.iter().find(|tenant| tenant.id == *slug).unwrap();
        assert_eq!(tenant.state, TenantState::Active, "{said}");
        let found = provisioner.verify(tenant).await.unwrap();
        assert!(found.is_empty(), "{said}: {found:?}");
    }
    status == 200
}

/// The administrator comes in. Their code may have died with the process; then
/// a new one is to be had.
async fn comes_in(app: &TestApp, tenant: &Onboarded, password: &PasswordHash) {
    let code = match tenant.code.clone() {
        Some(code) => code,
        None => onboarding::new_code(&app.platform, tenant).await.unwrap().unwrap(),
    };
    let mut tx = app.db(&tenant.tenant).begin().await.unwrap();
    let key = app.platform.app.tenants.key();
    activate::redeem_in(&mut tx, &app.world, key, &code, password).await.unwrap();
    tx.commit().await.unwrap();
}

/// Kills creations on a placement at every step of theirs that it sees: how many
/// there are.
async fn killed(app: &TestApp, placement: &str, mark: &str) -> usize {
    let (cutter, through) = Cutter::before_placement(&app.database, placement);
    let (provisioner, dying) = (app.database.provisioner(), through.provisioner());
    let password = app.platform.passwords.hash(PASSWORD).await.unwrap();
    let whole = file(&format!("{mark}-ven"), placement);
    onboarding::apply(&provisioner, &app.platform, &whole).await.unwrap();
    let expected = beginnings(app, &whole).await;
    for at in 1.. {
        for cut in CUTS {
            let said = format!("killed at {at}, {cut:?}");
            let file = file(&format!("{mark}-{at}-{cut:?}").to_lowercase(), placement);
            let mut platform = app.platform.clone();
            platform.app.tenants =
                Tenants::connect(&through.config, through.key.clone()).await.unwrap();
            let applied = onboarding::apply(&dying, &platform, &file);
            if let Some(done) = cutter.kill(at, cut, applied).await {
                done.unwrap();
                return at - 1;
            }
            serves(app, &file.slug, &said).await;
            let again = onboarding::apply(&provisioner, &app.platform, &file).await;
            let again = again.unwrap_or_else(|e| panic!("{said}: {e}"));
            assert_eq!(beginnings(app, &file).await, expected, "{said}");
            assert!(serves(app, &file.slug, &said).await, "{said}");
            comes_in(app, &again, &password).await;
        }
    }
    unreachable!("it comes to its end alive")
}

#[test]
fn a_creation_killed_at_any_step_is_whole_after_it_is_run_again() {
    run(async {
        let steps = killed(&TestApp::new().await, "main", "giet").await;
        assert!(steps >= 20, "creating had {steps} steps");
    });
}

#[test]
fn a_creation_on_the_second_server_killed_at_any_step_is_whole_after_it_is_run_again() {
    run(async {
        let steps = killed(&on_two().await, "second", "giet-xa").await;
        assert!(steps >= 15, "creating had {steps} steps there");
    });
}

#[test]
fn creations_at_once_killed_at_any_step_are_whole_after_they_are_run_again() {
    run(async {
        let app = on_two().await;
        let (cutter, through) = Cutter::before(&app.database);
        let (provisioner, dying) = (app.database.provisioner(), through.provisioner());
        let mut half = 0;
        for at in 1.. {
            let said = format!("killed at {at}");
            // One beside the other, and one on the other server; what is cut before
            // a step leaves what was cut after the one before it.
            let files = [("a", "main"), ("b", "main"), ("c", "second")]
                .map(|(name, placement)| file(&format!("giet-deu-{at}-{name}"), placement));
            if let Some(done) = cutter.kill(at, Cut::After, dying.apply_all(&files, 3)).await {
                done.unwrap();
                assert!(at > 15, "creating had {} steps", at - 1);
                break;
            }
            let mut served = 0;
            for file in &files {
                served += usize::from(serves(&app, &file.slug, &said).await);
            }
            half += usize::from(matches!(served, 1 | 2));
            for placement in ["main", "second"] {
                buried(&app.database, placement).await;
            }
            let again = provisioner.apply_all(&files, 3).await;
            again.unwrap_or_else(|e| panic!("{said}: {e}"));
            for file in &files {
                assert!(serves(&app, &file.slug, &said).await, "{said}: {}", file.slug);
            }
            assert!(provisioner.plan(&files).await.unwrap().changes.is_empty(), "{said}");
        }
        assert!(half > 0, "one was ready before another");
    });
}

#[test]
fn a_creation_run_again_while_the_killed_one_still_commits_goes_on_from_there() {
    run(async {
        let app = TestApp::new().await;
        let (provisioner, file) = (app.database.provisioner(), file("giet-muon", "main"));
        let mut platform = app.database.connect("sotay_platform").await.unwrap();
        let mut busy = platform.begin().await.unwrap();
        let lock = "LOCK TABLE platform.tenant_migration IN SHARE MODE";
        sqlx::raw_sql(lock).execute(&mut *busy).await.unwrap();
        let (killed, again) = tokio::join!(provisioner.apply(&file), async {
            waiting(&app.database, 1).await;
            // The server knows of its death where nothing is under way, and nowhere else.
            let bury = format!(
                "SELECT pg_terminate_backend(pid) FROM pg_locks JOIN pg_stat_activity USING (pid)
                 WHERE locktype = 'advisory' AND usename = '{PROVISIONER}' AND datname = '{}'",
                app.database.name
            );
            cluster().await.superuser(&bury).await;
            let late = async {
                waiting(&app.database, 2).await;
                busy.rollback().await.unwrap();
            };
            tokio::join!(provisioner.apply(&file), late).0
        });
        killed.unwrap_err();
        again.unwrap();
        assert!(serves(&app, &file.slug, "run again").await);
    });
}
