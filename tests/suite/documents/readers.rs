//! Whom a document reaches, and what is known of who has read it.

use super::{RESOLUTION, TENANT, TITLE, id, published};
use crate::{app::TestApp, run};
use serde_json::json;
use time::Duration;

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
            assert_eq!(far.data(&format!("{document}{path}")).await.status, 404, "{path}");
        }
        assert_eq!(far.post(&format!("{document}/acknowledge"), &[]).await.status, 404);
        assert_eq!(app.count(TENANT, "SELECT count(*) FROM document_receipt").await, 0);

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
            app.count(TENANT, "SELECT count(*) FROM document_receipt").await,
            0,
            "none of them is a reader"
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
                app.count(
                    TENANT,
                    &format!("SELECT count(*) FROM event WHERE kind = 'document.{kind}'")
                )
                .await,
                1,
                "{kind}"
            );
        }
        assert_eq!(
            app.count(
                TENANT,
                "SELECT count(*) FROM document_receipt WHERE acknowledged_at IS NOT NULL"
            )
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
        let shown = secretary.data(&document).await.json();
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
            let shown = browser.data(&document).await.json();
            assert_eq!(shown["people"], json!([]), "{who}");
            assert_eq!(shown["units"].as_array().unwrap().is_empty(), who == "member", "{who}");
        }
        // Above the branch there are counts, and none under five.
        let mut committee = app.browser(TENANT, "committee").await;
        let shown = committee.data(&document).await.json();
        let unit = |name: &str| json!({"name": name, "members": null, "opened": null, "acknowledged": null});
        assert_eq!(shown["units"], json!([unit("Chi bộ thôn Đông"), unit("Chi bộ thôn Tây")]));
        assert!(committee.get(&document).await.shows("dưới 5"));
        for who in ["secretary", "probationer", "committee"] {
            let mut browser = app.program(TENANT, who).await;
            browser.post_json(&format!("/api/v1{document}/acknowledge"), &json!({})).await;
        }
        let shown = app.program(TENANT, "editor").await.data(&document).await.json();
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
        assert_eq!(app.count("ha-noi", &insert).await, 1);
        assert_eq!(editor.get(&document).await.status, 200, "the row is there");
        let file = editor.get(&format!("{document}/file")).await;
        assert!(file.status >= 400 && file.bytes != RESOLUTION, "{}", file.status);
    });
}
