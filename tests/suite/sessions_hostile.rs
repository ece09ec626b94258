//! What a hostile page, neighbour or link may try with somebody's browser.

use crate::{
    app::{PASSWORD, TestApp, login},
    browser::{Answer, Browser},
    run,
};
use axum::body::Body;
use http::{Method, header};
use kernel::TenantId;
use tenancy::TenantState;

async fn sign_in(browser: &mut Browser, who: &str, next: &str) -> Answer {
    browser.get("/sign-in").await;
    let fields = [("login", login(who)), ("password", PASSWORD), ("next", next)];
    browser.post("/session", &fields).await
}

#[test]
fn a_planted_session_does_not_become_the_victims() {
    run(async {
        let app = TestApp::new().await;
        for secure in [false, true] {
            let name = if secure { "__Host-session" } else { "session" };
            let mut attacker = app.visitor("thanh-hoa");
            attacker.secure = secure;
            attacker.get("/sign-in").await;
            let fields = [("login", login("neighbour")), ("password", PASSWORD)];
            assert_eq!(attacker.post("/session", &fields).await.status, 303);
            let planted = attacker.cookies[name].clone();
            for token in [planted.as_str(), "a-token-that-never-was", ""] {
                let mut victim = app.visitor("thanh-hoa");
                victim.secure = secure;
                victim.cookies.insert(name.into(), token.into());
                assert_eq!(sign_in(&mut victim, "member", "").await.status, 303);
                assert_ne!(victim.cookies[name], token, "a sign-in makes a session of its own");
                assert!(victim.get("/account").await.shows("Người member"));
            }
            assert!(attacker.get("/account").await.shows("Người neighbour"));
            // Nor does the visitor's cookie of before say anything afterwards.
            let mut after = app.visitor("thanh-hoa");
            after.secure = secure;
            after.cookies = attacker.cookies.clone();
            after.cookies.remove(name);
            assert_eq!(after.get("/account").await.status, 303);
        }
    });
}

#[test]
fn two_session_cookies_are_none() {
    run(async {
        let app = TestApp::new().await;
        let browser = app.browser("thanh-hoa", "member").await;
        let mut own = browser.request(Method::GET, "/account");
        own = own.header(header::COOKIE, "session=planted-by-a-neighbour");
        let mut sender = app.visitor("thanh-hoa");
        assert_eq!(sender.send(own.body(Body::empty()).unwrap()).await.status, 303);
    });
}

#[test]
fn every_cookie_is_bound_to_its_host_and_out_of_scripts_reach() {
    run(async {
        let app = TestApp::new().await;
        let mut browser = app.visitor("thanh-hoa");
        browser.secure = true;
        let mut answers =
            vec![browser.get("/sign-in").await, sign_in(&mut browser, "member", "").await];
        browser.get("/").await;
        answers.push(browser.post("/sign-out", &[]).await);
        let mut seen = 0;
        for answer in &answers {
            for cookie in answer.headers.get_all(header::SET_COOKIE) {
                let cookie = cookie.to_str().unwrap();
                seen += 1;
                assert!(
                    cookie.starts_with("__Host-")
                        && cookie.contains("; Path=/;")
                        && cookie.contains("; HttpOnly")
                        && cookie.contains("; SameSite=Lax")
                        && cookie.contains("; Secure")
                        && !cookie.to_ascii_lowercase().contains("domain"),
                    "{cookie}"
                );
            }
        }
        assert!(seen >= 3, "visitor, session and its end");
    });
}

#[test]
fn no_link_leads_out_through_the_sign_in() {
    run(async {
        let app = TestApp::new().await;
        // In turns: one login is slowed down after ten.
        let mut people = ["member", "neighbour", "far"].into_iter().cycle();
        for next in [
            "//evil.vn",
            "///evil.vn",
            "/\\evil.vn",
            "/\t/evil.vn",
            "\\\\evil.vn",
            "https:evil.vn",
            "https://thanh-hoa.localhost@evil.vn",
            "javascript:alert(1)",
            "data:text/html,x",
            "evil.vn",
            " //evil.vn",
            "/\r\nSet-Cookie: session=x",
            "/\u{2028}",
        ] {
            let mut browser = app.visitor("thanh-hoa");
            let page = browser.get(&format!("/sign-in?next={}", web::percent_encoded(next))).await;
            assert!(!page.shows("evil.vn") && !page.shows("alert(1)"), "{next:?}: {}", page.body);
            let who = people.next().unwrap();
            let answer = sign_in(&mut browser, who, next).await;
            assert_eq!((answer.status, answer.location()), (303, "/"), "{next:?}");
        }
        // What is written in percents stays in percents, inside this site.
        let mut browser = app.visitor("thanh-hoa");
        let inside = "/documents?q=%0d%0aSet-Cookie:%20session=x";
        let answer = sign_in(&mut browser, "member", inside).await;
        assert_eq!(answer.location(), inside);
        let set = answer.headers.get_all(header::SET_COOKIE).iter();
        let names: Vec<_> = set.map(|c| c.to_str().unwrap().split('=').next().unwrap()).collect();
        assert_eq!(names, ["session", "device"], "ours and no others");
    });
}

#[test]
fn a_host_is_taken_from_one_place_and_spelled_one_way() {
    run(async {
        let app = TestApp::new().await;
        // What a proxy, or somebody who plays one, adds means nothing here.
        let mut secretary = app.browser("thanh-hoa", "secretary").await;
        let member = app.member("thanh-hoa", "member").await;
        secretary.get("/").await;
        let request = secretary
            .request(Method::POST, &format!("/members/{member}/code"))
            .header("x-forwarded-host", "evil.vn")
            .header("x-forwarded-proto", "https")
            .header("forwarded", "host=evil.vn;proto=https")
            .header("x-original-url", "/account")
            .header("x-rewrite-url", "/account")
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(Body::from(format!("csrf={}", secretary.csrf)))
            .unwrap();
        let slip = secretary.send(request).await;
        assert_eq!(slip.status, 200, "{}", slip.body);
        assert!(!slip.shows("evil.vn") && slip.shows("thanh-hoa.localhost"), "{}", slip.body);
        for (host, status) in [
            ("THANH-HOA.localhost", 200),
            ("thanh-hoa.localhost.", 200),
            ("thanh-hoa.localhost:65535", 200),
            ("thanh-hoa.localhost..", 404),
            ("thanh-hoa.localhost:65536", 404),
            ("thanh-hoa.localhost:80:80", 404),
            ("thanh-hoa.localhost:", 404),
            (".thanh-hoa.localhost", 404),
            ("xn--thanh-ha-13a.localhost", 404),
            ("thanh-hoa.localhost/ha-noi.localhost", 404),
            ("thanh-hoa%2elocalhost", 404),
            ("www.thanh-hoa.localhost", 404),
        ] {
            let mut browser = app.visitor("x");
            browser.host = host.into();
            assert_eq!(browser.get("/sign-in").await.status, status, "{host}");
        }
        let mut browser = app.visitor("thanh-hoa");
        let request = http::Request::get("/sign-in")
            .header(
                header::HOST,
                header::HeaderValue::from_bytes("thanh-hoá.localhost".as_bytes()).unwrap(),
            )
            .body(Body::empty())
            .unwrap();
        assert_eq!(browser.send(request).await.status, 404);
    });
}

/// What every answer says, whatever it is.
fn dressed(answer: &Answer, what: &str) {
    let header = |name: &str| {
        answer.headers.get(name).unwrap_or_else(|| panic!("{what}: no {name}")).to_str().unwrap()
    };
    let csp = header("content-security-policy");
    assert!(
        csp.contains("frame-ancestors 'none'") && csp.contains("base-uri 'none'"),
        "{what}: {csp}"
    );
    let script = csp.split(';').find(|part| part.trim().starts_with("script-src"));
    assert!(
        !csp.contains("unsafe-eval") && !script.unwrap_or("").contains("unsafe"),
        "{what}: {csp}"
    );
    if header("content-type").starts_with("text/html") {
        assert!(!csp.contains("unsafe"), "{what}: {csp}");
    }
    assert_eq!(header("x-frame-options"), "DENY", "{what}");
    assert_eq!(header("x-content-type-options"), "nosniff", "{what}");
    assert_eq!(header("referrer-policy"), "same-origin", "{what}");
    assert_eq!(header("cross-origin-opener-policy"), "same-origin", "{what}");
    assert!(answer.headers.contains_key("x-request-id"), "{what}");
}

#[test]
fn every_page_is_dressed_and_what_is_personal_is_kept_by_nobody() {
    run(async {
        let app = TestApp::new().await;
        let mut seen = 0;
        for who in ["member", "secretary", "editor", "auditor", "admin"] {
            let mut browser = app.browser("thanh-hoa", who).await;
            for route in app.platform.routes.iter().filter(|route| route.method == "GET") {
                let path = route.path.replace("{id}", "01890000-0000-7000-8000-000000000000");
                let answer = browser.get(&path).await;
                let what = format!("{who} {path}: {}", answer.status);
                if answer.headers.contains_key(header::CONTENT_TYPE) {
                    dressed(&answer, &what);
                }
                assert_eq!(answer.headers[header::CACHE_CONTROL], "no-store", "{what}");
                seen += 1;
            }
        }
        assert!(seen > 100, "{seen}");
    });
}

#[test]
fn errors_are_dressed_like_pages() {
    run(async {
        let app = TestApp::new().await;
        let mut visitor = app.visitor("thanh-hoa");
        let send = |method: Method, path: &str, kind: &str| {
            visitor.request(method, path).header(header::CONTENT_TYPE, kind)
        };
        let requests = [
            (404, send(Method::GET, "/khong-co", "").body(Body::empty())),
            (400, send(Method::GET, "/a%00b", "").body(Body::empty())),
            (400, send(Method::DELETE, "/sign-in", "").body(Body::empty())),
            (405, send(Method::TRACE, "/sign-in", "").body(Body::empty())),
            (415, send(Method::POST, "/api/v1/session", "text/csv").body(Body::from("a"))),
            (
                413,
                send(Method::POST, "/api/v1/session", "application/json")
                    .body(Body::from(vec![b' '; 300_000])),
            ),
            (
                403,
                send(Method::POST, "/session", "application/x-www-form-urlencoded")
                    .body(Body::from("csrf=x")),
            ),
            (401, send(Method::GET, "/api/v1/account", "").body(Body::empty())),
        ];
        for (status, request) in requests {
            let request = request.unwrap();
            let what = format!("{} {}", request.method(), request.uri());
            let answer = visitor.send(request).await;
            assert_eq!(answer.status, status, "{what}: {}", answer.body);
            if !answer.bytes.is_empty() {
                dressed(&answer, &what);
            }
            assert_eq!(answer.headers[header::X_FRAME_OPTIONS], "DENY", "{what}");
            assert_eq!(answer.headers[header::CACHE_CONTROL], "no-store", "{what}");
        }
        let mut nowhere = app.visitor("khong-co");
        dressed(&nowhere.get("/").await, "an unknown host");
        let tenant = TenantId::new("thanh-hoa").unwrap();
        app.database.provisioner().set_state(&tenant, TenantState::Suspended).await.unwrap();
        app.platform.app.tenants.refresh().await.unwrap();
        let suspended = visitor.get("/sign-in").await;
        assert_eq!(suspended.status, 503);
        dressed(&suspended, "a suspended tenant");
    });
}
