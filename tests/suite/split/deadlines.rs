//! How long an answer is worth waiting for, on both sides.

use super::{Place, TENANT, asked, instead, serve, service};
use crate::{app::TestApp, run};
use axum::{Extension, Router, body::Body, routing::any};
use gateway::upstream::{Deadline, Inner};
use http::{Method, StatusCode};
use sotay::{Part, parts::identity};
use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};
use tokio::{
    sync::mpsc,
    time::{Instant, timeout},
};
use tower::ServiceExt as _;

/// What the service gives up before the gateway at most, with the millisecond
/// that is lost in writing.
const MARGIN: Duration = Duration::from_millis(501);

/// A service that tells the deadline of each request; one without is refused.
fn telling() -> (Router, mpsc::UnboundedReceiver<Instant>) {
    let (tell, told) = mpsc::unbounded_channel();
    let tells = move |Extension(Deadline(deadline)): Extension<Deadline>| {
        tell.send(deadline).unwrap();
        async {}
    };
    (Router::new().fallback(tells), told)
}

#[test]
fn a_service_is_told_when_the_gateway_gives_up() {
    run(async {
        let (app, mut services) = TestApp::apart().await;
        let mut secretary = app.browser(TENANT, "secretary").await;
        services.end(Part::Documents).await;
        let (router, mut told) = telling();
        let door = Inner::new(app.platform.app.clone(), router);
        let known = identity(&services.config, &app.world).unwrap();
        let _standing = instead(&services, Part::Documents, &known, door).await;
        for (upload, patience) in [(false, 30), (true, 15 * 60)] {
            let (patience, before) = (Duration::from_secs(patience), Instant::now());
            let answer = if upload {
                secretary.upload("/documents", &[], "a.pdf", b"%PDF-1.7").await
            } else {
                secretary.get("/documents").await
            };
            assert_eq!(answer.status, 200, "{}", answer.body);
            let deadline = told.try_recv().unwrap();
            assert!(deadline <= Instant::now() + patience);
            assert!(deadline + MARGIN >= before + patience, "most of the time is the service's");
        }
    });
}

#[test]
fn the_time_that_a_connection_took_to_come_is_not_given_again() {
    run(async {
        let (router, mut told) = telling();
        let (mut place, listener) = Place::new().await;
        let (tls, door, remote) = (place.tls(), place.door(router), place.remote(&listener));
        place.standing.spawn(async move {
            // The first connection is never greeted.
            let _silent = listener.accept().await.unwrap();
            serve(listener, tls, door).await;
        });
        let begun = Instant::now();
        let given = begun + Duration::from_secs(20);
        let mut request = asked(Method::GET, Body::empty());
        request.extensions_mut().insert(Deadline(given));
        assert_eq!(remote.clone().oneshot(request).await.unwrap().status(), StatusCode::OK);
        assert!(begun.elapsed() > Duration::from_secs(1), "it took another connection");
        let deadline = told.try_recv().unwrap();
        assert!(deadline <= given, "{:?} too late", deadline - given);
        assert!(deadline + MARGIN >= given);

        // Without a deadline of its own a request has one all the same.
        let answer = remote.oneshot(asked(Method::GET, Body::empty())).await.unwrap();
        assert_eq!(answer.status(), StatusCode::OK);
        assert!(told.try_recv().unwrap() <= Instant::now() + Duration::from_secs(30));
    });
}

#[test]
fn what_came_too_late_is_not_begun_and_is_nobodys_fault() {
    run(async {
        let begun = Arc::new(AtomicU32::new(0));
        let counter = begun.clone();
        let counts = move || {
            counter.fetch_add(1, Ordering::SeqCst);
            async {}
        };
        let (_place, remote) = service(Router::new().route("/", any(counts))).await;
        let open = remote.clone().oneshot(asked(Method::GET, Body::empty())).await.unwrap();
        assert_eq!(open.status(), StatusCode::OK);
        for _ in 0..10 {
            let mut late = asked(Method::POST, Body::empty());
            late.extensions_mut().insert(Deadline(Instant::now()));
            let answer = remote.clone().oneshot(late).await.unwrap();
            assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE);
        }
        let after = remote.oneshot(asked(Method::GET, Body::empty())).await.unwrap();
        assert_eq!(after.status(), StatusCode::OK, "the service is still asked");
        assert_eq!(begun.load(Ordering::SeqCst), 2);
    });
}

#[test]
fn what_nobody_waits_for_any_more_is_stopped_at_the_other_end() {
    struct Told(mpsc::UnboundedSender<&'static str>);
    impl Drop for Told {
        fn drop(&mut self) {
            let _ = self.0.send("stopped");
        }
    }
    run(async {
        let (tell, mut told) = mpsc::unbounded_channel();
        let slow = move || {
            let told = Told(tell.clone());
            tell.send("begun").unwrap();
            async move {
                tokio::time::sleep(Duration::from_mins(1)).await;
                drop(told);
            }
        };
        let (_place, remote) = service(Router::new().route("/", any(slow))).await;
        let mut next = async || timeout(Duration::from_secs(5), told.recv()).await.ok().flatten();

        // Time enough to connect, and far less than the work takes.
        let mut late = asked(Method::POST, Body::empty());
        let deadline = Instant::now() + Duration::from_secs(2);
        late.extensions_mut().insert(Deadline(deadline));
        let answer = remote.clone().oneshot(late).await.unwrap();
        assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!((next().await, next().await), (Some("begun"), Some("stopped")), "its deadline");

        // Somebody closes the page.
        let asking = tokio::spawn(remote.oneshot(asked(Method::POST, Body::empty())));
        assert_eq!(next().await, Some("begun"));
        asking.abort();
        assert_eq!(next().await, Some("stopped"), "its caller left");
    });
}
