//! Checks and runs: what they change, and that it happens once.

use super::{TENANT, checked, csv, id, imported, imports, members, pressed, settled, state, tally};
use crate::{adoption::figure, app::TestApp, run};
use directory::roster;
use kernel::Error;
use serde_json::json;
use std::sync::{Arc, mpsc};
use time::Duration;
use tokio::{sync::Notify, task::block_in_place};

#[test]
fn a_check_changes_nothing_and_a_run_keeps_the_good_rows_and_names_the_bad() {
    run(async {
        let app = TestApp::new().await;
        let mut admin = app.program(TENANT, "admin").await;
        let (before, branch) = (members(&app).await, figure(&app, "members", "cb-1").await);
        let file = csv(&[
            "Nguyễn Văn An,03/02/1975,,LL-1,cb-1,0912000001,Chính thức,Có",
            "Trần Thị Bình,31/04/1980,,LL-2,cb-1,,Chính thức,",
            "Lê Văn Cường,,,LL-3,cb-99,,Chính thức,",
            "Phạm Thị Dung,,,LL-4,xa-1,,Chính thức,",
            ",,,LL-5,cb-1,,Chính thức,",
            "Vũ Thị Hoa,,,LL-1,cb-2,,Chính thức,",
            "Đỗ Văn Khải,,,SL-0971000002,cb-1,,Chính thức,",
            "Hoàng Văn Lâm,,C-9,,cb-2,,Dự bị,Không",
            "Bùi Thị Mai,,C-10,,cb-2,12345,Dự bị,Không",
        ]);
        let page = checked(&mut admin, "ds.csv", &file).await;
        assert_eq!(
            (state(&page), tally(&page), page["import"]["next"].as_str()),
            ("checked", [2, 0, 0, 7], Some("import")),
            "{page}"
        );
        let good = [
            json!({"row": 2, "full_name": "Nguyễn Văn An", "organisation": "Chi bộ thôn Đông", "outcome": "added"}),
            json!({"row": 9, "full_name": "Hoàng Văn Lâm", "organisation": "Chi bộ thôn Tây", "outcome": "added"}),
        ];
        assert_eq!(page["preview"].as_array().unwrap(), &good);
        assert_eq!(
            (members(&app).await, imports(&app).await),
            (before, 0),
            "a check is only a check"
        );
        assert_eq!(figure(&app, "members", "cb-1").await, branch);
        let path = format!("/roster/{}", id(&page));
        let shown = app.browser(TENANT, "admin").await.get(&path).await;
        assert!(
            shown.shows("Nhập 2 dòng tốt vào danh sách")
                && shown.shows("Không có đơn vị nào mang mã này"),
            "{}",
            shown.body
        );

        let page = pressed(&mut admin, &page).await;
        assert_eq!((state(&page), tally(&page)), ("done", [2, 0, 0, 7]), "{page}");
        assert_eq!((members(&app).await, imports(&app).await), (before + 2, 1));
        let expected = [
            (3, "Ngày sinh", "31/04/1980", "Lịch không có ngày này"),
            (4, "Mã chi bộ", "cb-99", "Không có đơn vị nào"),
            (5, "Mã chi bộ", "xa-1", "không phải chi bộ"),
            (6, "Họ và tên", "", "Chưa ghi họ và tên"),
            (7, "Số lý lịch", "LL-1", "đã có ở dòng 2"),
            (8, "Số lý lịch", "SL-0971000002", "Người member"),
            (10, "Điện thoại", "12345", "số di động có 10 chữ số"),
        ];
        let sheet = admin.get(&format!("/api/v1{path}/problems.xlsx")).await.rows();
        let problems = page["problems"].as_array().unwrap();
        assert_eq!((problems.len(), sheet.len()), (expected.len(), expected.len() + 1), "{page}");
        for ((row, column, value, reason), (problem, line)) in
            expected.into_iter().zip(problems.iter().zip(&sheet[1..]))
        {
            assert_eq!(
                (&problem["row"], &problem["column"], &problem["value"]),
                (&json!(row), &json!(column), &json!(value))
            );
            let (why, mend) =
                (problem["reason"].as_str().unwrap(), problem["mend"].as_str().unwrap());
            assert!(why.contains(reason) && !mend.is_empty(), "{problem}");
            assert_eq!(
                line,
                &[&row.to_string(), column, value, why, mend],
                "the workbook says the same"
            );
        }

        assert_eq!(figure(&app, "members", "cb-1").await, branch + 1);
        let unit = app.unit(TENANT, "cb-1").await;
        let adoption = admin.get(&format!("/api/v1/adoption?unit={unit}")).await.json();
        assert_eq!(adoption["raw"]["members"], branch + 1, "{adoption}");
        assert_eq!(admin.get("/api/v1/adoption").await.json()["raw"]["members"], before + 2);
    });
}

#[test]
fn two_presses_of_the_button_run_once() {
    run(async {
        let app = TestApp::new().await;
        let (mut one, mut two) =
            (app.program(TENANT, "admin").await, app.program(TENANT, "admin").await);
        let before = members(&app).await;
        let page = checked(
            &mut one,
            "ds.csv",
            &csv(&["Nguyễn Văn An,,,LL-1,cb-1,,Chính thức,", "Trần Thị Bình,,,LL-2,cb-1,,Dự bị,"]),
        )
        .await;
        let path = format!("/api/v1/roster/{}/run", id(&page));
        let nothing = json!({});
        let (a, b) = tokio::join!(one.post_json(&path, &nothing), two.post_json(&path, &nothing));
        assert_eq!((a.status, b.status), (200, 200), "{} {}", a.body, b.body);
        let page = settled(&mut one, id(&page)).await;
        assert_eq!((state(&page), tally(&page)), ("done", [2, 0, 0, 0]), "{page}");
        let late = pressed(&mut two, &page).await;
        assert_eq!(tally(&late), [2, 0, 0, 0], "a press after the end shows the end");
        assert_eq!((members(&app).await, imports(&app).await), (before + 2, 1));
        assert_eq!(
            app.count(TENANT, "SELECT attempt FROM roster_import").await,
            2,
            "one check, one run"
        );
    });
}

#[test]
fn an_interrupted_run_is_followed_live_and_can_be_pressed_again() {
    run(async {
        let app = TestApp::new().await;
        let mut admin = app.program(TENANT, "admin").await;
        let mut browser = app.browser(TENANT, "admin").await;
        imported(&mut admin, &csv(&["Nguyễn Văn An,,,LL-1,cb-1,,Chính thức,"])).await;
        let before = members(&app).await;
        let page = checked(
            &mut admin,
            "ds.csv",
            &csv(&["Nguyễn Văn An,,,LL-1,cb-1,,Chính thức,", "Trần Thị Bình,,,LL-2,cb-1,,Dự bị,"]),
        )
        .await;
        let (import, path) = (id(&page).to_owned(), format!("/roster/{}", id(&page)));
        // As a server leaves it that goes away in the middle.
        let now = app.world.now().unix_timestamp();
        app.execute(TENANT, &format!("UPDATE roster_import SET state = 'running', attempt = attempt + 1, progress = 0.4, rows = 1234, beat_at = to_timestamp({now}) WHERE id = '{import}'")).await;
        let shown = browser.get(&path).await;
        assert!(
            shown.shows("id=\"progress\"") && shown.shows("hx-get") && !shown.shows("Nhập tiếp"),
            "{}",
            shown.body
        );
        let part = browser.get(&format!("{path}/progress")).await;
        assert!(
            part.shows("40 % · 1.234 dòng") && part.shows("hx-trigger") && !part.shows("<html"),
            "{}",
            part.body
        );
        assert!(!part.headers.contains_key("hx-refresh"));
        assert_eq!(admin.get(&format!("/api/v1{path}/progress")).await.json()["percent"], 40);
        let early = admin.post_json(&format!("/api/v1{path}/run"), &json!({})).await.json();
        assert_eq!(
            (early["state"].as_str(), early["active"].as_bool()),
            (Some("running"), Some(true)),
            "it is taken for alive"
        );
        assert_eq!(
            app.count(TENANT, &format!("SELECT attempt FROM roster_import WHERE id = '{import}'"))
                .await,
            2
        );

        app.world.advance(Duration::seconds(21));
        let dead = browser.get(&path).await;
        assert!(dead.shows("ngừng giữa chừng") && dead.shows("Nhập tiếp"), "{}", dead.body);
        assert!(
            browser.get(&format!("{path}/progress")).await.headers.contains_key("hx-refresh"),
            "there is more to see"
        );
        let resumed = browser.post(&format!("{path}/run"), &[]).await;
        assert_eq!((resumed.status, resumed.location()), (303, path.as_str()), "{}", resumed.body);
        let page = settled(&mut admin, &import).await;
        assert_eq!((state(&page), tally(&page)), ("done", [1, 0, 1, 0]), "{page}");
        assert_eq!(members(&app).await, before + 1);
        assert!(browser.get(&path).await.shows("Đã nhập xong"));
    });
}

#[test]
fn a_run_that_was_wrongly_taken_for_dead_writes_nothing_more() {
    run(async {
        let app = TestApp::new().await;
        let (db, world, before) = (app.db(TENANT), &app.world, members(&app).await);
        let rows: Vec<String> =
            (0..1001).map(|n| format!("Nguyễn Văn An,,,LL-{n},cb-1,,Chính thức,")).collect();
        let path = app.database.bucket.join("ds.csv");
        let file = csv(&rows.iter().map(String::as_str).collect::<Vec<_>>());
        std::fs::write(&path, file).unwrap();
        let import = roster::start(&db, world, None, &path).await.unwrap();
        // It stands still after its first batch, of a thousand.
        let reached = Arc::new(Notify::new());
        let (go_on, standstill) = mpsc::channel::<()>();
        let running = tokio::spawn({
            let (db, world, path, reached) =
                (db.clone(), world.clone(), path.clone(), reached.clone());
            async move {
                let stand = move |_| {
                    reached.notify_one();
                    let _ = block_in_place(|| standstill.recv());
                };
                roster::run(&db, &world, import, &path, None, stand).await
            }
        });
        reached.notified().await;
        world.advance(Duration::seconds(21));
        let summary = roster::check(&db, world, import, &path, |_| ()).await.unwrap();
        assert_eq!((summary.added, summary.unchanged), (1, 1000));
        drop(go_on);
        let late = running.await.unwrap();
        assert!(matches!(late, Err(Error::Conflict(_))), "{late:?}");
        assert_eq!(members(&app).await, before + 1000);
        let checked = "SELECT count(*) FROM roster_import WHERE state = 'checked' AND rows = 1001";
        assert_eq!(app.count(TENANT, checked).await, 1, "the check is what counts");
    });
}

#[test]
fn three_batches_are_one_import() {
    run(async {
        let app = TestApp::new().await;
        let mut admin = app.program(TENANT, "admin").await;
        let before = members(&app).await;
        let mut lines: Vec<String> = (0..2500)
            .map(|n| {
                format!(
                    "Nguyễn Văn An,03/02/1975,,LL-{n},cb-{},,Chính thức,{}",
                    n % 3 + 1,
                    if n % 2 == 0 { "Có" } else { "Không" }
                )
            })
            .collect();
        // In the third batch, a number of the first.
        lines.push("Trần Thị Bình,,,LL-7,cb-1,,Dự bị,".into());
        let file = csv(&lines.iter().map(String::as_str).collect::<Vec<_>>());
        let page = imported(&mut admin, &file).await;
        assert_eq!((state(&page), tally(&page)), ("done", [2500, 0, 0, 1]), "{}", page["import"]);
        let problem = &page["problems"][0];
        assert_eq!(
            (problem["row"].as_i64(), problem["reason"].as_str().unwrap().contains("dòng 9")),
            (Some(2502), true),
            "{problem}"
        );
        assert_eq!((members(&app).await, imports(&app).await), (before + 2500, 3));
        let mut figures = Vec::new();
        for code in ["cb-1", "cb-2", "cb-3"] {
            figures.push((
                figure(&app, "members", code).await,
                figure(&app, "smartphones", code).await,
            ));
        }
        assert_eq!(figures, [(3 + 834, 3 + 417), (2 + 833, 2 + 416), (1 + 833, 1 + 417)]);
        assert_eq!(admin.get("/api/v1/adoption").await.json()["raw"]["members"], before + 2500);
        assert_eq!(tally(&checked(&mut admin, "lai.csv", &file).await), [0, 0, 2500, 1]);
        let preview =
            checked(&mut admin, "lai.csv", &file).await["preview"].as_array().unwrap().len();
        assert_eq!(preview, 50, "a preview is a preview");
    });
}
