//! Check-ins that arrive together and share a transaction: the server's
//! connections are cut at each of its steps.

use super::{CUTS, TENANT, assert_away, count};
use crate::{
    app::{PASSWORD, TestApp, add, platform, unhurried},
    browser::Browser,
    meetings::under_way,
    run,
};
use futures_util::future::join_all;
use serde_json::json;
use std::time::Instant;
use testkit::Cutter;
use time::Duration;

/// How long a server that is there again may be missed.
const PATIENCE: std::time::Duration = std::time::Duration::from_secs(10);
const PATH: &str = "/api/v1/meetings/check-in";
const NEWCOMERS: [&str; 3] = ["0971000091", "0971000092", "0971000093"];

/// Members of `cb-1` who are signed in.
async fn members(app: &TestApp) -> Vec<Browser> {
    let unit = app.unit(TENANT, "cb-1").await;
    let password = app.platform.passwords.hash(PASSWORD).await.unwrap();
    let mut members = Vec::new();
    for phone in NEWCOMERS {
        let (platform, world) = (&app.platform, &app.world);
        add(platform, world, TENANT, "newcomer", phone, None, unit, &password).await;
        let mut program = app.visitor(TENANT);
        let signed_in = program
            .post_json("/api/v1/session", &json!({"login": phone, "password": PASSWORD}))
            .await;
        assert_eq!(signed_in.status, 201, "{}", signed_in.body);
        program.bearer = Some(signed_in.json()["token"].as_str().unwrap().to_owned());
        members.push(program);
    }
    for who in ["secretary", "member", "probationer"] {
        members.push(app.program(TENANT, who).await);
    }
    members
}

#[test]
fn of_check_ins_together_cut_off_at_any_step_each_is_recorded_once_and_nobody_is_told_wrong() {
    run(async {
        let app = TestApp::new().await;
        let (cutter, through) = Cutter::before(&app.database);
        let server = platform(&through, app.world.clone()).await;
        // All of them get in at once, or none would share a transaction.
        let door = unhurried(&server.door);
        app.world.advance(Duration::minutes(90));
        let mut members = members(&app).await;
        let mut theirs: Vec<Browser> = members
            .iter()
            .map(|member| {
                let mut browser = Browser::new(door.clone(), TENANT);
                browser.bearer.clone_from(&member.bearer);
                browser
            })
            .collect();
        let mut secretary = app.program(TENANT, "secretary").await;
        let (_, code) = under_way(&app, &mut secretary, TENANT).await;
        let (form, everybody) = (json!({"code": code}), i64::try_from(members.len()).unwrap());
        let (mut steps, mut uncut, mut shared) = (0, 0, 0);
        'steps: for at in 1.. {
            for cut in CUTS {
                let said = format!("cut at {at}, {cut:?}");
                // A server that was lost is left alone for a moment.
                let since = Instant::now();
                while theirs[0].get("/api/v1/meetings").await.status != 200 {
                    assert!(since.elapsed() < PATIENCE, "{said}: the server is not found again");
                    tokio::time::sleep(std::time::Duration::from_millis(20)).await;
                }
                let sql = "SELECT count(*) FROM event WHERE kind = 'meeting.checked_in'";
                let before = count(&app, sql).await;
                let all = join_all(theirs.iter_mut().map(|one| one.post_json(PATH, &form)));
                let (answers, was_cut) = cutter.interrupt(at, cut, all).await;
                // Rows of one transaction have its number in common.
                let together = "SELECT count(*) - count(DISTINCT xmin::text) FROM attendance";
                shared += count(&app, together).await;
                for (member, first) in members.iter_mut().zip(&answers) {
                    let told = first.status == 200;
                    if told {
                        assert_eq!(first.json()["state"], "present", "{said}");
                    } else {
                        assert_away(first);
                    }
                    let again = member.post_json(PATH, &form).await;
                    assert_eq!(again.status, 200, "{said}: {}", again.body);
                    let again = again.json();
                    assert_eq!(again["state"], "present", "{said}");
                    assert!(!told || again["recorded"] == false, "{said}: it was acknowledged");
                }
                let present = "SELECT count(*) FROM attendance WHERE state = 'present'";
                assert_eq!(count(&app, present).await, everybody, "{said}");
                assert_eq!(count(&app, sql).await, before + everybody, "{said}: events");
                app.execute(TENANT, "DELETE FROM attendance").await;
                // They do not always come together in the same way.
                uncut = if was_cut { 0 } else { uncut + 1 };
                if uncut == 4 {
                    break 'steps;
                }
                steps = steps.max(at * usize::from(was_cut));
            }
        }
        assert!(shared > 0, "some shared a transaction");
        assert!(steps >= 6, "checking in had {steps} steps");
    });
}
