//! A roster from the template to the roll: checked, shown, run, run again.

mod files;
mod persons;
mod runs;

use crate::{app::TestApp, browser::Browser};
use serde_json::{Value, json};

const TENANT: &str = "thanh-hoa";
const TITLES: [&str; 8] = [
    "Họ và tên",
    "Ngày sinh",
    "Số thẻ đảng",
    "Số lý lịch",
    "Mã chi bộ",
    "Điện thoại",
    "Tình trạng",
    "Có điện thoại thông minh",
];

pub fn csv(rows: &[&str]) -> Vec<u8> {
    format!("{}\n{}\n", TITLES.join(","), rows.join("\n")).into_bytes()
}

async fn members(app: &TestApp) -> i64 {
    app.count(TENANT, "SELECT count(*) FROM member").await
}

async fn imports(app: &TestApp) -> i64 {
    app.count(TENANT, "SELECT count(*) FROM event WHERE kind = 'roster.imported'").await
}

/// Uploads a file and waits until it is checked: the import's page in JSON.
pub async fn checked(admin: &mut Browser, name: &str, file: &[u8]) -> Value {
    let sent = admin.upload("/api/v1/roster", &[], name, file).await;
    assert_eq!(sent.status, 201, "{name}: {}", sent.body);
    settled(admin, sent.json()["id"].as_str().unwrap()).await
}

async fn settled(admin: &mut Browser, id: &str) -> Value {
    for _ in 0..600 {
        let page = admin.get(&format!("/api/v1/roster/{id}")).await;
        assert_eq!(page.status, 200, "{}", page.body);
        if page.json()["import"]["active"] == json!(false) {
            return page.json();
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    panic!("import {id} does not come to its end");
}

/// Presses the button and waits for the end.
pub async fn pressed(admin: &mut Browser, page: &Value) -> Value {
    let id = id(page);
    let answer = admin.post_json(&format!("/api/v1/roster/{id}/run"), &json!({})).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    settled(admin, id).await
}

/// Uploads and runs a file.
async fn imported(admin: &mut Browser, file: &[u8]) -> Value {
    let page = checked(admin, "ds.csv", file).await;
    pressed(admin, &page).await
}

fn id(page: &Value) -> &str {
    page["import"]["id"].as_str().unwrap()
}

pub fn state(page: &Value) -> &str {
    page["import"]["state"].as_str().unwrap()
}

/// Added, changed, unchanged, bad.
pub fn tally(page: &Value) -> [i64; 4] {
    ["added", "changed", "unchanged", "bad"]
        .map(|name| page["import"]["summary"][name].as_i64().unwrap())
}
