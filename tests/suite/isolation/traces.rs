//! What a request leaves behind: figures, files, log lines.

use super::{A, B};
use crate::{
    app::{PASSWORD, TestApp, login},
    documents::published,
    run,
};
use axum::body::{Body, Bytes};
use futures_util::StreamExt as _;
use http::{Method, header};
use std::{
    collections::BTreeSet,
    fs, io,
    os::unix::fs::PermissionsExt as _,
    path::PathBuf,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};
use tracing::instrument::WithSubscriber as _;
use uuid::Uuid;

#[test]
fn a_commit_at_one_tenant_folds_that_tenant_alone() {
    run(async {
        let app = TestApp::new().await;
        app.browser(A, "member").await;
        app.browser(B, "member").await;
        let waiting = "SELECT count(*) FROM outbox";
        assert!(app.count(A, waiting).await > 0 && app.count(B, waiting).await > 0);
        let before = app.count(B, waiting).await;
        let figures = "SELECT coalesce(sum(amount), 0)::bigint FROM adoption_day";
        let figures_before = app.count(B, figures).await;
        app.fold(A).await;
        assert_eq!(app.count(A, waiting).await, 0);
        assert_eq!(app.count(B, waiting).await, before);
        assert_eq!(app.count(B, figures).await, figures_before);
    });
}

#[test]
fn addresses_of_files_lead_to_ones_own_folder() {
    run(async {
        let app = TestApp::new().await;
        let a = published(&mut app.browser(A, "editor").await, &[]).await;
        let b = published(&mut app.browser(B, "editor").await, &[]).await;
        let keys = |folder: &str| -> BTreeSet<String> {
            let root = app.database.bucket.clone();
            files(&root)
                .into_iter()
                .filter_map(|path| Some(path.strip_prefix(&root).ok()?.display().to_string()))
                .filter(|path| path.contains(folder))
                .collect()
        };
        let id = |address: &str| address.rsplit('/').next().unwrap().to_owned();
        assert!(keys(A).iter().any(|key| key.contains(&id(&a))));
        assert!(keys(B).iter().any(|key| key.contains(&id(&b))));
        assert!(!keys(A).iter().any(|key| key.contains(&id(&b))));
        let mut at_b = app.browser(B, "editor").await;
        for crossing in [
            format!("{a}/file"),
            format!("/documents/..%2f..%2f{A}%2fdocuments%2f{}/file", id(&a)),
            format!("/documents/{A}%2fdocuments%2f{}/file", id(&a)),
        ] {
            let answer = at_b.get(&crossing).await;
            assert!((400..500).contains(&answer.status), "{crossing}: {}", answer.status);
        }
        // Nobody is sent to the bucket itself: there is no address to pass on.
        let own = at_b.get(&format!("{b}/file")).await;
        assert_eq!((own.status, own.location()), (200, ""));
    });
}

pub(super) fn files(folder: &std::path::Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() { found.extend(files(&path)) } else { found.push(path) }
    }
    found
}

/// Spooled files that begin with a mark.
pub(super) fn spooled(mark: &[u8]) -> Vec<PathBuf> {
    let here = fs::read_dir(std::env::temp_dir()).unwrap().flatten().map(|entry| entry.path());
    here.filter(|path| path.is_file())
        .filter(|path| fs::read(path).is_ok_and(|bytes| bytes.starts_with(mark)))
        .collect()
}

#[test]
fn a_file_under_way_is_for_nobody_else_and_gone_when_the_line_is_cut() {
    run(async {
        let app = TestApp::new().await;
        let mut editor = app.browser(A, "editor").await;
        editor.get("/documents/new").await;
        let mark = format!("%PDF-1.7 {}", Uuid::from_u128(0x5eed_0000_1234)).into_bytes();
        let form = [
            b"--x\r\nContent-Disposition: form-data; name=\"csrf\"\r\n\r\n".as_slice(),
            editor.csrf.as_bytes(),
            b"\r\n--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.pdf\"\r\n\r\n",
            &mark,
            &vec![b' '; 100_000],
        ]
        .concat();
        let first = futures_util::stream::iter([Ok::<_, io::Error>(Bytes::from(form))]);
        let request = editor
            .request(Method::POST, "/documents")
            .header(header::CONTENT_TYPE, "multipart/form-data; boundary=x")
            .body(Body::from_stream(first.chain(futures_util::stream::pending())))
            .unwrap();
        let door = app.platform.door.clone();
        let peer = gateway::Peer { address: editor.peer, secure: false };
        let sending = tokio::spawn(async move {
            gateway::listen::Answer::answer(door, request, peer).await;
        });
        let since = Instant::now();
        let path = loop {
            if let Some(path) = spooled(&mark).pop() {
                break path;
            }
            assert!(since.elapsed() < Duration::from_secs(10), "no file under way");
            tokio::time::sleep(Duration::from_millis(20)).await;
        };
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        sending.abort();
        while path.exists() {
            assert!(since.elapsed() < Duration::from_secs(10), "{} stays", path.display());
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    });
}

/// Everything that is logged.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl io::Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_log_line_names_the_tenant_of_its_request_and_no_other() {
    run(async {
        let app = TestApp::new().await;
        let lines = Lines::default();
        let writer = lines.clone();
        let subscriber = tracing_subscriber::fmt()
            .with_max_level(tracing::Level::INFO)
            .with_ansi(false)
            .with_writer(move || writer.clone())
            .finish();
        let foreign = app.unit(B, "cb-1").await;
        let stolen = app.browser(B, "admin").await.cookies["session"].clone();
        async {
            let mut browser = app.browser(A, "admin").await;
            browser.get("/").await;
            browser.get(&format!("/organisations/{foreign}")).await;
            browser.get(&format!("/khong-co?tenant={B}")).await;
            browser.cookies.insert("session".into(), stolen.clone());
            browser.get("/account").await;
            let mut visitor = app.visitor(A);
            visitor.get("/sign-in").await;
            let fields = [("login", login("member")), ("password", "sai hoàn toàn")];
            visitor.post("/session", &fields).await;
        }
        .with_subscriber(subscriber)
        .await;
        let said = String::from_utf8(lines.0.lock().unwrap().clone()).unwrap();
        assert!(said.lines().count() >= 6 && said.contains(A), "{said}");
        for secret in [B, &stolen, login("member"), login("admin"), PASSWORD, "Quản Trị"] {
            assert!(!said.contains(secret), "«{secret}» is in the log: {said}");
        }
    });
}
