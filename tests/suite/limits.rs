//! Rate limits at the door: who floods is told to wait, and nobody else.

use crate::{
    app::{PASSWORD, TestApp, login},
    browser::{Answer, Browser},
    run,
};
use axum::body::Body;
use gateway::{Limits, Proxies, Rate};
use http::{Method, header};
use std::{collections::BTreeMap, net::IpAddr};

/// A platform with these limits, in place of the usual ones.
async fn limited(change: impl FnOnce(&mut Limits)) -> TestApp {
    let mut app = TestApp::new().await;
    let mut limits = Limits::default();
    change(&mut limits);
    app.platform.door = app.platform.door.clone().limited(&limits, Proxies::default());
    app
}

fn at_once(burst: u32) -> Rate {
    Rate { per_minute: 1, burst }
}

/// Asks until refused, at most `times`; says how often it was let in.
async fn flood(browser: &mut Browser, path: &str, times: usize) -> (usize, Option<Answer>) {
    for n in 0..times {
        let answer = browser.get(path).await;
        if answer.status == 429 {
            return (n, Some(answer));
        }
    }
    (times, None)
}

#[test]
fn a_flood_from_one_address_stops_strangers_there_and_nobody_who_is_signed_in() {
    run(async {
        let app = limited(|limits| limits.visitor = at_once(20)).await;
        let mut member = app.browser("thanh-hoa", "member").await;
        let mut program = app.program("thanh-hoa", "neighbour").await;
        assert_eq!((member.get("/").await.status, program.get("/").await.status), (200, 200));
        let mut stranger = app.visitor("thanh-hoa");
        let (_, refused) = flood(&mut stranger, "/sign-in", 50).await;
        let refused = refused.expect("the flood ends");
        let wait = refused.headers[header::RETRY_AFTER].to_str().unwrap();
        assert!((1..=60).contains(&wait.parse().unwrap()), "{wait}");
        assert!(refused.shows(&format!("Chờ {wait} giây rồi tải lại")), "{}", refused.body);
        assert!(refused.headers.contains_key(header::CONTENT_SECURITY_POLICY));
        let problem = stranger.get("/api/v1/documents").await;
        assert_eq!(problem.headers[header::CONTENT_TYPE], "application/problem+json");
        assert_eq!(problem.json()["status"], 429);
        for _ in 0..30 {
            assert_eq!(member.get("/documents").await.status, 200);
            assert_eq!(program.get("/api/v1/documents").await.status, 200);
        }
        assert_eq!(app.visitor("ha-noi").get("/sign-in").await.status, 200, "another tenant");
        let mut elsewhere = app.visitor("thanh-hoa");
        elsewhere.peer = IpAddr::from([127, 0, 0, 2]);
        assert_eq!(elsewhere.get("/sign-in").await.status, 200, "another address");
        for path in ["/healthz", "/readyz", "/assets/app.css", "/favicon.ico"] {
            assert_eq!(stranger.get(path).await.status, 200, "{path} is not counted");
        }
    });
}

#[test]
fn made_up_tokens_count_as_a_stranger_and_ask_the_database_nothing_once_refused() {
    run(async {
        let app = limited(|limits| limits.visitor = at_once(10)).await;
        let mut stranger = app.visitor("thanh-hoa");
        let mut statuses = Vec::new();
        for n in 0..15 {
            stranger.bearer = Some(format!("{n:043}"));
            statuses.push(stranger.get("/api/v1/account").await.status);
        }
        assert_eq!(statuses, [[401; 10].as_slice(), &[429; 5]].concat());
        // Without a database the refusal is the same: nobody was asked.
        app.platform.app.tenants.close().await;
        assert_eq!(stranger.get("/api/v1/account").await.status, 429);
    });
}

#[test]
fn whoever_signs_out_is_a_stranger_again() {
    run(async {
        let app = limited(|limits| limits.visitor = at_once(10)).await;
        let mut member = app.browser("thanh-hoa", "member").await;
        member.get("/").await;
        let kept = member.cookies.clone();
        assert_eq!(member.post("/sign-out", &[]).await.status, 303);
        member.cookies = kept;
        let (let_in, refused) = flood(&mut member, "/", 30).await;
        assert!(refused.is_some() && let_in <= 10, "{let_in}");
    });
}

#[test]
fn one_account_out_of_breath_keeps_its_form_and_leaves_the_others_alone() {
    run(async {
        let app = limited(|limits| limits.member = at_once(8)).await;
        let mut busy = app.browser("thanh-hoa", "member").await;
        let (let_in, refused) = flood(&mut busy, "/account", 20).await;
        assert_eq!((let_in, refused.map(|answer| answer.status)), (8, Some(429)));
        let sent = busy.post("/meetings/check-in", &[("code", "123456")]).await;
        assert_eq!(sent.status, 429);
        assert!(
            sent.shows("chưa được thực hiện") && sent.shows("chọn gửi lại"),
            "what was entered is not lost: {}",
            sent.body
        );
        let mut neighbour = app.browser("thanh-hoa", "neighbour").await;
        assert_eq!(neighbour.get("/account").await.status, 200);
        // A second device is the same account.
        let mut second = app.browser("thanh-hoa", "member").await;
        assert_eq!(second.get("/account").await.status, 429);
    });
}

#[test]
fn exports_have_a_budget_of_their_own() {
    run(async {
        let app = limited(|limits| limits.transfer = at_once(2)).await;
        let mut admin = app.browser("thanh-hoa", "admin").await;
        let (let_in, _) = flood(&mut admin, "/roster/template.xlsx", 5).await;
        assert_eq!(let_in, 2);
        assert_eq!(admin.get("/roster").await.status, 200, "pages still open");
    });
}

#[test]
fn sign_ins_of_one_address_have_a_budget_of_their_own() {
    run(async {
        let app = limited(|limits| limits.sign_in = at_once(3)).await;
        let mut visitor = app.visitor("thanh-hoa");
        visitor.get("/sign-in").await;
        let mut statuses = Vec::new();
        for n in 0..5 {
            let login = format!("09990000{n:02}");
            let fields = [("login", login.as_str()), ("password", "đoán mò thôi")];
            statuses.push(visitor.post("/session", &fields).await.status);
        }
        assert_eq!(statuses, [422, 422, 422, 429, 429]);
        assert_eq!(visitor.get("/sign-in").await.status, 200);
        let mut elsewhere = app.visitor("thanh-hoa");
        elsewhere.peer = IpAddr::from([127, 0, 0, 2]);
        elsewhere.get("/sign-in").await;
        let fields = [("login", login("member")), ("password", PASSWORD)];
        assert_eq!(elsewhere.post("/session", &fields).await.status, 303);
    });
}

#[test]
fn a_whole_branch_behind_one_address_gets_in_at_the_same_minute() {
    run(async {
        let app = TestApp::new().await;
        for member in 0..60 {
            let mut phone = app.visitor("thanh-hoa");
            for path in ["/", "/meetings/check-in", "/sign-in", "/sign-in", "/help", "/activate"] {
                let answer = phone.get(path).await;
                assert!(matches!(answer.status, 200 | 303), "{member}: {}", answer.status);
            }
        }
    });
}

#[test]
fn a_tenant_overrun_by_strangers_still_serves_its_members() {
    run(async {
        let app = limited(|limits| limits.tenant_visitors = at_once(30)).await;
        let mut member = app.browser("thanh-hoa", "member").await;
        member.get("/").await;
        let mut refused = 0;
        for n in 0..60 {
            let mut stranger = app.visitor("thanh-hoa");
            stranger.peer = IpAddr::from([10, 0, 0, n]);
            refused += usize::from(stranger.get("/sign-in").await.status == 429);
        }
        assert!(refused >= 30, "{refused} of 60 strangers, each from an address of its own");
        assert_eq!(member.get("/").await.status, 200);
        assert_eq!(app.visitor("ha-noi").get("/sign-in").await.status, 200);
    });
}

#[test]
fn a_tenant_whose_members_all_come_at_once_leaves_the_others_theirs() {
    run(async {
        let app = limited(|limits| limits.tenant_members = at_once(20)).await;
        let mut refused = 0;
        let mut crowd = Vec::new();
        for member in ["member", "secretary", "admin"] {
            crowd.push(app.browser("thanh-hoa", member).await);
        }
        let mut elsewhere = app.browser("ha-noi", "member").await;
        for turn in 0..36 {
            refused += usize::from(crowd[turn % 3].get("/account").await.status == 429);
        }
        assert!((10..=20).contains(&refused), "{refused} of 36");
        assert_eq!(elsewhere.get("/account").await.status, 200);
    });
}

async fn forwarded(app: &TestApp, peer: [u8; 4], from: &str) -> u16 {
    let mut browser = app.visitor("thanh-hoa");
    browser.peer = peer.into();
    let request = browser.request(Method::GET, "/sign-in").header("x-forwarded-for", from);
    browser.send(request.body(Body::empty()).unwrap()).await.status
}

#[test]
fn behind_a_trusted_proxy_everybody_has_a_budget_of_their_own_and_nobody_makes_one_up() {
    run(async {
        let mut app = TestApp::new().await;
        let limits = Limits { visitor: at_once(2), ..Limits::default() };
        let proxies = Proxies::new(vec!["10.1.0.0/16".parse().unwrap()]);
        app.platform.door = app.platform.door.clone().limited(&limits, proxies);
        let proxy = [10, 1, 0, 1];
        for n in 0..10 {
            assert_eq!(forwarded(&app, proxy, &format!("198.51.100.{n}")).await, 200);
        }
        let mut statuses = Vec::new();
        for n in 0..4 {
            statuses.push(forwarded(&app, proxy, &format!("203.0.113.{n}, 192.0.2.1")).await);
        }
        assert_eq!(statuses, [200, 200, 429, 429], "what the sender wrote itself is not believed");
        statuses.clear();
        for n in 0..4 {
            statuses.push(forwarded(&app, [172, 16, 0, 1], &format!("198.51.100.{n}")).await);
        }
        assert_eq!(statuses, [200, 200, 429, 429], "nor is anything from elsewhere");
    });
}

/// By its description: a form with a file, or an answer that is neither a page
/// nor JSON.
fn carries_a_file(path: &str, operation: &serde_json::Value) -> bool {
    let types = |part: &serde_json::Value| -> Vec<String> {
        part["content"].as_object().into_iter().flat_map(|map| map.keys().cloned()).collect()
    };
    let sent = types(&operation["requestBody"]);
    let answers = operation["responses"].as_object().into_iter().flat_map(|map| map.values());
    path.rsplit('.').next() == Some("xlsx")
        || sent.iter().any(|kind| kind == "multipart/form-data")
        || answers.flat_map(types).any(|kind| !kind.contains("json") && kind != "text/html")
}

#[test]
fn every_costly_operation_says_so() {
    run(async {
        let app = TestApp::new().await;
        let api = app.visitor("thanh-hoa").get("/api/openapi.json").await.json();
        let mut costly: BTreeMap<String, Vec<String>> = BTreeMap::new();
        let mut unmarked = Vec::new();
        for (path, methods) in api["paths"].as_object().unwrap() {
            for operation in methods.as_object().unwrap().values() {
                let name = operation["operationId"].as_str().unwrap();
                if let Some(budget) = operation["x-budget"].as_str() {
                    costly.entry(budget.to_owned()).or_default().push(name.to_owned());
                }
                if operation["x-budget"] != "transfer" && carries_a_file(path, operation) {
                    unmarked.push(name);
                }
            }
        }
        costly.get_mut("sign_in").unwrap().sort();
        assert_eq!(costly["sign_in"], ["account.activate", "session.create"]);
        for name in ["document.publish", "roster.upload", "roster.run"] {
            assert!(costly["transfer"].iter().any(|known| known == name), "{name}");
        }
        // Files in and out that nobody marked would show here. A document is only
        // passed on, and readers fetch it in many small parts.
        assert_eq!(unmarked, ["document.read"], "give it x-budget");
    });
}
