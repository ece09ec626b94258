//! What each level sees: as far as its reach goes, and few people not at all.

use super::{TENANT, exclusion, heads, newcomer, seen};
use crate::{app::TestApp, run};
use serde_json::{Value, json};

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
        let rows = committee.get("/adoption.xlsx").await.rows();
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
        let db = app.db(TENANT);
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
        let rows = file.rows();
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
