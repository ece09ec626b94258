//! What raises and lowers a figure, and the day it holds for.

use super::{TENANT, heads, newcomer, seen};
use crate::{app::TestApp, documents::published, meetings::under_way, run};
use directory::organisation::{self, Founding, Kind};
use kernel::TenantId;
use serde_json::json;
use time::{Duration, macros::date};

const PASSWORD: &str = "lúa chín vàng đồng";

/// The member's slip is printed and used.
async fn activate(app: &TestApp, member: &str, printed_by: &str) {
    let mut printer = app.program(TENANT, printed_by).await;
    let slip =
        printer.post_json(&format!("/api/v1/members/{member}/code"), &json!({})).await.json();
    let mut visitor = app.visitor(TENANT);
    visitor.get("/activate").await;
    let code = slip["slips"][0]["code"].as_str().unwrap();
    let answer = visitor.post("/activate", &[("code", code), ("password", PASSWORD)]).await;
    assert_eq!(answer.status, 303, "{}", answer.body);
}

/// What the figures have for the whole tenant.
async fn measured(app: &TestApp, measure: &str) -> i64 {
    let sql = format!(
        "SELECT coalesce(sum(amount), 0)::bigint FROM adoption_day WHERE measure = '{measure}'"
    );
    app.count(TENANT, &sql).await
}

#[test]
fn an_activation_raises_the_figure_and_its_withdrawal_lowers_it() {
    run(async {
        let app = TestApp::new().await;
        let mut admin = app.program(TENANT, "admin").await;
        assert_eq!(heads(&seen(&mut admin, "").await["raw"]), (10, 10, 100.0));
        let member = newcomer(&app, "cb-1", "0971000099").await;
        assert_eq!(heads(&seen(&mut admin, "").await["raw"]), (11, 10, 90.9));
        activate(&app, &member, "secretary").await;
        assert_eq!(
            heads(&seen(&mut admin, "").await["raw"]),
            (11, 10, 90.9),
            "it waits to be folded"
        );
        for _ in 0..2 {
            app.fold(TENANT).await;
            assert_eq!(
                heads(&seen(&mut admin, "").await["raw"]),
                (11, 11, 100.0),
                "once, however often folded"
            );
        }
        // A forgotten password is no second activation.
        activate(&app, &member, "secretary").await;
        app.fold(TENANT).await;
        assert_eq!(heads(&seen(&mut admin, "").await["raw"]), (11, 11, 100.0));
        let withdraw = format!("/api/v1/members/{member}/withdraw");
        assert_eq!(admin.post_json(&withdraw, &json!({})).await.status, 200);
        assert_eq!(admin.post_json(&withdraw, &json!({})).await.status, 409);
        app.fold(TENANT).await;
        assert_eq!(heads(&seen(&mut admin, "").await["raw"]), (11, 10, 90.9));
        activate(&app, &member, "admin").await;
        app.fold(TENANT).await;
        assert_eq!(heads(&seen(&mut admin, "").await["raw"]), (11, 11, 100.0), "brought back");
        app.platform.relay.rebuild(&TenantId::new(TENANT).unwrap()).await.unwrap();
        assert_eq!(
            heads(&seen(&mut admin, "").await["raw"]),
            (11, 11, 100.0),
            "and the same from all events anew"
        );
    });
}

#[test]
fn what_is_done_is_measured_and_a_check_in_taken_back_is_not() {
    run(async {
        let app = TestApp::new().await;
        let mut secretary = app.program(TENANT, "secretary").await;
        let mut member = app.program(TENANT, "member").await;
        app.world.advance(Duration::minutes(90));
        let (path, code) = under_way(&app, &mut secretary, TENANT).await;
        for _ in 0..2 {
            assert_eq!(
                member.post_json("/api/v1/meetings/check-in", &json!({"code": code})).await.status,
                200
            );
        }
        app.fold(TENANT).await;
        assert_eq!(measured(&app, "checked_in").await, 1);
        let (who, probationer) =
            (app.member(TENANT, "member").await, app.member(TENANT, "probationer").await);
        for (who, state, left, why) in [
            (who, "absent", 0, "it was somebody else's phone"),
            (who, "excused", 0, "one reason for another"),
            (who, "present", 1, "it was not"),
            (who, "present", 1, "said twice"),
            (probationer, "absent", 1, "who never was there"),
            (probationer, "present", 2, "came late"),
            (probationer, "exempt", 1, "and yet not"),
        ] {
            let said = json!({"member": who.to_string(), "state": state, "reason": "đã hỏi lại"});
            assert_eq!(
                secretary.post_json(&format!("{path}/attendance"), &said).await.status,
                200,
                "{why}"
            );
            app.fold(TENANT).await;
            assert_eq!(measured(&app, "checked_in").await, left, "{state}: {why}");
        }
        let absent = app.member(TENANT, "secretary").await.to_string();
        app.world.advance(Duration::minutes(60));
        let minute =
            json!({"minute": "Đã thảo luận và thống nhất nội dung chuyên đề.", "shown": absent});
        assert_eq!(secretary.post_json(&format!("{path}/close"), &minute).await.status, 200);

        let document = published(&mut app.browser(TENANT, "editor").await, &[]).await;
        let acknowledge = format!("/api/v1{document}/acknowledge");
        for browser in [&mut member, &mut secretary] {
            for _ in 0..2 {
                assert_eq!(browser.post_json(&acknowledge, &json!({})).await.status, 200);
            }
        }
        app.fold(TENANT).await;
        assert_eq!(
            (measured(&app, "meetings_held").await, measured(&app, "acknowledged").await),
            (1, 2)
        );
        let mut reviewer = app.program("toan-quoc", "reviewer").await;
        let totals = reviewer.get("/api/v1/national").await.json()["totals"].clone();
        assert_eq!(
            [&totals["meetings_held"], &totals["checked_in"], &totals["acknowledged"]],
            [1, 1, 2]
        );
        app.platform.relay.rebuild(&TenantId::new(TENANT).unwrap()).await.unwrap();
        assert_eq!(
            (measured(&app, "checked_in").await, measured(&app, "acknowledged").await),
            (1, 2),
            "anew from all events"
        );
    });
}

#[test]
fn a_report_holds_for_its_date_and_the_tree_of_that_date() {
    run(async {
        let app = TestApp::new().await;
        let member = newcomer(&app, "cb-1", "0971000099").await;
        app.world.advance(Duration::days(1));
        activate(&app, &member, "secretary").await;
        let mut tx = app.db(TENANT).begin().await.unwrap();
        let parent = Some(app.unit(TENANT, "goc").await);
        let founding = Founding {
            code: "xa-3".into(),
            kind: Kind::GrassRoots,
            name: "Đảng bộ xã Ba".into(),
            parent,
            on: date!(2026 - 11 - 04),
        };
        organisation::found_in(&mut tx, &app.world, None, founding).await.unwrap();
        tx.commit().await.unwrap();
        app.fold(TENANT).await;
        let mut admin = app.browser(TENANT, "admin").await;
        for (day, expected, units) in [
            ("", (11, 11, 100.0), 3),
            ("04/11/2026", (11, 11, 100.0), 3),
            ("2026-11-03", (11, 10, 90.9), 2),
            ("02/11/2026", (10, 10, 100.0), 2),
            ("01/9/2026", (0, 0, -1.0), 2),
        ] {
            let report = seen(&mut admin, &format!("?as_of={day}")).await;
            assert_eq!(
                (heads(&report["raw"]), report["units"].as_array().unwrap().len()),
                (expected, units),
                "{day}"
            );
        }
        assert!(
            admin
                .get("/adoption?as_of=03/11/2026")
                .await
                .shows("10 trên 11 đảng viên đã kích hoạt")
        );
        for (day, sentence) in [
            ("05/11/2026", "Ngày này chưa đến"),
            ("31/07/2023", "chưa có hoặc không còn"),
            ("hôm-nay", "#as_of"),
        ] {
            let page = admin.get(&format!("/adoption?as_of={day}")).await;
            assert!(
                page.status == 422 && page.shows(sentence) && page.shows("href=\"#as_of\""),
                "{day}: {}",
                page.body
            );
            assert!(
                page.shows("11 trên 11 đảng viên") && page.shows(&format!("value=\"{day}\"")),
                "{day}: {}",
                page.body
            );
            let answer = admin.data(&format!("/adoption?as_of={day}")).await;
            assert_eq!(
                (answer.status, answer.json()["errors"][0]["field"].as_str()),
                (422, Some("as_of"))
            );
            assert_eq!(admin.get(&format!("/adoption.xlsx?as_of={day}")).await.status, 422);
        }
    });
}
