//! The program as a person runs it: started, killed, started again, stopped.

#[path = "../../../../tests/suite/telemetry_collector.rs"]
mod collector;
mod faults;
mod migrate;
mod place;
mod roles;
mod seen;

use place::{Place, Running, signal};
use std::{fs, time::Duration};

#[test]
fn started_killed_started_again_and_stopped() {
    let place = Place::new();
    let (mut child, _) = place.start();
    let file = fs::read_to_string(place.folder.path().join("data/demo.json")).unwrap();
    let demo: serde_json::Value = serde_json::from_str(&file).unwrap();
    assert_eq!(demo["tenants"][0]["slug"], "quang-ngai");
    assert_eq!(demo["national"]["accounts"][1]["role"], "reviewer");
    let page = place.ask("quang-ngai.localhost", "/sign-in").unwrap();
    assert!(page.contains("Đảng bộ tỉnh Quảng Ngãi"), "{page}");

    // Beside the running server, the command line finds its database.
    let list = place.run(&["tenant", "list", "--json"]);
    assert!(list.status.success(), "{}", String::from_utf8_lossy(&list.stderr));
    let tenants: serde_json::Value = serde_json::from_slice(&list.stdout).unwrap();
    assert_eq!(tenants.as_array().unwrap().len(), 2);
    let doctor = place.run(&["doctor"]);
    assert!(doctor.status.success(), "{}", String::from_utf8_lossy(&doctor.stdout));

    // A second one on the same ports says so in one sentence.
    let second = place.run(&["demo", "run"]);
    let said = String::from_utf8_lossy(&second.stderr).into_owned();
    assert!(!second.status.success() && said.contains("đang có chương trình khác dùng"), "{said}");

    child.kill().unwrap();
    child.wait().unwrap();
    let (mut child, again) = place.start();
    assert!(again < Duration::from_secs(10), "started again in {again:?}");
    signal(&child, "-TERM");
    assert!(child.wait().unwrap().success(), "SIGTERM is an orderly end");
    assert_eq!(place.leftovers(), 0, "nothing keeps running");

    let plan = place.run(&["tenant", "plan", "--json"]);
    assert!(String::from_utf8_lossy(&plan.stdout).contains("\"changes\": []"));
    let unknown = place.run(&["report", "adoption", "--tenant", "khong-co"]);
    assert!(!unknown.status.success());
    assert!(String::from_utf8_lossy(&unknown.stderr).contains("sotay tenant list"));
}

#[test]
fn who_serves_waits_for_a_command_that_keeps_the_servers() {
    let place = Place::new();
    let mut command = Running::of(&mut place.command(&["tenant", "apply"]));
    let run = place.folder.path().join("data/run.json");
    faults::until("the command keeps the servers", || run.exists());
    let mut server = place.serve();
    assert!(command.try_wait().unwrap().is_some(), "it ended before anybody was served");
    assert!(command.wait().unwrap().success());
    assert!(fs::read_to_string(place.log()).unwrap().contains("a command that keeps the servers"));
    signal(&server, "-HUP");
    let ready = place.ask("quang-ngai.localhost", "/readyz").unwrap();
    assert!(ready.starts_with("ready"), "{ready}");
    signal(&server, "-TERM");
    assert!(server.wait().unwrap().success());
}

#[test]
fn a_mistake_in_the_configuration_is_named() {
    let place = Place::new();
    let wrong = place.command(&["doctor"]).env("SOTAY__HTTP__PORT", "eighty").output().unwrap();
    let said = String::from_utf8_lossy(&wrong.stdout).into_owned();
    assert!(!wrong.status.success() && said.contains("port"), "{said}");
    let missing =
        place.command(&["serve"]).env("SOTAY__POSTGRES__BIN", "/khong/co").output().unwrap();
    let said = String::from_utf8_lossy(&missing.stderr).into_owned();
    assert!(!missing.status.success() && said.contains("make postgres"), "{said}");
    for arguments in [&["serve"][..], &["tenant", "plan"]] {
        let unready = place.run(arguments);
        let said = String::from_utf8_lossy(&unready.stderr).into_owned();
        assert!(!unready.status.success() && said.contains("sotay migrate"), "{said}");
    }
}
