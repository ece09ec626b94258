//! Units: founded, renamed, moved, dissolved.

use super::{TENANT, assert_linked, fields, figures, form, with};
use crate::{app::TestApp, browser::Browser, run};
use serde_json::json;

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
        assert_eq!(
            app.count(TENANT, "SELECT count(*) FROM organisation WHERE code = 'cb-10'").await,
            0
        );
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
            app.count(TENANT, "SELECT count(*) FROM event WHERE kind = 'organisation.changed'")
                .await,
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
        assert_eq!(app.count(TENANT, sql).await, 0, "every path begins with the path above");
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
            app.count(TENANT, "SELECT count(*) FROM organisation WHERE name = 'A'").await,
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
            app.count(
                TENANT,
                &format!("SELECT count(*) FROM member WHERE organisation = '{into}'")
            )
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
