//! The relay as a server runs it: it loses its connections between any two steps
//! while events come in, and goes on by itself.

use super::{
    CUTS, TENANT, count, counted,
    killed::{id, sent, tenants},
};
use crate::{app::TestApp, run};
use futures_util::future::join_all;
use std::time::{Duration, Instant};
use tenancy::{Relay, TenantState};
use testkit::{Cut, Cutter};

/// A relay that lost its connections pauses for a second, so steps are divided
/// among so many of them, each with a database of its own.
const LANES: usize = 4;

/// Waits until every event is folded, and something of them left the tenant.
async fn folded(app: &TestApp, sent_before: i64) {
    let began = Instant::now();
    let waiting = "SELECT count(*) FROM outbox";
    while count(app, waiting).await > 0 || sent(app).await == sent_before {
        assert!(began.elapsed() < Duration::from_secs(30), "it does not go on");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// The figures, day by day.
async fn figures(app: &TestApp) -> Vec<String> {
    let sql = "SELECT organisation || ' ' || measure || ' ' || day || ' ' || amount
               FROM adoption_day WHERE amount <> 0 ORDER BY 1";
    let mut conn = app.db(TENANT).conn().await.unwrap();
    sqlx::query_scalar(sql).fetch_all(&mut *conn).await.unwrap()
}

/// Cuts every so-manieth step from `first` on: the last there is.
async fn lane(first: usize, cut: Cut) -> usize {
    let app = TestApp::new().await;
    // The steps of other tenants would be the same again.
    for other in ["ha-noi", "toan-quoc"] {
        let other = kernel::TenantId::new(other).unwrap();
        app.database.provisioner().set_state(&other, TenantState::Suspended).await.unwrap();
    }
    let (cutter, through) = Cutter::before(&app.database);
    let events = app.platform.app.tenants.clone();
    let announcing = tokio::spawn(async move { events.announce().await });
    let (mut phone, mut last) = (973_000_000, 0);
    for at in (first..).step_by(LANES) {
        let (before, sent_before) = (counted(&app).await, sent(&app).await);
        phone += 2;
        app.newcomer(TENANT, "cb-1", &format!("0{phone}")).await;
        let outlets = adoption::outlets(app.world.clone());
        let relay = Relay::new(tenants(&through).await, adoption::folds(), outlets);
        let work = async {
            let running = tokio::spawn(async move { relay.run().await });
            app.newcomer(TENANT, "cb-1", &format!("0{}", phone + 1)).await;
            folded(&app, sent_before).await;
            running.abort();
            // Nothing of it is at work when the next begins.
            let _ = running.await;
        };
        let ((), was_cut) = cutter.interrupt(at, cut, work).await;
        let said = format!("cut at {at}, {cut:?}");
        assert_eq!(counted(&app).await, before + 2, "{said}");
        let sql =
            "SELECT version - (SELECT count(*) FROM event) FROM fold_state WHERE fold = 'all'";
        assert_eq!(count(&app, sql).await, 0, "{said}: each event was folded once");
        if !was_cut {
            break;
        }
        last = at;
    }
    announcing.abort();
    assert!(last > 0, "{cut:?}: nothing was cut");
    let incremental = figures(&app).await;
    app.platform.relay.rebuild(&id()).await.unwrap();
    assert_eq!(figures(&app).await, incremental, "rebuilt, the figures are the same");
    last
}

#[test]
fn a_running_relay_cut_off_at_any_step_goes_on_by_itself_and_folds_each_event_once() {
    run(async {
        let lanes = (1..=LANES).flat_map(|first| CUTS.map(|cut| lane(first, cut)));
        let steps = join_all(lanes).await.into_iter().max().unwrap();
        assert!(steps >= 12, "folding and listening had {steps} steps");
    });
}
