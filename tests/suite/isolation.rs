//! Whatever belongs to one tenant, tried at another. SQL is held apart by the
//! login of each tenant (`tenancy.rs`), routes without a session of the
//! tenant's own are refused (`routes.rs`); this is about all else that carries
//! something from one request to the next.

use crate::{
    app::{PASSWORD, TestApp, login},
    browser::{Answer, Browser},
    run,
};
use axum::body::{Body, Bytes};
use futures_util::StreamExt as _;
use gateway::{Limits, Proxies};
use http::{Method, header};
use kernel::TenantId;
use serde_json::json;
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

const A: &str = "thanh-hoa";
const B: &str = "ha-noi";
const RESOLUTION: &[u8] =
    include_bytes!("../../services/sotay/demo/documents/01-nq-tu-chuyen-doi-so.pdf");

/// One row that can be taken and one that cannot.
const ROSTER: &str = "Họ và tên,Ngày sinh,Số thẻ đảng,Số lý lịch,Mã chi bộ,Điện thoại,Tình trạng,Có điện thoại thông minh\nNguyễn Văn An,03/02/1975,,LL-1,cb-1,0912000001,Chính thức,Có\n,,,LL-5,cb-1,,Chính thức,\n";

async fn count(app: &TestApp, tenant: &str, sql: &str) -> i64 {
    let db = app.platform.app.tenants.db(&TenantId::new(tenant).unwrap()).unwrap();
    let mut conn = db.conn().await.unwrap();
    sqlx::query_scalar(sqlx::AssertSqlSafe(sql.to_owned())).fetch_one(&mut *conn).await.unwrap()
}

async fn ids(app: &TestApp, tenant: &str, sql: &str) -> Vec<Uuid> {
    let db = app.platform.app.tenants.db(&TenantId::new(tenant).unwrap()).unwrap();
    let mut conn = db.conn().await.unwrap();
    sqlx::query_scalar(sqlx::AssertSqlSafe(sql.to_owned())).fetch_all(&mut *conn).await.unwrap()
}

async fn publish(editor: &mut Browser) -> Answer {
    editor.get("/documents/new").await;
    let fields = [
        ("organisation", "goc"),
        ("kind", "nghi_quyet"),
        ("number", "01-NQ/TU"),
        ("title", "Nghị quyết về chuyển đổi số"),
        ("issued_on", "15/10/2026"),
        ("attested", "true"),
        ("attested_by", "Lê Văn Kiểm"),
    ];
    editor.upload("/documents", &fields, "01-nq-tu.pdf", RESOLUTION).await
}

/// A meeting under way in `cb-1`: its address and the code on the screen.
async fn meeting(app: &TestApp, secretary: &mut Browser, tenant: &str) -> (String, String) {
    let branch = app.unit(tenant, "cb-1").await.to_string();
    secretary.get("/meetings/new").await;
    let fields = [
        ("organisation", branch.as_str()),
        ("kind", "regular"),
        ("date", "3/11/2026"),
        ("time", "18h10"),
        ("place", "Nhà văn hóa"),
        ("agenda", "1. Đánh giá tháng"),
    ];
    let made = secretary.post("/meetings", &fields).await;
    assert_eq!(made.status, 303, "{}", made.body);
    let address = made.location().to_owned();
    for step in ["announce", "open"] {
        let done = secretary.post(&format!("{address}/{step}"), &[]).await;
        assert_eq!(done.status, 303, "{step}: {}", done.body);
    }
    let board = secretary.get(&format!("{address}/board")).await;
    let code = board.body.split("st-checkin__code\">").nth(1).unwrap()[..6].to_owned();
    (address, code)
}

#[test]
fn nothing_of_one_tenant_is_found_at_another_by_its_identifier() {
    run(async {
        let mut app = TestApp::new().await;
        // Whoever tries everything would be slowed down, which proves nothing.
        let rates = Limits::default().unreachable_rates();
        app.platform.door = app.platform.door.clone().limited(&rates, Proxies::default());
        assert_eq!(publish(&mut app.browser(A, "editor").await).await.status, 303);
        meeting(&app, &mut app.browser(A, "secretary").await, A).await;
        let admin = &mut app.program(A, "admin").await;
        let file = ROSTER.as_bytes();
        assert_eq!(admin.upload("/api/v1/roster", &[], "ds.csv", file).await.status, 201);

        let mut things = Vec::new();
        for table in
            ["organisation", "member", "account", "session", "document", "meeting", "roster_import"]
        {
            let some = ids(&app, A, &format!("SELECT id FROM {table} ORDER BY id LIMIT 1")).await;
            assert_eq!(some.len(), 1, "{table}");
            things.extend(some);
        }
        let before = count(&app, B, "SELECT count(*) FROM event").await;
        let mut tried = 0;
        for who in ["admin", "secretary", "editor"] {
            let mut program = app.program(B, who).await;
            for route in app.platform.routes.iter().filter(|route| route.path.contains('{')) {
                for thing in &things {
                    let path =
                        route
                            .path
                            .split('/')
                            .map(|part| {
                                if part.starts_with('{') { thing.to_string() } else { part.into() }
                            })
                            .collect::<Vec<_>>()
                            .join("/");
                    let request = program
                        .request(
                            Method::from_bytes(route.method.as_bytes()).unwrap(),
                            &format!("/api/v1{path}"),
                        )
                        .header(header::CONTENT_TYPE, "application/json")
                        .body(Body::from("{}"))
                        .unwrap();
                    let answer = program.send(request).await;
                    assert!(
                        (400..500).contains(&answer.status),
                        "{who} of {B}: {} {path}: {} {}",
                        route.method,
                        answer.status,
                        answer.body
                    );
                    tried += 1;
                }
            }
        }
        assert!(tried > 300, "{tried}");
        // Three sign-ins and nothing else came of it.
        assert_eq!(count(&app, B, "SELECT count(*) FROM event").await, before + 3);
    });
}

#[test]
fn a_form_of_one_tenant_cannot_be_sent_to_another() {
    run(async {
        let app = TestApp::new().await;
        // The same visitor cookie at both, as if planted.
        let mut at_a = app.visitor(A);
        at_a.get("/sign-in").await;
        let mut at_b = app.visitor(B);
        at_b.cookies = at_a.cookies.clone();
        at_b.get("/sign-in").await;
        assert_ne!(at_a.csrf, at_b.csrf);
        at_b.csrf.clone_from(&at_a.csrf);
        let fields = [("login", login("member")), ("password", PASSWORD)];
        assert_eq!(at_b.post("/session", &fields).await.status, 403);
        assert_eq!(at_a.post("/session", &fields).await.status, 303);
        // Signed in at both: the token of one session says nothing for the other.
        let mut at_b = app.browser(B, "member").await;
        at_b.get("/account").await;
        at_a.get("/account").await;
        at_b.csrf.clone_from(&at_a.csrf);
        assert_eq!(at_b.post("/sign-out", &[]).await.status, 403);
        assert_eq!(at_b.get("/account").await.status, 200);
    });
}

#[test]
fn a_token_under_another_tenants_cookie_name_or_header_is_nobodys() {
    run(async {
        let app = TestApp::new().await;
        let browser = app.browser(A, "admin").await;
        let token = browser.cookies["session"].clone();
        let mut program = app.visitor(B);
        program.bearer = Some(token.clone());
        assert_eq!(program.get("/api/v1/account").await.status, 401);
        // At its own tenant it is somebody, over either way in.
        program.host = format!("{A}.localhost");
        assert_eq!(program.get("/api/v1/account").await.status, 200);
        for (secure, name) in [(true, "session"), (false, "__Host-session")] {
            let mut other = app.visitor(A);
            other.secure = secure;
            other.cookies.insert(name.into(), token.clone());
            assert_eq!(other.get("/account").await.status, 303, "{name}, secure: {secure}");
        }
    });
}

#[test]
fn guesses_at_one_tenant_do_not_lock_another() {
    run(async {
        let app = TestApp::new().await;
        let mut guesser = app.visitor(A);
        guesser.get("/sign-in").await;
        let mut last = 0;
        for _ in 0..11 {
            let fields = [("login", login("member")), ("password", "đoán mò thôi")];
            last = guesser.post("/session", &fields).await.status;
        }
        assert_eq!(last, 429);
        // The same number from the same address, at the other tenant.
        app.browser(B, "member").await;
    });
}

#[test]
fn codes_of_one_tenant_open_nothing_at_another() {
    run(async {
        let app = TestApp::new().await;
        let (address, code) = meeting(&app, &mut app.browser(A, "secretary").await, A).await;
        // One meeting at each, so that there is something to mix up.
        let (_, own) = meeting(&app, &mut app.browser(B, "secretary").await, B).await;
        let mut member = app.browser(B, "member").await;
        member.get("/meetings/check-in").await;
        for via in ["qr", "code"] {
            let answer = member.post("/meetings/check-in", &[("code", &code), ("via", via)]).await;
            assert_eq!(answer.status, 422, "{via}: {}", answer.body);
        }
        assert_eq!(count(&app, B, "SELECT count(*) FROM attendance").await, 0);
        assert_eq!(count(&app, A, "SELECT count(*) FROM attendance").await, 0);
        let here = member.post("/meetings/check-in", &[("code", &own), ("via", "code")]).await;
        assert_eq!(here.status, 303, "{}", here.body);
        // The chair's screen, asked again and again, stays its own tenant's.
        let mut chair = app.browser(B, "secretary").await;
        for page in ["", "/board", "/board/count", "/attendance", "/attendance.xlsx"] {
            assert_eq!(chair.get(&format!("{address}{page}")).await.status, 404, "{page}");
        }
    });
}

#[test]
fn a_commit_at_one_tenant_folds_that_tenant_alone() {
    run(async {
        let app = TestApp::new().await;
        app.browser(A, "member").await;
        app.browser(B, "member").await;
        let waiting = "SELECT count(*) FROM outbox";
        assert!(count(&app, A, waiting).await > 0 && count(&app, B, waiting).await > 0);
        let before = count(&app, B, waiting).await;
        let figures = "SELECT coalesce(sum(amount), 0)::bigint FROM adoption_day";
        let figures_before = count(&app, B, figures).await;
        app.fold(A).await;
        assert_eq!(count(&app, A, waiting).await, 0);
        assert_eq!(count(&app, B, waiting).await, before);
        assert_eq!(count(&app, B, figures).await, figures_before);
    });
}

#[test]
fn what_a_page_leaves_for_the_next_stays_at_its_host() {
    run(async {
        let app = TestApp::new().await;
        for secure in [false, true] {
            let mut browser = app.visitor(A);
            browser.secure = secure;
            browser.get("/sign-in").await;
            browser.post("/session", &[("login", login("member")), ("password", PASSWORD)]).await;
            browser.get("/").await;
            let answer = browser.post("/sign-out", &[]).await;
            assert_eq!(answer.status, 303, "{}", answer.body);
            for cookie in answer.headers.get_all(header::SET_COOKIE) {
                let cookie = cookie.to_str().unwrap().to_ascii_lowercase();
                assert!(!cookie.contains("domain"), "{cookie}");
                assert_eq!(cookie.starts_with("__host-"), secure, "{cookie}");
            }
        }
        // A neighbouring host may plant cookies for all below a common name, but
        // not under a name that is bound to the host.
        let mut browser = app.visitor(A);
        browser.secure = true;
        browser.cookies.insert("flash".into(), "xJDDoyBjw7MgbOG7h2bGsA".into());
        let plain = app.visitor(A).get("/sign-in").await;
        let planted = browser.get("/sign-in").await;
        let text = |answer: &Answer| answer.body.matches("st-flash").count();
        assert_eq!(text(&planted), text(&plain));
    });
}

#[test]
fn addresses_of_files_lead_to_ones_own_folder() {
    run(async {
        let app = TestApp::new().await;
        let a = publish(&mut app.browser(A, "editor").await).await.location().to_owned();
        let b = publish(&mut app.browser(B, "editor").await).await.location().to_owned();
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

fn files(folder: &std::path::Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() { found.extend(files(&path)) } else { found.push(path) }
    }
    found
}

/// Spooled files that begin with a mark.
fn spooled(mark: &[u8]) -> Vec<PathBuf> {
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

#[test]
fn exports_and_imports_are_fetched_where_they_were_made() {
    run(async {
        let app = TestApp::new().await;
        let mut admin = app.program(A, "admin").await;
        let file = ROSTER.as_bytes();
        let sent = admin.upload("/api/v1/roster", &[], "ds.csv", file).await;
        assert_eq!(sent.status, 201, "{}", sent.body);
        let id = sent.json()["id"].as_str().unwrap().to_owned();
        let (unit_a, unit_b) = (app.unit(A, "xa-1").await, app.unit(B, "xa-1").await);
        let mut other = app.program(B, "admin").await;
        for path in [
            format!("roster/{id}"),
            format!("roster/{id}/problems.xlsx"),
            format!("adoption?unit={unit_a}"),
            format!("adoption.xlsx?unit={unit_a}"),
        ] {
            assert_eq!(other.get(&format!("/api/v1/{path}")).await.status, 404, "{path}");
        }
        let answer = other.post_json(&format!("/api/v1/roster/{id}/run"), &json!({})).await;
        assert_eq!(answer.status, 404);
        assert_eq!(other.get(&format!("/api/v1/adoption.xlsx?unit={unit_b}")).await.status, 200);
    });
}
