//! Who takes a place, who needs none, and what a full house says.

use super::{ask, door};
use crate::{app::TestApp, browser::Browser, run};
use axum::{Router, body::Body, extract::State, response::IntoResponse};
use gateway::{Door, Limits, Places, Proxies};
use http::{HeaderValue, Method, StatusCode, header};
use std::{convert::Infallible, sync::Arc};
use tokio::sync::{Semaphore, mpsc};

/// Lets in whoever comes and answers when told to.
struct Gate {
    reached: Semaphore,
    open: Semaphore,
}

async fn held(State(gate): State<Arc<Gate>>) -> StatusCode {
    gate.reached.add_permits(1);
    drop(gate.open.acquire().await);
    StatusCode::OK
}

#[test]
fn a_full_house_says_so_and_still_answers_what_costs_nothing() {
    run(async {
        let app = TestApp::new().await;
        let gate = Arc::new(Gate { reached: Semaphore::new(0), open: Semaphore::new(0) });
        let behind = Router::new()
            .route("/sign-in", axum::routing::get(async || "form"))
            .fallback(held)
            .with_state(gate.clone());
        let door = door(&app, behind, Places { total: 1, per_tenant: 1 });
        let first = tokio::spawn(ask(Browser::new(door.clone(), "thanh-hoa")));
        drop(gate.reached.acquire().await);
        let mut visitor = Browser::new(door.clone(), "thanh-hoa");
        let refused = visitor.get("/documents").await;
        assert!(refused.shows("rất nhiều người dùng cùng lúc") && refused.shows("Chờ 5 giây"));
        let sent = visitor.post("/documents", &[("a", "b")]).await;
        assert!(sent.shows("chọn gửi lại"), "{}", sent.body);
        let problem = visitor.get("/api/v1/documents").await;
        assert_eq!(problem.headers[header::CONTENT_TYPE], "application/problem+json");
        for answer in [refused, sent, problem] {
            assert_eq!(
                (answer.status, &answer.headers[header::RETRY_AFTER]),
                (503, &HeaderValue::from_static("5"))
            );
        }
        for path in ["/healthz", "/readyz", "/assets/app.css", "/assets/theme.css", "/sign-in"] {
            for method in [Method::GET, Method::HEAD] {
                let request = visitor.request(method, path).body(Body::empty()).unwrap();
                assert_eq!(visitor.send(request).await.status, 200, "{path}");
            }
        }
        gate.open.add_permits(1);
        assert_eq!(first.await.unwrap().status, 200, "whoever was in is served");
        assert_eq!(visitor.get("/documents").await.status, 200);
    });
}

#[test]
fn a_slow_download_holds_no_place() {
    run(async {
        let app = TestApp::new().await;
        let behind = Router::new().fallback(async || {
            Body::from_stream(futures_util::stream::pending::<Result<Vec<u8>, Infallible>>())
                .into_response()
        });
        let door = door(&app, behind, Places { total: 1, per_tenant: 1 });
        // Five answers whose bodies never end, each kept open.
        let mut open = Vec::new();
        for _ in 0..5 {
            let answer = head(&door).await;
            assert_eq!(answer.status(), 200);
            open.push(answer);
        }
    });
}

/// Asks and reads the head of the answer only.
async fn head(door: &Door) -> axum::response::Response {
    use gateway::{Peer, listen::Answer as _};
    let browser = Browser::new(door.clone(), "thanh-hoa");
    let request = browser.request(Method::GET, "/").body(Body::empty()).unwrap();
    let peer = Peer { address: browser.peer, secure: false };
    door.clone().answer(request, peer).await
}

#[test]
fn uploads_on_weak_links_leave_the_places_of_others_alone() {
    run(async {
        let mut app = TestApp::new().await;
        let editor = app.program("thanh-hoa", "editor").await;
        let member = app.browser("thanh-hoa", "member").await;
        let one = Places { total: 1, per_tenant: 1 };
        let limits = Limits { work: one, uploads: one, ..Limits::default() };
        app.platform.door = app.platform.door.clone().limited(&limits, Proxies::default());
        let mut uploading = app.visitor("thanh-hoa");
        uploading.bearer.clone_from(&editor.bearer);
        let (link, body) = mpsc::channel::<Result<Vec<u8>, Infallible>>(1);
        let request = uploading
            .request(Method::POST, "/api/v1/documents")
            .header(header::CONTENT_TYPE, "multipart/form-data; boundary=x")
            .body(Body::from_stream(futures_util::stream::unfold(body, async |mut body| {
                Some((body.recv().await?, body))
            })))
            .unwrap();
        let upload = tokio::spawn(async move { uploading.send(request).await.status });
        link.send(Ok(b"--x\r\n".to_vec())).await.unwrap();
        link.send(Ok(b"Content-Disposition".to_vec())).await.unwrap();
        // It is under way, and a page opens.
        let mut page = app.visitor("thanh-hoa");
        page.cookies.clone_from(&member.cookies);
        assert_eq!(page.get("/").await.status, 200);
        let mut second = app.visitor("thanh-hoa");
        second.bearer.clone_from(&editor.bearer);
        let request = second
            .request(Method::POST, "/api/v1/documents")
            .header(header::CONTENT_TYPE, "multipart/form-data; boundary=x")
            .body(Body::from("--x--\r\n"))
            .unwrap();
        let refused = second.send(request).await;
        assert_eq!(refused.status, 503, "uploads have places of their own");
        assert!(refused.headers.contains_key(header::RETRY_AFTER), "{:?}", refused.headers);
        drop(link);
        assert!(upload.await.unwrap() < 500);
    });
}
