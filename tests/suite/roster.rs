//! A roster from the template to the roll: checked, shown, run, run again.

use crate::{
    app::{PASSWORD, TestApp, login},
    browser::Browser,
    run,
};
use kernel::TenantId;
use render::sheet::{
    read::Reader,
    write::{Cell, Column, Sheet, write_xlsx},
};
use serde_json::{Value, json};
use std::io::Write as _;
use time::{Duration, macros::date};

const TENANT: &str = "thanh-hoa";
const TITLES: [&str; 8] = [
    "Họ và tên",
    "Ngày sinh",
    "Số thẻ đảng",
    "Số lý lịch",
    "Mã chi bộ",
    "Điện thoại",
    "Tình trạng",
    "Có điện thoại thông minh",
];

fn csv(rows: &[&str]) -> Vec<u8> {
    format!("{}\n{}\n", TITLES.join(","), rows.join("\n")).into_bytes()
}

/// The first number that a query answers.
async fn count(app: &TestApp, sql: &str) -> i64 {
    let db = app.platform.app.tenants.db(&TenantId::new(TENANT).unwrap()).unwrap();
    let mut conn = db.conn().await.unwrap();
    sqlx::query_scalar(sqlx::AssertSqlSafe(sql.to_owned())).fetch_one(&mut *conn).await.unwrap()
}

async fn execute(app: &TestApp, sql: &str) {
    let db = app.platform.app.tenants.db(&TenantId::new(TENANT).unwrap()).unwrap();
    sqlx::query(sqlx::AssertSqlSafe(sql.to_owned()))
        .execute(&mut *db.conn().await.unwrap())
        .await
        .unwrap();
}

async fn members(app: &TestApp) -> i64 {
    count(app, "SELECT count(*) FROM member").await
}

async fn imports(app: &TestApp) -> i64 {
    count(app, "SELECT count(*) FROM event WHERE kind = 'roster.imported'").await
}

/// What the adoption figures have for a unit alone.
async fn figure(app: &TestApp, measure: &str, code: &str) -> i64 {
    app.fold(TENANT).await;
    count(
        app,
        &format!(
            "SELECT coalesce(sum(d.amount), 0)::bigint FROM adoption_day d JOIN organisation o ON o.id = d.organisation
             WHERE d.measure = '{measure}' AND o.code = '{code}'"
        ),
    )
    .await
}

/// Uploads a file and waits until it is checked: the import's page in JSON.
async fn checked(admin: &mut Browser, name: &str, file: &[u8]) -> Value {
    let sent = admin.upload("/api/v1/roster", &[], name, file).await;
    assert_eq!(sent.status, 201, "{name}: {}", sent.body);
    settled(admin, sent.json()["id"].as_str().unwrap()).await
}

async fn settled(admin: &mut Browser, id: &str) -> Value {
    for _ in 0..600 {
        let page = admin.get(&format!("/api/v1/roster/{id}")).await;
        assert_eq!(page.status, 200, "{}", page.body);
        if page.json()["import"]["active"] == json!(false) {
            return page.json();
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    panic!("import {id} does not come to its end");
}

/// Presses the button and waits for the end.
async fn pressed(admin: &mut Browser, page: &Value) -> Value {
    let id = id(page);
    let answer = admin.post_json(&format!("/api/v1/roster/{id}/run"), &json!({})).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    settled(admin, id).await
}

/// Uploads and runs a file.
async fn imported(admin: &mut Browser, file: &[u8]) -> Value {
    let page = checked(admin, "ds.csv", file).await;
    pressed(admin, &page).await
}

fn id(page: &Value) -> &str {
    page["import"]["id"].as_str().unwrap()
}

fn state(page: &Value) -> &str {
    page["import"]["state"].as_str().unwrap()
}

/// Added, changed, unchanged, bad.
fn tally(page: &Value) -> [i64; 4] {
    ["added", "changed", "unchanged", "bad"]
        .map(|name| page["import"]["summary"][name].as_i64().unwrap())
}

fn rows(bytes: &[u8]) -> Vec<Vec<String>> {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(bytes).unwrap();
    Reader::open(file.path()).unwrap().map(|row| row.unwrap().cells).collect()
}

#[test]
fn the_template_is_an_empty_roster_that_imports_once_filled_in() {
    run(async {
        let app = TestApp::new().await;
        let mut admin = app.program(TENANT, "admin").await;
        let template = admin.get("/api/v1/roster/template.xlsx").await;
        assert_eq!(template.status, 200);
        let titles = rows(&template.bytes).remove(0);
        assert_eq!(titles.len(), 12, "{titles:?}");
        let before = members(&app).await;
        let page = checked(&mut admin, "mau.xlsx", &template.bytes).await;
        assert_eq!(state(&page), "failed", "{page}");
        assert!(page["import"]["failure"].as_str().unwrap().contains("chưa có ai"), "{page}");
        assert_eq!(members(&app).await, before);

        let filled = "Nguyễn Văn Thử,03/02/1975,Nam,19/05/2001,19/05/2002,00.000001,LL-000001,cb-1,0900000001,Chính thức,Đang sinh hoạt,Có";
        let page =
            imported(&mut admin, format!("{}\n{filled}\n", titles.join(",")).as_bytes()).await;
        assert_eq!((state(&page), tally(&page)), ("done", [1, 0, 0, 0]), "{page}");
        let sql = "SELECT count(*) FROM member WHERE full_name = 'Nguyễn Văn Thử' AND sex = 'male' AND birth_date = '1975-02-03'
                   AND admitted_on = '2001-05-19' AND official_on = '2002-05-19' AND card_number = '00.000001'
                   AND file_number = 'LL-000001' AND phone = '0900000001' AND has_smartphone AND import IS NOT NULL";
        assert_eq!(count(&app, sql).await, 1, "every column is where it belongs");
    });
}

#[test]
fn files_are_read_however_spreadsheets_save_them() {
    run(async {
        let app = TestApp::new().await;
        let mut admin = app.program(TENANT, "admin").await;
        let before = members(&app).await;
        let row = "Lê Thị Ánh,03/02/1975,,LL-1,cb-1,0912345678,Chính thức,Có";
        let plain = csv(&[row]);
        let marked = [b"\xEF\xBB\xBF".as_slice(), &plain].concat();
        let semicolons = String::from_utf8(marked.clone())
            .unwrap()
            .replace(',', ";")
            .replace('\n', "\r\n")
            .into_bytes();
        let columns = TITLES.map(|title| Column::text(title, 20.0));
        let cells = vec![
            Cell::from("Lê Thị Ánh"),
            Cell::Date(date!(1975 - 02 - 03)),
            Cell::Empty,
            Cell::from("LL-1"),
            Cell::from("cb-1"),
            Cell::Number(912_345_678.0),
            Cell::from("Chính thức"),
            Cell::from("Có"),
        ];
        let mut workbook = Vec::new();
        write_xlsx(
            &mut workbook,
            &Sheet { name: "Danh sách", columns: &columns, notes: &[] },
            [cells],
        )
        .unwrap();
        // Also under a name that does not fit: the content decides.
        for (name, file) in
            [("a.csv", &plain), ("b.csv", &marked), ("c.csv", &semicolons), ("d.csv", &workbook)]
        {
            let page = checked(&mut admin, name, file).await;
            assert_eq!((state(&page), tally(&page)), ("checked", [1, 0, 0, 0]), "{name}: {page}");
            assert_eq!(page["preview"][0]["full_name"], "Lê Thị Ánh", "{name}");
        }
        assert_eq!(members(&app).await, before, "four checks and nobody new");
        let page = imported(&mut admin, &workbook).await;
        assert_eq!(state(&page), "done");
        let sql = "SELECT count(*) FROM member WHERE file_number = 'LL-1' AND phone = '0912345678' AND birth_date = '1975-02-03'";
        assert_eq!(count(&app, sql).await, 1, "the zero that the spreadsheet lost is back");
        for file in [&plain, &marked, &semicolons] {
            assert_eq!(
                tally(&checked(&mut admin, "ds.csv", file).await),
                [0, 0, 1, 0],
                "all four say the same"
            );
        }
    });
}

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
            (10, "Điện thoại", "12345", "."),
        ];
        let sheet = admin.get(&format!("/api/v1{path}/problems.xlsx")).await;
        assert_eq!(sheet.status, 200);
        let sheet = rows(&sheet.bytes);
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
        assert_eq!(count(&app, sql).await, 1);
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
        assert_eq!(count(&app, "SELECT count(*) FROM member WHERE full_name = 'Nguyễn Văn An' AND card_number = 'C-1' AND phone IS NULL").await, 1);
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
fn files_that_are_no_roster_are_refused_at_once_with_what_to_do() {
    run(async {
        let app = TestApp::new().await;
        let mut admin = app.program(TENANT, "admin").await;
        let before = members(&app).await;
        let files: [(&str, &[u8], &[&str]); 6] = [
            (
                "ds.csv",
                "Họ và tên,Ngày sinh\nLê Lan,03/02/1975\n".as_bytes(),
                &["«Mã chi bộ»", "«Số thẻ đảng» (hoặc «Số lý lịch»)", "tệp mẫu"],
            ),
            ("ds.csv", "a,b,c\n1,2,3\n".as_bytes(), &["Không thấy dòng tiêu đề"]),
            ("ds.xlsx", b"%PDF-1.7\n%\xE2\xE3\xCF\xD3\n1 0 obj\n", &["không phải bảng tính"]),
            (
                "ds.xlsx",
                b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1 and so on",
                &["mật khẩu", ".xls đời cũ"],
            ),
            ("ds.xlsx", b"PK\x03\x04 no workbook", &[".xlsx"]),
            ("ds.csv", b"", &["Chọn tệp"]),
        ];
        for (name, file, words) in files {
            let answer = admin.upload("/api/v1/roster", &[], name, file).await;
            assert_eq!(answer.status, 422, "{name} {words:?}: {}", answer.body);
            let error = &answer.json()["errors"][0];
            assert_eq!(error["field"], "file");
            for word in words {
                assert!(error["message"].as_str().unwrap().contains(word), "{word}: {error}");
            }
        }
        let mut browser = app.browser(TENANT, "admin").await;
        browser.get("/roster").await;
        let page = browser.upload("/roster", &[], "ds.pdf", b"%PDF-1.7").await;
        assert!(
            page.status == 422 && page.shows("href=\"#file\"") && page.shows("id=\"file-error\""),
            "{}",
            page.body
        );
        assert_eq!(count(&app, "SELECT count(*) FROM roster_import").await, 0, "nothing is kept");
        assert_eq!(members(&app).await, before);
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
        assert_eq!(count(&app, "SELECT attempt FROM roster_import").await, 2, "one check, one run");
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
        execute(&app, &format!("UPDATE roster_import SET state = 'running', attempt = attempt + 1, progress = 0.4, rows = 1234, beat_at = to_timestamp({now}) WHERE id = '{import}'")).await;
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
            count(&app, &format!("SELECT attempt FROM roster_import WHERE id = '{import}'")).await,
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

#[test]
fn only_who_answers_for_the_whole_tenant_handles_rosters() {
    run(async {
        let app = TestApp::new().await;
        let mut admin = app.program(TENANT, "admin").await;
        let page =
            checked(&mut admin, "ds.csv", &csv(&["Nguyễn Văn An,,,LL-1,cb-1,,Chính thức,"])).await;
        let path = format!("/roster/{}", id(&page));
        for who in ["secretary", "secretary-2", "committee", "editor", "member"] {
            let (mut browser, mut program) =
                (app.browser(TENANT, who).await, app.program(TENANT, who).await);
            assert!(!browser.get("/").await.shows("href=\"/roster\""), "{who}");
            for address in [
                "/roster",
                "/roster/template.xlsx",
                &path,
                &format!("{path}/progress"),
                &format!("{path}/problems.xlsx"),
            ] {
                assert_eq!(browser.get(address).await.status, 403, "{who} {address}");
                assert_eq!(
                    program.get(&format!("/api/v1{address}")).await.status,
                    403,
                    "{who} {address}"
                );
            }
            assert_eq!(
                program.upload("/api/v1/roster", &[], "ds.csv", &csv(&[])).await.status,
                403,
                "{who}"
            );
            assert_eq!(
                program.post_json(&format!("/api/v1{path}/run"), &json!({})).await.status,
                403,
                "{who}"
            );
        }
        // An auditor looks and does nothing.
        let mut auditor = app.browser(TENANT, "auditor").await;
        let list = auditor.get("/roster").await;
        assert!(
            list.status == 200 && list.shows("ds.csv") && !list.shows("type=\"file\""),
            "{}",
            list.body
        );
        assert!(!auditor.get(&path).await.shows("/run\""));
        assert_eq!(auditor.post(&format!("{path}/run"), &[]).await.status, 403);
        // An administrator of one commune holds the role, but not over the whole tree.
        let committee = app.member(TENANT, "committee").await;
        let granted = admin
            .post_json(
                &format!("/api/v1/members/{committee}/roles"),
                &json!({"role": "tenant_admin", "organisation": "xa-1"}),
            )
            .await;
        assert_eq!(granted.status, 200, "{}", granted.body);
        let mut local = app.program(TENANT, "committee").await;
        assert_eq!(local.get("/api/v1/roster").await.status, 404);
        assert_eq!(
            local
                .upload(
                    "/api/v1/roster",
                    &[],
                    "ds.csv",
                    &csv(&["Nguyễn Văn An,,,LL-1,cb-1,,Chính thức,"])
                )
                .await
                .status,
            404
        );
        assert_eq!(local.post_json(&format!("/api/v1{path}/run"), &json!({})).await.status, 404);
        // Another tenant has no such import.
        assert_eq!(
            app.program("ha-noi", "admin").await.get(&format!("/api/v1{path}")).await.status,
            404
        );
        assert_eq!(imports(&app).await, 0);
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
