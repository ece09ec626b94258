//! A roster from the template to the roll: checked, shown, run, run again.

mod files;
mod persons;
mod runs;

use crate::{app::TestApp, browser::Browser};
use kernel::TenantId;
use render::sheet::read::Reader;
use serde_json::{Value, json};
use std::io::Write as _;

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

fn csv(rows: &[&str]) -> Vec<u8> {
    format!("{}\n{}\n", TITLES.join(","), rows.join("\n")).into_bytes()
}

/// The first number that a query answers.
async fn count(app: &TestApp, sql: &str) -> i64 {
    let db = app.platform.app.tenants.db(&TenantId::new(TENANT).unwrap()).unwrap();
    let mut conn = db.conn().await.unwrap();
    sqlx::query_scalar(sqlx::AssertSqlSafe(sql.to_owned())).fetch_one(&mut *conn).await.unwrap()
}

async fn members(app: &TestApp) -> i64 {
    count(app, "SELECT count(*) FROM member").await
}

async fn imports(app: &TestApp) -> i64 {
    count(app, "SELECT count(*) FROM event WHERE kind = 'roster.imported'").await
}

/// What the adoption figures have for a unit alone.
async fn figure(app: &TestApp, measure: &str, code: &str) -> i64 {
    app.fold(TENANT).await;
    count(
        app,
        &format!(
            "SELECT coalesce(sum(d.amount), 0)::bigint FROM adoption_day d JOIN organisation o ON o.id = d.organisation
             WHERE d.measure = '{measure}' AND o.code = '{code}'"
        ),
    )
    .await
}

/// Uploads a file and waits until it is checked: the import's page in JSON.
async fn checked(admin: &mut Browser, name: &str, file: &[u8]) -> Value {
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
async fn pressed(admin: &mut Browser, page: &Value) -> Value {
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

fn state(page: &Value) -> &str {
    page["import"]["state"].as_str().unwrap()
}

/// Added, changed, unchanged, bad.
fn tally(page: &Value) -> [i64; 4] {
    ["added", "changed", "unchanged", "bad"]
        .map(|name| page["import"]["summary"][name].as_i64().unwrap())
}

fn rows(bytes: &[u8]) -> Vec<Vec<String>> {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(bytes).unwrap();
    Reader::open(file.path()).unwrap().map(|row| row.unwrap().cells).collect()
}
