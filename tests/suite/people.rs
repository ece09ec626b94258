//! Organisations, members, positions, roles, and the trail of all of it.

use crate::{
    app::{TestApp, new_member},
    browser::Browser,
    meetings::under_way,
    run,
};
use directory::people;
use kernel::TenantId;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use time::Duration;

const TENANT: &str = "thanh-hoa";

async fn count(app: &TestApp, sql: &str) -> i64 {
    let db = app.platform.app.tenants.db(&TenantId::new(TENANT).unwrap()).unwrap();
    let mut conn = db.conn().await.unwrap();
    sqlx::query_scalar(sqlx::AssertSqlSafe(sql.to_owned())).fetch_one(&mut *conn).await.unwrap()
}

/// What the adoption figures have for a unit alone: members, activated.
async fn figures(app: &TestApp, code: &str) -> [i64; 2] {
    app.fold(TENANT).await;
    let mut found = [0; 2];
    for (found, measure) in found.iter_mut().zip(["members", "activated"]) {
        let sql = format!(
            "SELECT coalesce(sum(d.amount), 0)::bigint FROM adoption_day d JOIN organisation o ON o.id = d.organisation
             WHERE d.measure = '{measure}' AND o.code = '{code}'"
        );
        *found = count(app, &sql).await;
    }
    found
}

async fn found(admin: &mut Browser, code: &str, kind: &str, parent: &str, name: &str) -> String {
    let founding =
        json!({"parent": parent, "kind": kind, "code": code, "name": name, "on": "01/10/2026"});
    let answer = admin.post_json("/api/v1/organisations", &founding).await;
    assert_eq!(answer.status, 201, "{}", answer.body);
    answer.json()["id"].as_str().unwrap().to_owned()
}

/// The names of the units that a page lists under a unit.
async fn under(browser: &mut Browser, unit: &str, on: &str) -> Vec<String> {
    let page = browser.get(&format!("/api/v1/organisations/{unit}?on={on}")).await;
    assert_eq!(page.status, 200, "{}", page.body);
    let children = page.json()["children"].as_array().unwrap().clone();
    children.iter().map(|unit| unit["name"].as_str().unwrap().to_owned()).collect()
}

/// The fields that a refused request names.
fn fields(refused: &Value) -> Vec<&str> {
    refused["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|error| error["field"].as_str().unwrap())
        .collect()
}

/// Every line of a page's error summary leads to a field of the page.
fn assert_linked(page: &str, fields: &[&str]) {
    let summary =
        page.split("st-error-summary__list").nth(1).unwrap().split("</ul>").next().unwrap();
    let linked: Vec<&str> =
        summary.split("href=\"#").skip(1).map(|rest| rest.split('"').next().unwrap()).collect();
    assert_eq!(linked, fields);
    for field in linked {
        assert!(page.contains(&format!("id=\"{field}\"")), "no field {field}: {page}");
        assert!(
            page.contains(&format!("id=\"{field}-error\"")),
            "nothing is said at {field}: {page}"
        );
    }
}

/// A member's form, filled in well.
fn form() -> Value {
    json!({
        "organisation": "cb-1", "full_name": "Lê Thị Ánh", "birth_date": "03/02/1975", "sex": "female",
        "admitted_on": "19/05/2001", "official_on": "19/05/2002", "card_number": "C-1", "file_number": "LL-1",
        "phone": "0912 345 678", "standing": "official", "status": "active", "has_smartphone": "true"
    })
}

fn with(mut form: Value, changes: &[(&str, &str)]) -> Value {
    for (field, value) in changes {
        form[field] = json!(value);
    }
    form
}

async fn added(admin: &mut Browser, changes: &[(&str, &str)]) -> String {
    let answer = admin.post_json("/api/v1/members", &with(form(), changes)).await;
    assert_eq!(answer.status, 201, "{}", answer.body);
    answer.json()["id"].as_str().unwrap().to_owned()
}

#[test]
fn a_unit_is_founded_and_the_fields_that_do_not_fit_are_named() {
    run(async {
        let app = TestApp::new().await;
        let mut admin = app.program(TENANT, "admin").await;
        let id = found(&mut admin, "cb-9", "chi_bo_truc_thuoc", "xa-1", "Chi bộ thôn Bắc").await;
        let page = admin.get(&format!("/api/v1/organisations/{id}")).await.json();
        assert_eq!(
            (page["code"].as_str(), page["founded_on"].as_str()),
            (Some("cb-9"), Some("2026-10-01"))
        );
        let good = json!({"parent": "xa-1", "kind": "chi_bo_truc_thuoc", "code": "cb-10", "name": "Chi bộ Mười", "on": "01/10/2026"});
        for (change, field) in [
            (("code", "cb-9"), "code"),
            (("code", "cb 10"), "code"),
            (("on", "04/11/2026"), "on"),
            (("on", "31/09/2026"), "on"),
            (("kind", "huyen_uy"), "kind"),
            (("kind", "to_dang"), "parent"),
            (("parent", "xa-99"), "parent"),
            (("name", " "), "name"),
        ] {
            let refused =
                admin.post_json("/api/v1/organisations", &with(good.clone(), &[change])).await;
            assert_eq!(
                (refused.status, fields(&refused.json())),
                (422, vec![field]),
                "{change:?}: {}",
                refused.body
            );
        }
        let mut browser = app.browser(TENANT, "admin").await;
        browser.get("/organisations/new").await;
        let entered = [
            ("parent", "xa-1"),
            ("kind", "chi_bo_truc_thuoc"),
            ("code", "cb-9"),
            ("name", "Chi bộ Trùng Mã"),
            ("on", "04/11/2026"),
        ];
        let page = browser.post("/organisations", &entered).await;
        assert!(page.status == 422 && page.shows("Chi bộ Trùng Mã"), "{}", page.body);
        assert_linked(&page.body, &["on", "code"]);
        assert_eq!(count(&app, "SELECT count(*) FROM organisation WHERE code = 'cb-10'").await, 0);
        let mut committee = app.program(TENANT, "committee").await;
        assert_eq!(committee.post_json("/api/v1/organisations", &good).await.status, 403);
    });
}

#[test]
fn a_unit_is_renamed_on_a_day_and_had_its_old_name_before() {
    run(async {
        let app = TestApp::new().await;
        let mut admin = app.program(TENANT, "admin").await;
        let (branch, commune) = (
            app.unit(TENANT, "cb-1").await.to_string(),
            app.unit(TENANT, "xa-1").await.to_string(),
        );
        let path = format!("/api/v1/organisations/{branch}/change");
        let rename = json!({"name": "Chi bộ thôn Đông Hưng", "on": "01/10/2026"});
        assert_eq!(admin.post_json(&path, &rename).await.json()["changed"], true);
        assert_eq!(admin.post_json(&path, &rename).await.json()["changed"], false, "twice is once");
        assert_eq!(
            count(&app, "SELECT count(*) FROM event WHERE kind = 'organisation.changed'").await,
            1
        );
        assert_eq!(
            under(&mut admin, &commune, "30/09/2026").await,
            ["Chi bộ thôn Đông", "Chi bộ thôn Tây"]
        );
        assert_eq!(
            under(&mut admin, &commune, "01/10/2026").await,
            ["Chi bộ thôn Đông Hưng", "Chi bộ thôn Tây"]
        );
        let then = admin.get(&format!("/api/v1/organisations/{branch}?on=30/09/2026")).await.json();
        assert_eq!(
            (then["name"].as_str(), then["name_today"].as_str()),
            (Some("Chi bộ thôn Đông"), Some("Chi bộ thôn Đông Hưng"))
        );
        let was = admin.get("/api/v1/organisations?q=thon%20dong&on=30/09/2026").await.json();
        assert_eq!(was["found"][0]["name"], "Chi bộ thôn Đông", "{was}");
        for (on, why) in [("04/11/2026", "the future"), ("30/09/2026", "before the last change")] {
            let refused = admin.post_json(&path, &json!({"name": "Tên khác", "on": on})).await;
            assert_eq!(
                (refused.status, fields(&refused.json())),
                (422, vec!["on"]),
                "{why}: {}",
                refused.body
            );
        }
    });
}

#[test]
fn a_move_takes_everything_below_along_and_reach_follows() {
    run(async {
        let app = TestApp::new().await;
        let mut admin = app.program(TENANT, "admin").await;
        let branch = app.unit(TENANT, "cb-2").await.to_string();
        let [one, two] = [
            app.unit(TENANT, "xa-1").await.to_string(),
            app.unit(TENANT, "xa-2").await.to_string(),
        ];
        let group = found(&mut admin, "to-1", "to_dang", "cb-2", "Tổ đảng Bến Đò").await;
        let neighbour = app.member(TENANT, "neighbour").await;
        let mut committee = app.browser(TENANT, "committee").await;
        for unit in [&branch, &group] {
            assert_eq!(committee.get(&format!("/organisations/{unit}")).await.status, 200);
        }
        let path = |unit: &str| format!("/api/v1/organisations/{unit}/change");
        let moved = json!({"name": "Chi bộ thôn Tây", "parent": "xa-2", "on": "02/11/2026"});
        assert_eq!(admin.post_json(&path(&branch), &moved).await.json()["changed"], true);

        for unit in [&branch, &group] {
            assert_eq!(
                committee.get(&format!("/organisations/{unit}")).await.status,
                404,
                "out of the committee's sight"
            );
        }
        assert!(!committee.get("/organisations?q=tay").await.shows("Chi bộ thôn Tây"));
        let mut secretary = app.browser(TENANT, "secretary-2").await;
        assert_eq!(
            secretary.get(&format!("/members/{neighbour}")).await.status,
            200,
            "the branch keeps its own"
        );
        assert_eq!(
            under(&mut admin, &one, "01/11/2026").await,
            ["Chi bộ thôn Đông", "Chi bộ thôn Tây"]
        );
        assert_eq!(under(&mut admin, &one, "").await, ["Chi bộ thôn Đông"]);
        assert_eq!(under(&mut admin, &two, "").await, ["Chi bộ thôn Nam", "Chi bộ thôn Tây"]);
        let sql = "SELECT count(*) FROM organisation o JOIN organisation p ON p.id = o.parent WHERE NOT starts_with(o.path, p.path)";
        assert_eq!(count(&app, sql).await, 0, "every path begins with the path above");
        app.fold(TENANT).await;
        for (on, expected) in [("01/11/2026", [6, 1]), ("02/11/2026", [4, 3])] {
            for (unit, members) in [&one, &two].into_iter().zip(expected) {
                let figures =
                    admin.get(&format!("/api/v1/adoption?unit={unit}&as_of={on}")).await.json();
                assert_eq!(figures["raw"]["members"], members, "{on}: {figures}");
            }
        }
        // Nothing stands below itself.
        for (unit, parent) in [(&one, "cb-1"), (&branch, "to-1"), (&branch, "cb-2")] {
            let refused = admin
                .post_json(&path(unit), &json!({"name": "A", "parent": parent, "on": "03/11/2026"}))
                .await;
            assert_eq!(
                (refused.status, fields(&refused.json())),
                (422, vec!["parent"]),
                "{}",
                refused.body
            );
            assert!(refused.shows("nằm ngay trong tổ chức này"), "{}", refused.body);
        }
        assert_eq!(
            count(&app, "SELECT count(*) FROM organisation WHERE name = 'A'").await,
            0,
            "refused as a whole"
        );
    });
}

#[test]
fn a_dissolved_unit_hands_its_members_over_with_what_they_count() {
    run(async {
        let app = TestApp::new().await;
        let mut admin = app.program(TENANT, "admin").await;
        let (branch, into) = (app.unit(TENANT, "cb-2").await, app.unit(TENANT, "cb-1").await);
        let path = format!("/api/v1/organisations/{branch}/dissolve");
        let mut secretary = app.browser(TENANT, "secretary-2").await;
        assert_eq!(secretary.get("/members").await.status, 200);
        assert_eq!((figures(&app, "cb-1").await, figures(&app, "cb-2").await), ([3, 3], [2, 2]));

        let alone = json!({"on": "02/11/2026", "confirmed": "true"});
        let refused = admin.post_json(&path, &alone).await;
        assert_eq!(refused.status, 409);
        assert!(refused.shows("còn 2 đảng viên"), "{}", refused.body);
        for (change, field) in [
            (("confirmed", ""), "confirmed"),
            (("on", "04/11/2026"), "on"),
            (("successor", "cb-2"), "successor"),
            (("successor", "xa-2"), "successor"),
        ] {
            let refused = admin
                .post_json(&path, &with(with(alone.clone(), &[("successor", "cb-1")]), &[change]))
                .await;
            assert_eq!(
                (refused.status, fields(&refused.json())),
                (422, vec![field]),
                "{change:?}: {}",
                refused.body
            );
        }
        let ended = admin.post_json(&path, &with(alone.clone(), &[("successor", "cb-1")])).await;
        assert_eq!(
            (ended.status, ended.json()["members"].as_i64()),
            (200, Some(2)),
            "{}",
            ended.body
        );
        assert_eq!((figures(&app, "cb-1").await, figures(&app, "cb-2").await), ([5, 5], [0, 0]));
        assert_eq!(
            count(&app, &format!("SELECT count(*) FROM member WHERE organisation = '{into}'"))
                .await,
            5
        );
        assert_eq!(secretary.get("/members").await.status, 403, "the role ended with the branch");
        assert_eq!(admin.post_json(&path, &alone).await.status, 409, "once");
        let change = json!({"name": "Chi bộ khác", "on": "03/11/2026"});
        assert_eq!(
            admin
                .post_json(&format!("/api/v1/organisations/{branch}/change"), &change)
                .await
                .status,
            409
        );
        let late =
            admin.post_json("/api/v1/members", &with(form(), &[("organisation", "cb-2")])).await;
        assert_eq!(
            (late.status, fields(&late.json())),
            (422, vec!["organisation"]),
            "{}",
            late.body
        );
        let page =
            app.browser(TENANT, "admin").await.get(&format!("/organisations/{branch}")).await;
        assert!(
            page.shows("đã giải thể từ ngày 02/11/2026") && page.shows("Nhập vào"),
            "{}",
            page.body
        );
        // Nobody in it: nobody has to take over.
        let empty = found(&mut admin, "cb-9", "chi_bo_truc_thuoc", "xa-1", "Chi bộ Trống").await;
        let ended =
            admin.post_json(&format!("/api/v1/organisations/{empty}/dissolve"), &alone).await;
        assert_eq!(ended.status, 200, "{}", ended.body);
    });
}

#[test]
fn members_are_added_and_changed_with_what_to_mend_at_the_field() {
    run(async {
        let app = TestApp::new().await;
        let mut admin = app.program(TENANT, "admin").await;
        let mut browser = app.browser(TENANT, "admin").await;
        browser.get("/members/new").await;
        let entered = [
            ("organisation", "xa-1"),
            ("full_name", "Lê Thị Ánh 2"),
            ("birth_date", "31/02/1975"),
            ("phone", "1234"),
            ("standing", ""),
            ("status", "nghỉ"),
        ];
        let page = browser.post("/members", &entered).await;
        assert!(page.status == 422 && page.shows("value=\"31/02/1975\""), "{}", page.body);
        assert_linked(
            &page.body,
            &[
                "full_name",
                "birth_date",
                "card_number",
                "phone",
                "standing",
                "status",
                "organisation",
            ],
        );

        let id = added(&mut admin, &[]).await;
        let path = format!("/api/v1/members/{id}");
        assert_eq!(admin.get(&path).await.json()["phone"], "0912345678");
        for (change, named) in [
            (vec![("file_number", "LL-2")], vec!["card_number"]),
            (vec![("card_number", "C-2")], vec!["file_number"]),
            (vec![], vec!["card_number", "file_number"]),
        ] {
            let refused = admin.post_json("/api/v1/members", &with(form(), &change)).await;
            assert_eq!((refused.status, fields(&refused.json())), (422, named), "{}", refused.body);
        }
        let other = added(
            &mut admin,
            &[("card_number", "C-2"), ("file_number", "LL-2"), ("organisation", "cb-2")],
        )
        .await;
        let theirs = with(form(), &[("card_number", "C-2")]);
        let refused = admin.post_json(&path, &theirs).await;
        assert_eq!(
            (refused.status, fields(&refused.json())),
            (422, vec!["card_number"]),
            "{}",
            refused.body
        );
        assert_eq!(
            admin.post_json(&path, &form()).await.json()["changed"],
            false,
            "the same is no change"
        );
        let before = [figures(&app, "cb-1").await, figures(&app, "cb-2").await];
        let changed =
            admin.post_json(&path, &with(form(), &[("organisation", "cb-2"), ("phone", "")])).await;
        assert_eq!(changed.json()["changed"], true, "{}", changed.body);
        let shown = admin.get(&path).await.json();
        assert_eq!(
            (shown["organisation_name"].as_str(), shown["phone"].is_null()),
            (Some("Chi bộ thôn Tây"), true)
        );
        let after = [figures(&app, "cb-1").await, figures(&app, "cb-2").await];
        assert_eq!((after[0][0], after[1][0]), (before[0][0] - 1, before[1][0] + 1));
        assert_eq!(after[0][1], before[0][1], "without an account");
        for id in ["none", "00000000-0000-0000-0000-000000000000"] {
            assert_eq!(admin.get(&format!("/api/v1/members/{id}")).await.status, 404);
        }
        let mut secretary = app.program(TENANT, "secretary").await;
        assert_eq!(secretary.post_json("/api/v1/members", &form()).await.status, 403);
        assert_eq!(
            secretary.post_json(&format!("/api/v1/members/{other}"), &form()).await.status,
            403
        );
    });
}

#[test]
fn a_number_that_another_hand_is_just_entering_is_refused_and_no_fault() {
    run(async {
        let app = TestApp::new().await;
        let unit = app.unit(TENANT, "cb-1").await;
        let mut admin = app.program(TENANT, "admin").await;
        let db = app.platform.app.tenants.db(&TenantId::new(TENANT).unwrap()).unwrap();
        let mut tx = db.begin().await.unwrap();
        people::add_in(&mut tx, &app.world, None, new_member("other", "0912000001", unit))
            .await
            .unwrap();
        let same = with(form(), &[("file_number", "SL-0912000001")]);
        let (answer, ()) = tokio::join!(admin.post_json("/api/v1/members", &same), async {
            tokio::time::sleep(std::time::Duration::from_millis(500)).await;
            tx.commit().await.unwrap();
        });
        assert_eq!(
            (answer.status, fields(&answer.json())),
            (422, vec!["file_number"]),
            "{}",
            answer.body
        );
        assert_eq!(
            count(&app, "SELECT count(*) FROM member WHERE file_number = 'SL-0912000001'").await,
            1
        );
    });
}

async fn search(browser: &mut Browser, q: &str) -> Vec<String> {
    let page = browser.get(&format!("/api/v1/members?q={}", web::percent_encoded(q))).await;
    assert_eq!(page.status, 200, "{}", page.body);
    page.json()["members"]
        .as_array()
        .unwrap()
        .iter()
        .map(|m| m["name"].as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn a_search_finds_without_diacritics_and_ranks_exact_ones_first() {
    run(async {
        let app = TestApp::new().await;
        let mut admin = app.program(TENANT, "admin").await;
        for (n, (name, unit)) in [
            ("Lê Thị Anh", "cb-1"),
            ("Lê Thị Ảnh", "cb-1"),
            ("Lê Thị Ánh", "cb-1"),
            ("Đặng Văn Đức", "cb-1"),
            ("Dang Van Duc", "cb-1"),
            ("Đặng Thị Ánh", "cb-2"),
        ]
        .into_iter()
        .enumerate()
        {
            let (card, file, phone) =
                (format!("C-{n}"), format!("LL-{n}"), format!("091200000{n}"));
            added(
                &mut admin,
                &[
                    ("full_name", name),
                    ("organisation", unit),
                    ("card_number", &card),
                    ("file_number", &file),
                    ("phone", &phone),
                ],
            )
            .await;
        }
        let mut secretary = app.program(TENANT, "secretary").await;
        assert_eq!(
            search(&mut secretary, "le thi anh").await,
            ["Lê Thị Anh", "Lê Thị Ảnh", "Lê Thị Ánh"]
        );
        assert_eq!(search(&mut secretary, "Ánh").await, ["Lê Thị Ánh", "Lê Thị Anh", "Lê Thị Ảnh"]);
        assert_eq!(search(&mut secretary, "ÁNH lê").await.len(), 3, "words in any order");
        assert_eq!(
            search(&mut secretary, "A\u{309}nh").await[0],
            "Lê Thị Ảnh",
            "typed with a combining mark"
        );
        assert_eq!(search(&mut secretary, "dang").await, ["Dang Van Duc", "Đặng Văn Đức"]);
        assert_eq!(search(&mut secretary, "Đặng").await, ["Đặng Văn Đức", "Dang Van Duc"]);
        assert_eq!(search(&mut secretary, "đức").await[0], "Đặng Văn Đức");
        assert_eq!(search(&mut secretary, "+84 912 000 002").await, ["Lê Thị Ánh"]);
        assert_eq!(search(&mut secretary, "LL-0").await, ["Lê Thị Anh"]);
        assert!(search(&mut secretary, "%").await.is_empty(), "no wildcard");
        // Nobody of another branch, by whatever is typed.
        for q in ["Đặng Thị Ánh", "C-5", "LL-5", "0912000005", "neighbour", "0971000003"] {
            assert!(search(&mut secretary, q).await.is_empty(), "{q}");
            assert_eq!(search(&mut admin, q).await.len(), 1, "{q}");
        }
        assert!(
            search(&mut secretary, "")
                .await
                .iter()
                .all(|name| !name.contains("neighbour") && name != "Đặng Thị Ánh")
        );
        for unit in ["cb-2", "xa-1", "goc", "cb-99"] {
            assert_eq!(
                secretary.get(&format!("/api/v1/members?unit={unit}")).await.status,
                404,
                "{unit}"
            );
        }
        assert_eq!(secretary.get("/api/v1/members?unit=cb-1").await.status, 200);
    });
}

#[test]
fn positions_are_taken_and_left_on_their_days() {
    run(async {
        let app = TestApp::new().await;
        let mut admin = app.program(TENANT, "admin").await;
        let member = app.member(TENANT, "member").await;
        let path = format!("/api/v1/members/{member}/positions");
        let position =
            json!({"organisation": "cb-1", "title": "Phó Bí thư", "held_from": "01/10/2026"});
        for (change, field) in [
            (("title", ""), "title"),
            (("held_from", "04/11/2026"), "held_from"),
            (("held_from", "31/07/2023"), "held_from"),
            (("organisation", "cb-99"), "organisation"),
        ] {
            let refused = admin.post_json(&path, &with(position.clone(), &[change])).await;
            assert_eq!(
                (refused.status, fields(&refused.json())),
                (422, vec![field]),
                "{change:?}: {}",
                refused.body
            );
        }
        let taken = admin.post_json(&path, &position).await;
        assert_eq!(taken.status, 201, "{}", taken.body);
        let leave = format!("/api/v1/positions/{}/leave", taken.json()["id"].as_str().unwrap());
        let mut secretary = app.browser(TENANT, "secretary").await;
        let shown = secretary.get(&format!("/members/{member}")).await;
        assert!(
            shown.shows("Phó Bí thư")
                && shown.shows("từ 01/10/2026")
                && !shown.shows("Ghi thôi giữ"),
            "{}",
            shown.body
        );
        for day in ["30/09/2026", "04/11/2026", ""] {
            let refused = admin.post_json(&leave, &json!({"held_to": day})).await;
            assert_eq!(
                (refused.status, fields(&refused.json())),
                (422, vec!["held_to"]),
                "{day}: {}",
                refused.body
            );
        }
        assert_eq!(
            secretary.post(&leave["/api/v1".len()..], &[("held_to", "03/11/2026")]).await.status,
            403
        );
        assert_eq!(admin.post_json(&leave, &json!({"held_to": "03/11/2026"})).await.status, 200);
        assert_eq!(
            admin.post_json(&leave, &json!({"held_to": "03/11/2026"})).await.status,
            404,
            "left is left"
        );
        let shown = admin.get(&format!("/api/v1/members/{member}")).await.json();
        assert_eq!(shown["positions"][0]["to"], "2026-11-03");
    });
}

async fn grant(admin: &mut Browser, member: &str, role: &str, unit: &str) -> (u16, Value) {
    let answer = admin
        .post_json(
            &format!("/api/v1/members/{member}/roles"),
            &json!({"role": role, "organisation": unit}),
        )
        .await;
    (answer.status, answer.json())
}

/// The grant by which a member holds a role.
async fn held(admin: &mut Browser, member: &str, role: &str) -> String {
    let page = admin.get(&format!("/api/v1/members/{member}")).await.json();
    let held = page["roles"]
        .as_array()
        .unwrap()
        .iter()
        .find(|held| held["role"] == role)
        .unwrap_or_else(|| panic!("{page}"));
    held["id"].as_str().unwrap().to_owned()
}

#[test]
fn roles_hold_from_the_next_request_and_end_with_it() {
    run(async {
        let app = TestApp::new().await;
        let mut admin = app.program(TENANT, "admin").await;
        let member = app.member(TENANT, "member").await.to_string();
        let (mut browser, mut program) =
            (app.browser(TENANT, "member").await, app.program(TENANT, "member").await);
        assert_eq!(
            (browser.get("/members").await.status, program.get("/api/v1/members").await.status),
            (403, 403)
        );
        let (status, answer) = grant(&mut admin, &member, "secretary", "cb-1").await;
        assert_eq!((status, &answer["granted"]), (200, &json!(true)), "{answer}");
        assert_eq!(
            grant(&mut admin, &member, "secretary", "cb-1").await.1["granted"],
            false,
            "held is held"
        );
        assert_eq!(
            (browser.get("/members").await.status, program.get("/api/v1/members").await.status),
            (200, 200)
        );
        assert!(browser.get("/").await.shows("href=\"/members\""));
        let path = format!("/api/v1/roles/{}/revoke", held(&mut admin, &member, "secretary").await);
        assert_eq!(program.post_json(&path, &json!({})).await.status, 403, "not one's own to take");
        assert_eq!(admin.post_json(&path, &json!({})).await.status, 200);
        assert_eq!(admin.post_json(&path, &json!({})).await.status, 404);
        assert_eq!(
            (browser.get("/members").await.status, program.get("/api/v1/members").await.status),
            (403, 403)
        );
        assert_eq!(count(&app, "SELECT count(*) FROM event WHERE kind = 'role.revoked'").await, 1);

        // Whoever administers a commune grants there and nowhere else.
        let committee = app.member(TENANT, "committee").await.to_string();
        grant(&mut admin, &committee, "tenant_admin", "xa-1").await;
        let mut local = app.program(TENANT, "committee").await;
        assert_eq!(grant(&mut local, &member, "secretary", "cb-2").await.0, 200);
        let far = app.member(TENANT, "far").await.to_string();
        assert_eq!(
            grant(&mut local, &far, "secretary", "cb-1").await.0,
            404,
            "somebody of another commune"
        );
        for unit in ["cb-3", "goc"] {
            let (status, refused) = grant(&mut local, &member, "tenant_admin", unit).await;
            assert_eq!((status, fields(&refused)), (422, vec!["organisation"]), "{unit}");
        }
        let auditor = app.member(TENANT, "auditor").await.to_string();
        let theirs = held(&mut admin, &auditor, "auditor").await;
        assert_eq!(
            local.post_json(&format!("/api/v1/roles/{theirs}/revoke"), &json!({})).await.status,
            404
        );
    });
}

#[test]
fn somebody_always_administers_the_tenant() {
    run(async {
        let app = TestApp::new().await;
        let mut admin = app.program(TENANT, "admin").await;
        let id = app.member(TENANT, "admin").await.to_string();
        let mut browser = app.browser(TENANT, "admin").await;
        let revoke = format!("/roles/{}/revoke", held(&mut admin, &id, "tenant_admin").await);
        browser.get("/roles").await;
        let refused = browser.post(&revoke, &[]).await;
        assert!(
            refused.status == 409 && refused.shows("người quản trị cuối cùng"),
            "{}",
            refused.body
        );
        let left = json!({"organisation": "goc", "full_name": "Lê Thị Quản Trị", "file_number": "QT-1", "standing": "official", "status": "left"});
        assert_eq!(admin.post_json(&format!("/api/v1/members/{id}"), &left).await.status, 409);
        assert_eq!(
            admin.post_json(&format!("/api/v1/members/{id}/withdraw"), &json!({})).await.status,
            409
        );
        // An administrator of a part is none of the whole.
        let editor = app.member(TENANT, "editor").await.to_string();
        grant(&mut admin, &editor, "tenant_admin", "xa-1").await;
        assert_eq!(admin.post_json(&format!("/api/v1{revoke}"), &json!({})).await.status, 409);
        assert_eq!(grant(&mut admin, &editor, "tenant_admin", "goc").await.0, 200);
        assert_eq!(admin.post_json(&format!("/api/v1{revoke}"), &json!({})).await.status, 200);
        assert_eq!(browser.get("/roles").await.status, 403, "taken at once");
        assert_eq!(app.browser(TENANT, "editor").await.get("/roles").await.status, 200);
    });
}

#[test]
fn reviewers_are_of_the_national_tenant() {
    run(async {
        let app = TestApp::new().await;
        let mut admin = app.program(TENANT, "admin").await;
        let member = app.member(TENANT, "auditor").await.to_string();
        for role in ["reviewer", "member", "operator", "anyone", "ông trời"] {
            let (status, refused) = grant(&mut admin, &member, role, "goc").await;
            assert_eq!((status, fields(&refused)), (422, vec!["role"]), "{role}");
        }
        assert!(
            !app.browser(TENANT, "admin")
                .await
                .get(&format!("/members/{member}/roles/new"))
                .await
                .shows("reviewer")
        );
        let mut national = app.program("toan-quoc", "admin").await;
        let admin_there = app.member("toan-quoc", "admin").await.to_string();
        assert_eq!(grant(&mut national, &admin_there, "reviewer", "goc").await.0, 200);
    });
}

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
            count(&app, "SELECT count(*) FROM event").await
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

#[test]
fn above_the_branch_there_are_counts_and_beside_it_nothing() {
    run(async {
        let app = TestApp::new().await;
        let branch = app.unit(TENANT, "cb-1").await;
        let path = format!("/organisations/{branch}");
        let member = format!("/members/{}", app.member(TENANT, "member").await);
        let mut committee = app.browser(TENANT, "committee").await;
        let page = committee.get(&path).await;
        assert!(
            page.status == 200
                && !page.shows("Người member")
                && !page.shows("Người secretary")
                && !page.shows("0971"),
            "{}",
            page.body
        );
        let mut program = app.program(TENANT, "committee").await;
        let page = program.get(&format!("/api/v1{path}")).await.json();
        assert_eq!(
            (page["members_below"].as_i64(), page["members"].is_null()),
            (Some(3), true),
            "{page}"
        );
        for address in ["/members", &member] {
            assert_eq!(committee.get(address).await.status, 403, "{address}");
        }
        let mut other = app.browser(TENANT, "secretary-2").await;
        for address in [&path, &member, "/members?unit=cb-1"] {
            assert_eq!(other.get(address).await.status, 404, "{address}");
        }
        let mut secretary = app.browser(TENANT, "secretary").await;
        let page = secretary.get(&path).await;
        assert!(page.shows("Người member") && page.shows("0971000002"), "{}", page.body);
        assert_eq!(secretary.get(&member).await.status, 200);
        let page = app.browser(TENANT, "admin").await.get(&path).await;
        assert!(
            page.shows("Người member") && !page.shows("0971000002"),
            "masked for whoever is not the secretary"
        );
        // A plain member looks at no list, and an identifier from another tenant is none.
        let mut plain = app.browser(TENANT, "member").await;
        assert_eq!((plain.get(&path).await.status, plain.get(&member).await.status), (403, 403));
        assert_eq!(app.browser("ha-noi", "admin").await.get(&member).await.status, 404);
    });
}
