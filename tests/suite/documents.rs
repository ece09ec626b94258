//! A document from the editor's form to the reader's acknowledgement.

use crate::{
    app::TestApp,
    browser::{Answer, Browser},
    run,
};
use axum::body::Body;
use futures_util::{StreamExt as _, stream};
use http::{Method, header};
use kernel::TenantId;
use serde_json::json;
use std::{convert::Infallible, path::Path};
use time::Duration;

const TENANT: &str = "thanh-hoa";
pub const TITLE: &str = "Nghị quyết về đẩy mạnh chuyển đổi số";
const NUMBER: &str = "01-NQ/TU";
pub const RESOLUTION: &[u8] =
    include_bytes!("../../services/sotay/demo/documents/01-nq-tu-chuyen-doi-so.pdf");
const PLAN: &[u8] =
    include_bytes!("../../services/sotay/demo/documents/02-kh-tu-trien-khai-so-tay.pdf");

/// The form, filled in well but for `changes`.
pub fn form<'a>(changes: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let good = [
        ("organisation", "goc"),
        ("kind", "nghi_quyet"),
        ("number", NUMBER),
        ("title", TITLE),
        ("summary", "Năm nhóm nhiệm vụ của chi bộ"),
        ("issuer", ""),
        ("issued_on", "15/10/2026"),
        ("must_read_by", "30/11/2026"),
        ("attested", "true"),
        ("attested_by", "Lê Văn Kiểm, Chánh Văn phòng"),
    ];
    let changed = |name| changes.iter().find(|(changed, _)| *changed == name);
    good.iter().map(|field| *changed(field.0).unwrap_or(field)).collect()
}

async fn send(browser: &mut Browser, changes: &[(&str, &str)], name: &str, file: &[u8]) -> Answer {
    browser.upload("/documents", &form(changes), name, file).await
}

/// Publishes and answers the document's address.
async fn published(browser: &mut Browser, changes: &[(&str, &str)]) -> String {
    browser.get("/documents/new").await;
    let answer = send(browser, changes, "01-nq-tu.pdf", RESOLUTION).await;
    assert_eq!(answer.status, 303, "{}", answer.body);
    answer.location().to_owned()
}

async fn count_at(app: &TestApp, tenant: &str, sql: &str) -> i64 {
    let db = app.platform.app.tenants.db(&TenantId::new(tenant).unwrap()).unwrap();
    let mut conn = db.conn().await.unwrap();
    sqlx::query_scalar(sqlx::AssertSqlSafe(sql.to_owned())).fetch_one(&mut *conn).await.unwrap()
}

async fn count(app: &TestApp, sql: &str) -> i64 {
    count_at(app, TENANT, sql).await
}

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
    let rows = count(app, "SELECT count(*) FROM document").await;
    let events = count(app, "SELECT count(*) FROM event WHERE kind LIKE 'document.%'").await;
    (rows, events, files(&app.database.bucket))
}

fn id(document: &str) -> uuid::Uuid {
    document.rsplit('/').next().unwrap().parse().unwrap()
}

/// The JSON face, of the API with a token and of the page with a session.
async fn data(browser: &mut Browser, path: &str) -> Answer {
    if browser.bearer.is_some() {
        return browser.get(&format!("/api/v1{path}")).await;
    }
    get_with(browser, path, header::ACCEPT, "application/json").await
}

async fn get_with(
    browser: &mut Browser,
    path: &str,
    name: header::HeaderName,
    value: &str,
) -> Answer {
    browser
        .send(browser.request(Method::GET, path).header(name, value).body(Body::empty()).unwrap())
        .await
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
fn a_document_reaches_every_member_below_and_nobody_elsewhere() {
    run(async {
        let app = TestApp::new().await;
        let document = published(&mut app.browser(TENANT, "editor").await, &[]).await;
        for who in [
            "member",
            "probationer",
            "neighbour",
            "far",
            "secretary",
            "committee",
            "auditor",
            "admin",
        ] {
            let mut browser = app.browser(TENANT, who).await;
            let home = browser.get("/").await;
            assert!(
                home.shows(TITLE) && home.shows("01-NQ/TU · hạn đọc 30/11/2026"),
                "{who}: {}",
                home.body
            );
            let list = browser.get("/documents").await;
            assert!(
                list.shows(&document) && list.shows("Hạn đọc 30/11/2026"),
                "{who}: {}",
                list.body
            );
            assert_eq!(browser.get(&document).await.status, 200, "{who}");
        }
        let mut other = app.browser("ha-noi", "member").await;
        assert!(
            !other.get("/").await.shows(TITLE) && !other.get("/documents").await.shows(&document)
        );
        app.world.advance(Duration::days(28));
        let mut late = app.browser(TENANT, "far").await;
        assert!(late.get("/").await.shows("Quá hạn"), "the day after the last");
    });
}

#[test]
fn a_document_of_one_unit_is_not_for_its_neighbours() {
    run(async {
        let app = TestApp::new().await;
        let mut committee = app.browser(TENANT, "committee").await;
        let document = published(&mut committee, &[("organisation", "xa-1")]).await;
        let mut neighbour = app.browser(TENANT, "neighbour").await;
        assert!(neighbour.get("/documents").await.shows(&document), "cb-2 lies below xa-1");
        let mut far = app.browser(TENANT, "far").await;
        for path in ["/", "/documents", "/documents?q=chuyen+doi"] {
            let page = far.get(path).await;
            assert!(page.status == 200 && !page.shows(TITLE), "{path}: {}", page.body);
        }
        for path in ["", "/file", "/file?download=1"] {
            assert_eq!(far.get(&format!("{document}{path}")).await.status, 404, "{path}");
            assert_eq!(data(&mut far, &format!("{document}{path}")).await.status, 404, "{path}");
        }
        assert_eq!(far.post(&format!("{document}/acknowledge"), &[]).await.status, 404);
        assert_eq!(count(&app, "SELECT count(*) FROM document_receipt").await, 0);

        // The editor answers for all below the root, and is no reader of this one.
        let mut editor = app.browser(TENANT, "editor").await;
        assert_eq!(editor.get(&format!("{document}/file")).await.bytes, RESOLUTION);
        assert!(!editor.get(&document).await.shows("Tôi đã đọc văn bản này"));
        let answer = editor.post(&format!("{document}/acknowledge"), &[]).await;
        assert!(answer.status == 403 && answer.shows("không gửi tới chi bộ"), "{}", answer.body);
        // The auditor knows of it and its figures; the file is for its readers.
        let mut auditor = app.browser(TENANT, "auditor").await;
        assert_eq!(auditor.get(&document).await.status, 200);
        assert_eq!(auditor.get(&format!("{document}/file")).await.status, 404);
        assert_eq!(
            count(&app, "SELECT count(*) FROM document_receipt").await,
            0,
            "none of them is a reader"
        );
    });
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
fn the_file_is_read_whole_in_parts_or_not_again() {
    run(async {
        let app = TestApp::new().await;
        let document = published(&mut app.browser(TENANT, "editor").await, &[]).await;
        let mut member = app.browser(TENANT, "member").await;
        let path = format!("{document}/file");
        let head =
            member.send(member.request(Method::HEAD, &path).body(Body::empty()).unwrap()).await;
        assert_eq!(
            (head.status, head.bytes.len(), &head.headers[header::CONTENT_LENGTH]),
            (200, 0, &RESOLUTION.len().into())
        );
        assert_eq!(
            count(&app, "SELECT count(*) FROM document_receipt").await,
            0,
            "asking how long it is opens nothing"
        );

        let whole = member.get(&path).await;
        assert_eq!(
            (whole.status, &whole.headers[header::CONTENT_TYPE]),
            (200, &header::HeaderValue::from_static("application/pdf"))
        );
        assert!(whole.bytes == RESOLUTION, "the very bytes");
        assert!(whole.headers[header::CONTENT_DISPOSITION].to_str().unwrap().starts_with("inline"));
        assert_eq!(whole.headers[header::CACHE_CONTROL], "private, no-cache");
        let saved = member.get(&format!("{path}?download=1")).await;
        let disposition = saved.headers[header::CONTENT_DISPOSITION].to_str().unwrap();
        assert!(
            disposition.starts_with("attachment") && disposition.contains("01-nq-tu.pdf"),
            "{disposition}"
        );

        let tag = whole.headers[header::ETAG].to_str().unwrap().to_owned();
        assert!(tag.len() == 66 && tag.starts_with('"'), "{tag}");
        let same = get_with(&mut member, &path, header::IF_NONE_MATCH, &tag).await;
        assert_eq!(
            (same.status, same.bytes.len(), same.headers[header::ETAG].to_str().unwrap()),
            (304, 0, tag.as_str())
        );
        assert_eq!(
            get_with(&mut member, &path, header::IF_NONE_MATCH, "\"other\"").await.status,
            200
        );

        let size = RESOLUTION.len();
        for (range, bytes) in [
            ("bytes=0-99", &RESOLUTION[..100]),
            ("bytes=100-", &RESOLUTION[100..]),
            ("bytes=-10", &RESOLUTION[size - 10..]),
        ] {
            let part = get_with(&mut member, &path, header::RANGE, range).await;
            assert!(part.status == 206 && part.bytes == bytes, "{range}: {}", part.status);
            let first = if range == "bytes=-10" {
                size - 10
            } else if range == "bytes=100-" {
                100
            } else {
                0
            };
            assert_eq!(
                part.headers[header::CONTENT_RANGE].to_str().unwrap(),
                format!("bytes {first}-{}/{size}", first + bytes.len() - 1)
            );
        }
        let beyond = get_with(&mut member, &path, header::RANGE, &format!("bytes={size}-")).await;
        assert_eq!(
            (beyond.status, beyond.headers[header::CONTENT_RANGE].to_str().unwrap()),
            (416, format!("bytes */{size}").as_str())
        );
        assert_eq!(
            count(&app, "SELECT count(*) FROM event WHERE kind = 'document.opened'").await,
            1,
            "one receipt for all of it"
        );
    });
}

#[test]
fn opening_and_acknowledging_count_once() {
    run(async {
        let app = TestApp::new().await;
        let document = published(&mut app.browser(TENANT, "editor").await, &[]).await;
        let (file, acknowledge) = (format!("{document}/file"), format!("{document}/acknowledge"));
        let mut phone = app.browser(TENANT, "member").await;
        let mut desk = app.browser(TENANT, "member").await;
        let (a, b) = tokio::join!(phone.get(&file), desk.get(&file));
        assert_eq!((a.status, b.status), (200, 200));
        assert!(phone.get(&document).await.shows("Tôi đã đọc văn bản này"));
        desk.get(&document).await;
        let (a, b) = tokio::join!(phone.post(&acknowledge, &[]), desk.post(&acknowledge, &[]));
        assert_eq!((a.status, a.location(), b.status), (303, document.as_str(), 303));
        assert_eq!(phone.post(&acknowledge, &[]).await.status, 303, "and once more");
        for kind in ["opened", "acknowledged"] {
            assert_eq!(
                count(&app, &format!("SELECT count(*) FROM event WHERE kind = 'document.{kind}'"))
                    .await,
                1,
                "{kind}"
            );
        }
        assert_eq!(
            count(&app, "SELECT count(*) FROM document_receipt WHERE acknowledged_at IS NOT NULL")
                .await,
            1
        );
        let page = phone.get(&document).await;
        assert!(
            page.shows("Đồng chí đã xác nhận đã đọc") && !page.shows("Tôi đã đọc văn bản này"),
            "{}",
            page.body
        );
        assert!(phone.get("/").await.shows("Không còn văn bản nào phải đọc"));
        assert!(phone.get("/documents").await.shows("Đã xác nhận"), "still to be found");

        // Read on paper: acknowledged without having been opened here.
        let mut probationer = app.program(TENANT, "probationer").await;
        for first in [true, false] {
            let answer = probationer.post_json(&format!("/api/v1{acknowledge}"), &json!({})).await;
            assert_eq!(answer.json(), json!({"id": id(&document), "first": first}));
        }
        assert_eq!(
            probationer.get(&format!("/api/v1{document}")).await.json()["state"],
            "acknowledged"
        );
    });
}

#[test]
fn names_of_readers_are_for_their_own_secretary() {
    run(async {
        let app = TestApp::new().await;
        let document = published(&mut app.browser(TENANT, "editor").await, &[]).await;
        for who in ["member", "neighbour"] {
            let mut browser = app.program(TENANT, who).await;
            assert_eq!(
                browser
                    .post_json(&format!("/api/v1{document}/acknowledge"), &json!({}))
                    .await
                    .status,
                200
            );
        }
        let mut secretary = app.browser(TENANT, "secretary").await;
        secretary.get(&format!("{document}/file")).await;
        let shown = data(&mut secretary, &document).await.json();
        let person = |name: &str, state: &str| json!({"name": name, "state": state});
        let people = [
            person("Người member", "acknowledged"),
            person("Người probationer", "unopened"),
            person("Người secretary", "opened"),
        ];
        assert_eq!(shown["people"], json!(people), "everybody of the branch and nobody else");
        let page = secretary.get(&document).await;
        assert!(
            page.shows("Chỉ bí thư chi bộ xem được")
                && page.shows("trên 3 đảng viên")
                && page.shows("Người probationer"),
            "{}",
            page.body
        );
        assert!(!page.shows("Người neighbour"));

        for (who, name) in [
            ("member", "Người probationer"),
            ("committee", "Người member"),
            ("editor", "Người member"),
            ("auditor", "Người member"),
        ] {
            let mut browser = app.browser(TENANT, who).await;
            let page = browser.get(&document).await;
            assert!(
                page.status == 200 && !page.shows(name) && !page.shows("Người neighbour"),
                "{who}: {}",
                page.body
            );
            let shown = data(&mut browser, &document).await.json();
            assert_eq!(shown["people"], json!([]), "{who}");
            assert_eq!(shown["units"].as_array().unwrap().is_empty(), who == "member", "{who}");
        }
        // Above the branch there are counts, and none under five.
        let mut committee = app.browser(TENANT, "committee").await;
        let shown = data(&mut committee, &document).await.json();
        let unit = |name: &str| json!({"name": name, "members": null, "opened": null, "acknowledged": null});
        assert_eq!(shown["units"], json!([unit("Chi bộ thôn Đông"), unit("Chi bộ thôn Tây")]));
        assert!(committee.get(&document).await.shows("dưới 5"));
        for who in ["secretary", "probationer", "committee"] {
            let mut browser = app.program(TENANT, who).await;
            browser.post_json(&format!("/api/v1{document}/acknowledge"), &json!({})).await;
        }
        let shown = data(&mut app.program(TENANT, "editor").await, &document).await.json();
        assert_eq!(
            shown["units"][1],
            json!({"name": "Đảng bộ xã Một", "members": 6, "opened": null, "acknowledged": null}),
            "five have read it, and nobody is told of the one who has not"
        );
        assert!(app.browser(TENANT, "editor").await.get(&document).await.shows("không nêu"));
        assert_eq!(shown["units"][0]["members"], json!(null), "xã Hai has one member");
    });
}

#[test]
fn a_search_needs_no_diacritics_and_takes_signs_as_they_are() {
    run(async {
        let app = TestApp::new().await;
        let mut editor = app.browser(TENANT, "editor").await;
        published(&mut editor, &[]).await;
        let answer = send(
            &mut editor,
            &[("number", "02-KH/TU"), ("title", "Kế hoạch triển khai"), ("must_read_by", "")],
            "b.pdf",
            PLAN,
        )
        .await;
        assert_eq!(answer.status, 303, "{}", answer.body);
        let mut far = app.program(TENANT, "far").await;
        for (search, found) in [
            ("", vec![NUMBER, "02-KH/TU"]),
            ("chuyen%20doi%20so", vec![NUMBER]),
            ("s%E1%BB%91%20CHUY%E1%BB%82N", vec![NUMBER]),
            ("01-nq", vec![NUMBER]),
            ("ke%20hoach", vec!["02-KH/TU"]),
            ("%25", vec![]),
            ("chuyen%20ke", vec![]),
        ] {
            let list = data(&mut far, &format!("/documents?q={search}")).await.json();
            let numbers: Vec<&str> = ["due", "documents"]
                .iter()
                .flat_map(|part| list[part].as_array().unwrap())
                .map(|item| item["number"].as_str().unwrap())
                .collect();
            assert_eq!(numbers, found, "{search}");
        }
        let none = editor.get("/documents?q=khong+co").await;
        assert!(
            none.shows("Không tìm thấy văn bản nào") && none.shows("value=\"khong co\""),
            "{}",
            none.body
        );
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
        assert_eq!(stored(&app).await, (1, 1, 1), "and the loser's file is gone");
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

#[test]
fn a_withdrawn_document_is_read_no_more() {
    run(async {
        let app = TestApp::new().await;
        let mut editor = app.browser(TENANT, "editor").await;
        let document = published(&mut editor, &[]).await;
        let withdraw = format!("{document}/withdraw");
        let mut member = app.browser(TENANT, "member").await;
        let held = member.get(&format!("{document}/file")).await;
        assert!(!member.get(&document).await.shows("Thu hồi"));
        for (who, status) in
            [("member", 403), ("secretary", 403), ("auditor", 403), ("committee", 404)]
        {
            let mut browser = app.browser(TENANT, who).await;
            browser.get(&document).await;
            assert_eq!(browser.post(&withdraw, &[]).await.status, status, "{who}");
        }
        assert!(editor.get(&document).await.shows("Thu hồi văn bản này"));
        for _ in 0..2 {
            assert_eq!(editor.post(&withdraw, &[]).await.status, 303, "twice is no error");
        }
        assert_eq!(
            count(&app, "SELECT count(*) FROM event WHERE kind = 'document.withdrawn'").await,
            1
        );
        assert!(
            !member.get("/").await.shows(TITLE) && !member.get("/documents").await.shows(TITLE)
        );
        let page = member.get(&document).await;
        assert!(
            page.status == 200 && page.shows("đã được thu hồi") && !page.shows("/file"),
            "{}",
            page.body
        );
        let tag = held.headers[header::ETAG].to_str().unwrap();
        let again =
            get_with(&mut member, &format!("{document}/file"), header::IF_NONE_MATCH, tag).await;
        assert_eq!(again.status, 404, "not even «unchanged» to who holds it");
        assert_eq!(member.post(&format!("{document}/acknowledge"), &[]).await.status, 409);
        assert_eq!(
            count(&app, "SELECT count(*) FROM document_receipt").await,
            1,
            "who has read it stays known"
        );
    });
}

#[test]
fn another_tenants_document_is_out_of_reach_even_under_its_own_id() {
    run(async {
        let app = TestApp::new().await;
        let document = published(&mut app.browser(TENANT, "editor").await, &[]).await;
        let mut editor = app.browser("ha-noi", "editor").await;
        for path in ["", "/file"] {
            assert_eq!(editor.get(&format!("{document}{path}")).await.status, 404, "{path}");
        }
        for path in ["acknowledge", "withdraw"] {
            assert_eq!(editor.post(&format!("{document}/{path}"), &[]).await.status, 404, "{path}");
        }
        let key = |tenant: &str| blob::Key::new(tenant, "documents", id(&document)).unwrap();
        assert!(app.platform.blob.exists(&key(TENANT)).await.unwrap());
        assert!(!app.platform.blob.exists(&key("ha-noi")).await.unwrap());

        // A row that bears the other tenant's id still leads to one's own folder.
        let insert = format!(
            "INSERT INTO document (id, organisation, kind, number, title, title_folded, summary, issuer, issued_on, file_name,
                                   file_size, sha256, pages, published_at, published_by, attested_by)
             SELECT '{}', o.id, 'nghi_quyet', '01-NQ/TU', '', '', '', '', '2026-11-01', 'a.pdf', {},
                    decode(repeat('00', 32), 'hex'), 1, now(), a.id, 'x' FROM organisation o, account a WHERE o.code = 'goc' LIMIT 1
             RETURNING 1::bigint",
            id(&document),
            RESOLUTION.len()
        );
        assert_eq!(count_at(&app, "ha-noi", &insert).await, 1);
        assert_eq!(editor.get(&document).await.status, 200, "the row is there");
        let file = editor.get(&format!("{document}/file")).await;
        assert!(file.status >= 400 && file.bytes != RESOLUTION, "{}", file.status);
    });
}

#[test]
fn the_json_face_says_what_the_page_shows() {
    run(async {
        let app = TestApp::new().await;
        let document = published(&mut app.browser(TENANT, "editor").await, &[]).await;
        let mut member = app.browser(TENANT, "member").await;
        let page = member.get(&document).await;
        let shown = data(&mut member, &document).await.json();
        for field in ["number", "title", "summary", "issuer", "organisation", "kind", "attested_by"]
        {
            let text = shown[field].as_str().unwrap();
            assert!(!text.is_empty() && page.shows(text), "{field} «{text}» in {}", page.body);
        }
        assert!(
            page.shows(&format!("{} trang", shown["pages"])) && page.shows("70 KB"),
            "{}",
            page.body
        );
        assert_eq!(
            (shown["file_size"].as_u64(), shown["must_read_by"].as_str()),
            (Some(RESOLUTION.len() as u64), Some("2026-11-30"))
        );
        assert_eq!(shown["published_at"], "2026-11-03T11:00:00Z");
        assert!(page.shows("03/11/2026") && page.shows("30/11/2026"));
        assert_eq!(
            (shown["state"].as_str(), shown["addressed"].as_bool(), shown["withdrawn"].as_bool()),
            (Some("unopened"), Some(true), Some(false))
        );
        let list = data(&mut member, "/documents").await.json();
        assert_eq!(
            (list["due"][0]["id"].as_str().unwrap(), list["due"][0]["overdue"].as_bool()),
            (id(&document).to_string().as_str(), Some(false))
        );
        assert_eq!(list["documents"], json!([]));
        for bad in ["/documents/none", "/documents/none/file"] {
            assert_eq!(member.get(bad).await.status, 404, "{bad}");
        }
    });
}
