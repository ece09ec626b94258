//! The description of the API is complete.

use crate::{app::TestApp, run};
use std::collections::BTreeSet;

#[test]
fn every_route_is_described_and_nothing_else() {
    run(async {
        let app = TestApp::new().await;
        let answer = app.visitor("thanh-hoa").get("/api/openapi.json").await;
        assert_eq!(answer.status, 200);
        let api = answer.json();
        assert!(api["openapi"].as_str().unwrap().starts_with("3.1"));
        assert_eq!(api["servers"][0]["url"], "/api/v1");
        let mut described = BTreeSet::new();
        for (path, item) in api["paths"].as_object().unwrap() {
            for (method, operation) in item.as_object().unwrap() {
                let name =
                    operation["operationId"].as_str().unwrap_or_else(|| panic!("{method} {path}"));
                described.insert((method.to_uppercase(), path.clone(), name.to_owned()));
                assert!(
                    !operation["summary"].as_str().unwrap_or_default().is_empty(),
                    "{name} has no summary"
                );
                assert!(
                    !operation["responses"].as_object().unwrap().is_empty(),
                    "{name} has no responses"
                );
                let parameters = operation["parameters"].as_array().cloned().unwrap_or_default();
                for part in path.split('/').filter_map(|p| p.strip_prefix('{')?.strip_suffix('}')) {
                    assert!(
                        parameters.iter().any(|p| p["name"] == part && p["in"] == "path"),
                        "{name} does not describe {part}"
                    );
                }
            }
        }
        let routes: BTreeSet<_> = app
            .platform
            .routes
            .iter()
            .map(|route| (route.method.clone(), route.path.clone(), route.operation.to_owned()))
            .collect();
        assert_eq!(described, routes);
    });
}

#[test]
fn every_reference_of_the_description_leads_somewhere() {
    run(async {
        let app = TestApp::new().await;
        let api = app.visitor("thanh-hoa").get("/api/openapi.json").await.json();
        let mut stack = vec![&api];
        while let Some(value) = stack.pop() {
            match value {
                serde_json::Value::Object(map) => {
                    if let Some(reference) = map.get("$ref").and_then(|r| r.as_str()) {
                        assert!(
                            api.pointer(reference.trim_start_matches('#')).is_some(),
                            "{reference} leads nowhere"
                        );
                    }
                    stack.extend(map.values());
                }
                serde_json::Value::Array(list) => stack.extend(list),
                _ => {}
            }
        }
    });
}
