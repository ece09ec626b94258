//! The trail: all that happened, and of nobody what they read.

use super::{TENANT, added, grant};
use crate::{app::TestApp, meetings::under_way, run};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use time::Duration;

#[test]
fn the_trail_tells_everything_in_order_and_nobodys_reading() {
    run(async {
        let app = TestApp::new().await;
        let mut member = app.browser(TENANT, "member").await;
        app.world.advance(Duration::minutes(1));
        let mut admin = app.program(TENANT, "admin").await;
        app.world.advance(Duration::minutes(1));
        let id = added(&mut admin, &[]).await;
        app.world.advance(Duration::minutes(1));
        grant(&mut admin, &id, "secretary", "cb-1").await;
        app.world.advance(Duration::minutes(1));
        member.get("/account").await;
        assert_eq!(member.post("/sign-out", &[]).await.status, 303);
        let mut browser = app.browser(TENANT, "auditor").await;
        let page = browser.get("/audit").await;
        assert_eq!(page.status, 200);
        let table = page.body.split("<tbody>").nth(1).unwrap();
        let place = |words: &str| table.find(words).unwrap_or_else(|| panic!("{words}: {table}"));
        assert!(
            place("Đăng xuất") < place("Cấp vai trò")
                && place("Cấp vai trò") < place("Thêm đảng viên"),
            "newest first"
        );
        assert!(place("Thêm đảng viên") < table.rfind("Đăng nhập").unwrap());
        assert!(
            table.contains("Lê Thị Quản Trị")
                && table.contains("03/11/2026 18:02")
                && table.contains("Chi bộ thôn Đông"),
            "{table}"
        );
        assert!(
            !table.contains("Người member") && !table.contains("Lê Thị Ánh"),
            "neither who signed in nor to whom it happened"
        );

        // All of it, page by page, once.
        let mut auditor = app.program(TENANT, "auditor").await;
        let (mut seen, mut at, mut next) = (BTreeSet::new(), String::from("9999"), Value::Null);
        loop {
            let before = next.as_str().unwrap_or_default();
            let page = auditor.get(&format!("/api/v1/audit?before={before}")).await.json();
            for event in page["events"].as_array().unwrap() {
                let when = event["at"].as_str().unwrap().to_owned();
                assert!(when <= at, "{when} after {at}");
                at = when;
                assert!(seen.insert(event["id"].as_str().unwrap().to_owned()), "twice: {event}");
                let kind = event["kind"].as_str().unwrap();
                if ["account.activated", "account.recovered"].contains(&kind)
                    || kind.starts_with("session.")
                {
                    assert_eq!(
                        (&event["who"], &event["assisted_by"]),
                        (&json!("Một đảng viên"), &Value::Null)
                    );
                }
            }
            next = page["next"].clone();
            if next.is_null() {
                break;
            }
        }
        assert_eq!(
            i64::try_from(seen.len()).unwrap(),
            app.count(TENANT, "SELECT count(*) FROM event").await
        );
        let granted = auditor
            .get("/api/v1/audit?kind=role.granted&from=03/11/2026&to=03/11/2026")
            .await
            .json();
        assert_eq!(granted["events"].as_array().unwrap().len(), 1, "{granted}");
        for who in ["secretary", "committee", "member"] {
            assert_eq!(app.browser(TENANT, who).await.get("/audit").await.status, 403, "{who}");
        }
    });
}

#[test]
fn the_trail_of_a_meeting_does_not_say_who_came() {
    run(async {
        let app = TestApp::new().await;
        let mut secretary = app.program(TENANT, "secretary").await;
        app.world.advance(Duration::minutes(90));
        let (path, code) = under_way(&app, &mut secretary, TENANT).await;
        let mut member = app.program(TENANT, "member").await;
        assert_eq!(
            member.post_json("/api/v1/meetings/check-in", &json!({"code": code})).await.status,
            200
        );
        let other = app.member(TENANT, "probationer").await;
        let assisted = secretary
            .post_json(&format!("{path}/attendance"), &json!({"member": other, "state": "present"}))
            .await;
        assert_eq!(assisted.status, 200, "{}", assisted.body);
        let trail =
            app.program(TENANT, "auditor").await.get("/api/v1/audit?kind=meeting.checked_in").await;
        let events = trail.json()["events"].as_array().unwrap().clone();
        assert_eq!(events.len(), 2, "{}", trail.body);
        assert!(events.iter().all(|event| event["who"] == "Một đảng viên"), "{}", trail.body);
        for name in [
            "Người member",
            "Người probationer",
            &other.to_string(),
            &app.member(TENANT, "member").await.to_string(),
        ] {
            assert!(!trail.shows(name), "{name}: {}", trail.body);
        }
    });
}
