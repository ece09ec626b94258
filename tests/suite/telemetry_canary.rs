//! Names, numbers, passwords and tokens go through every operation and through
//! the main job, with everything switched on that may be: none of them leaves.

use crate::{
    app::{PASSWORD, TestApp},
    browser::{Answer, Browser},
    run,
    telemetry_watch::watch,
};
use axum::body::Body;
use gateway::{Limits, Proxies, Rate};
use http::{Method, header};
use kernel::Role;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet, btree_map::Entry};
use time::Duration;

const TENANT: &str = "thanh-hoa";
const NAME: &str = "Đinh Kinhbaozz Vọng";
const PHONE: &str = "0987654321";
const CARD: &str = "77.123457";
const SECRET: &str = "Quangvinhzz mùa sen";
const TOKEN: &str = "tokenzz-Ab3_Cd5-Ef7_Gh9";
/// What is looked for of each, in lower case.
const TRACES: [&str; 6] =
    ["kinhbaozz", "987654321", "77.123457", "77123457", "quangvinhzz", "tokenzz"];
const WORDS: [&str; 5] = [NAME, PHONE, CARD, SECRET, TOKEN];
const RESOLUTION: &[u8] =
    include_bytes!("../../services/sotay/demo/documents/01-nq-tu-chuyen-doi-so.pdf");

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

/// The fields of an operation's form, and its parameters after the path.
fn fields(api: &Value, method: &str, path: &str) -> (BTreeSet<String>, BTreeSet<String>) {
    let operation = &api["paths"][path][method.to_lowercase()];
    assert!(operation.is_object(), "{method} {path} is not described");
    let mut form = BTreeSet::new();
    for media in operation["requestBody"]["content"].as_object().into_iter().flatten() {
        let mut schemas = vec![&media.1["schema"]];
        while let Some(schema) = schemas.pop() {
            if let Some(name) = schema["$ref"].as_str() {
                schemas.push(&api["components"]["schemas"][name.rsplit('/').next().unwrap()]);
            }
            schemas.extend(schema["allOf"].as_array().into_iter().flatten());
            form.extend(
                schema["properties"].as_object().into_iter().flatten().map(|p| p.0.clone()),
            );
        }
    }
    let query = operation["parameters"].as_array().into_iter().flatten();
    let query =
        query.filter(|p| p["in"] == "query").map(|p| p["name"].as_str().unwrap().to_owned());
    (form, query.collect())
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

/// The main job as it is done, by people who exist. Answers the secrets that
/// came up on the way.
async fn the_main_job(app: &TestApp) -> Vec<String> {
    fn done(answer: &Answer, status: u16) -> Value {
        assert_eq!(answer.status, status, "{}", answer.body);
        serde_json::from_str(&answer.body).unwrap_or_default()
    }
    let mut secrets = Vec::new();
    let mut admin = app.program(TENANT, "admin").await;
    let titles = "Họ và tên,Ngày sinh,Số thẻ đảng,Số lý lịch,Mã chi bộ,Điện thoại,Tình trạng,Có điện thoại thông minh";
    let row = format!("{NAME},03/02/1975,{CARD},LL-77,cb-1,{PHONE},Chính thức,Có");
    let file = format!("{titles}\n{row}\n");
    let sent = admin.upload("/api/v1/roster", &[], &format!("{NAME}.csv"), file.as_bytes()).await;
    let id = done(&sent, 201)["id"].as_str().unwrap().to_owned();
    for state in ["checked", "done"] {
        for turn in 0.. {
            let page = done(&admin.get(&format!("/api/v1/roster/{id}")).await, 200);
            if page["import"]["state"] == state {
                break;
            }
            assert!(turn < 600, "{page}");
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
        if state == "checked" {
            done(&admin.post_json(&format!("/api/v1/roster/{id}/run"), &json!({})).await, 200);
        }
    }
    let list = admin.get(&format!("/api/v1/members?q={}", web::percent_encoded(NAME))).await;
    let list = done(&list, 200);
    let member = list["members"][0]["id"].as_str().unwrap_or_else(|| panic!("{list}")).to_owned();

    let mut secretary = app.program(TENANT, "secretary").await;
    let slips = secretary.post_json(&format!("/api/v1/members/{member}/code"), &json!({})).await;
    let code = done(&slips, 200)["slips"][0]["code"].as_str().unwrap().to_owned();
    secrets.extend([code.clone(), code.replace('-', "")]);
    let mut person = app.visitor(TENANT);
    person.get(&format!("/activate?code={code}")).await;
    done(&person.post("/activate", &[("code", &code), ("password", SECRET)]).await, 303);
    person.get("/").await;
    secrets.extend(person.cookies.values().cloned());
    secrets.push(person.csrf.clone());
    for login in [PHONE, CARD] {
        let mut phone = app.visitor(TENANT);
        phone.get("/sign-in").await;
        secrets.push(phone.csrf.clone());
        done(&phone.post("/session", &[("login", login), ("password", SECRET)]).await, 303);
        secrets.extend(phone.cookies.values().cloned());
        phone.get("/sign-in").await;
        let wrong = phone.post("/session", &[("login", login), ("password", TOKEN)]).await;
        done(&wrong, 422);
    }
    let mut program = app.visitor(TENANT);
    let session = json!({"login": PHONE, "password": SECRET});
    let session = done(&program.post_json("/api/v1/session", &session).await, 201);
    secrets.push(session["token"].as_str().unwrap().to_owned());

    let mut editor = app.program(TENANT, "editor").await;
    let document = [
        ("organisation", "goc"),
        ("kind", "nghi_quyet"),
        ("number", "77-NQ/TU"),
        ("title", NAME),
        ("summary", PHONE),
        ("issuer", NAME),
        ("issued_on", "15/10/2026"),
        ("must_read_by", "30/11/2026"),
        ("attested", "true"),
        ("attested_by", NAME),
    ];
    let name = format!("{NAME}.pdf");
    let made = done(&editor.upload("/api/v1/documents", &document, &name, RESOLUTION).await, 201);
    let path = format!("/documents/{}", made["id"].as_str().unwrap());
    for suffix in ["", "/file"] {
        done(&person.get(&format!("{path}{suffix}")).await, 200);
    }
    person.get(&path).await;
    done(&person.post(&format!("{path}/acknowledge"), &[]).await, 303);

    let branch = app.unit(TENANT, "cb-1").await.to_string();
    let meeting = json!({"organisation": branch, "kind": "topical", "title": NAME, "date": "04/11/2026",
        "time": "19:30", "place": NAME, "agenda": format!("1. {NAME} {PHONE}")});
    let made = done(&secretary.post_json("/api/v1/meetings", &meeting).await, 201);
    let meeting = format!("/api/v1/meetings/{}", made["id"].as_str().unwrap());
    for step in ["announce", "open"] {
        done(&secretary.post_json(&format!("{meeting}/{step}"), &json!({})).await, 200);
    }
    let board = done(&secretary.get(&format!("{meeting}/board")).await, 200);
    let code = board["code"].as_str().unwrap();
    person.get(&format!("/meetings/check-in?code={code}")).await;
    done(&person.post("/meetings/check-in", &[("code", code)]).await, 303);
    let excused = app.member(TENANT, "probationer").await.to_string();
    let mark = json!({"member": excused, "state": "excused", "reason": NAME});
    done(&secretary.post_json(&format!("{meeting}/attendance"), &mark).await, 200);
    let roll = done(&secretary.get(&format!("{meeting}/attendance")).await, 200);
    let roll = roll["roll"].as_array().unwrap();
    let absent = roll.iter().filter(|row| row["state"].is_null());
    let absent: Vec<&str> = absent.map(|row| row["member"].as_str().unwrap()).collect();
    let minute = json!({"minute": format!("Chi bộ thống nhất phân công {NAME}, {PHONE}."), "shown": absent.join(" ")});
    done(&secretary.post_json(&format!("{meeting}/close"), &minute).await, 200);
    app.fold(TENANT).await;
    done(&admin.get("/api/v1/audit").await, 200);
    secrets
}

#[test]
fn nothing_that_people_entrust_to_us_reaches_a_log_a_trace_or_a_number() {
    run(async {
        let watch = watch().await;
        let mut app = TestApp::new().await;
        // More is asked here than any limit lets one person ask.
        let much = Rate { per_minute: 60_000_000, burst: 1_000_000 };
        let limits = Limits {
            visitor: much,
            member: much,
            sign_in: much,
            transfer: much,
            tenant_visitors: much,
            tenant_members: much,
            ..Limits::default()
        };
        app.platform.door = app.platform.door.clone().limited(&limits, Proxies::default());
        app.world.advance(Duration::hours(1));
        let mut secrets = the_main_job(&app).await;

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
        secrets.push(PASSWORD.into());

        // A test that sees nothing finds nothing: it saw every operation.
        let reached: BTreeSet<String> =
            watch.spans().await.into_iter().map(|span| span.name).collect();
        for route in &routes {
            assert!(reached.contains(route.operation), "{} left no span", route.operation);
        }
        let everything = watch.everything().await;
        let places: BTreeSet<&str> = everything.iter().map(|(place, _)| place.as_str()).collect();
        assert_eq!(
            places,
            BTreeSet::from(["/metrics", "/v1/logs", "/v1/metrics", "/v1/traces", "log"])
        );
        secrets.retain(|secret| secret.len() >= 8);
        assert!(secrets.len() >= 12, "tokens, codes and cookies came up on the way");
        let traces = TRACES.into_iter().map(ToOwned::to_owned);
        for canary in traces.chain(secrets.iter().map(|secret| secret.to_lowercase())) {
            for (place, text) in &everything {
                if let Some(at) = text.find(&canary) {
                    let around = text.as_bytes();
                    let around = &around[at.saturating_sub(300)..(at + 300).min(around.len())];
                    panic!("{canary} in {place}: {}", String::from_utf8_lossy(around));
                }
            }
        }
    });
}
