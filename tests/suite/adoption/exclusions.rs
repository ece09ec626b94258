//! Units that do not count, and the ledger of them.

use super::{TENANT, exclusion, heads, newcomer, seen};
use crate::{app::TestApp, run};
use serde_json::json;
use time::Duration;

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
        let ledger = admin.data("/adoption/exclusions").await.json();
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
