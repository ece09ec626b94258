//! What is alike at two tenants and asked for in the same moment: the gateway
//! and every service keep some of it in memory, shared by all tenants.

use super::{A, B};
use crate::{
    app::TestApp,
    browser::Browser,
    documents::{RESOLUTION, form},
    meetings::under_way,
    run,
};
use gateway::{Limits, Places, Proxies, Rate};
use serde_json::json;
use tokio::task::JoinSet;

const PLAN: &[u8] =
    include_bytes!("../../../services/sotay/demo/documents/02-kh-tu-trien-khai-so-tay.pdf");

/// What there is of each sort at one tenant.
struct Own {
    tenant: &'static str,
    who: &'static str,
    title: String,
    file: &'static [u8],
    tokens: Vec<String>,
    document: String,
    code: String,
}

/// Made step by step on a platform whose chance begins anew.
async fn own(app: &TestApp, tenant: &'static str, who: &'static str, file: &'static [u8]) -> Own {
    let title = format!("Nghị quyết của riêng {tenant}");
    let mut editor = app.program(tenant, "editor").await;
    let fields = form(&[("title", &title)]);
    let sent = editor.upload("/api/v1/documents", &fields, "a.pdf", file).await;
    assert_eq!(sent.status, 201, "{}", sent.body);
    let document = sent.json()["id"].as_str().unwrap().to_owned();
    let mut secretary = app.program(tenant, "secretary").await;
    let (_, code) = under_way(app, &mut secretary, tenant).await;
    let member = app.program(tenant, who).await;
    let tokens = [editor, secretary, member].map(|program| program.bearer.unwrap());
    Own { tenant, who, title, file, tokens: tokens.into(), document, code }
}

/// A member's program at a tenant.
fn member(app: &TestApp, tenant: &str, own: &Own) -> Browser {
    let mut program = app.visitor(tenant);
    program.bearer = own.tokens.last().cloned();
    program
}

#[test]
fn one_token_one_identifier_and_one_code_at_two_tenants_are_each_tenants_own() {
    run(async {
        let mut app = TestApp::new().await;
        let other = TestApp::on(app.database.clone()).await;
        let a = own(&app, A, "member", RESOLUTION).await;
        let b = own(&other, B, "probationer", PLAN).await;
        // Chance began alike, so all that it drew is the same at both.
        assert_eq!((&a.tokens, &a.document, &a.code), (&b.tokens, &b.document, &b.code));

        let places = Places { total: 96, per_tenant: 48 };
        let limits = Limits { work: places, exports: places, ..Limits::default() };
        let limits = limits.unreachable_rates();
        app.platform.door = app.platform.door.clone().limited(&limits, Proxies::default());
        let mut asking = JoinSet::new();
        for _ in 0..6 {
            for own in [&a, &b] {
                let address = format!("/api/v1/documents/{}", own.document);
                let (title, bytes) = (own.title.clone(), own.file);
                let name = format!("Người {}", own.who);
                let (mut account, mut page, mut file, mut arrival) = (
                    member(&app, own.tenant, own),
                    member(&app, own.tenant, own),
                    member(&app, own.tenant, own),
                    member(&app, own.tenant, own),
                );
                asking.spawn(async move {
                    assert_eq!(account.get("/api/v1/account").await.json()["name"], name);
                });
                let shown = address.clone();
                asking.spawn(async move {
                    let answer = page.get(&shown).await;
                    assert!(answer.status == 200 && answer.shows(&title), "{}", answer.body);
                });
                asking.spawn(async move {
                    let answer = file.get(&format!("{address}/file")).await;
                    assert_eq!(answer.status, 200, "{}", answer.body);
                    assert!(answer.bytes == bytes, "the other tenant's file");
                });
                let code = json!({"code": own.code});
                asking.spawn(async move {
                    let answer = arrival.post_json("/api/v1/meetings/check-in", &code).await;
                    assert_eq!(answer.status, 200, "{}", answer.body);
                });
                // Where it was never given out it is nobody's.
                let mut nobody = member(&app, "toan-quoc", own);
                asking.spawn(async move {
                    assert_eq!(nobody.get("/api/v1/account").await.status, 401);
                });
            }
        }
        while let Some(asked) = asking.join_next().await {
            asked.unwrap();
        }
        for own in [&a, &b] {
            let id = app.member(own.tenant, own.who).await;
            let here = format!("SELECT count(*) FROM attendance WHERE member = '{id}'");
            let present = "SELECT count(*) FROM attendance WHERE state = 'present'";
            let events = "SELECT count(*) FROM event WHERE kind = 'meeting.checked_in'";
            for sql in [&here, present, events] {
                assert_eq!(app.count(own.tenant, sql).await, 1, "{}: {sql}", own.tenant);
            }
        }
    });
}

#[test]
fn who_is_known_at_one_tenant_is_a_stranger_at_the_other_and_loses_nothing_by_it() {
    run(async {
        let mut app = TestApp::new().await;
        let visitor = Rate { per_minute: 1, burst: 10 };
        let limits = Limits { visitor, ..Limits::default() };
        app.platform.door = app.platform.door.clone().limited(&limits, Proxies::default());
        let mut at_a = app.program(A, "member").await;
        let mut at_b = app.visitor(B);
        at_b.bearer.clone_from(&at_a.bearer);
        let mut statuses = Vec::new();
        for _ in 0..30 {
            // In the same moment, and more often than any stranger may.
            let (here, there) =
                tokio::join!(at_a.get("/api/v1/account"), at_b.get("/api/v1/account"));
            assert_eq!(here.status, 200, "{}", here.body);
            statuses.push(there.status);
        }
        assert_eq!(statuses, [[401; 10].as_slice(), &[429; 20]].concat());
    });
}
