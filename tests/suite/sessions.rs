//! Accounts from the slip of paper to signing out.

use crate::{
    app::{ADMIN, PASSWORD, TestApp, login},
    run,
};
use http::header;
use std::net::IpAddr;
use time::Duration;

/// A new member of cb-1 and the code that their secretary prints.
async fn invited(app: &TestApp) -> (String, String) {
    let member = app.newcomer("thanh-hoa", "cb-1", "0971000099").await.to_string();
    let code = code(app, &member).await;
    (member, code)
}

async fn code(app: &TestApp, member: &str) -> String {
    let mut program = app.program("thanh-hoa", "secretary").await;
    let slips =
        program.post_json(&format!("/api/v1/members/{member}/code"), &serde_json::json!({})).await;
    assert_eq!(slips.status, 200, "{}", slips.body);
    slips.json()["slips"][0]["code"].as_str().unwrap().to_owned()
}

#[test]
fn a_slip_becomes_an_account_and_a_session() {
    run(async {
        let app = TestApp::new().await;
        let (_, code) = invited(&app).await;
        let mut browser = app.visitor("thanh-hoa");
        let page = browser.get(&format!("/activate?code={code}")).await;
        assert!(page.shows(&code), "the QR code's address fills the code in");
        let weak = browser.post("/activate", &[("code", &code), ("password", "ngắn")]).await;
        assert_eq!(weak.status, 422);
        assert!(weak.shows("ít nhất 8 ký tự") && weak.shows(&code), "nothing entered is lost");
        let typed = code.to_lowercase().replace('-', " ");
        let done = browser
            .post("/activate", &[("code", &typed), ("password", "lúa chín vàng đồng")])
            .await;
        assert_eq!((done.status, done.location()), (303, "/"), "{}", done.body);
        let home = browser.get("/").await;
        assert!(home.shows("Người newcomer"), "{}", home.body);
        // The same slip again, from a double tap or a finder of the paper.
        let mut other = app.visitor("thanh-hoa");
        other.get("/activate").await;
        let again =
            other.post("/activate", &[("code", &code), ("password", "lúa chín vàng đồng")]).await;
        assert_eq!(again.status, 410);
        assert!(again.shows("đã được dùng"));
    });
}

#[test]
fn codes_expire_and_newer_codes_replace_older_ones() {
    run(async {
        let app = TestApp::new().await;
        let (member, first) = invited(&app).await;
        let second = code(&app, &member).await;
        let mut browser = app.visitor("thanh-hoa");
        browser.get("/activate").await;
        let old = browser
            .post("/activate", &[("code", &first), ("password", "lúa chín vàng đồng")])
            .await;
        assert_eq!(old.status, 410);
        app.world.advance(Duration::days(15));
        let late = browser
            .post("/activate", &[("code", &second), ("password", "lúa chín vàng đồng")])
            .await;
        assert_eq!(late.status, 410);
        assert!(late.shows("hết hạn"));
        let unknown = browser
            .post("/activate", &[("code", "AAAA-BBBB-CC"), ("password", "lúa chín vàng đồng")])
            .await;
        assert_eq!(unknown.status, 422);
    });
}

#[test]
fn a_code_is_worth_nothing_at_another_tenant() {
    run(async {
        let app = TestApp::new().await;
        let (_, code) = invited(&app).await;
        let mut browser = app.visitor("ha-noi");
        browser.get("/activate").await;
        let answer =
            browser.post("/activate", &[("code", &code), ("password", "lúa chín vàng đồng")]).await;
        assert_eq!(answer.status, 422);
    });
}

#[test]
fn recovery_through_the_secretary_ends_older_sessions() {
    run(async {
        let app = TestApp::new().await;
        let mut lost = app.browser("thanh-hoa", "member").await;
        let member = app.member("thanh-hoa", "member").await.to_string();
        let code = code(&app, &member).await;
        let mut new = app.visitor("thanh-hoa");
        new.get("/activate").await;
        assert_eq!(
            new.post("/activate", &[("code", &code), ("password", "mật khẩu hoàn toàn mới")])
                .await
                .status,
            303
        );
        assert_eq!(lost.get("/account").await.status, 303, "the lost phone is signed out");
        let mut old = app.visitor("thanh-hoa");
        old.get("/sign-in").await;
        assert_eq!(
            old.post("/session", &[("login", login("member")), ("password", PASSWORD)])
                .await
                .status,
            422
        );
    });
}

#[test]
fn no_answer_tells_whether_somebody_is_a_member() {
    run(async {
        let app = TestApp::new().await;
        let mut answers = Vec::new();
        for login in [ADMIN, "0999999999", "không phải số"] {
            let mut browser = app.visitor("thanh-hoa");
            browser.get("/sign-in").await;
            let answer =
                browser.post("/session", &[("login", login), ("password", "sai hoàn toàn")]).await;
            assert_eq!(answer.status, 422);
            let same = answer
                .body
                .replace(login, "")
                .split("name=\"csrf\" value=\"")
                .map(|part| part.split_once('"').map_or(part, |p| p.1).to_owned())
                .collect::<String>();
            answers.push(same);
        }
        assert_eq!(answers[0], answers[1]);
        assert_eq!(answers[1], answers[2]);
    });
}

#[test]
fn guessing_is_slowed_down_for_known_and_unknown_logins_alike() {
    run(async {
        let app = TestApp::new().await;
        for login in [ADMIN, "0999999999"] {
            let mut browser = app.visitor("thanh-hoa");
            browser.peer = IpAddr::from([127, 0, 9, 9]);
            browser.get("/sign-in").await;
            let mut last = 0;
            for _ in 0..11 {
                let answer = browser
                    .post("/session", &[("login", login), ("password", "đoán mò thôi")])
                    .await;
                last = answer.status;
                if last == 429 {
                    assert!(answer.headers.contains_key(header::RETRY_AFTER));
                }
            }
            assert_eq!(last, 429);
        }
    });
}

#[test]
fn sessions_are_listed_and_revocable() {
    run(async {
        let app = TestApp::new().await;
        let mut phone = app.browser("thanh-hoa", "member").await;
        let mut lost = app.browser("thanh-hoa", "member").await;
        let mut program = app.program("thanh-hoa", "member").await;
        let sessions =
            program.get("/api/v1/account").await.json()["sessions"].as_array().unwrap().clone();
        assert_eq!(sessions.len(), 3);
        // Two are not the program's own; ending both ends both browsers.
        phone.get("/account").await;
        for session in sessions.iter().filter(|s| s["current"] == false) {
            let path =
                format!("/api/v1/account/sessions/{}/revoke", session["id"].as_str().unwrap());
            assert_eq!(program.post_json(&path, &serde_json::json!({})).await.status, 200);
            assert_eq!(program.post_json(&path, &serde_json::json!({})).await.status, 404);
        }
        assert_eq!(phone.get("/account").await.location(), "/sign-in?next=/account");
        assert_eq!(lost.get("/account").await.status, 303);
        assert_eq!(program.get("/api/v1/account").await.status, 200);
    });
}

#[test]
fn nobody_revokes_somebody_elses_session() {
    run(async {
        let app = TestApp::new().await;
        let mut member = app.program("thanh-hoa", "member").await;
        let id = member.get("/api/v1/account").await.json()["sessions"][0]["id"]
            .as_str()
            .unwrap()
            .to_owned();
        let mut other = app.program("thanh-hoa", "neighbour").await;
        let path = format!("/api/v1/account/sessions/{id}/revoke");
        assert_eq!(other.post_json(&path, &serde_json::json!({})).await.status, 404);
        assert_eq!(member.get("/api/v1/account").await.status, 200);
    });
}

#[test]
fn signing_out_ends_the_session_not_only_the_cookie() {
    run(async {
        let app = TestApp::new().await;
        let mut browser = app.browser("thanh-hoa", "member").await;
        browser.get("/").await;
        let kept = browser.cookies.clone();
        assert_eq!(browser.post("/sign-out", &[]).await.status, 303);
        browser.cookies = kept;
        assert_eq!(browser.get("/").await.status, 303);
    });
}

#[test]
fn sessions_end_by_themselves() {
    run(async {
        let app = TestApp::new().await;
        let mut browser = app.browser("thanh-hoa", "member").await;
        app.world.advance(Duration::days(89));
        assert_eq!(browser.get("/").await.status, 200);
        app.world.advance(Duration::days(2));
        assert_eq!(browser.get("/").await.status, 303);
    });
}

#[test]
fn over_tls_the_session_is_bound_to_the_host() {
    run(async {
        let app = TestApp::new().await;
        let mut browser = app.visitor("thanh-hoa");
        browser.secure = true;
        browser.get("/sign-in").await;
        let answer =
            browser.post("/session", &[("login", login("member")), ("password", PASSWORD)]).await;
        let cookie = answer
            .headers
            .get_all(header::SET_COOKIE)
            .iter()
            .map(|c| c.to_str().unwrap())
            .find(|c| c.contains("session"))
            .unwrap();
        assert!(
            cookie.starts_with("__Host-session=")
                && cookie.contains("; Secure")
                && cookie.contains("HttpOnly")
                && cookie.contains("SameSite=Lax"),
            "{cookie}"
        );
        assert!(answer.headers.contains_key(header::STRICT_TRANSPORT_SECURITY));
    });
}

#[test]
fn a_withdrawn_account_is_out_at_once() {
    run(async {
        let app = TestApp::new().await;
        let mut member = app.browser("thanh-hoa", "member").await;
        let id = app.member("thanh-hoa", "member").await;
        let mut admin = app.program("thanh-hoa", "admin").await;
        let path = format!("/api/v1/members/{id}/withdraw");
        assert_eq!(admin.post_json(&path, &serde_json::json!({})).await.status, 200);
        assert_eq!(admin.post_json(&path, &serde_json::json!({})).await.status, 409);
        assert_eq!(member.get("/").await.status, 303);
        let mut secretary = app.program("thanh-hoa", "secretary").await;
        assert_eq!(secretary.post_json(&path, &serde_json::json!({})).await.status, 403);
    });
}
