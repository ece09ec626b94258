//! Adoption figures: from what people do to what each level may see of it.

mod exclusions;
mod figures;
mod levels;
mod national;

use crate::{
    app::{TestApp, new_member},
    browser::{Answer, Browser},
};
use axum::body::Body;
use directory::people;
use http::{Method, header};
use kernel::TenantId;
use serde_json::{Value, json};

const TENANT: &str = "thanh-hoa";
/// A new member of a unit, without an account.
async fn newcomer(app: &TestApp, unit: &str, phone: &str) -> String {
    let unit = app.unit(TENANT, unit).await;
    let db = app.platform.app.tenants.db(&TenantId::new(TENANT).unwrap()).unwrap();
    let mut tx = db.begin().await.unwrap();
    let member = people::add_in(&mut tx, &app.world, None, new_member("newcomer", phone, unit))
        .await
        .unwrap();
    tx.commit().await.unwrap();
    app.fold(TENANT).await;
    member.to_string()
}

/// The JSON face, of the API with a token and of the page with a session.
async fn data(browser: &mut Browser, path: &str) -> Answer {
    if browser.bearer.is_some() {
        return browser.get(&format!("/api/v1{path}")).await;
    }
    let request = browser.request(Method::GET, path).header(header::ACCEPT, "application/json");
    browser.send(request.body(Body::empty()).unwrap()).await
}

async fn seen(browser: &mut Browser, query: &str) -> Value {
    let answer = data(browser, &format!("/adoption{query}")).await;
    assert_eq!(answer.status, 200, "{query}: {}", answer.body);
    answer.json()
}

/// Members, activated and the share.
fn heads(figure: &Value) -> (i64, i64, f64) {
    let number = |name: &str| figure[name].as_i64().unwrap_or(-1);
    (number("members"), number("activated"), figure["percent"].as_f64().unwrap_or(-1.0))
}

fn table(answer: &Answer) -> Vec<Vec<String>> {
    assert_eq!(answer.status, 200, "{}", answer.body);
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), &answer.bytes).unwrap();
    render::sheet::read::Reader::open(file.path()).unwrap().map(|row| row.unwrap().cells).collect()
}

/// An exclusion of `unit`, good but for `changes`.
fn exclusion(unit: &str, changes: &Value) -> Value {
    let mut form = json!({"organisation": unit, "reason": "armed_forces", "note": "", "excluded_from": "01/11/2026",
        "excluded_to": "", "approved_by": "Ban Thường vụ Tỉnh ủy, 12-CV/TU"});
    form.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
    form
}
