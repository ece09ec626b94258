//! Organisations, members, positions, roles, and the trail of all of it.

mod members;
mod roles;
mod trail;
mod units;

use crate::{adoption::figure, app::TestApp, browser::Browser};
use serde_json::{Value, json};

const TENANT: &str = "thanh-hoa";

/// What the adoption figures have for a unit alone: members, activated.
async fn figures(app: &TestApp, code: &str) -> [i64; 2] {
    [figure(app, "members", code).await, figure(app, "activated", code).await]
}

/// The fields that a refused request names.
fn fields(refused: &Value) -> Vec<&str> {
    refused["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|error| error["field"].as_str().unwrap())
        .collect()
}

/// Every line of a page's error summary leads to a field of the page.
fn assert_linked(page: &str, fields: &[&str]) {
    let summary =
        page.split("st-error-summary__list").nth(1).unwrap().split("</ul>").next().unwrap();
    let linked: Vec<&str> =
        summary.split("href=\"#").skip(1).map(|rest| rest.split('"').next().unwrap()).collect();
    assert_eq!(linked, fields);
    for field in linked {
        assert!(page.contains(&format!("id=\"{field}\"")), "no field {field}: {page}");
        assert!(
            page.contains(&format!("id=\"{field}-error\"")),
            "nothing is said at {field}: {page}"
        );
    }
}

/// A member's form, filled in well.
fn form() -> Value {
    json!({
        "organisation": "cb-1", "full_name": "Lê Thị Ánh", "birth_date": "03/02/1975", "sex": "female",
        "admitted_on": "19/05/2001", "official_on": "19/05/2002", "card_number": "C-1", "file_number": "LL-1",
        "phone": "0912 345 678", "standing": "official", "status": "active", "has_smartphone": "true"
    })
}

fn with(mut form: Value, changes: &[(&str, &str)]) -> Value {
    for (field, value) in changes {
        form[field] = json!(value);
    }
    form
}

async fn added(admin: &mut Browser, changes: &[(&str, &str)]) -> String {
    let answer = admin.post_json("/api/v1/members", &with(form(), changes)).await;
    assert_eq!(answer.status, 201, "{}", answer.body);
    answer.json()["id"].as_str().unwrap().to_owned()
}

async fn grant(admin: &mut Browser, member: &str, role: &str, unit: &str) -> (u16, Value) {
    let answer = admin
        .post_json(
            &format!("/api/v1/members/{member}/roles"),
            &json!({"role": role, "organisation": unit}),
        )
        .await;
    (answer.status, answer.json())
}
