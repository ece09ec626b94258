//! Readiness of an installation in several processes and on several servers:
//! what is away has its line, and whoever serves the rest stays ready.

use crate::{
    app::{TestApp, cluster},
    faults::{readiness, until},
    run,
    split::{Place, asked, serve},
};
use axum::{
    body::Body,
    response::{IntoResponse as _, Response},
};
use gateway::{Peer, Ready, listen::Answer, upstream::Deadline};
use http::{Method, Request, StatusCode};
use http_body_util::BodyExt as _;
use sotay::Part;
use std::{future::pending, time::Duration};
use testkit::Server;
use tower::ServiceExt as _;

const TENANT: &str = "thanh-hoa";

#[test]
fn a_part_that_is_away_has_a_line_of_its_own_until_it_is_back() {
    run(async {
        let (app, mut services) = TestApp::apart().await;
        let said = readiness(&app, 200).await;
        for part in Part::ALL {
            let line = format!("\n{}: ok\n", part.name());
            let elsewhere = part != Part::Gateway;
            assert_eq!(said.contains(&line), elsewhere, "{part:?}: {said}");
        }

        services.end(Part::Documents).await;
        let said = until(&app, "\ndocuments: phần này không trả lời").await;
        assert!(said.starts_with("ready\n") && said.contains("\nmeetings: ok\n"), "{said}");
        assert!(!said.contains("127.0.0.1") && !said.contains("localhost"), "{said}");
        assert_eq!(app.visitor(TENANT).get("/sign-in").await.status, 200);

        services.begin(Part::Documents).await;
        assert!(until(&app, "\ndocuments: ok\n").await.starts_with("ready\n"));
    });
}

#[test]
fn a_part_that_greets_and_answers_nobody_is_told_while_nobody_is_let_through() {
    run(async {
        let (mut place, listener) = Place::new().await;
        let remote = place.remote(&listener);
        place.standing.spawn(serve(listener, place.tls(), Losing));
        let line = async || {
            let app = &place.app;
            let (tenants, blob) = (app.platform.app.tenants.clone(), app.database.blob.clone());
            let answer = Ready::new(tenants, blob, vec![remote.clone()]).answer().await;
            let said = answer.into_body().collect().await.unwrap().to_bytes().to_vec();
            let said = String::from_utf8(said).unwrap();
            said.lines().find_map(|line| line.strip_prefix("trial: ")).unwrap().to_owned()
        };
        assert_eq!(line().await, "ok");
        // Until it is asked again nobody is let through, which is half a second.
        let mut told = false;
        for _ in 0..10 {
            let deadline = tokio::time::Instant::now() + Duration::from_millis(100);
            let mut request = asked(Method::GET, Body::empty());
            request.extensions_mut().insert(Deadline(deadline));
            let answer = remote.clone().oneshot(request).await.unwrap();
            assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE);
            told |= line().await.contains("không trả lời");
        }
        assert!(told);
    });
}

/// Greets, and keeps whatever else it is asked.
#[derive(Clone)]
struct Losing;

impl Answer for Losing {
    async fn answer(self, request: Request<Body>, _: Peer) -> Response {
        if request.uri().path() != "/healthz" {
            return pending().await;
        }
        StatusCode::NO_CONTENT.into_response()
    }
}

#[test]
fn a_further_server_that_is_away_has_a_line_of_its_own_until_it_is_back() {
    run(async {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("postgres");
        let second = Server::start(&data, 40).await;
        let database = cluster().await.empty_beside(&second).await;
        database.provisioner().migrate_platform().await.unwrap();
        let app = TestApp::on(database).await;
        let said = readiness(&app, 200).await;
        assert!(said.contains("\nplacement second: ok\n"), "{said}");
        assert!(!said.contains("placement main"), "it has lines of its own: {said}");

        second.stop().await;
        let said = until(&app, "\nplacement second: Cơ sở dữ liệu tạm thời không trả lời.").await;
        assert!(said.starts_with("ready\ndatabase: ok\n"), "{said}");
        assert!(!said.contains(folder.path().to_str().unwrap()), "{said}");

        let second = Server::start(&data, 40).await;
        let said = until(&app, "\nplacement second: ok\n").await;
        assert!(said.starts_with("ready\n"), "{said}");
        app.platform.app.tenants.close().await;
        second.stop().await;
    });
}
