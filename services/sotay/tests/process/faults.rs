//! The program is killed, and so is what it stands on.

use crate::place::{Place, Running, signal};
use serde_json::{Value, json};
use std::{
    fmt::Write as _,
    fs,
    path::PathBuf,
    process::Command,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

const PASSWORD: &str = "lúa chín vàng đồng";
const ROWS: usize = 12_000;

/// A province with one branch, served: the process and its administrator's
/// token.
pub fn begun(place: &Place) -> (Running, String) {
    let applied = place.run(&["tenant", "apply", "--json"]);
    assert!(applied.status.success(), "{}", String::from_utf8_lossy(&applied.stderr));
    let tenants: Value = serde_json::from_slice(&applied.stdout).unwrap();
    let first = tenants[0]["code"].as_str().unwrap();
    // As if the answer with the first one had been lost.
    let file = place.folder.path().join("tenants/quang-ngai.toml");
    let again = place.run(&["tenant", "apply", "--json", "--new-code", file.to_str().unwrap()]);
    let again: Value = serde_json::from_slice(&again.stdout).unwrap();
    let code = again[0]["code"].as_str().unwrap();
    let child = place.serve();
    let activate = |code: &str| {
        place.post("/activate", "", &json!({"code": code, "password": PASSWORD})).unwrap()
    };
    assert_eq!(activate(first).0, 410, "a new code ends the one before");
    let (status, body) = activate(code);
    assert_eq!(status, 200, "{body}");
    let body: Value = serde_json::from_str(&body).unwrap();
    let token = body["token"].as_str().unwrap().to_owned();
    let branch = json!({"parent": "51", "kind": "chi_bo_co_so", "code": "cb-1", "name": "Chi bộ Một", "on": "01/10/2025"});
    let (status, body) = place.post("/organisations", &token, &branch).unwrap();
    assert_eq!(status, 201, "{body}");
    (child, token)
}

fn read(place: &Place, path: &str, token: &str) -> Value {
    let (status, body) = place.get(path, token).unwrap();
    assert_eq!(status, 200, "{path}: {body}");
    serde_json::from_str(&body).unwrap()
}

/// Members in the folded figures.
fn counted(place: &Place, token: &str) -> i64 {
    read(place, "/adoption", token)["raw"]["members"].as_i64().unwrap()
}

pub fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let since = Instant::now();
    while !holds() {
        assert!(since.elapsed() < Duration::from_mins(1), "not in time: {what}");
        thread::sleep(Duration::from_millis(20));
    }
}

fn roster(place: &Place) -> PathBuf {
    let mut text = String::from("Họ và tên,Số lý lịch,Mã chi bộ,Tình trạng\n");
    for row in 0..ROWS {
        writeln!(text, "Lê Thị Bền,LL-{row},cb-1,Chính thức").unwrap();
    }
    let path = place.folder.path().join("ds.csv");
    fs::write(&path, text).unwrap();
    path
}

fn add(place: &Place, token: &str, number: &str) -> Option<(u16, String)> {
    let form = json!({"organisation": "cb-1", "full_name": "Lê Thị Bền", "file_number": number,
        "standing": "official", "status": "active", "has_smartphone": "true"});
    place.post("/members", token, &form)
}

#[test]
fn an_import_and_the_server_behind_it_are_killed_and_go_on() {
    let place = Place::new();
    let (mut server, token) = begun(&place);
    let roster = roster(&place);
    let import = ["roster", "import", "--tenant", "quang-ngai", "--json", roster.to_str().unwrap()];
    let latest = || read(&place, "/roster", &token)["imports"][0].clone();
    for killing in ["-KILL", "-TERM"] {
        let before = latest();
        let mut child = Running::of(&mut place.command(&import));
        until("a batch is written", || {
            let now = latest();
            now["id"] != before["id"] && now["percent"].as_i64().is_some_and(|percent| percent > 0)
        });
        signal(&child, killing);
        assert!(!child.wait().unwrap().success(), "{killing} was in time");
    }
    let said = latest();
    assert_eq!(said["state"], "running", "{said}");
    // Events of the dead imports are waiting, and nobody wakes a relay.
    signal(&server, "-KILL");
    server.wait().unwrap();
    let mut server = place.serve();
    let summary = |name: &str| latest()["summary"][name].as_i64().unwrap();
    let there = summary("added") + summary("unchanged");
    assert!(there > 0, "{}", latest());
    until("what is on the roll is in the figures", || counted(&place, &token) > there);

    let done = place.run(&import);
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    let done: Value = serde_json::from_slice(&done.stdout).unwrap();
    let of = |name: &str| done["summary"][name].as_u64().unwrap();
    assert_eq!((of("rows"), of("bad"), of("changed")), (ROWS as u64, 0, 0), "{done}");
    assert_eq!(of("added") + of("unchanged"), ROWS as u64, "{done}");
    assert!(of("unchanged") >= 1000, "what was written before counts: {done}");
    let members = i64::try_from(ROWS).unwrap() + 1;
    assert_eq!(counted(&place, &token), members, "everybody once, and the administrator");
    let rebuilt = place.run(&["fold", "rebuild", "--tenant", "quang-ngai"]);
    assert!(rebuilt.status.success(), "{}", String::from_utf8_lossy(&rebuilt.stderr));
    assert_eq!(counted(&place, &token), members, "rebuilt, the figures are the same");
    signal(&server, "-TERM");
    assert!(server.wait().unwrap().success());
}

#[test]
fn a_database_that_dies_under_the_server_is_started_again_and_a_stop_drains() {
    let place = Place::new();
    let (mut server, token) = begun(&place);
    let postmaster = || {
        let file = place.folder.path().join("data/postgres/postmaster.pid");
        fs::read_to_string(file).ok()?.lines().next()?.parse::<u32>().ok()
    };
    let killed = postmaster().unwrap();
    let kill = Command::new("kill").args(["-KILL", &killed.to_string()]).status().unwrap();
    assert!(kill.success());
    until("it is ready again", || {
        let ready = place.ask("quang-ngai.localhost", "/readyz");
        postmaster().is_some_and(|pid| pid != killed)
            && ready.is_some_and(|said| said.starts_with("ready"))
    });
    for line in ["PostgreSQL ended by itself", "PostgreSQL is ready again"] {
        until(line, || fs::read_to_string(place.log()).unwrap().contains(line));
    }

    // Many requests are under way when it is told to stop.
    let over = Arc::new(AtomicBool::new(false));
    let acknowledged: Vec<String> = thread::scope(|scope| {
        let writers: Vec<_> = (0..4)
            .map(|writer| {
                let (place, token, over) = (&place, &token, over.clone());
                scope.spawn(move || {
                    let mut acknowledged = Vec::new();
                    for turn in 0.. {
                        if over.load(Ordering::SeqCst) {
                            break;
                        }
                        match add(place, token, &format!("W{writer}-{turn}")) {
                            Some((201, body)) => {
                                let body: Value = serde_json::from_str(&body).unwrap();
                                acknowledged.push(body["id"].as_str().unwrap().to_owned());
                            }
                            Some((status, body)) => assert_eq!(status, 503, "{body}"),
                            None => {}
                        }
                    }
                    acknowledged
                })
            })
            .collect();
        thread::sleep(Duration::from_secs(1));
        signal(&server, "-TERM");
        assert!(server.wait().unwrap().success(), "an orderly end");
        over.store(true, Ordering::SeqCst);
        writers.into_iter().flat_map(|writer| writer.join().unwrap()).collect()
    });
    assert!(acknowledged.len() > 4, "{}", acknowledged.len());
    let log = fs::read_to_string(place.log()).unwrap();
    assert!(!log.contains("were cut off"), "{log}");
    assert_eq!(place.leftovers(), 0, "nothing keeps running");

    let mut server = place.serve();
    for id in &acknowledged {
        assert_eq!(place.get(&format!("/members/{id}"), &token).unwrap().0, 200, "{id}");
    }
    signal(&server, "-TERM");
    assert!(server.wait().unwrap().success());
}

#[test]
fn without_its_database_it_says_where_it_looked_and_what_to_do() {
    let place = Place::new();
    let folder = place.folder.path();
    fs::write(folder.join("master.key"), "07".repeat(32)).unwrap();
    fs::write(folder.join("s3.secret"), "secret").unwrap();
    let config = format!(
        "master_key_file = '{0}/master.key'\n\
         [database.placements.main]\nhost = '127.0.0.1'\nport = 1\n\
         [blob]\nendpoint = 'http://127.0.0.1:1'\nregion = 'us-east-1'\nbucket = 'sotay'\n\
         access_key = 'k'\nsecret_key_file = '{0}/s3.secret'\n",
        folder.display()
    );
    fs::write(folder.join("sotay.toml"), config).unwrap();
    let file = folder.join("sotay.toml");
    let dead = place.run(&["serve", "--config", file.to_str().unwrap()]);
    let said = String::from_utf8_lossy(&dead.stderr).into_owned();
    assert!(!dead.status.success());
    for part in ["127.0.0.1:1", "database.placements.main", "sotay migrate"] {
        assert!(said.contains(part), "no «{part}»: {said}");
    }
}
