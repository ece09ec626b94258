//! Everybody at the same moment.

use crate::{app::TestApp, meetings::under_way, run};
use serde_json::json;
use tokio::task::JoinSet;

const TENANT: &str = "thanh-hoa";

#[test]
fn who_checks_in_together_is_recorded_once_each_and_a_wrong_code_is_only_its_senders() {
    run(async {
        let app = TestApp::new().await;
        let mut secretary = app.program(TENANT, "secretary").await;
        let (_, code) = under_way(&app, &mut secretary, TENANT).await;
        let code = json!(code);

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
        let db = app.db(TENANT);
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
