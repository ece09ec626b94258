//! Publishing: who may, which files, and what to mend.

use super::{NUMBER, PLAN, RESOLUTION, TENANT, TITLE, form, send};
use crate::{app::TestApp, run, soon};
use axum::body::Body;
use futures_util::{StreamExt as _, stream};
use http::{Method, header};
use std::{convert::Infallible, path::Path};

/// Rows, events and stored files that there are of documents.
async fn stored(app: &TestApp) -> (i64, i64, usize) {
    fn files(folder: &Path) -> usize {
        std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .map(|path| {
                if path.is_dir() {
                    files(&path)
                } else {
                    usize::from(!path.to_string_lossy().ends_with(".json"))
                }
            })
            .sum()
    }
    let rows = app.count(TENANT, "SELECT count(*) FROM document").await;
    let events = app.count(TENANT, "SELECT count(*) FROM event WHERE kind LIKE 'document.%'").await;
    (rows, events, files(&app.database.bucket))
}

/// A one-page PDF that shows one line; its font shows `A` as «Ậ» and `E` as «Ệ».
fn stamped(line: &str) -> Vec<u8> {
    let content = format!("BT /F1 14 Tf 72 720 Td ({line}) Tj ET");
    let map = "/CIDInit /ProcSet findresource begin\n12 dict begin\nbegincmap\n/CMapType 2 def\n\
        1 begincodespacerange\n<00> <FF>\nendcodespacerange\n\
        3 beginbfrange\n<20> <40> <0020>\n<42> <44> <0042>\n<46> <7E> <0046>\nendbfrange\n2 beginbfchar\n<41> <1EAC>\n<45> <1EC6>\nendbfchar\n\
        endcmap\nCMapName currentdict /CMap defineresource pop\nend\nend";
    let objects = [
        "<</Type/Catalog/Pages 2 0 R>>".to_owned(),
        "<</Type/Pages/Kids[3 0 R]/Count 1>>".into(),
        "<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>>>>>".into(),
        format!("<</Length {}>>stream\n{content}\nendstream", content.len()),
        "<</Type/Font/Subtype/TrueType/BaseFont/Test/ToUnicode 6 0 R>>".into(),
        format!("<</Length {}>>stream\n{map}\nendstream", map.len()),
    ];
    let mut pdf = "%PDF-1.4\n".to_owned();
    let mut table = "xref\n0 7\n0000000000 65535 f \n".to_owned();
    for (object, number) in objects.iter().zip(1..) {
        table += &format!("{:010} 00000 n \n", pdf.len());
        pdf += &format!("{number} 0 obj\n{object}\nendobj\n");
    }
    let start = pdf.len();
    format!("{pdf}{table}trailer<</Size 7/Root 1 0 R>>\nstartxref\n{start}\n%%EOF\n").into_bytes()
}

#[test]
fn who_publishes_and_where_to() {
    run(async {
        let app = TestApp::new().await;
        let mut committee = app.browser(TENANT, "committee").await;
        let offered = committee.get("/documents/new").await;
        assert!(
            offered.shows("value=\"cb-2\"")
                && !offered.shows("value=\"cb-3\"")
                && !offered.shows("value=\"goc\""),
            "{}",
            offered.body
        );
        for elsewhere in ["goc", "xa-2", "cb-3", "none", ""] {
            let answer =
                send(&mut committee, &[("organisation", elsewhere)], "a.pdf", RESOLUTION).await;
            assert_eq!(answer.status, 422, "{elsewhere}");
            assert!(
                answer.shows("href=\"#organisation\"")
                    && answer.shows("Không có đơn vị nào mang mã này"),
                "{}",
                answer.body
            );
        }
        for who in ["member", "secretary", "auditor"] {
            let mut browser = app.browser(TENANT, who).await;
            assert_eq!(browser.get("/documents/new").await.status, 403, "{who}");
            assert_eq!(send(&mut browser, &[], "a.pdf", RESOLUTION).await.status, 403, "{who}");
        }
        assert_eq!(stored(&app).await, (0, 0, 0));
    });
}

#[test]
fn a_file_that_cannot_be_taken_says_why_and_leaves_nothing() {
    run(async {
        let app = TestApp::new().await;
        let mut editor = app.browser(TENANT, "editor").await;
        let mut program = app.program(TENANT, "editor").await;
        editor.get("/documents/new").await;
        let half = &RESOLUTION[..RESOLUTION.len() / 2];
        let (secret, top_secret) = (stamped("MAT"), stamped("03   TUYET MAT"));
        for (name, file, status, sentence) in [
            (
                "bao-cao.docx",
                &b"PK\x03\x04 a document of another kind"[..],
                415,
                "không phải là PDF",
            ),
            ("gia-vo.pdf", b"<html>", 415, "không phải là PDF"),
            ("trong.pdf", b"", 422, "Hãy chọn tệp PDF"),
            ("mot-nua.pdf", half, 422, "bị hỏng"),
            ("rong.pdf", b"%PDF-1.7\n", 422, "bị hỏng"),
            ("Báo cáo (mật).pdf", RESOLUTION, 422, "dấu chỉ độ mật «MẬT»"),
            ("ke-hoach_TOI MAT.pdf", RESOLUTION, 422, "dấu chỉ độ mật «TỐI MẬT»"),
            ("06-bc-tu.pdf", &secret, 422, "dấu chỉ độ mật «MẬT»"),
            ("07-bc-tu.pdf", &top_secret, 422, "dấu chỉ độ mật «TUYỆT MẬT»"),
        ] {
            let answer = send(&mut editor, &[], name, file).await;
            assert_eq!(answer.status, status, "{name}: {}", answer.body);
            assert!(
                answer.shows(sentence) && answer.shows("href=\"#file\"") && answer.shows(TITLE),
                "{name}: {}",
                answer.body
            );
            let answer = program.upload("/api/v1/documents", &form(&[]), name, file).await;
            assert_eq!(
                (answer.status, answer.headers[header::CONTENT_TYPE].to_str().unwrap()),
                (status, "application/problem+json"),
                "{name}"
            );
            assert!(answer.shows(sentence), "{name}: {}", answer.body);
        }
        assert_eq!(stored(&app).await, (0, 0, 0), "no row, no event, no file");
        // What the marked files are made of is not what they were refused for.
        let fine = send(&mut editor, &[], "06-bc-tu.pdf", &stamped("TOM TAT")).await;
        assert_eq!(fine.status, 303, "{}", fine.body);
        assert_eq!(stored(&app).await, (1, 1, 1));
    });
}

#[test]
fn a_file_that_is_too_large_is_refused_by_its_announced_length() {
    run(async {
        let app = TestApp::new().await;
        let mut editor = app.browser(TENANT, "editor").await;
        editor.get("/documents/new").await;
        for (length, sentence) in [("60000000", "50 MB"), ("200000000", "100 MB")] {
            // The rest is still on its way when the answer comes.
            let body = stream::iter([Ok::<_, Infallible>("--x")]).chain(stream::pending());
            let request = editor
                .request(Method::POST, "/documents")
                .header(header::CONTENT_TYPE, "multipart/form-data; boundary=x")
                .header(header::CONTENT_LENGTH, length)
                .body(Body::from_stream(body))
                .unwrap();
            let answer = editor.send(request).await;
            assert!(
                answer.status == 413 && answer.shows(sentence),
                "{length}: {} {}",
                answer.status,
                answer.body
            );
        }
    });
}

#[test]
fn fields_to_mend_are_linked_and_nothing_entered_is_lost() {
    run(async {
        let app = TestApp::new().await;
        let mut editor = app.browser(TENANT, "editor").await;
        let mut program = app.program(TENANT, "editor").await;
        editor.get("/documents/new").await;
        for (field, value, sentence) in [
            ("attested", "", "Chỉ đăng được khi có người xác nhận"),
            ("attested_by", "", "Hãy ghi họ tên, chức vụ"),
            ("number", "nghị quyết 6", "số, gạch nối, loại văn bản"),
            ("number", "6-NQ/TU", "hai chữ số"),
            ("must_read_by", "02/11/2026", "Hạn đọc đã qua"),
            ("issued_on", "04/11/2026", "ở tương lai"),
            ("issued_on", "31/02/2026", "không có ngày"),
            ("kind", "thong-diep", "Hãy chọn loại văn bản"),
            ("title", "TỐI MẬT", "TỐI MẬT"),
            ("title", "", "Hãy ghi trích yếu"),
        ] {
            let answer = send(&mut editor, &[(field, value)], "a.pdf", RESOLUTION).await;
            assert_eq!(answer.status, 422, "{field} {value}: {}", answer.body);
            assert!(
                answer.shows(sentence) && answer.shows(&format!("<a href=\"#{field}\">")),
                "{field} {value}: {}",
                answer.body
            );
            assert!(
                answer.shows(&format!("id=\"{field}\""))
                    && answer.shows(&format!("id=\"{field}-error\"")),
                "{field}: {}",
                answer.body
            );
            for (name, entered) in form(&[(field, value)]) {
                if !["organisation", "kind", "attested"].contains(&name) && !entered.is_empty() {
                    assert!(answer.shows(entered), "{field}: {name} is lost in {}", answer.body);
                }
            }
            assert!(
                answer.shows("value=\"goc\" selected")
                    && (field == "kind" || answer.shows("value=\"nghi_quyet\" selected"))
            );
            assert!(answer.shows("Xin chọn lại tệp"), "the browser keeps no file: {}", answer.body);
            let answer = program
                .upload("/api/v1/documents", &form(&[(field, value)]), "a.pdf", RESOLUTION)
                .await;
            assert_eq!(
                (answer.status, answer.json()["errors"][0]["field"].as_str()),
                (422, Some(field)),
                "{}",
                answer.body
            );
        }
        assert_eq!(stored(&app).await, (0, 0, 0));
        let today = send(
            &mut editor,
            &[("must_read_by", "3/11/2026"), ("number", "Số: 01 – NQ/TU")],
            "a.pdf",
            RESOLUTION,
        )
        .await;
        assert_eq!(today.status, 303, "{}", today.body);
        assert!(editor.get(today.location()).await.shows(NUMBER));
    });
}

#[test]
fn the_same_upload_twice_is_one_document() {
    run(async {
        let app = TestApp::new().await;
        let mut editor = app.browser(TENANT, "editor").await;
        let mut other = app.browser(TENANT, "editor").await;
        editor.get("/documents/new").await;
        other.get("/documents/new").await;
        let (a, b) = tokio::join!(
            send(&mut editor, &[], "a.pdf", RESOLUTION),
            send(&mut other, &[], "a.pdf", RESOLUTION)
        );
        let mut statuses = [a.status, b.status];
        statuses.sort_unstable();
        assert_eq!(statuses, [303, 409], "{} {}", a.body, b.body);
        let document = if a.status == 303 { a.location() } else { b.location() }.to_owned();
        let again = send(&mut editor, &[], "ten-khac.pdf", RESOLUTION).await;
        assert_eq!(again.status, 409);
        assert!(
            again.shows("đã được đăng")
                && again.shows(&format!("href=\"{document}\""))
                && again.shows(TITLE),
            "{}",
            again.body
        );
        soon("the loser's file goes", async || stored(&app).await == (1, 1, 1)).await;
        // The same file to another unit, or another file, is another document.
        assert_eq!(
            send(&mut editor, &[("organisation", "xa-1")], "a.pdf", RESOLUTION).await.status,
            303
        );
        assert_eq!(send(&mut editor, &[], "a.pdf", PLAN).await.status, 303);
        // What was withdrawn may be published again.
        assert_eq!(editor.post(&format!("{document}/withdraw"), &[]).await.status, 303);
        assert_eq!(send(&mut editor, &[], "a.pdf", RESOLUTION).await.status, 303);
    });
}
