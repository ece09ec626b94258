//! The database server is killed while people work, and comes back.

use super::{TENANT, add, assert_away, count, counted, on_its_own, readiness};
use crate::run;
use serde_json::json;
use std::{
    process::Command,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};
use tokio::task::JoinSet;

const WRITERS: usize = 3;

#[test]
fn a_killed_server_comes_back_and_nothing_acknowledged_is_lost() {
    run(async {
        let folder = super::reachable();
        let (postgres, app) = on_its_own(&folder.path().join("postgres"), &testkit::bundle()).await;
        let mut background = app.platform.background();
        let before = counted(&app).await;
        let over = Arc::new(AtomicBool::new(false));
        let mut writers = JoinSet::new();
        for writer in 0..WRITERS {
            let (mut admin, over) = (app.program(TENANT, "admin").await, over.clone());
            writers.spawn(async move {
                let (mut acknowledged, mut refused) = (Vec::new(), 0);
                for turn in 0.. {
                    let number = format!("W{writer}-{turn}");
                    let answer = add(&mut admin, &number).await;
                    if answer.status == 201 {
                        acknowledged.push(number);
                    } else {
                        assert_away(&answer);
                        refused += 1;
                        tokio::time::sleep(Duration::from_millis(50)).await;
                    }
                    if over.load(Ordering::SeqCst) {
                        break;
                    }
                }
                (acknowledged, refused)
            });
        }
        let mut member = app.browser(TENANT, "member").await;
        let mut visitor = app.visitor(TENANT);
        let wrong = json!({"code": "2222222222", "password": "lúa chín vàng đồng"});
        for round in 0..2 {
            tokio::time::sleep(Duration::from_millis(500)).await;
            let killed = postgres.pid();
            let kill = Command::new("kill").args(["-9", &killed.to_string()]).status().unwrap();
            assert!(kill.success());
            let said = readiness(&app, 503).await;
            assert!(said.starts_with("cannot serve\ndatabase: Cơ sở dữ liệu"), "{said}");
            let page = member.get("/").await;
            assert_away(&page);
            assert!(page.shows("Chưa làm được ngay lúc này"), "{}", page.body);
            // More than an address may try before it has to wait.
            for _ in 0..70 {
                assert_away(&visitor.post_json("/api/v1/activate", &wrong).await);
            }
            // As `sotay serve` does beside serving, until it is ready again.
            let ready = tokio::select! {
                () = postgres.keep() => unreachable!("keeps until it is cancelled"),
                ready = readiness(&app, 200) => ready,
            };
            assert!(ready.starts_with("ready\ndatabase: ok\n"), "{ready}");
            assert_ne!(postgres.pid(), killed, "round {round}");
            let page = member.get("/").await;
            assert_eq!(page.status, 200, "still signed in: {}", page.body);
            let tried = visitor.post_json("/api/v1/activate", &wrong).await;
            assert_eq!(tried.status, 422, "nothing was tried meanwhile: {}", tried.body);
        }
        over.store(true, Ordering::SeqCst);
        let (mut acknowledged, mut refused) = (Vec::new(), 0);
        while let Some(done) = writers.join_next().await {
            let (numbers, away) = done.unwrap();
            acknowledged.extend(numbers);
            refused += away;
        }
        assert!(
            refused > 0 && acknowledged.len() > WRITERS * 4,
            "{refused} {}",
            acknowledged.len()
        );
        let list = acknowledged.join("','");
        let sql = format!("SELECT count(*) FROM member WHERE file_number IN ('{list}')");
        let kept = count(&app, &sql).await;
        assert_eq!(usize::try_from(kept).unwrap(), acknowledged.len(), "nothing is lost");
        // One whose answer was lost may be there as well; figures know all of them.
        app.fold(TENANT).await;
        let there = count(&app, "SELECT count(*) FROM member WHERE file_number LIKE 'W%'").await;
        assert_eq!(counted(&app).await, before + there, "nothing is counted twice");
        background.shutdown().await;
        app.platform.app.tenants.close().await;
        postgres.stop().await.unwrap();
    });
}
