//! Adoption figures: from what people do to what each level may see of it.

use crate::{
    app::{PEOPLE, TestApp, new_member},
    browser::{Answer, Browser},
    meetings::under_way,
    run,
};
use axum::body::Body;
use directory::{
    organisation::{self, Founding, Kind},
    people,
};
use http::{Method, header};
use kernel::{Role, TenantId};
use serde_json::{Value, json};
use sqlx::Executor as _;
use tenancy::TenantState;
use time::{
    Duration,
    macros::{date, datetime},
};

const TENANT: &str = "thanh-hoa";
const PASSWORD: &str = "lúa chín vàng đồng";
const PLAN: &[u8] =
    include_bytes!("../../services/sotay/demo/documents/02-kh-tu-trien-khai-so-tay.pdf");

/// A new member of a unit, without an account.
async fn newcomer(app: &TestApp, unit: &str, phone: &str) -> String {
    let unit = app.unit(TENANT, unit).await;
    let db = app.platform.app.tenants.db(&TenantId::new(TENANT).unwrap()).unwrap();
    let mut tx = db.begin().await.unwrap();
    let member = people::add_in(&mut tx, &app.world, None, new_member("newcomer", phone, unit))
        .await
        .unwrap();
    tx.commit().await.unwrap();
    app.fold(TENANT).await;
    member.to_string()
}

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

/// The JSON face, of the API with a token and of the page with a session.
async fn data(browser: &mut Browser, path: &str) -> Answer {
    if browser.bearer.is_some() {
        return browser.get(&format!("/api/v1{path}")).await;
    }
    let request = browser.request(Method::GET, path).header(header::ACCEPT, "application/json");
    browser.send(request.body(Body::empty()).unwrap()).await
}

async fn seen(browser: &mut Browser, query: &str) -> Value {
    let answer = data(browser, &format!("/adoption{query}")).await;
    assert_eq!(answer.status, 200, "{query}: {}", answer.body);
    answer.json()
}

/// Members, activated and the share.
fn heads(figure: &Value) -> (i64, i64, f64) {
    let number = |name: &str| figure[name].as_i64().unwrap_or(-1);
    (number("members"), number("activated"), figure["percent"].as_f64().unwrap_or(-1.0))
}

async fn measured(app: &TestApp, measure: &str) -> i64 {
    let db = app.platform.app.tenants.db(&TenantId::new(TENANT).unwrap()).unwrap();
    let mut conn = db.conn().await.unwrap();
    sqlx::query_scalar(
        "SELECT coalesce(sum(amount), 0)::bigint FROM adoption_day WHERE measure = $1",
    )
    .bind(measure)
    .fetch_one(&mut *conn)
    .await
    .unwrap()
}

fn table(answer: &Answer) -> Vec<Vec<String>> {
    assert_eq!(answer.status, 200, "{}", answer.body);
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), &answer.bytes).unwrap();
    render::sheet::read::Reader::open(file.path()).unwrap().map(|row| row.unwrap().cells).collect()
}

/// An exclusion of `unit`, good but for `changes`.
fn exclusion(unit: &str, changes: &Value) -> Value {
    let mut form = json!({"organisation": unit, "reason": "armed_forces", "note": "", "excluded_from": "01/11/2026",
        "excluded_to": "", "approved_by": "Ban Thường vụ Tỉnh ủy, 12-CV/TU"});
    form.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
    form
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

        let mut editor = app.browser(TENANT, "editor").await;
        editor.get("/documents/new").await;
        let fields = [
            ("organisation", "goc"),
            ("kind", "ke_hoach"),
            ("number", "02-KH/TU"),
            ("title", "Kế hoạch"),
            ("issued_on", "01/11/2026"),
            ("attested", "true"),
            ("attested_by", "Chánh Văn phòng"),
        ];
        let document = editor.upload("/documents", &fields, "a.pdf", PLAN).await;
        assert_eq!(document.status, 303, "{}", document.body);
        for browser in [&mut member, &mut secretary] {
            for _ in 0..2 {
                browser
                    .post_json(&format!("/api/v1{}/acknowledge", document.location()), &json!({}))
                    .await;
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
        let db = app.platform.app.tenants.db(&TenantId::new(TENANT).unwrap()).unwrap();
        let mut tx = db.begin().await.unwrap();
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
            let answer = data(&mut admin, &format!("/adoption?as_of={day}")).await;
            assert_eq!(
                (answer.status, answer.json()["errors"][0]["field"].as_str()),
                (422, Some("as_of"))
            );
            assert_eq!(admin.get(&format!("/adoption.xlsx?as_of={day}")).await.status, 422);
        }
    });
}

#[test]
fn an_exclusion_stands_beside_the_raw_figure_until_it_ends() {
    run(async {
        let app = TestApp::new().await;
        newcomer(&app, "cb-3", "0971000099").await;
        let unit = app.unit(TENANT, "xa-2").await.to_string();
        let mut admin = app.browser(TENANT, "admin").await;
        let form = admin.get(&format!("/adoption/exclusions/new?unit={unit}")).await;
        assert!(
            form.shows("Đảng bộ xã Hai") && form.shows("value=\"03/11/2026\""),
            "{}",
            form.body
        );
        let fields = [
            ("organisation", unit.as_str()),
            ("reason", "armed_forces"),
            ("note", "Đồn biên phòng"),
            ("excluded_from", "01/11/2026"),
            ("excluded_to", ""),
            ("approved_by", "Ban Thường vụ Tỉnh ủy, 12-CV/TU"),
        ];
        let made = admin.post("/adoption/exclusions", &fields).await;
        assert_eq!((made.status, made.location()), (303, "/adoption/exclusions"), "{}", made.body);

        let report = seen(&mut admin, "").await;
        assert_eq!(
            (heads(&report["raw"]), heads(&report["adjusted"])),
            ((11, 10, 90.9), (9, 9, 100.0))
        );
        let last = report["units"].as_array().unwrap().last().unwrap();
        assert_eq!(
            (last["name"].as_str(), last["excluded"].as_str(), last["named"].as_bool()),
            (Some("Đảng bộ xã Hai"), Some("armed_forces"), Some(false))
        );
        assert_eq!(
            report["exclusions"],
            json!([{"name": "Đảng bộ xã Hai", "reason": "armed_forces", "note": "Đồn biên phòng",
            "approved_by": "Ban Thường vụ Tỉnh ủy, 12-CV/TU", "excluded_from": "2026-11-01", "members": 2}])
        );
        let page = admin.get("/adoption").await;
        for text in [
            "90,9 %",
            "10 trên 11 đảng viên",
            "100,0 %",
            "9 trên 9 đảng viên",
            "Loại trừ: Lực lượng vũ trang",
            "Lực lượng vũ trang (Đồn biên phòng)",
            "12-CV/TU",
            "01/11/2026",
        ] {
            assert!(page.shows(text), "{text}: {}", page.body);
        }
        assert_eq!(
            heads(&seen(&mut admin, "?as_of=31/10/2026").await["adjusted"]),
            (10, 10, 100.0),
            "the day before it held"
        );
        let ledger = data(&mut admin, "/adoption/exclusions").await.json();
        let line = &ledger["exclusions"][0];
        assert_eq!(
            (line["state"].as_str(), line["excluded_to"].is_null()),
            (Some("current"), true)
        );

        // It ends tomorrow; only then does the unit count again.
        let end = format!("/adoption/exclusions/{}/end", line["id"].as_str().unwrap());
        for (on, sentence) in
            [("01/11/2026", "phải sau ngày bắt đầu"), ("", "#on"), ("31/2/2026", "#on")]
        {
            let answer = admin.post(&end, &[("on", on)]).await;
            assert!(
                answer.status == 422
                    && answer.shows(sentence)
                    && answer.shows("Tính lại Đảng bộ xã Hai"),
                "{on}: {}",
                answer.body
            );
        }
        assert_eq!(admin.post(&end, &[("on", "04/11/2026")]).await.status, 303);
        assert_eq!(
            admin.post(&end, &[("on", "05/11/2026")]).await.status,
            409,
            "lengthening is a new decision"
        );
        assert_eq!(heads(&seen(&mut admin, "").await["adjusted"]), (9, 9, 100.0));
        app.world.advance(Duration::days(1));
        let report = seen(&mut admin, "").await;
        assert_eq!(
            (heads(&report["adjusted"]), &report["exclusions"]),
            ((11, 10, 90.9), &json!([]))
        );
        assert_eq!(
            heads(&seen(&mut admin, "?as_of=03/11/2026").await["adjusted"]),
            (9, 9, 100.0),
            "of yesterday it still holds"
        );
        assert!(admin.get("/adoption/exclusions").await.shows("Đã tính lại"));
    });
}

#[test]
fn the_ledger_takes_one_exclusion_at_a_time_with_a_reason_and_an_approval() {
    run(async {
        let app = TestApp::new().await;
        let unit = app.unit(TENANT, "xa-2").await.to_string();
        let mut admin = app.program(TENANT, "admin").await;
        let exclude = "/api/v1/adoption/exclusions";
        for (changes, field) in [
            (json!({"reason": "other"}), "note"),
            (json!({"reason": ""}), "reason"),
            (json!({"approved_by": " "}), "approved_by"),
            (json!({"excluded_from": "1.11"}), "excluded_from"),
            (json!({"excluded_to": "01/11/2026"}), "excluded_to"),
            (json!({"organisation": ""}), "organisation"),
        ] {
            let answer = admin.post_json(exclude, &exclusion(&unit, &changes)).await;
            assert_eq!(
                (answer.status, answer.json()["errors"][0]["field"].as_str()),
                (422, Some(field)),
                "{}",
                answer.body
            );
        }
        let mut page = app.browser(TENANT, "admin").await;
        page.get("/adoption/exclusions/new").await;
        let fields = [
            ("organisation", unit.as_str()),
            ("reason", "other"),
            ("excluded_from", "2/11/2026"),
            ("approved_by", "Ban Tổ chức"),
        ];
        let again = page.post("/adoption/exclusions", &fields).await;
        assert!(
            again.status == 422 && again.shows("Hãy ghi rõ lý do") && again.shows("href=\"#note\""),
            "{}",
            again.body
        );
        assert!(
            again.shows("value=\"2/11/2026\"")
                && again.shows("value=\"Ban Tổ chức\"")
                && again.shows("Đảng bộ xã Hai"),
            "nothing entered is lost"
        );

        let good = exclusion(
            &unit,
            &json!({"reason": "other", "note": "Sáp nhập", "excluded_to": "10/11/2026"}),
        );
        let made = admin.post_json(exclude, &good).await;
        assert_eq!(made.status, 201, "{}", made.body);
        for (from, to) in [
            ("01/11/2026", "10/11/2026"),
            ("09/11/2026", ""),
            ("01/10/2026", "02/11/2026"),
            ("01/10/2026", ""),
        ] {
            let answer = admin
                .post_json(
                    exclude,
                    &exclusion(&unit, &json!({"excluded_from": from, "excluded_to": to})),
                )
                .await;
            assert!(
                answer.status == 409 && answer.shows("trùng thời gian"),
                "{from}-{to}: {}",
                answer.body
            );
        }
        for (from, to) in [("10/11/2026", ""), ("01/10/2026", "01/11/2026")] {
            let answer = admin
                .post_json(
                    exclude,
                    &exclusion(&unit, &json!({"excluded_from": from, "excluded_to": to})),
                )
                .await;
            assert_eq!(answer.status, 201, "right before and right after: {}", answer.body);
        }
        let foreign = app.unit("ha-noi", "xa-2").await.to_string();
        assert_eq!(admin.post_json(exclude, &exclusion(&foreign, &json!({}))).await.status, 404);
        let line = made.json()["id"].as_str().unwrap().to_owned();
        for who in ["committee", "secretary", "auditor", "member"] {
            let mut other = app.program(TENANT, who).await;
            assert_eq!(
                other.post_json(exclude, &exclusion(&unit, &json!({}))).await.status,
                403,
                "{who}"
            );
            assert_eq!(
                other
                    .post_json(&format!("{exclude}/{line}/end"), &json!({"on": "05/11/2026"}))
                    .await
                    .status,
                403,
                "{who}"
            );
        }
        let mut committee = app.program(TENANT, "committee").await;
        assert_eq!(
            committee.get(exclude).await.json()["exclusions"],
            json!([]),
            "xa-2 is not the committee's"
        );
        let mut other = app.program("ha-noi", "admin").await;
        assert_eq!(
            other
                .post_json(&format!("{exclude}/{line}/end"), &json!({"on": "05/11/2026"}))
                .await
                .status,
            404
        );
    });
}

#[test]
fn every_level_adds_up_and_opens_as_far_as_ones_reach_goes() {
    run(async {
        let app = TestApp::new().await;
        newcomer(&app, "cb-3", "0971000099").await;
        let mut admin = app.browser(TENANT, "admin").await;
        let top = seen(&mut admin, "").await;
        assert_eq!(top["unit"], app.unit(TENANT, "goc").await.to_string());
        let names: Vec<_> = top["units"]
            .as_array()
            .unwrap()
            .iter()
            .map(|unit| {
                (unit["name"].as_str().unwrap(), heads(&unit["raw"]).0, &unit["raw"]["shown"])
            })
            .collect();
        assert_eq!(
            names,
            [("Đảng bộ xã Hai", 2, &json!("few")), ("Đảng bộ xã Một", 6, &json!("withheld"))],
            "one of a single branch's two, and the neighbour from which it would follow"
        );
        assert!(
            admin.get("/adoption").await.shows("có 3 đảng viên không thuộc đơn vị nào trong bảng")
        );
        for unit in top["units"].as_array().unwrap() {
            let id = unit["id"].as_str().unwrap();
            assert!(
                admin.get("/adoption").await.shows(&format!("href=\"/adoption?unit={id}&amp;"))
            );
            let below = seen(&mut admin, &format!("?unit={id}")).await;
            assert_eq!(
                (&below["name"], &below["raw"]),
                (&unit["name"], &unit["raw"]),
                "the row is the page"
            );
        }
        let ids = async |codes: &[&str]| {
            let mut ids = Vec::new();
            for code in codes {
                ids.push(app.unit(TENANT, code).await.to_string());
            }
            ids
        };
        for (who, own, open, closed) in [
            ("secretary", "cb-1", vec!["cb-1"], vec!["goc", "xa-1", "cb-2", "cb-3"]),
            ("committee", "xa-1", vec!["xa-1", "cb-1", "cb-2"], vec!["goc", "xa-2", "cb-3"]),
            ("auditor", "goc", vec!["goc", "xa-2", "cb-3"], vec![]),
        ] {
            let mut browser = app.browser(TENANT, who).await;
            assert_eq!(
                seen(&mut browser, "").await["unit"],
                app.unit(TENANT, own).await.to_string(),
                "{who} begins at {own}"
            );
            for (codes, status) in [(open, 200), (closed, 404)] {
                for id in ids(&codes).await {
                    for path in ["adoption", "adoption.xlsx"] {
                        assert_eq!(
                            browser.get(&format!("/{path}?unit={id}")).await.status,
                            status,
                            "{who} {codes:?} {path}"
                        );
                    }
                }
            }
            let foreign = app.unit("ha-noi", "goc").await;
            assert_eq!(browser.get(&format!("/adoption?unit={foreign}")).await.status, 404);
            assert_eq!(browser.get("/adoption?unit=none").await.status, 404);
        }
        for who in ["member", "editor"] {
            assert_eq!(app.browser(TENANT, who).await.get("/adoption").await.status, 403, "{who}");
        }
    });
}

#[test]
fn few_people_of_a_branch_are_not_pointed_at_from_above() {
    run(async {
        let app = TestApp::new().await;
        newcomer(&app, "cb-1", "0971000099").await;
        let branches = [app.unit(TENANT, "cb-1").await, app.unit(TENANT, "cb-2").await];
        let mut committee = app.browser(TENANT, "committee").await;
        let report = seen(&mut committee, "").await;
        assert_eq!(
            (report["raw"]["shown"].as_str(), heads(&report["raw"]).1),
            (Some("few"), -1),
            "seven people know each other as those of a branch do"
        );
        for (unit, shown) in report["units"].as_array().unwrap().iter().zip(["few", "withheld"]) {
            assert_eq!(
                (unit["raw"]["shown"].as_str(), heads(&unit["raw"]).1),
                (Some(shown), -1),
                "{unit}"
            );
        }
        // Opening the branches one by one tells no more than the table.
        for (branch, shown) in branches.iter().zip(["few", "withheld"]) {
            let alone = seen(&mut committee, &format!("?unit={branch}")).await;
            for figure in ["raw", "adjusted"] {
                assert_eq!(
                    (alone[figure]["shown"].as_str(), heads(&alone[figure]).1),
                    (Some(shown), -1),
                    "{alone}"
                );
            }
            let page = committee.get(&format!("/adoption?unit={branch}")).await;
            assert!(
                !page.shows("75,0 %")
                    && !page.shows("100,0 %")
                    && page.shows("Chỉ bí thư chi bộ xem được"),
                "{}",
                page.body
            );
        }
        let page = committee.get("/adoption").await;
        assert!(
            page.shows("dưới 5")
                && page.shows("không nêu")
                && !page.shows("75,0 %")
                && !page.shows("100,0 %"),
            "{}",
            page.body
        );
        let rows = table(&committee.get("/adoption.xlsx").await);
        assert_eq!(
            (rows[2][3].as_str(), rows[2][4].as_str(), rows[3][4].as_str()),
            ("", "dưới 5", "không nêu"),
            "{rows:?}"
        );

        // Further up: the commune of seven and the one over a single branch are
        // kept back, and the total that goes into the official report is exact.
        let province = seen(&mut app.browser(TENANT, "auditor").await, "").await;
        assert_eq!(heads(&province["raw"]), (11, 10, 90.9));
        for unit in province["units"].as_array().unwrap() {
            let shown = if unit["name"] == "Đảng bộ xã Một" { "few" } else { "withheld" };
            assert_eq!(
                (unit["raw"]["shown"].as_str(), heads(&unit["raw"]).1),
                (Some(shown), -1),
                "{unit}"
            );
        }

        let mut secretary = app.browser(TENANT, "secretary").await;
        assert_eq!(heads(&seen(&mut secretary, "").await["raw"]), (4, 3, 75.0), "one's own branch");
        // The operator's report at the command line is for the record, not for a reader.
        let db = app.platform.app.tenants.db(&TenantId::new(TENANT).unwrap()).unwrap();
        let unit = app.unit(TENANT, "xa-1").await;
        let report =
            adoption::report(&mut db.conn().await.unwrap(), unit, app.world.today()).await.unwrap();
        let units: Vec<_> = report
            .units
            .iter()
            .map(|unit| (unit.name.as_str(), unit.members, unit.activated))
            .collect();
        assert_eq!(units, [("Chi bộ thôn Đông", 4, 3), ("Chi bộ thôn Tây", 2, 2)]);
    });
}

#[test]
fn the_spreadsheet_says_what_the_page_says() {
    run(async {
        let app = TestApp::new().await;
        newcomer(&app, "cb-3", "0971000099").await;
        let mut admin = app.browser(TENANT, "admin").await;
        let unit = app.unit(TENANT, "cb-3").await.to_string();
        let mut program = app.program(TENANT, "admin").await;
        let made =
            program.post_json("/api/v1/adoption/exclusions", &exclusion(&unit, &json!({}))).await;
        assert_eq!(made.status, 201, "{}", made.body);
        let report = seen(&mut admin, "").await;
        let file = admin.get("/adoption.xlsx").await;
        assert!(
            file.headers["content-disposition"]
                .to_str()
                .unwrap()
                .contains("tinh-hinh-su-dung-2026-11-03.xlsx")
        );
        let rows = table(&file);
        let mut lines = vec![(&report["name"], &report["raw"], &report["adjusted"])];
        lines.extend(report["units"].as_array().unwrap().iter().map(|unit| {
            let adjusted =
                if unit["adjusted"].is_null() { &unit["raw"] } else { &unit["adjusted"] };
            (&unit["name"], &unit["raw"], adjusted)
        }));
        assert_eq!(rows.len(), 1 + lines.len(), "{rows:?}");
        for (row, (name, raw, adjusted)) in rows[1..].iter().zip(lines) {
            let written = |figure: &Value, field: &str| match (&figure[field], field) {
                (Value::Null, "not_activated") if figure["shown"] == "few" => "dưới 5".to_owned(),
                (Value::Null, "not_activated") => "không nêu".to_owned(),
                (Value::Null, _) => String::new(),
                (number, _) => number.to_string(),
            };
            let numbers = [
                written(raw, "members"),
                written(raw, "smartphones"),
                written(raw, "activated"),
                written(raw, "not_activated"),
                written(adjusted, "members"),
                written(adjusted, "activated"),
            ];
            // Cells left empty at the end of a row are not there.
            let cell = |at: usize| row.get(at).cloned().unwrap_or_default();
            let cells = [1, 2, 3, 4, 6, 7].map(cell);
            assert_eq!((row[0].as_str(), cells), (name.as_str().unwrap(), numbers), "{row:?}");
            for (at, figure) in [(5, raw), (8, adjusted)] {
                let percent =
                    cell(at).parse::<f64>().ok().map(|share| (share * 1000.0).round() / 10.0);
                assert_eq!(percent, figure["percent"].as_f64(), "{row:?}");
            }
        }
        assert!(rows.iter().any(|row| row.last().unwrap() == "Trừ: Chi bộ thôn Nam"), "{rows:?}");
    });
}

#[test]
fn the_national_page_adds_up_aggregates_and_knows_nobody() {
    run(async {
        let app = TestApp::new().await;
        newcomer(&app, "cb-1", "0971000099").await;
        app.fold("ha-noi").await;
        let mut reviewer = app.browser("toan-quoc", "reviewer").await;
        let review = data(&mut reviewer, "/national").await;
        let seen = review.json();
        let tenants: Vec<_> = seen["tenants"]
            .as_array()
            .unwrap()
            .iter()
            .map(|row| (row["tenant"].as_str().unwrap(), heads(&row["figures"]["raw"]).0))
            .collect();
        assert_eq!(tenants, [("ha-noi", 10), ("thanh-hoa", 11)]);
        let totals = &seen["totals"];
        assert_eq!(
            (totals["raw"].clone(), totals["percent"].as_f64(), totals["units"].as_i64()),
            (json!({"members": 21, "activated": 20}), Some(95.2), Some(4))
        );
        assert_eq!((totals["reported"].as_u64(), totals["tenants"].as_u64()), (Some(2), Some(2)));
        let page = reviewer.get("/national").await;
        assert!(
            page.shows("20 trên 21 đảng viên đã kích hoạt")
                && page.shows("95,2 %")
                && page.shows("2 trên 2 đơn vị đã có số liệu"),
            "{}",
            page.body
        );
        assert!(reviewer.get("/").await.shows("2 trên 2 đơn vị đã có số liệu"));
        let rows = table(&reviewer.get("/national.xlsx").await);
        assert_eq!((rows[3][1].as_str(), rows[3][2].as_str()), ("21", "20"), "{rows:?}");
        let names = PEOPLE
            .iter()
            .flat_map(|(who, phone, ..)| [format!("Người {who}"), (*phone).to_owned()]);
        for text in names.chain([
            "Người newcomer".into(),
            "Lê Thị".into(),
            "Chi bộ".into(),
            "Đảng bộ xã".into(),
        ]) {
            assert!(
                !review.shows(&text) && !page.shows(&text) && !format!("{rows:?}").contains(&text),
                "{text}"
            );
        }
    });
}

#[test]
fn the_national_page_believes_only_what_a_tenant_signed() {
    run(async {
        let app = TestApp::new().await;
        app.fold(TENANT).await;
        let mut reviewer = app.browser("toan-quoc", "reviewer").await;
        let mut platform = app.database.connect("sotay_platform").await.unwrap();
        let standing = async |reviewer: &mut Browser| {
            let seen = data(reviewer, "/national").await.json();
            let standings: Vec<String> = seen["tenants"]
                .as_array()
                .unwrap()
                .iter()
                .map(|row| row["standing"].as_str().unwrap().into())
                .collect();
            (standings.join(" "), seen["totals"]["raw"]["members"].as_i64().unwrap())
        };
        for touch in [
            "UPDATE platform.adoption_rollup SET figures = jsonb_set(figures, '{raw,activated}', '9') WHERE tenant = 'ha-noi'",
            "UPDATE platform.adoption_rollup SET figures = figures || '{\"praise\": 1}' WHERE tenant = 'ha-noi'",
            "UPDATE platform.adoption_rollup SET version = version - 1 WHERE tenant = 'ha-noi'",
            "UPDATE platform.adoption_rollup h SET figures = t.figures, signature = t.signature
               FROM platform.adoption_rollup t WHERE h.tenant = 'ha-noi' AND t.tenant = 'thanh-hoa'",
        ] {
            app.fold("ha-noi").await;
            assert_eq!(standing(&mut reviewer).await, ("reported reported".into(), 20), "sent anew");
            platform.execute(touch).await.unwrap();
            assert_eq!(standing(&mut reviewer).await, ("invalid reported".into(), 10), "{touch}");
            let page = reviewer.get("/national").await;
            assert!(page.shows("Số liệu không hợp lệ") && page.shows("không tính vào tổng): ha-noi") && page.shows("10 trên 10 đảng viên"), "{}", page.body);
        }
        platform
            .execute("DELETE FROM platform.adoption_rollup WHERE tenant = 'ha-noi'")
            .await
            .unwrap();
        assert_eq!(standing(&mut reviewer).await, ("missing reported".into(), 10));
        assert!(reviewer.get("/national").await.shows("Chưa có số liệu: ha-noi."));

        // A relay that comes late with what it read long ago changes nothing.
        let newest = "UPDATE platform.adoption_rollup SET version = version + 100, at = '2026-11-09' WHERE tenant = 'thanh-hoa'";
        platform.execute(newest).await.unwrap();
        newcomer(&app, "cb-1", "0971000099").await;
        let at: time::OffsetDateTime = sqlx::query_scalar(
            "SELECT at FROM platform.adoption_rollup WHERE tenant = 'thanh-hoa'",
        )
        .fetch_one(&mut platform)
        .await
        .unwrap();
        assert!(at > datetime!(2026-11-08 0:00 UTC), "an older version came over a newer one");
    });
}

#[test]
fn the_national_page_is_for_the_reviewer_of_the_national_tenant() {
    run(async {
        let app = TestApp::new().await;
        for (tenant, who) in
            [(TENANT, "admin"), (TENANT, "auditor"), (TENANT, "member"), ("toan-quoc", "admin")]
        {
            let mut browser = app.browser(tenant, who).await;
            for path in ["/national", "/national.xlsx"] {
                assert_eq!(browser.get(path).await.status, 403, "{who} at {tenant}: {path}");
                assert_eq!(data(&mut browser, path).await.status, 403, "{who} at {tenant}: {path}");
            }
            assert!(!browser.get("/").await.shows("toàn quốc"), "{who} at {tenant}");
        }
        // A province that names a reviewer of its own gains nothing by it.
        let db = app.platform.app.tenants.db(&TenantId::new(TENANT).unwrap()).unwrap();
        let mut tx = db.begin().await.unwrap();
        let (member, root) = (app.member(TENANT, "editor").await, app.unit(TENANT, "goc").await);
        people::grant_in(&mut tx, &app.world, None, member, root, Role::Reviewer).await.unwrap();
        tx.commit().await.unwrap();
        let mut browser = app.browser(TENANT, "editor").await;
        for path in ["/national", "/national.xlsx"] {
            assert_eq!(browser.get(path).await.status, 404, "{path}");
            assert_eq!(data(&mut browser, path).await.status, 404, "{path}");
        }
        assert_eq!(browser.get("/").await.status, 200);
    });
}

#[test]
fn a_suspended_tenant_keeps_its_place_with_its_last_figures() {
    run(async {
        let app = TestApp::new().await;
        app.fold("ha-noi").await;
        let provisioner = app.database.provisioner();
        provisioner
            .set_state(&TenantId::new("ha-noi").unwrap(), TenantState::Suspended)
            .await
            .unwrap();
        app.platform.app.tenants.refresh().await.unwrap();
        let mut reviewer = app.program("toan-quoc", "reviewer").await;
        let seen = reviewer.get("/api/v1/national").await.json();
        let row = &seen["tenants"][0];
        assert_eq!(
            (row["tenant"].as_str(), row["standing"].as_str(), heads(&row["figures"]["raw"]).0),
            (Some("ha-noi"), Some("reported"), 10)
        );
        assert_eq!(
            (seen["totals"]["tenants"].as_u64(), seen["totals"]["raw"]["members"].as_i64()),
            (Some(2), Some(20))
        );
    });
}
