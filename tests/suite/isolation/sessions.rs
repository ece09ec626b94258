//! Sessions of one tenant, and what is kept before and beside them: the tokens
//! of forms, tries, cookies.

use super::{A, B};
use crate::{
    app::{PASSWORD, TestApp, login},
    run,
};
use gateway::{Limits, Places, Proxies};
use http::header;

#[test]
fn a_form_of_one_tenant_cannot_be_sent_to_another() {
    run(async {
        let app = TestApp::new().await;
        // The same visitor cookie at both, as if planted.
        let mut at_a = app.visitor(A);
        at_a.get("/sign-in").await;
        let mut at_b = app.visitor(B);
        at_b.cookies = at_a.cookies.clone();
        at_b.get("/sign-in").await;
        assert_ne!(at_a.csrf, at_b.csrf);
        at_b.csrf.clone_from(&at_a.csrf);
        let fields = [("login", login("member")), ("password", PASSWORD)];
        assert_eq!(at_b.post("/session", &fields).await.status, 403);
        assert_eq!(at_a.post("/session", &fields).await.status, 303);
        // Signed in at both: the token of one session says nothing for the other.
        let mut at_b = app.browser(B, "member").await;
        at_b.get("/account").await;
        at_a.get("/account").await;
        at_b.csrf.clone_from(&at_a.csrf);
        assert_eq!(at_b.post("/sign-out", &[]).await.status, 403);
        assert_eq!(at_b.get("/account").await.status, 200);
    });
}

#[test]
fn a_token_under_another_tenants_cookie_name_or_header_is_nobodys() {
    run(async {
        let app = TestApp::new().await;
        let browser = app.browser(A, "admin").await;
        let token = browser.cookies["session"].clone();
        let mut program = app.visitor(B);
        program.bearer = Some(token.clone());
        assert_eq!(program.get("/api/v1/account").await.status, 401);
        // At its own tenant it is somebody, over either way in.
        program.host = format!("{A}.localhost");
        assert_eq!(program.get("/api/v1/account").await.status, 200);
        for (secure, name) in [(true, "session"), (false, "__Host-session")] {
            let mut other = app.visitor(A);
            other.secure = secure;
            other.cookies.insert(name.into(), token.clone());
            assert_eq!(other.get("/account").await.status, 303, "{name}, secure: {secure}");
        }
    });
}

#[test]
fn guesses_at_one_tenant_do_not_lock_another() {
    run(async {
        let app = TestApp::new().await;
        let mut guesser = app.visitor(A);
        guesser.get("/sign-in").await;
        let mut last = 0;
        for _ in 0..11 {
            let fields = [("login", login("member")), ("password", "đoán mò thôi")];
            last = guesser.post("/session", &fields).await.status;
        }
        assert_eq!(last, 429);
        // The same number from the same address, at the other tenant.
        app.browser(B, "member").await;
    });
}

#[test]
fn what_a_page_leaves_for_the_next_stays_at_its_host() {
    run(async {
        let app = TestApp::new().await;
        for secure in [false, true] {
            let mut browser = app.visitor(A);
            browser.secure = secure;
            browser.get("/sign-in").await;
            browser.post("/session", &[("login", login("member")), ("password", PASSWORD)]).await;
            browser.get("/").await;
            let answer = browser.post("/sign-out", &[]).await;
            assert_eq!(answer.status, 303, "{}", answer.body);
            for cookie in answer.headers.get_all(header::SET_COOKIE) {
                let cookie = cookie.to_str().unwrap().to_ascii_lowercase();
                assert!(!cookie.contains("domain"), "{cookie}");
                assert_eq!(cookie.starts_with("__host-"), secure, "{cookie}");
            }
        }
        // A neighbouring host may plant cookies for all below a common name, but
        // not under a name that is bound to the host.
        for secure in [false, true] {
            let mut browser = app.visitor(A);
            browser.secure = secure;
            browser.cookies.insert("flash".into(), "xJDDoyBjw7MgbOG7h2bGsA".into());
            let page = browser.get("/sign-in").await;
            assert_eq!((page.status, page.shows("st-flash")), (200, !secure), "{}", page.body);
        }
    });
}

#[test]
fn everybody_who_asks_in_the_same_moment_is_taken_for_themselves() {
    run(async {
        let mut app = TestApp::new().await;
        let work = Places { total: 64, per_tenant: 32 };
        let limits = Limits { work, ..Limits::default().unreachable_rates() };
        app.platform.door = app.platform.door.clone().limited(&limits, Proxies::default());
        let mut people = Vec::new();
        for tenant in [A, B] {
            for who in ["member", "secretary", "editor", "admin"] {
                let mut program = app.program(tenant, who).await;
                let name = program.get("/api/v1/account").await.json()["name"].clone();
                people.push((tenant, program.bearer.clone(), name));
            }
        }
        let mut asking = tokio::task::JoinSet::new();
        for round in 0..8 {
            for (tenant, token, name) in people.clone() {
                let other = if tenant == A { B } else { A };
                let invented = format!("{round:043}");
                for (at, bearer, expected) in [
                    (tenant, token.clone(), Some(name)),
                    (other, token, None),
                    (tenant, Some(invented), None),
                ] {
                    let mut program = app.visitor(at);
                    program.bearer = bearer;
                    asking.spawn(async move {
                        let answer = program.get("/api/v1/account").await;
                        match expected {
                            Some(name) => assert_eq!(answer.json()["name"], name),
                            None => assert_eq!(answer.status, 401, "{}", answer.body),
                        }
                    });
                }
            }
        }
        while let Some(asked) = asking.join_next().await {
            asked.unwrap();
        }
    });
}
