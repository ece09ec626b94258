//! What breaks, and what must hold all the same: nothing that was acknowledged
//! is lost, nothing happens twice, and who asks is told the truth.

mod disk;
mod files;
mod hung_up;
mod killed;
mod killed_apply;
mod killed_check_in;
mod killed_fleet;
mod killed_migrate;
mod killed_platform;
mod killed_relay;
mod killed_roster;
mod pool;
mod server;
mod store;

use crate::{
    app::{TestApp, cluster, fill, unhurried},
    browser::{Answer, Browser},
    soon,
};
use embedded::postgres::Postgres;
use serde_json::json;
use std::{
    path::Path,
    time::{Duration, Instant},
};
use testkit::{Cut, TestDatabase};

const TENANT: &str = "thanh-hoa";
const CUTS: [Cut; 2] = [Cut::Before, Cut::After];

/// The first number that a query answers, in the tenant's schema.
async fn count(app: &TestApp, sql: &str) -> i64 {
    app.count(TENANT, sql).await
}

/// Members as the figures have them.
async fn counted(app: &TestApp) -> i64 {
    let sql = "SELECT coalesce(sum(amount), 0)::bigint FROM adoption_day WHERE measure = 'members'";
    count(app, sql).await
}

/// Asks for a new member: acknowledged with 201.
async fn add(admin: &mut Browser, number: &str) -> Answer {
    let form = json!({
        "organisation": "cb-1", "full_name": "Lê Thị Bền", "file_number": number,
        "standing": "official", "status": "active", "has_smartphone": "true"
    });
    admin.post_json("/api/v1/members", &form).await
}

/// A 503 that says so, and when to come back.
fn assert_away(answer: &Answer) {
    assert_eq!(answer.status, 503, "{}", answer.body);
    assert!(answer.headers.contains_key(http::header::RETRY_AFTER), "{:?}", answer.headers);
    let json = answer.body.starts_with('{');
    assert!(
        !json || answer.json()["detail"].as_str().is_some_and(|s| s.ends_with('.')),
        "{}",
        answer.body
    );
}

/// Waits until readiness has this status, and answers its lines.
pub async fn readiness(app: &TestApp, status: u16) -> String {
    said(app, &status.to_string(), |answer| answer.status == status).await
}

/// Waits until readiness says this.
pub async fn until(app: &TestApp, line: &str) -> String {
    said(app, line, |answer| answer.body.contains(line)).await
}

async fn said(app: &TestApp, wanted: &str, fits: impl Fn(&Answer) -> bool) -> String {
    let began = Instant::now();
    loop {
        let answer = app.visitor(TENANT).get("/readyz").await;
        if fits(&answer) {
            return answer.body;
        }
        let Answer { status, body, .. } = answer;
        assert!(began.elapsed() < Duration::from_secs(40), "no «{wanted}»: {status}, {body}");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

/// A platform on a database server of its own, whose programs are in `bin`.
async fn on_its_own(data: &Path, bin: &Path) -> (Postgres, TestApp) {
    let (postgres, database) = testkit::own_server(cluster().await, data, bin).await;
    fill(&database).await;
    let mut app = TestApp::on(database).await;
    app.platform.door = unhurried(&app.platform.door);
    (postgres, app)
}

/// Waits until a server has noticed that those who made or migrated tenants are
/// dead; an operator is no faster.
async fn buried(database: &TestDatabase, placement: &str) {
    let mut platform = database.connect_to(placement, "sotay_platform").await.unwrap();
    let sql =
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND usename = $1";
    soon("the dead are at rest", async || {
        let left = sqlx::query_scalar::<_, i64>(sql).bind(testkit::PROVISIONER);
        left.fetch_one(&mut platform).await.unwrap() == 0
    })
    .await;
}

/// Waits until so many sessions of a database wait for locks.
async fn waiting(database: &TestDatabase, sessions: i64) {
    let mut platform = database.connect("sotay_platform").await.unwrap();
    let sql = "SELECT count(*) FROM pg_locks JOIN pg_stat_activity USING (pid)
               WHERE NOT granted AND datname = current_database()";
    soon("sessions wait", async || {
        let now = sqlx::query_scalar::<_, i64>(sql);
        now.fetch_one(&mut platform).await.unwrap() == sessions
    })
    .await;
}

/// A folder that the server's user can reach, which /tmp's are not by default.
fn reachable() -> tempfile::TempDir {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().unwrap();
    std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
    folder
}
