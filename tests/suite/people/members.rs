//! Members: added, changed, found, and the positions that they hold.

use super::{TENANT, added, assert_linked, fields, figures, form, with};
use crate::{
    app::{TestApp, new_member},
    browser::Browser,
    run,
};
use directory::people;
use serde_json::json;

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
        let mut tx = app.db(TENANT).begin().await.unwrap();
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
            app.count(TENANT, "SELECT count(*) FROM member WHERE file_number = 'SL-0912000001'")
                .await,
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
