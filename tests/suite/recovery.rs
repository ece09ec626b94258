//! Whoever holds a code can become the person it is for. So who may hand out
//! which, and what becomes of codes and sign-ins that something overtakes.

use crate::{
    app::{PASSWORD, TestApp, login, new_member},
    browser::Browser,
    run,
};
use directory::{account::activate, people};
use kernel::{MemberId, Role};
use serde_json::json;
use std::time::Duration;

const TENANT: &str = "thanh-hoa";
const NEW: &str = "lúa chín vàng đồng";

/// A member of `cb-1`, where a code for them is printed, and who may print it:
/// the branch's secretary and the administrator.
async fn printers(app: &TestApp) -> (MemberId, String, Browser, Browser) {
    let member = app.member(TENANT, "member").await;
    let code = format!("/api/v1/members/{member}/code");
    (member, code, app.program(TENANT, "secretary").await, app.program(TENANT, "admin").await)
}

async fn grant(app: &TestApp, member: MemberId, unit: &str, role: Role) {
    let unit = app.unit(TENANT, unit).await;
    let mut tx = app.db(TENANT).begin().await.unwrap();
    people::grant_in(&mut tx, &app.world, None, member, unit, role).await.unwrap();
    tx.commit().await.unwrap();
}

#[test]
fn a_secretary_hands_out_no_role_that_is_not_theirs_to_give() {
    run(async {
        let app = TestApp::new().await;
        let (member, code, mut secretary, mut admin) = printers(&app).await;
        assert_eq!(secretary.post_json(&code, &json!({})).await.status, 200);
        grant(&app, member, "cb-1", Role::Secretary).await;
        assert_eq!(secretary.post_json(&code, &json!({})).await.status, 200, "a fellow secretary");
        for (role, unit) in [(Role::Secretary, "cb-2"), (Role::Editor, "cb-1")] {
            let other = app.member(TENANT, "probationer").await;
            grant(&app, other, unit, role).await;
            let code = format!("/api/v1/members/{other}/code");
            let refused = secretary.post_json(&code, &json!({})).await;
            assert_eq!(refused.status, 403, "{role:?} on {unit}: {}", refused.body);
            assert!(refused.shows("người quản trị"), "{}", refused.body);
            assert_eq!(admin.post_json(&code, &json!({})).await.status, 200);
            let mut browser = app.browser(TENANT, "secretary").await;
            let page = browser.get(&format!("/members/{other}")).await;
            assert!(!page.shows("Cấp mã đặt lại mật khẩu"), "no button that is refused");
        }
    });
}

#[test]
fn a_print_for_the_branch_leaves_out_whom_only_the_administrator_hands_a_code() {
    run(async {
        let app = TestApp::new().await;
        let unit = app.unit(TENANT, "cb-1").await;
        let mut tx = app.db(TENANT).begin().await.unwrap();
        let new = new_member("official", "0971000090", unit);
        let official = people::add_in(&mut tx, &app.world, None, new).await.unwrap();
        tx.commit().await.unwrap();
        grant(&app, official, "goc", Role::TenantAdmin).await;
        let codes = format!("/api/v1/organisations/{unit}/codes");
        let mut secretary = app.program(TENANT, "secretary").await;
        assert_eq!(
            secretary.post_json(&codes, &json!({})).await.status,
            403,
            "nobody else is left"
        );
        app.newcomer(TENANT, "cb-1", "0971000091").await;
        let slips = secretary.post_json(&codes, &json!({})).await;
        assert_eq!(slips.json()["slips"].as_array().unwrap().len(), 1, "{}", slips.body);
        assert_eq!(slips.json()["slips"][0]["name"], "Người newcomer");
        assert_eq!(slips.json()["left_out"], 1);
        let mut browser = app.browser(TENANT, "secretary").await;
        browser.get(&format!("/organisations/{unit}")).await;
        let page = browser.post(&format!("/organisations/{unit}/codes"), &[]).await;
        assert!(page.shows("Còn 1 người chưa kích hoạt không có phiếu ở đây"), "{}", page.body);
    });
}

#[test]
fn a_withdrawal_outlives_the_codes_given_out_before_it() {
    run(async {
        let app = TestApp::new().await;
        let (member, code, mut secretary, mut admin) = printers(&app).await;
        let before = secretary.post_json(&code, &json!({})).await.json();
        let withdraw = format!("/api/v1/members/{member}/withdraw");
        assert_eq!(admin.post_json(&withdraw, &json!({})).await.status, 200);

        let mut visitor = app.visitor(TENANT);
        let mut activate = async |slips: &serde_json::Value| {
            let body = json!({"code": slips["slips"][0]["code"], "password": NEW});
            visitor.post_json("/api/v1/activate", &body).await.status
        };
        assert_eq!(activate(&before).await, 410);
        assert_eq!(secretary.post_json(&code, &json!({})).await.status, 403);
        let unit = app.unit(TENANT, "cb-1").await;
        let codes = format!("/api/v1/organisations/{unit}/codes");
        assert_eq!(
            secretary.post_json(&codes, &json!({})).await.status,
            409,
            "nobody to print for"
        );
        let after = admin.post_json(&code, &json!({})).await.json();
        assert_eq!(activate(&after).await, 200);
    });
}

#[test]
fn a_sign_in_that_a_recovery_overtakes_starts_no_session() {
    run(async {
        let app = TestApp::new().await;
        let member = app.member(TENANT, "member").await;
        let mut secretary = app.program(TENANT, "secretary").await;
        let slips =
            secretary.post_json(&format!("/api/v1/members/{member}/code"), &json!({})).await;
        let code = slips.json()["slips"][0]["code"].as_str().unwrap().to_owned();
        let changed = app.platform.passwords.hash(NEW).await.unwrap();

        let mut tx = app.db(TENANT).begin().await.unwrap();
        let key = app.platform.app.tenants.key();
        activate::redeem_in(&mut tx, &app.world, key, &code, &changed).await.unwrap();
        // The old password is the one that everybody else still sees.
        let mut thief = app.visitor(TENANT);
        let body = json!({"login": login("member"), "password": PASSWORD});
        {
            let mut signing_in = Box::pin(thief.post_json("/api/v1/session", &body));
            let early = tokio::time::timeout(Duration::from_secs(1), &mut signing_in).await;
            assert!(early.is_err(), "the sign-in did not wait for the recovery");
            let (committed, answer) = tokio::join!(tx.commit(), signing_in);
            committed.unwrap();
            assert_eq!(answer.status, 422, "{}", answer.body);
        }
        let sql = "SELECT count(*) FROM session s JOIN account a ON a.id = s.account
                   WHERE a.member = $1 AND s.revoked_at IS NULL";
        let mut conn = app.db(TENANT).conn().await.unwrap();
        let open: i64 = sqlx::query_scalar(sql).bind(member.0).fetch_one(&mut *conn).await.unwrap();
        assert_eq!(open, 0);
    });
}

#[test]
fn a_role_given_afterwards_ends_the_codes_that_others_handed_out() {
    run(async {
        let app = TestApp::new().await;
        let mut secretary = app.program(TENANT, "secretary").await;
        let mut admin = app.program(TENANT, "admin").await;
        let activate = async |slips: &serde_json::Value| {
            let body = json!({"code": slips["slips"][0]["code"], "password": NEW});
            app.visitor(TENANT).post_json("/api/v1/activate", &body).await.status
        };
        let member = app.member(TENANT, "member").await;
        let code = format!("/api/v1/members/{member}/code");
        let theirs = secretary.post_json(&code, &json!({})).await.json();
        let role = json!({"role": "editor", "organisation": "cb-1"});
        let granted = admin.post_json(&format!("/api/v1/members/{member}/roles"), &role).await;
        assert_eq!(granted.json()["granted"], true, "{}", granted.body);
        assert_eq!(activate(&theirs).await, 410);
        // Whoever gives the role could have handed out the code with it.
        let own = admin.post_json(&code, &json!({})).await.json();
        let role = json!({"role": "auditor", "organisation": "cb-1"});
        let granted = admin.post_json(&format!("/api/v1/members/{member}/roles"), &role).await;
        assert_eq!(granted.json()["granted"], true, "{}", granted.body);
        assert_eq!(activate(&own).await, 200);
    });
}

#[test]
fn a_code_waits_for_the_role_that_is_just_being_given() {
    run(async {
        let app = TestApp::new().await;
        let member = app.member(TENANT, "member").await;
        let unit = app.unit(TENANT, "cb-1").await;
        let newcomer = app.newcomer(TENANT, "cb-1", "0971000091").await;
        for (person, codes) in [
            (member, format!("/api/v1/members/{member}/code")),
            (newcomer, format!("/api/v1/organisations/{unit}/codes")),
        ] {
            let mut secretary = app.program(TENANT, "secretary").await;
            let mut tx = app.db(TENANT).begin().await.unwrap();
            people::grant_in(&mut tx, &app.world, None, person, unit, Role::Editor).await.unwrap();
            let nothing = json!({});
            let mut inviting = Box::pin(secretary.post_json(&codes, &nothing));
            let early = tokio::time::timeout(Duration::from_secs(1), &mut inviting).await;
            assert!(early.is_err(), "{codes} did not wait for the role");
            let (committed, answer) = tokio::join!(tx.commit(), inviting);
            committed.unwrap();
            assert_eq!(answer.status, 403, "{}", answer.body);
        }
    });
}
