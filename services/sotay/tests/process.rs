//! The program as a person runs it: started, killed, started again, stopped.

use std::{
    fs,
    io::{Read as _, Write as _},
    net::{Ipv4Addr, TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    thread,
    time::{Duration, Instant},
};

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");

struct Place {
    folder: tempfile::TempDir,
    http: u16,
    https: u16,
}

impl Place {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let tenants = folder.path().join("tenants");
        fs::create_dir(&tenants).unwrap();
        for file in ["quang-ngai.toml", "toan-quoc.toml"] {
            fs::copy(Path::new(ROOT).join("tenant-config").join(file), tenants.join(file)).unwrap();
        }
        let free = || {
            let socket = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
            socket.local_addr().unwrap().port()
        };
        Self { http: free(), https: free(), folder }
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let bundle = std::env::var_os("SOTAY_POSTGRES")
            .map_or_else(|| Path::new(ROOT).join(".cache/postgresql-18.6.3"), PathBuf::from);
        let mut command = Command::new(env!("CARGO_BIN_EXE_sotay"));
        command
            .args(arguments)
            .env("SOTAY__DATA", self.folder.path().join("data"))
            .env("SOTAY__TENANTS", self.folder.path().join("tenants"))
            .env("SOTAY__POSTGRES__BIN", bundle)
            .env("SOTAY__HTTP__PORT", self.http.to_string())
            .env("SOTAY__HTTPS__PORT", self.https.to_string())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    /// Starts the demo and waits until it answers.
    fn start(&self) -> (Child, Duration) {
        let since = Instant::now();
        let mut child = self.command(&["demo", "run"]).spawn().unwrap();
        loop {
            if self.ask("quang-ngai.localhost", "/readyz").is_some_and(|a| a.contains("ready")) {
                return (child, since.elapsed());
            }
            if let Some(status) = child.try_wait().unwrap() {
                let mut said = String::new();
                child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
                panic!("ended with {status}: {said}");
            }
            assert!(since.elapsed() < Duration::from_mins(3), "not ready in time");
            thread::sleep(Duration::from_millis(20));
        }
    }

    fn ask(&self, host: &str, path: &str) -> Option<String> {
        let mut socket = TcpStream::connect((Ipv4Addr::LOCALHOST, self.http)).ok()?;
        socket.set_read_timeout(Some(Duration::from_secs(10))).ok()?;
        let request = format!("GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
        socket.write_all(request.as_bytes()).ok()?;
        let mut answer = String::new();
        socket.read_to_string(&mut answer).ok()?;
        answer.split_once("\r\n\r\n").map(|(_, body)| body.to_owned())
    }

    fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    /// Servers that still work on this place's data.
    fn leftovers(&self) -> usize {
        let needle = self.folder.path().join("data/postgres").display().to_string();
        fs::read_dir("/proc")
            .unwrap()
            .filter_map(|entry| fs::read(entry.ok()?.path().join("cmdline")).ok())
            .filter(|line| String::from_utf8_lossy(line).contains(&needle))
            .count()
    }
}

fn signal(child: &Child, name: &str) {
    let done = Command::new("kill").args([name, &child.id().to_string()]).status().unwrap();
    assert!(done.success());
}

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
fn a_mistake_in_the_configuration_is_named() {
    let place = Place::new();
    let wrong = place.command(&["doctor"]).env("SOTAY__HTTP__PORT", "eighty").output().unwrap();
    let said = String::from_utf8_lossy(&wrong.stderr).into_owned();
    assert!(!wrong.status.success() && said.contains("port"), "{said}");
    let missing =
        place.command(&["serve"]).env("SOTAY__POSTGRES__BIN", "/khong/co").output().unwrap();
    let said = String::from_utf8_lossy(&missing.stderr).into_owned();
    assert!(!missing.status.success() && said.contains("make postgres"), "{said}");
    let unready = place.run(&["serve"]);
    let said = String::from_utf8_lossy(&unready.stderr).into_owned();
    assert!(!unready.status.success() && said.contains("sotay migrate"), "{said}");
}
