//! Adoption figures: from what people do to what each level may see of it.

mod exclusions;
mod figures;
mod levels;
mod national;

use crate::{app::TestApp, browser::Browser};
use serde_json::{Value, json};

const TENANT: &str = "thanh-hoa";

/// A new member of a unit, without an account, whom the figures know.
async fn newcomer(app: &TestApp, unit: &str, phone: &str) -> String {
    let member = app.newcomer(TENANT, unit, phone).await;
    app.fold(TENANT).await;
    member.to_string()
}

/// What the figures have for a unit alone.
pub async fn figure(app: &TestApp, measure: &str, code: &str) -> i64 {
    app.fold(TENANT).await;
    let sql = format!(
        "SELECT coalesce(sum(d.amount), 0)::bigint FROM adoption_day d JOIN organisation o ON o.id = d.organisation
         WHERE d.measure = '{measure}' AND o.code = '{code}'"
    );
    app.count(TENANT, &sql).await
}

async fn seen(browser: &mut Browser, query: &str) -> Value {
    let answer = browser.data(&format!("/adoption{query}")).await;
    assert_eq!(answer.status, 200, "{query}: {}", answer.body);
    answer.json()
}

/// Members, activated and the share.
fn heads(figure: &Value) -> (i64, i64, f64) {
    let number = |name: &str| figure[name].as_i64().unwrap_or(-1);
    (number("members"), number("activated"), figure["percent"].as_f64().unwrap_or(-1.0))
}

/// An exclusion of `unit`, good but for `changes`.
fn exclusion(unit: &str, changes: &Value) -> Value {
    let mut form = json!({"organisation": unit, "reason": "armed_forces", "note": "", "excluded_from": "01/11/2026",
        "excluded_to": "", "approved_by": "Ban Thường vụ Tỉnh ủy, 12-CV/TU"});
    form.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
    form
}
