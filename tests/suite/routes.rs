//! Every route, asked by nobody, by a member of another tenant and by a role
//! that may not: none of them gets in. The list below is written by hand so
//! that a new route cannot come without somebody thinking about it here.

use crate::{app::TestApp, browser::Browser, run};
use axum::body::Body;
use http::{Method, header};
use kernel::Role;
use std::collections::{BTreeMap, BTreeSet};

/// Operations open to everybody.
const PUBLIC: &[&str] =
    &["account.activate", "account.activate_form", "help.show", "session.create", "session.new"];

/// For each guarded operation, somebody of the suite's people who may not do
/// it at all; `-` where every member may.
const REFUSED: &[(&str, &str)] = include!("refused.in");

async fn ask(browser: &mut Browser, method: &str, path: &str, csrf: bool) -> u16 {
    let path = path
        .split('/')
        .map(
            |part| {
                if part.starts_with('{') { "01890000-0000-7000-8000-000000000000" } else { part }
            },
        )
        .collect::<Vec<_>>()
        .join("/");
    let mut request = browser.request(Method::from_bytes(method.as_bytes()).unwrap(), &path);
    if csrf {
        request = request.header("x-csrf-token", browser.csrf.clone());
    }
    let request = request
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(Body::empty())
        .unwrap();
    browser.send(request).await.status
}

#[test]
fn the_list_of_this_test_is_the_list_of_routes() {
    run(async {
        let app = TestApp::new().await;
        let there: BTreeSet<&str> =
            app.platform.routes.iter().map(|route| route.operation).collect();
        let listed: BTreeSet<&str> =
            PUBLIC.iter().copied().chain(REFUSED.iter().map(|(operation, _)| *operation)).collect();
        assert_eq!(there, listed, "add the new operation to tests/suite/refused.in");
    });
}

#[test]
fn nobody_gets_in_anywhere() {
    run(async {
        let app = TestApp::new().await;
        for route in app.platform.routes.iter().filter(|route| !PUBLIC.contains(&route.operation)) {
            let mut visitor = app.visitor("thanh-hoa");
            visitor.get("/sign-in").await;
            let page = ask(&mut visitor, &route.method, &route.path, true).await;
            assert_eq!(page, 303, "{} {} for nobody", route.method, route.path);
            let program = ask(
                &mut app.visitor("thanh-hoa"),
                &route.method,
                &format!("/api/v1{}", route.path),
                false,
            )
            .await;
            assert_eq!(
                program, 401,
                "{} {} for a program without a token",
                route.method, route.path
            );
        }
    });
}

#[test]
fn a_session_of_one_tenant_is_nobody_at_another() {
    run(async {
        let app = TestApp::new().await;
        let mut browser = app.browser("ha-noi", "admin").await;
        browser.host = "thanh-hoa.localhost".into();
        let mut program = app.program("ha-noi", "admin").await;
        program.host = "thanh-hoa.localhost".into();
        for route in app.platform.routes.iter().filter(|route| !PUBLIC.contains(&route.operation)) {
            let status = ask(&mut browser, &route.method, &route.path, true).await;
            assert_eq!(status, 303, "{} {} with another tenant's cookie", route.method, route.path);
            let status =
                ask(&mut program, &route.method, &format!("/api/v1{}", route.path), false).await;
            assert_eq!(status, 401, "{} {} with another tenant's token", route.method, route.path);
        }
    });
}

#[test]
fn a_role_that_may_not_is_refused_everywhere() {
    run(async {
        let app = TestApp::new().await;
        let mut browsers = BTreeMap::new();
        for (operation, who) in REFUSED {
            let route =
                app.platform.routes.iter().find(|route| route.operation == *operation).unwrap();
            if *who == "-" {
                assert!(
                    app.platform.app.policy.allows(Role::Member, operation),
                    "{operation} is not for every member: name somebody"
                );
                continue;
            }
            if !browsers.contains_key(who) {
                let mut browser = app.browser("thanh-hoa", who).await;
                browser.get("/account").await;
                browsers.insert(*who, browser);
            }
            let status =
                ask(browsers.get_mut(who).unwrap(), &route.method, &route.path, true).await;
            assert_eq!(status, 403, "{} {} for {who}", route.method, route.path);
        }
    });
}

#[test]
fn a_changing_route_without_the_token_is_refused_even_to_who_may() {
    run(async {
        let app = TestApp::new().await;
        let mut browsers = BTreeMap::new();
        for route in app.platform.routes.iter().filter(|route| route.method != "GET") {
            let who = ["member", "secretary", "editor", "admin"].into_iter().find(|who| {
                let role = match *who {
                    "member" => Role::Member,
                    "secretary" => Role::Secretary,
                    "editor" => Role::Editor,
                    _ => Role::TenantAdmin,
                };
                app.platform.app.policy.allows(role, route.operation)
            });
            let Some(who) = who else { continue };
            if !browsers.contains_key(who) {
                browsers.insert(who, app.browser("thanh-hoa", who).await);
            }
            let browser = browsers.get_mut(who).unwrap();
            let status = ask(browser, &route.method, &route.path, false).await;
            assert!(
                matches!(status, 403 | 415),
                "{} {} for {who} without a token: {status}",
                route.method,
                route.path
            );
        }
    });
}
