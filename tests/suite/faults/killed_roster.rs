//! The roster import as the pages start it: the server that works on it loses its
//! database between any two steps. Another server shows what became of it, and a
//! person does what its page says until it is done.

use super::{CUTS, TENANT, assert_away, count, counted};
use crate::{
    app::{TestApp, platform, unhurried},
    browser::Browser,
    roster::{csv, state, tally},
    run,
};
use futures_util::future::join_all;
use serde_json::{Value, json};
use testkit::{Cut, Cutter};
use time::Duration;

/// Steps are divided among so many imports at once, each with a database of its
/// own: some wait before they try again.
const LANES: usize = 3;
/// Rows that can be imported.
const GOOD: i64 = 3;

/// The import's page when nobody works on it. A pass that gives no sign of life
/// is taken for dead.
async fn stilled(app: &TestApp, admin: &mut Browser, id: &str) -> Value {
    for tried in 0..400 {
        let page = admin.get(&format!("/api/v1/roster/{id}")).await;
        assert_eq!(page.status, 200, "{}", page.body);
        let page = page.json();
        if page["import"]["active"] == json!(false) {
            return page;
        }
        if tried == 100 {
            app.world.advance(Duration::seconds(21));
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    panic!("import {id} does not come to its end");
}

/// Sends a file until it is taken, and presses the button for as long as there
/// is one: the page at the end.
async fn patiently(
    app: &TestApp,
    (theirs, admin): (&mut Browser, &mut Browser),
    file: &[u8],
) -> Value {
    let id = loop {
        let sent = theirs.upload("/api/v1/roster", &[], "ds.csv", file).await;
        if sent.status == 201 {
            break sent.json()["id"].as_str().unwrap().to_owned();
        }
        assert_away(&sent);
    };
    loop {
        let page = stilled(app, admin, &id).await;
        let import = &page["import"];
        if import["state"] == "failed" {
            let why = import["failure"].as_str().unwrap();
            assert!(why.ends_with('.') && import["next"] != "nothing", "{import}");
        }
        if import["next"] == "nothing" {
            return page;
        }
        let pressed = theirs.post_json(&format!("/api/v1/roster/{id}/run"), &json!({})).await;
        if pressed.status != 200 {
            assert_away(&pressed);
        }
    }
}

/// Cuts every so-manieth step from `first` on: the last there is.
async fn lane(first: usize, cut: Cut) -> usize {
    let mut app = TestApp::new().await;
    app.platform.door = unhurried(&app.platform.door);
    let (cutter, through) = Cutter::before(&app.database);
    let server = platform(&through, app.world.clone()).await;
    let mut admin = app.program(TENANT, "admin").await;
    let mut theirs = Browser::new(unhurried(&server.door), TENANT);
    theirs.bearer.clone_from(&admin.bearer);
    let mut last = 0;
    for at in (first..).step_by(LANES) {
        let mark = format!("{cut:?}-{at}").to_uppercase();
        let mut rows: Vec<String> =
            (0..GOOD).map(|row| format!("Lê Thị Bền,,,{mark}-{row},cb-1,,Chính thức,")).collect();
        rows.push(format!("Lê Thị Bền,,,{mark}-X,cb-99,,Chính thức,"));
        let file = csv(&rows.iter().map(String::as_str).collect::<Vec<_>>());
        let before = counted(&app).await;
        let work = patiently(&app, (&mut theirs, &mut admin), &file);
        let (page, was_cut) = cutter.interrupt(at, cut, work).await;
        let said = format!("cut at {at}, {cut:?}: {}", page["import"]);
        let [added, changed, unchanged, bad] = tally(&page);
        assert_eq!((state(&page), changed, bad), ("done", 0, 1), "{said}");
        assert_eq!(added + unchanged, GOOD, "{said}");
        let sql = format!("SELECT count(*) FROM member WHERE file_number LIKE '{mark}-%'");
        assert_eq!(count(&app, &sql).await, GOOD, "{said}: members");
        let sql = format!(
            "SELECT coalesce(sum((data->>'added')::bigint), 0)::bigint FROM event
             WHERE kind = 'roster.imported' AND subject = '{}'",
            page["import"]["id"].as_str().unwrap()
        );
        assert_eq!(count(&app, &sql).await, GOOD, "{said}: events");
        app.fold(TENANT).await;
        assert_eq!(counted(&app).await, before + GOOD, "{said}: folded figures");
        if !was_cut {
            break;
        }
        last = at;
    }
    assert!(last > 0, "{cut:?}: nothing was cut");
    last
}

#[test]
fn an_import_whose_server_is_cut_off_at_any_step_is_brought_to_its_end_by_what_its_page_says() {
    run(async {
        let lanes = (1..=LANES).flat_map(|first| CUTS.map(|cut| lane(first, cut)));
        let steps = join_all(lanes).await.into_iter().max().unwrap();
        assert!(steps >= 30, "uploading, checking and importing had {steps} steps");
    });
}
