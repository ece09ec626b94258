//! Names, numbers, passwords and tokens go through every operation, with
//! everything switched on that may be: none of them leaves.

mod accepted;
mod forms;
mod refused;

use crate::{
    app::{TestApp, unhurried},
    telemetry_watch::Watch,
};
use serde_json::Value;
use std::collections::BTreeSet;

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

/// More is asked here than any limit lets one person ask.
fn unhindered(mut app: TestApp) -> TestApp {
    app.platform.door = unhurried(&app.platform.door);
    app
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

/// Nothing that was sent, and none of the secrets that came up on the way, is in
/// anything that left.
async fn nothing_left(watch: &Watch, secrets: &[String]) {
    let everything = watch.everything().await;
    let places: BTreeSet<&str> = everything.iter().map(|(place, _)| place.as_str()).collect();
    assert_eq!(
        places,
        BTreeSet::from([
            "/metrics",
            "/v1/logs",
            "/v1/metrics",
            "/v1/traces",
            "log",
            "log for people"
        ])
    );
    for (place, text) in &everything {
        assert!(!place.starts_with("log") || text.contains("post session.create"), "{place}");
    }
    let secrets: BTreeSet<String> = secrets.iter().map(|secret| secret.to_lowercase()).collect();
    for canary in TRACES.into_iter().chain(secrets.iter().map(String::as_str)) {
        assert!(canary.len() >= 6, "«{canary}» is too short to be looked for");
        for (place, text) in &everything {
            if let Some(at) = text.find(canary) {
                let around = text.as_bytes();
                let around = &around[at.saturating_sub(300)..(at + 300).min(around.len())];
                panic!("{canary} in {place}: {}", String::from_utf8_lossy(around));
            }
        }
    }
}
