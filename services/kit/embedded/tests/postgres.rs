//! The embedded server's life and its deaths. Needs the programs that `make
//! postgres` fetches, and fails without them: a skipped test proves nothing.

use embedded::postgres::{Error, Options, Postgres};
use rustix::process::{Pid, Signal, kill_process, test_kill_process};
use std::{
    env, fs,
    io::{BufRead as _, BufReader},
    os::unix::fs::{MetadataExt as _, PermissionsExt as _},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::{Duration, Instant},
};
use tempfile::TempDir;

/// Tells this test binary, started once more by itself, to keep a server on
/// that folder until it is killed.
const KEEP: &str = "EMBEDDED_TEST_KEEP";

fn bundle() -> PathBuf {
    let bin = env::var_os("SOTAY_POSTGRES").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../.cache/postgresql-18.6.3"),
        PathBuf::from,
    );
    assert!(
        bin.join("bin/postgres").is_file(),
        "no PostgreSQL in {}: run `make postgres`, or set SOTAY_POSTGRES to the folder that has bin/postgres",
        bin.display()
    );
    bin
}

fn options(data: &Path) -> Options {
    Options { bin: bundle(), data: data.to_owned(), max_connections: 20, durable: false }
}

/// A folder that the server's user can reach, which /tmp's are not by default.
fn folder() -> TempDir {
    let folder = TempDir::new().unwrap();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
    folder
}

async fn ask(server: &Postgres, sql: &str) -> String {
    let output = server.run_tool("psql", ["-XAtqc", sql]).await;
    let output = output.unwrap_or_else(|error| panic!("{error} {:?}", error.detail()));
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

fn pid(number: u32) -> Pid {
    Pid::from_raw(number.try_into().unwrap()).unwrap()
}

fn gone(process: u32, patience: Duration) -> bool {
    let began = Instant::now();
    while began.elapsed() < patience {
        if test_kill_process(pid(process)).is_err() {
            return true;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    false
}

#[tokio::test]
async fn it_starts_answers_stops_and_starts_again() {
    let folder = folder();
    let data = folder.path().join("postgres");
    let server = Postgres::start(options(&data)).await.unwrap();
    assert_eq!(ask(&server, "select 6 * 7").await, "42");
    assert_eq!(ask(&server, "show max_connections").await, "20");
    assert_eq!(ask(&server, "show listen_addresses").await, "");
    assert_eq!(ask(&server, "select lower('ĐẢNG') || upper('ộ')").await, "đảngỘ");
    ask(&server, "create extension ltree; create extension unaccent; create table kept (n int)")
        .await;

    // The same server through the driver that the application uses.
    let url = server.superuser_url("postgres");
    let pool = sqlx::PgPool::connect(&url).await.unwrap();
    let seven: i32 = sqlx::query_scalar("select 7").fetch_one(&pool).await.unwrap();
    assert_eq!(seven, 7);
    // A session that is still open does not keep the server from stopping.
    let began = Instant::now();
    let process = server.pid();
    let socket = server.socket_dir().to_owned();
    server.stop().await.unwrap();
    assert!(began.elapsed() < Duration::from_secs(3), "{:?}", began.elapsed());
    assert!(gone(process, Duration::from_millis(50)));
    assert!(!socket.exists());
    drop(pool);

    let began = Instant::now();
    let server = Postgres::start(options(&data)).await.unwrap();
    println!("warm start in {:?}", began.elapsed());
    assert_eq!(ask(&server, "select count(*) from kept").await, "0");
    server.stop().await.unwrap();
}

#[tokio::test]
async fn nobody_gets_in_without_the_password_and_nobody_else_reads_it() {
    let folder = folder();
    let data = folder.path().join("postgres");
    let server = Postgres::start(options(&data)).await.unwrap();
    let socket = server.socket_dir().to_str().unwrap().to_owned();
    let refused = Command::new(bundle().join("bin/psql"))
        .args(["-Xwh", &socket, "-U", "postgres", "-c", "select 1"])
        .env_remove("PGPASSWORD")
        .output()
        .unwrap();
    assert!(!refused.status.success());
    let mode = |path: &Path| fs::metadata(path).unwrap().mode() & 0o777;
    assert_eq!(mode(&folder.path().join("postgres.secret")), 0o600);
    assert_eq!(mode(server.socket_dir()), 0o700);
    assert_eq!(mode(&data), 0o700);
    assert!(!server.socket_dir().join("password").exists());
    assert!(!format!("{server:?}").contains(server.superuser_password()));
    server.stop().await.unwrap();
}

#[tokio::test]
async fn an_error_of_a_tool_says_what_it_said() {
    let folder = folder();
    let server = Postgres::start(options(&folder.path().join("postgres"))).await.unwrap();
    let error = server.run_tool("psql", ["-Xc", "select nothing"]).await.unwrap_err();
    assert!(error.detail().unwrap().contains("nothing"), "{error:?}");
    let dump = server.run_tool("pg_dump", ["--schema-only"]).await.unwrap();
    assert!(String::from_utf8(dump.stdout).unwrap().contains("PostgreSQL database dump"));
    // Statements and key values are kept out of the log.
    let log = fs::read_to_string(folder.path().join("postgres.log")).unwrap();
    assert!(!log.contains("select nothing"), "{log}");
    server.stop().await.unwrap();
}

#[tokio::test]
async fn it_comes_back_after_its_postmaster_was_killed() {
    let folder = folder();
    let data = folder.path().join("postgres");
    let durable = Options { durable: true, ..options(&data) };
    let server = Postgres::start(durable.clone()).await.unwrap();
    ask(&server, "create table kept (n int); insert into kept values (1)").await;
    kill_process(pid(server.pid()), Signal::KILL).unwrap();
    server.stop().await.unwrap();
    assert!(data.join("postmaster.pid").exists(), "the killed server must have left its file");
    let server = Postgres::start(durable).await.unwrap();
    assert_eq!(ask(&server, "select n from kept").await, "1");
    server.stop().await.unwrap();
}

#[tokio::test]
async fn a_recycled_process_number_does_not_keep_it_from_starting() {
    let folder = folder();
    let data = folder.path().join("postgres");
    Postgres::start(options(&data)).await.unwrap().stop().await.unwrap();
    // Ours is alive and is no PostgreSQL.
    fs::write(data.join("postmaster.pid"), format!("{}\n", std::process::id())).unwrap();
    Postgres::start(options(&data)).await.unwrap().stop().await.unwrap();
}

#[tokio::test]
async fn what_a_killed_initdb_left_is_cleared_away() {
    let folder = folder();
    let half = folder.path().join("postgres.new-12345678");
    fs::create_dir(&half).unwrap();
    fs::write(half.join("PG_VERSION"), "18\n").unwrap();
    fs::create_dir(folder.path().join("postgres")).unwrap();
    let server = Postgres::start(options(&folder.path().join("postgres"))).await.unwrap();
    assert!(!half.exists());
    server.stop().await.unwrap();
}

#[tokio::test]
async fn one_server_to_a_folder() {
    let folder = folder();
    let data = folder.path().join("postgres");
    let server = Postgres::start(options(&data)).await.unwrap();
    let second = Postgres::start(options(&data)).await.unwrap_err();
    assert!(matches!(second, Error::AlreadyRunning { .. }), "{second:?}");
    assert_eq!(ask(&server, "select 1").await, "1", "the first one is unharmed");
    // A dropped server goes too, and the next start waits for it.
    let process = server.pid();
    drop(server);
    let server = Postgres::start(options(&data)).await.unwrap();
    assert!(gone(process, Duration::from_millis(50)));
    server.stop().await.unwrap();
}

#[tokio::test]
async fn refusals_say_how_to_mend_them() {
    let folder = folder();
    let data = folder.path().join("postgres");
    let without = Options { bin: folder.path().join("nowhere"), ..options(&data) };
    let error = Postgres::start(without).await.unwrap_err();
    assert!(error.to_string().contains("make postgres"), "{error}");

    fs::create_dir(&data).unwrap();
    fs::write(data.join("letter.txt"), "not a database").unwrap();
    let error = Postgres::start(options(&data)).await.unwrap_err();
    assert!(matches!(error, Error::NotOurs { .. }), "{error:?}");

    fs::write(data.join("PG_VERSION"), "15\n").unwrap();
    if rustix::process::geteuid().is_root() {
        std::os::unix::fs::chown(&data, Some(65534), Some(65534)).unwrap();
    }
    let error = Postgres::start(options(&data)).await.unwrap_err();
    assert!(matches!(&error, Error::VersionMismatch { found, .. } if found == "15"), "{error:?}");

    fs::write(data.join("PG_VERSION"), "18\n").unwrap();
    let error = Postgres::start(options(&data)).await.unwrap_err();
    assert!(matches!(error, Error::LostPassword { .. }), "{error:?}");

    fs::write(folder.path().join("postgres.secret"), "x").unwrap();
    let error = Postgres::start(options(&data)).await.unwrap_err();
    assert!(matches!(error, Error::Start { .. }), "{error:?}");
    assert!(error.detail().is_some_and(|said| said.contains("postgresql.conf")), "{error:?}");
}

/// Starts this binary again with a server on `data`; its process and the
/// server's.
fn keeper(data: &Path) -> (std::process::Child, u32) {
    let mut keeper = Command::new(env::current_exe().unwrap())
        .args(["--exact", "keep_a_server_until_killed", "--ignored", "--nocapture"])
        .env(KEEP, data)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let output = BufReader::new(keeper.stdout.take().unwrap());
    let process = output
        .lines()
        .map_while(Result::ok)
        .find_map(|line| line.split_once("server=")?.1.trim().parse().ok())
        .expect("the keeper must say which process its server is");
    (keeper, process)
}

#[tokio::test]
#[ignore = "not a test: run by the two tests below"]
async fn keep_a_server_until_killed() {
    let data = PathBuf::from(env::var_os(KEEP).unwrap());
    let server = Postgres::start(options(&data)).await.unwrap();
    println!("server={}", server.pid());
    std::future::pending::<()>().await;
}

#[test]
fn the_server_goes_when_its_process_is_killed() {
    let folder = folder();
    let (mut keeper, server) = keeper(&folder.path().join("postgres"));
    keeper.kill().unwrap();
    keeper.wait().unwrap();
    assert!(gone(server, Duration::from_secs(5)), "the watcher must have stopped it");
}

#[tokio::test]
async fn an_orphan_whose_watcher_was_killed_too_is_ended_by_the_next_start() {
    let folder = folder();
    let data = folder.path().join("postgres");
    let (mut keeper, orphan) = keeper(&data);
    for process in fs::read_dir("/proc").unwrap().flatten() {
        let line = fs::read(process.path().join("cmdline")).unwrap_or_default();
        let line = String::from_utf8_lossy(&line).into_owned();
        if line.starts_with("/bin/sh\0-c") && line.contains(&format!("\0{orphan}\0")) {
            let watcher = process.file_name().to_str().unwrap().parse().unwrap();
            kill_process(pid(watcher), Signal::KILL).unwrap();
        }
    }
    keeper.kill().unwrap();
    keeper.wait().unwrap();
    assert!(!gone(orphan, Duration::from_secs(1)), "nothing can have ended the orphan yet");
    let server = Postgres::start(options(&data)).await.unwrap();
    assert_ne!(server.pid(), orphan);
    assert_eq!(ask(&server, "select 1").await, "1");
    server.stop().await.unwrap();
}

#[tokio::test]
async fn it_survives_the_runtime_that_started_it() {
    let folder = folder();
    let data = folder.path().join("postgres");
    let server = std::thread::spawn(move || {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        runtime.block_on(Postgres::start(options(&data))).unwrap()
    })
    .join()
    .unwrap();
    assert_eq!(ask(&server, "select 1").await, "1");
    server.stop().await.unwrap();
}
