//! Everybody at the same moment, and those who leave in the middle.

use crate::{app::TestApp, run};
use kernel::TenantId;
use serde_json::json;
use std::time::Duration;
use tokio::task::JoinSet;

const TENANT: &str = "thanh-hoa";

#[test]
fn who_checks_in_together_is_recorded_once_each_and_a_wrong_code_is_only_its_senders() {
    run(async {
        let app = TestApp::new().await;
        let mut secretary = app.program(TENANT, "secretary").await;
        let branch = app.unit(TENANT, "cb-1").await.to_string();
        let input = json!({"organisation": branch, "kind": "regular", "date": "04/11/2026", "time": "19:30", "place": "A"});
        let made = secretary.post_json("/api/v1/meetings", &input).await.json();
        let path = format!("/api/v1/meetings/{}", made["id"].as_str().unwrap());
        secretary.post_json(&format!("{path}/announce"), &json!({})).await;
        secretary.post_json(&format!("{path}/open"), &json!({})).await;
        let code = secretary.get(&format!("{path}/board")).await.json()["code"].clone();

        let mut crowd = JoinSet::new();
        for who in ["secretary", "member", "probationer", "neighbour"] {
            for code in [&code, &code, &code, &json!("WRONG7"), &json!("")] {
                let (mut program, code) = (app.program(TENANT, who).await, code.clone());
                crowd.spawn(async move {
                    let sent = json!({ "code": code });
                    let answer = program.post_json("/api/v1/meetings/check-in", &sent).await;
                    (who, code, answer)
                });
            }
        }
        let mut recorded = Vec::new();
        for (who, sent, answer) in crowd.join_all().await {
            if sent == code && who != "neighbour" {
                assert_eq!(answer.status, 200, "{who}: {}", answer.body);
                assert_eq!(answer.json()["state"], "present");
                if answer.json()["recorded"] == true {
                    recorded.push(who);
                }
            } else {
                assert_eq!(answer.status, 422, "{who} {sent}: {}", answer.body);
            }
        }
        recorded.sort_unstable();
        assert_eq!(recorded, ["member", "probationer", "secretary"]);
        let db = app.platform.app.tenants.db(&TenantId::new(TENANT).unwrap()).unwrap();
        let (came, told): (i64, i64) = sqlx::query_as(
            "SELECT (SELECT count(*) FROM attendance WHERE state = 'present'),
                    (SELECT count(*) FROM event WHERE kind = 'meeting.checked_in')",
        )
        .fetch_one(&mut *db.conn().await.unwrap())
        .await
        .unwrap();
        assert_eq!((came, told), (3, 3));
    });
}

#[test]
fn who_leaves_while_a_transaction_begins_leaves_none_open() {
    run(async {
        let app = TestApp::new().await;
        let db = app.platform.app.tenants.db(&TenantId::new(TENANT).unwrap()).unwrap();
        drop(db.conn().await.unwrap());
        let mut cut = 0;
        for _ in 0..2_000 {
            // No time at all: BEGIN is sent, and nobody waits for its answer,
            // unless the server was faster.
            if tokio::time::timeout(Duration::ZERO, db.begin()).await.is_ok() {
                continue;
            }
            cut += 1;
            if cut > 5 {
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
            let mut conn = db.conn().await.unwrap();
            let age = "SELECT extract(epoch FROM statement_timestamp() - now())::float8";
            let age: f64 = sqlx::query_scalar(age).fetch_one(&mut *conn).await.unwrap();
            assert!(age < 0.015, "the connection came back in a transaction begun {age} s ago");
        }
        assert!(cut > 0, "it had begun already each time");
    });
}
