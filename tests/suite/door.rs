//! Bad input at the door: a clear 4xx that says what to do, and nothing changes.

use crate::{
    app::{PASSWORD, TestApp, login},
    run,
};
use axum::body::Body;
use http::{Method, header};

#[test]
fn an_unknown_host_names_no_tenant() {
    run(async {
        let app = TestApp::new().await;
        for host in [
            "khong-co.localhost",
            "localhost",
            "example.com",
            "127.0.0.1",
            "thanh-hoa.localhost.evil.vn",
            "a_b.localhost",
        ] {
            let mut browser = app.visitor("x");
            browser.host = host.into();
            let answer = browser.get("/").await;
            assert_eq!(answer.status, 404, "{host}");
            assert!(!answer.body.to_lowercase().contains("thanh"), "{host}: {}", answer.body);
            assert!(answer.headers.contains_key(header::CONTENT_SECURITY_POLICY));
        }
    });
}

#[test]
fn a_host_may_come_with_port_and_capitals() {
    run(async {
        let app = TestApp::new().await;
        for host in ["thanh-hoa.localhost:8080", "THANH-HOA.LocalHost", "thanh-hoa.localhost."] {
            let mut browser = app.visitor("x");
            browser.host = host.into();
            assert_eq!(browser.get("/sign-in").await.status, 200, "{host}");
        }
    });
}

#[test]
fn odd_paths_are_refused_in_words() {
    run(async {
        let app = TestApp::new().await;
        for path in [
            "/documents/../admin",
            "/%2e%2e/etc/passwd",
            "/documents/%ff",
            "//example.com",
            "/a%00b",
            "/x%5cy",
        ] {
            let answer = app.visitor("thanh-hoa").get(path).await;
            assert_eq!(answer.status, 400, "{path}");
            assert!(answer.shows("Địa chỉ này không hợp lệ"), "{path}: {}", answer.body);
        }
        let missing = app.visitor("thanh-hoa").get("/khong-co").await;
        assert_eq!(missing.status, 404);
        assert!(missing.shows("Không có trang này"));
    });
}

#[test]
fn a_stale_or_missing_token_changes_nothing() {
    run(async {
        let app = TestApp::new().await;
        let mut browser = app.visitor("thanh-hoa");
        browser.get("/sign-in").await;
        let visitor_token = browser.csrf.clone();
        browser.post("/session", &[("login", login("member")), ("password", PASSWORD)]).await;
        for stale in [visitor_token.as_str(), "", "x"] {
            browser.csrf = stale.into();
            let answer = browser.post("/sign-out", &[]).await;
            assert_eq!(answer.status, 403, "«{stale}»");
            assert!(answer.shows("tải lại trang"), "{}", answer.body);
        }
        assert_eq!(browser.get("/").await.status, 200, "still signed in");
    });
}

#[test]
fn another_site_cannot_send_our_forms() {
    run(async {
        let app = TestApp::new().await;
        let mut browser = app.browser("thanh-hoa", "member").await;
        browser.get("/").await;
        for (name, value) in [
            ("sec-fetch-site", "cross-site"),
            ("sec-fetch-site", "same-site"),
            ("origin", "http://ha-noi.localhost"),
        ] {
            let request = browser
                .request(Method::POST, "/sign-out")
                .header(name, value)
                .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
                .body(Body::from(format!("csrf={}", browser.csrf)))
                .unwrap();
            assert_eq!(browser.send(request).await.status, 403, "{name}: {value}");
        }
        assert_eq!(browser.get("/").await.status, 200);
    });
}

#[test]
fn a_cookie_does_not_speak_for_a_program() {
    run(async {
        let app = TestApp::new().await;
        let mut browser = app.browser("thanh-hoa", "member").await;
        let answer = browser.get("/api/v1/account").await;
        assert_eq!(answer.status, 401);
        assert_eq!(answer.headers[header::WWW_AUTHENTICATE], "Bearer");
        assert_eq!(answer.headers[header::CONTENT_TYPE], "application/problem+json");
    });
}

#[test]
fn malformed_bodies_get_a_sentence() {
    run(async {
        let app = TestApp::new().await;
        let mut visitor = app.visitor("thanh-hoa");
        for (kind, body, status) in [
            ("application/json", b"{\"login\": ".to_vec(), 400),
            ("application/json", b"[1,2]".to_vec(), 400),
            ("application/json", b"\xff\xfe".to_vec(), 400),
            ("application/x-www-form-urlencoded", b"login=\xff".to_vec(), 400),
            ("text/csv", b"a;b".to_vec(), 415),
            ("application/json", vec![b' '; 300_000], 413),
        ] {
            let request = visitor
                .request(Method::POST, "/api/v1/session")
                .header(header::CONTENT_TYPE, kind)
                .body(Body::from(body))
                .unwrap();
            let answer = visitor.send(request).await;
            assert_eq!(answer.status, status, "{kind}: {}", answer.body);
            assert!(answer.json()["detail"].as_str().unwrap().len() > 20);
        }
    });
}

#[test]
fn a_body_announced_as_huge_is_refused_before_it_comes() {
    run(async {
        let app = TestApp::new().await;
        let mut editor = app.program("thanh-hoa", "editor").await;
        let request = editor
            .request(Method::POST, "/api/v1/documents")
            .header(header::CONTENT_TYPE, "multipart/form-data; boundary=x")
            .header(header::CONTENT_LENGTH, 300_000_000)
            .body(Body::empty())
            .unwrap();
        let answer = editor.send(request).await;
        assert_eq!(answer.status, 413, "{}", answer.body);
    });
}

#[test]
fn every_page_is_dressed_for_defence() {
    run(async {
        let app = TestApp::new().await;
        let answer = app.visitor("thanh-hoa").get("/sign-in").await;
        let csp = answer.headers[header::CONTENT_SECURITY_POLICY].to_str().unwrap();
        assert!(
            csp.contains("default-src 'none'")
                && csp.contains("frame-ancestors 'none'")
                && !csp.contains("unsafe")
        );
        assert_eq!(answer.headers[header::X_CONTENT_TYPE_OPTIONS], "nosniff");
        assert_eq!(answer.headers[header::CACHE_CONTROL], "no-store");
        assert!(answer.headers.contains_key("x-request-id"));
        assert!(
            !answer.body.contains("<style")
                && !answer.body.contains(" style=")
                && !answer.body.contains("onclick")
        );
    });
}

#[test]
fn a_suspended_tenant_says_so_and_comes_back() {
    run(async {
        let app = TestApp::new().await;
        let provisioner = app.database.provisioner();
        let tenant = kernel::TenantId::new("thanh-hoa").unwrap();
        provisioner.set_state(&tenant, tenancy::TenantState::Suspended).await.unwrap();
        app.platform.app.tenants.refresh().await.unwrap();
        let answer = app.visitor("thanh-hoa").get("/sign-in").await;
        assert_eq!(answer.status, 503);
        assert!(answer.shows("tạm dừng") && answer.headers.contains_key(header::RETRY_AFTER));
        assert_eq!(app.visitor("ha-noi").get("/sign-in").await.status, 200);
        provisioner.set_state(&tenant, tenancy::TenantState::Active).await.unwrap();
        app.platform.app.tenants.refresh().await.unwrap();
        assert_eq!(app.visitor("thanh-hoa").get("/sign-in").await.status, 200);
    });
}

#[test]
fn health_and_readiness_answer_on_any_host() {
    run(async {
        let app = TestApp::new().await;
        let mut browser = app.visitor("x");
        browser.host = "10.0.0.1".into();
        assert_eq!(browser.get("/healthz").await.status, 200);
        assert_eq!(browser.get("/readyz").await.status, 200);
        app.platform.app.tenants.close().await;
        tokio::time::sleep(std::time::Duration::from_millis(1100)).await;
        assert_eq!(browser.get("/readyz").await.status, 503, "readiness tells the truth");
        assert_eq!(browser.get("/healthz").await.status, 200);
    });
}

#[test]
fn sign_in_leads_back_to_where_one_wanted_to_go_but_never_away() {
    run(async {
        let app = TestApp::new().await;
        let mut browser = app.visitor("thanh-hoa");
        assert_eq!(
            browser.get("/documents?q=a%20b").await.location(),
            "/sign-in?next=/documents%3Fq%3Da%2520b"
        );
        for (next, to) in [
            ("/account", "/account"),
            ("https://evil.vn", "/"),
            ("//evil.vn", "/"),
            ("/\\evil.vn", "/"),
        ] {
            let mut browser = app.visitor("thanh-hoa");
            browser.get("/sign-in").await;
            let answer = browser
                .post(
                    "/session",
                    &[("login", login("member")), ("password", PASSWORD), ("next", next)],
                )
                .await;
            assert_eq!(answer.location(), to, "{next}");
        }
    });
}
