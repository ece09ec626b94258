//! `tenant apply`, killed between any two steps and run again.

use crate::{
    app::{PASSWORD, TestApp, tenant_file},
    run,
};
use directory::account::activate;
use kernel::TenantId;
use sotay::onboarding;
use sqlx::Row as _;
use tenancy::Tenants;
use testkit::{Cut, Cutter};

/// All that a tenant begins with, counted.
async fn beginnings(app: &TestApp, slug: &str) -> Vec<String> {
    let mut own = app.database.connect(&TenantId::new(slug).unwrap().role()).await.unwrap();
    let rows = sqlx::query(
        "SELECT 'event ' || kind || ' ' || count(*) FROM event GROUP BY kind
         UNION ALL SELECT 'organisations ' || count(*) FROM organisation
         UNION ALL SELECT 'members ' || count(*) FROM member
         UNION ALL SELECT 'roles ' || count(*) FROM role_grant
         UNION ALL SELECT 'accounts ' || count(*) FROM account
         UNION ALL SELECT 'codes ' || count(*) FROM account_code WHERE used_at IS NULL
         ORDER BY 1",
    )
    .fetch_all(&mut own)
    .await
    .unwrap();
    let mut all: Vec<String> = rows.iter().map(|row| row.get(0)).collect();
    let mut platform = app.database.connect("sotay_platform").await.unwrap();
    let ledger = sqlx::query(
        "SELECT 'state ' || t.state || ', steps ' || count(*) || ', failed ' || count(m.error)
         FROM platform.tenant t JOIN platform.tenant_migration m ON m.tenant = t.slug
         WHERE t.slug = $1 GROUP BY t.state",
    )
    .bind(slug)
    .fetch_one(&mut platform)
    .await
    .unwrap();
    all.push(ledger.get(0));
    all
}

#[test]
fn a_creation_killed_at_any_step_is_whole_after_it_is_run_again() {
    run(async {
        let app = TestApp::new().await;
        let (cutter, through) = Cutter::before(&app.database);
        let (provisioner, dying) = (app.database.provisioner(), through.provisioner());
        let password = app.platform.passwords.hash(PASSWORD).await.unwrap();
        let whole = tenant_file("nguyen-ven", "province");
        onboarding::apply(&provisioner, &app.platform, &whole).await.unwrap();
        let expected = beginnings(&app, "nguyen-ven").await;
        let mut steps = 0;
        'steps: for at in 1.. {
            for cut in [Cut::Before, Cut::After] {
                let slug = format!("giet-{at}-{cut:?}").to_lowercase();
                let file = tenant_file(&slug, "province");
                let mut platform = app.platform.clone();
                platform.app.tenants =
                    Tenants::connect(&through.config, through.key.clone()).await.unwrap();
                let applied = onboarding::apply(&dying, &platform, &file);
                if let Some(done) = cutter.kill(at, cut, applied).await {
                    done.unwrap();
                    break 'steps;
                }
                steps = at;
                let again = onboarding::apply(&provisioner, &app.platform, &file).await;
                let again = again.unwrap_or_else(|e| panic!("killed at {at}, {cut:?}: {e}"));
                assert_eq!(beginnings(&app, &slug).await, expected, "killed at {at}, {cut:?}");
                let tenants = provisioner.list().await.unwrap();
                let tenant = tenants.iter().find(|tenant| *tenant.id == *slug).unwrap();
                let found = provisioner.verify(tenant).await.unwrap();
                assert!(found.is_empty(), "killed at {at}, {cut:?}: {found:?}");
                // The code may have died with the process; a new one is to be had.
                let code = match again.code.clone() {
                    Some(code) => code,
                    None => onboarding::new_code(&app.platform, &again).await.unwrap().unwrap(),
                };
                let db = app.platform.app.tenants.db(&tenant.id).unwrap();
                let mut tx = db.begin().await.unwrap();
                let key = app.platform.app.tenants.key();
                activate::redeem_in(&mut tx, &app.world, key, &code, &password).await.unwrap();
                tx.commit().await.unwrap();
            }
        }
        assert!(steps >= 20, "creating had {steps} steps");
    });
}
