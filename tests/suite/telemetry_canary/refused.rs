//! One word wherever an operation takes any, which is mostly refused.

use super::{TENANT, WORDS, fields, nothing_left, unhindered};
use crate::{
    app::{PASSWORD, TestApp},
    browser::Browser,
    run,
    telemetry_watch::watch,
};
use axum::body::Body;
use http::{Method, header};
use kernel::Role;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet, btree_map::Entry};
use time::Duration;

/// Who may do it: a tenant and somebody of the suite's people.
fn who_may(app: &TestApp, operation: &str) -> (&'static str, &'static str) {
    let policy = &app.platform.app.policy;
    [
        (Role::Member, TENANT, "neighbour"),
        (Role::Secretary, TENANT, "secretary-2"),
        (Role::Editor, TENANT, "editor"),
        (Role::Committee, TENANT, "committee"),
        (Role::Auditor, TENANT, "auditor"),
        (Role::TenantAdmin, TENANT, "admin"),
        (Role::Reviewer, "toan-quoc", "reviewer"),
    ]
    .into_iter()
    .find(|(role, ..)| policy.allows(*role, operation))
    .map_or((TENANT, "neighbour"), |(_, tenant, who)| (tenant, who))
}

/// Sends one word wherever an operation takes any.
async fn send(browser: &mut Browser, api: &Value, method: &str, path: &str, word: &str) {
    let (form, query) = fields(api, method, path);
    let encoded = web::percent_encoded(word);
    let parts = path.split('/').map(|part| if part.starts_with('{') { &encoded } else { part });
    let mut address = format!("/api/v1{}", parts.collect::<Vec<_>>().join("/"));
    for name in query {
        let sign = if address.contains('?') { '&' } else { '?' };
        address.push_str(&format!("{sign}{name}={encoded}"));
    }
    let words: BTreeMap<&str, &str> = form.iter().map(|name| (name.as_str(), word)).collect();
    let uri = address.clone();
    let request = |kind: &str, body: String| {
        let request = browser.request(Method::from_bytes(method.as_bytes()).unwrap(), &uri);
        let request = request
            .header(header::USER_AGENT, web::percent_encoded(word))
            .header(header::REFERER, format!("http://x/{encoded}"))
            .header(header::CONTENT_TYPE, kind);
        request.body(Body::from(body)).unwrap()
    };
    let pairs: Vec<String> = words.keys().map(|name| format!("{name}={encoded}")).collect();
    let all = [
        request("application/json", json!(words).to_string()),
        request("application/x-www-form-urlencoded", pairs.join("&")),
        // What does not even parse, and what the database refuses to hold.
        request("application/json", format!("{{\"full_name\": {word}")),
        request(
            "application/json",
            json!(words).to_string().replace(word, &format!("{word}\\u0000")),
        ),
    ];
    for request in all {
        browser.send(request).await;
    }
    if form.contains("file") {
        let texts: Vec<(&str, &str)> =
            words.into_iter().filter(|(name, _)| *name != "file").collect();
        let file = format!("Họ và tên,Điện thoại\n{word},{word}\n");
        browser.upload(&address, &texts, &format!("{word}.csv"), file.as_bytes()).await;
    }
}

/// Sends it where the gateway looks before any operation does.
async fn at_the_door(app: &TestApp, word: &str) {
    let encoded = web::percent_encoded(word);
    let method: String = word.bytes().filter(u8::is_ascii_alphanumeric).map(char::from).collect();
    let mut browser = app.visitor(TENANT);
    browser.bearer = Some(encoded.clone());
    browser.get(&format!("/api/v1/{encoded}?{encoded}")).await;
    browser.bearer = None;
    browser.cookies = ["session", "visitor", "flash"].map(|c| (c.into(), encoded.clone())).into();
    browser.get(&format!("/sign-in?next=/{encoded}")).await;
    let method = Method::from_bytes(method.as_bytes()).unwrap();
    for name in ["x-forwarded-for", "x-request-id", "traceparent", "tracestate", "baggage"] {
        let request = browser.request(method.clone(), "/").header(name, &encoded);
        browser.send(request.body(Body::empty()).unwrap()).await;
    }
    browser.host = format!("{}.localhost", method.as_str().to_lowercase());
    browser.get("/").await;
}

#[test]
fn nothing_that_people_entrust_to_us_reaches_a_log_a_trace_or_a_number() {
    run(async {
        let watch = watch().await;
        let app = unhindered(TestApp::new().await);
        app.world.advance(Duration::hours(1));
        let mut secrets = vec![PASSWORD.to_owned()];

        let api = app.visitor(TENANT).get("/api/openapi.json").await.json();
        let mut routes = app.platform.routes.clone();
        // Who signs out is out, so that comes last.
        routes.sort_by_key(|route| (route.operation == "session.end", route.operation));
        let mut people: BTreeMap<(&str, &str), Browser> = BTreeMap::new();
        for route in &routes {
            let (tenant, who) = who_may(&app, route.operation);
            let browser = match people.entry((tenant, who)) {
                Entry::Occupied(known) => known.into_mut(),
                Entry::Vacant(place) => {
                    let program = app.program(tenant, who).await;
                    secrets.extend(program.bearer.clone());
                    place.insert(program)
                }
            };
            for word in WORDS {
                send(browser, &api, &route.method, &route.path, word).await;
            }
        }
        for word in WORDS {
            at_the_door(&app, word).await;
        }

        // A test that sees nothing finds nothing: it saw every operation.
        let reached: BTreeSet<String> =
            watch.spans().await.into_iter().map(|span| span.name).collect();
        for route in &routes {
            assert!(reached.contains(route.operation), "{} left no span", route.operation);
        }
        nothing_left(watch, &secrets).await;
    });
}
