//! Which files are taken for a roster, and from whom.

use super::{TENANT, TITLES, checked, csv, id, imported, imports, members, state, tally};
use crate::{app::TestApp, run};
use render::sheet::write::{Cell, Column, Sheet, write_xlsx};
use serde_json::json;
use time::macros::date;

#[test]
fn the_template_is_an_empty_roster_that_imports_once_filled_in() {
    run(async {
        let app = TestApp::new().await;
        let mut admin = app.program(TENANT, "admin").await;
        let template = admin.get("/api/v1/roster/template.xlsx").await;
        let titles = template.rows().remove(0);
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
        assert_eq!(app.count(TENANT, sql).await, 1, "every column is where it belongs");
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
        assert_eq!(app.count(TENANT, sql).await, 1, "the zero that the spreadsheet lost is back");
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
        assert_eq!(
            app.count(TENANT, "SELECT count(*) FROM roster_import").await,
            0,
            "nothing is kept"
        );
        assert_eq!(members(&app).await, before);
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
