//! Whom a row means, and what becomes of them.

use super::{TENANT, TITLES, checked, csv, id, imported, members, state, tally};
use crate::{
    adoption::figure,
    app::{PASSWORD, TestApp, login},
    browser::Browser,
    run,
};
use serde_json::{Value, json};

#[test]
fn the_same_people_again_change_nothing_and_what_is_new_is_updated() {
    run(async {
        let app = TestApp::new().await;
        let mut admin = app.program(TENANT, "admin").await;
        let first = csv(&[
            "Nguyễn Văn An,03/02/1975,C-1,LL-1,cb-1,0912000001,Chính thức,Có",
            "Trần Thị Bình,,C-2,,cb-2,,Dự bị,",
        ]);
        imported(&mut admin, &first).await;
        let (people, counted) = (members(&app).await, figure(&app, "members", "cb-1").await);
        let again = checked(&mut admin, "lai.csv", &first).await;
        assert_eq!(
            (tally(&again), again["import"]["next"].as_str()),
            ([0, 0, 2, 0], Some("nothing"))
        );
        let pointless =
            admin.post_json(&format!("/api/v1/roster/{}/run", id(&again)), &json!({})).await;
        assert_eq!(pointless.status, 409, "{}", pointless.body);
        // Known by either number alone; what a row leaves out stays as it is.
        for row in ["Nguyễn Văn An,,C-1,,cb-1,,,", "nguyễn văn an,,,LL-1,CB-1,,,"] {
            let page = checked(&mut admin, "lai.csv", &csv(&[row])).await;
            assert_eq!((tally(&page)[0], tally(&page)[3]), (0, 0), "{row}: {page}");
        }
        assert_eq!(
            tally(&checked(&mut admin, "lai.csv", &csv(&["Nguyễn Văn An,,C-1,,cb-1,,,"])).await),
            [0, 0, 1, 0]
        );

        let page =
            imported(&mut admin, &csv(&["Nguyễn Văn An,,,LL-1,cb-1,+84 912 000 009,,"])).await;
        assert_eq!((state(&page), tally(&page)), ("done", [0, 1, 0, 0]), "{page}");
        let sql = "SELECT count(*) FROM member WHERE file_number = 'LL-1' AND phone = '0912000009' AND card_number = 'C-1'
                   AND birth_date = '1975-02-03' AND has_smartphone";
        assert_eq!(app.count(TENANT, sql).await, 1);
        // A member who has an account signs in with the new number from then on.
        imported(&mut admin, &csv(&["Người member,,,SL-0971000002,cb-1,0912000077,,"])).await;
        let mut browser = app.visitor(TENANT);
        browser.get("/sign-in").await;
        assert_eq!(
            browser
                .post("/session", &[("login", login("member")), ("password", PASSWORD)])
                .await
                .status,
            422
        );
        assert_eq!(
            browser
                .post("/session", &[("login", "0912000077"), ("password", PASSWORD)])
                .await
                .status,
            303
        );
        // The name may change when the birth date vouches for the person.
        let page = imported(&mut admin, &csv(&["Nguyễn Thành An,03/02/1975,,LL-1,cb-1,,,"])).await;
        assert_eq!(tally(&page), [0, 1, 0, 0], "{page}");
        assert_eq!(
            (members(&app).await, figure(&app, "members", "cb-1").await),
            (people, counted),
            "nobody twice"
        );
    });
}

#[test]
fn a_number_leads_to_one_person_across_files() {
    run(async {
        let app = TestApp::new().await;
        let mut admin = app.program(TENANT, "admin").await;
        imported(
            &mut admin,
            &csv(&[
                "Nguyễn Văn An,03/02/1975,C-1,LL-1,cb-1,,Chính thức,",
                "Trần Thị Bình,,C-2,LL-2,cb-2,,Dự bị,",
            ]),
        )
        .await;
        let before = members(&app).await;
        let page = imported_none(
            &mut admin,
            &[
                "Lê Văn Cường,04/05/1980,,LL-1,cb-2,0912000001,Chính thức,",
                "Nguyễn Văn An,03/02/1975,C-2,,cb-1,,,",
                "Nguyễn Văn An,03/02/1975,C-2,LL-1,cb-1,,,",
            ],
        )
        .await;
        let said: Vec<_> = page["problems"]
            .as_array()
            .unwrap()
            .iter()
            .map(|p| {
                (
                    p["row"].as_i64().unwrap(),
                    p["column"].as_str().unwrap(),
                    p["reason"].as_str().unwrap(),
                )
            })
            .collect();
        assert!(
            matches!(said[0], (2, "Số lý lịch", why) if why.contains("Nguyễn Văn An, sinh ngày 03/02/1975")),
            "{said:?}"
        );
        assert!(
            matches!(said[1], (3, "Số thẻ đảng", why) if why.contains("Trần Thị Bình")),
            "{said:?}"
        );
        assert_eq!(said[2].0, 4, "{said:?}");
        assert_eq!(members(&app).await, before);
        assert_eq!(app.count(TENANT, "SELECT count(*) FROM member WHERE full_name = 'Nguyễn Văn An' AND card_number = 'C-1' AND phone IS NULL").await, 1);
    });
}

/// Checks rows of which none is good.
async fn imported_none(admin: &mut Browser, rows: &[&str]) -> Value {
    let page = checked(admin, "ds.csv", &csv(rows)).await;
    assert_eq!(tally(&page), [0, 0, 0, i64::try_from(rows.len()).unwrap()], "{page}");
    let answer = admin.post_json(&format!("/api/v1/roster/{}/run", id(&page)), &json!({})).await;
    assert_eq!(answer.status, 409, "{}", answer.body);
    page
}

#[test]
fn a_roster_moves_members_with_all_that_they_count() {
    run(async {
        let app = TestApp::new().await;
        let mut admin = app.program(TENANT, "admin").await;
        let measures = ["members", "smartphones", "activated"];
        let mut before = Vec::new();
        for measure in measures {
            before.push((figure(&app, measure, "cb-1").await, figure(&app, measure, "cb-2").await));
        }
        assert_eq!(
            before,
            [(3, 2); 3],
            "secretary, member, probationer; neighbour and their secretary"
        );
        let page =
            imported(&mut admin, &csv(&["Người neighbour,19/05/1970,,SL-0971000003,cb-1,,,"]))
                .await;
        assert_eq!(tally(&page), [0, 1, 0, 0], "{page}");
        for measure in measures {
            assert_eq!(
                (figure(&app, measure, "cb-1").await, figure(&app, measure, "cb-2").await),
                (4, 1),
                "{measure}"
            );
        }
        let neighbour = app.member(TENANT, "neighbour").await;
        let path = format!("/members/{neighbour}");
        assert_eq!(app.browser(TENANT, "secretary").await.get(&path).await.status, 200);
        assert_eq!(
            app.browser(TENANT, "secretary-2").await.get(&path).await.status,
            404,
            "gone from their reach"
        );
        // Off the roll: counted nowhere.
        let header = TITLES.join(",").replace("Tình trạng", "Trạng thái");
        imported(
            &mut admin,
            format!("{header}\nNgười neighbour,,,SL-0971000003,cb-1,,Đã chuyển đi,\n").as_bytes(),
        )
        .await;
        for measure in measures {
            assert_eq!(
                (figure(&app, measure, "cb-1").await, figure(&app, measure, "cb-2").await),
                (3, 1),
                "{measure}"
            );
        }
    });
}

#[test]
fn the_last_administrator_stays_on_the_roll() {
    run(async {
        let app = TestApp::new().await;
        let mut admin = app.program(TENANT, "admin").await;
        let header = TITLES.join(",").replace("Tình trạng", "Trạng thái");
        let file = format!("{header}\nLê Thị Quản Trị,,,QT-1,cb-1,,Đã chuyển đi,\n");
        let page = checked(&mut admin, "ds.csv", file.as_bytes()).await;
        assert_eq!(tally(&page), [0, 0, 0, 1], "{page}");
        assert_eq!(page["problems"][0]["column"], "Trạng thái", "{page}");
    });
}
