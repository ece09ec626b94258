//! Reading: the list, the document and its file, until it is withdrawn.

use super::{NUMBER, PLAN, RESOLUTION, TENANT, TITLE, id, published, send};
use crate::{app::TestApp, run};
use axum::body::Body;
use http::{Method, header};
use serde_json::json;

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
            app.count(TENANT, "SELECT count(*) FROM document_receipt").await,
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
        let same = member.get_with(&path, header::IF_NONE_MATCH, &tag).await;
        assert_eq!(
            (same.status, same.bytes.len(), same.headers[header::ETAG].to_str().unwrap()),
            (304, 0, tag.as_str())
        );
        assert_eq!(member.get_with(&path, header::IF_NONE_MATCH, "\"other\"").await.status, 200);

        let size = RESOLUTION.len();
        for (range, first, bytes) in [
            ("bytes=0-99", 0, &RESOLUTION[..100]),
            ("bytes=100-", 100, &RESOLUTION[100..]),
            ("bytes=-10", size - 10, &RESOLUTION[size - 10..]),
        ] {
            let part = member.get_with(&path, header::RANGE, range).await;
            assert!(part.status == 206 && part.bytes == bytes, "{range}: {}", part.status);
            assert_eq!(
                part.headers[header::CONTENT_RANGE].to_str().unwrap(),
                format!("bytes {first}-{}/{size}", first + bytes.len() - 1)
            );
        }
        let beyond = member.get_with(&path, header::RANGE, &format!("bytes={size}-")).await;
        assert_eq!(
            (beyond.status, beyond.headers[header::CONTENT_RANGE].to_str().unwrap()),
            (416, format!("bytes */{size}").as_str())
        );
        assert_eq!(
            app.count(TENANT, "SELECT count(*) FROM event WHERE kind = 'document.opened'").await,
            1,
            "one receipt for all of it"
        );
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
            let list = far.data(&format!("/documents?q={search}")).await.json();
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
            app.count(TENANT, "SELECT count(*) FROM event WHERE kind = 'document.withdrawn'").await,
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
        let again = member.get_with(&format!("{document}/file"), header::IF_NONE_MATCH, tag).await;
        assert_eq!(again.status, 404, "not even «unchanged» to who holds it");
        assert_eq!(member.post(&format!("{document}/acknowledge"), &[]).await.status, 409);
        assert_eq!(
            app.count(TENANT, "SELECT count(*) FROM document_receipt").await,
            1,
            "who has read it stays known"
        );
    });
}

#[test]
fn the_json_face_says_what_the_page_shows() {
    run(async {
        let app = TestApp::new().await;
        let document = published(&mut app.browser(TENANT, "editor").await, &[]).await;
        let mut member = app.browser(TENANT, "member").await;
        let page = member.get(&document).await;
        let shown = member.data(&document).await.json();
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
        let list = member.data("/documents").await.json();
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
