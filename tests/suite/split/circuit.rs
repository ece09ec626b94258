//! Who is made to wait for a service that does not answer.

use super::{Place, asked, assert_away, serve};
use crate::run;
use axum::{Router, body::Body, routing::any};
use futures_util::future::join_all;
use gateway::upstream::{Deadline, Remote};
use http::{Method, Response};
use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::{Duration, Instant},
};
use tokio::{net::TcpListener, sync::oneshot};
use tower::ServiceExt as _;

/// How long a person waits here; the greeting of a connection may take longer.
const WAIT: Duration = Duration::from_millis(300);
const PATIENCE: Duration = Duration::from_secs(20);
/// What the circuit says: so many failures in a row, and its first two pauses.
const FAILURES: u32 = 3;
const PAUSES: [Duration; 2] = [Duration::from_millis(500), Duration::from_secs(1)];

async fn ask(remote: &Remote, wait: Duration) -> Response<Body> {
    let mut request = asked(Method::GET, Body::empty());
    let deadline = Deadline(tokio::time::Instant::now() + wait);
    request.extensions_mut().insert(deadline);
    remote.clone().oneshot(request).await.unwrap()
}

/// A service that lets everybody in and says nothing, until it is told to be
/// well; with how many came before that.
fn silent(place: &mut Place, listener: TcpListener) -> (Arc<AtomicU32>, oneshot::Sender<()>) {
    let came = Arc::new(AtomicU32::new(0));
    let (tell, mut told) = oneshot::channel();
    let door = place.door(Router::new().route("/", any(async || "well")));
    let (tls, counter) = (place.tls(), came.clone());
    place.standing.spawn(async move {
        let mut held = Vec::new();
        loop {
            tokio::select! {
                _ = &mut told => break,
                accepted = listener.accept() => held.push(accepted.unwrap()),
            }
            counter.fetch_add(1, Ordering::SeqCst);
        }
        drop(held);
        serve(listener, tls, door).await;
    });
    (came, tell)
}

/// From the first failure until the service is well again.
async fn scenario(refuses: bool) {
    let (mut place, listener) = Place::new().await;
    let (remote, address) = (place.remote(&listener), listener.local_addr().unwrap());
    let count = |came: &AtomicU32| came.load(Ordering::SeqCst);
    let present = if refuses {
        drop(listener);
        None
    } else {
        Some(silent(&mut place, listener))
    };
    for _ in 0..FAILURES {
        let since = Instant::now();
        assert_away(ask(&remote, WAIT).await).await;
        assert!(refuses || since.elapsed() >= WAIT, "it is given its time");
    }
    let mut closed = Instant::now();
    let (came, well) = match present {
        Some(present) => present,
        // From now on somebody there would see who comes.
        None => silent(&mut place, TcpListener::bind(address).await.unwrap()),
    };
    let mut expected = if refuses { 0 } else { FAILURES };
    for _ in 0..8 {
        let since = Instant::now();
        assert_away(ask(&remote, WAIT).await).await;
        assert!(since.elapsed() < WAIT, "answered at once");
    }
    let over = closed.elapsed() >= PAUSES[0];
    assert!(over || count(&came) == expected, "nobody is sent there any more");

    // After each pause one finds out whether it is back, of however many.
    for pause in PAUSES {
        // Since a little after it began.
        let mut waited = closed.elapsed();
        while count(&came) == expected {
            waited = closed.elapsed();
            assert!(waited < PATIENCE, "nobody finds out");
            for answer in join_all((0..5).map(|_| ask(&remote, WAIT))).await {
                assert_away(answer).await;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        expected += 1;
        assert_eq!(count(&came), expected, "one goes there");
        assert!(waited + WAIT >= pause, "and not before its time");
        closed = Instant::now();
    }

    well.send(()).unwrap();
    while !ask(&remote, PATIENCE).await.status().is_success() {
        assert!(closed.elapsed() < PATIENCE, "found again by itself");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    for answer in join_all((0..5).map(|_| ask(&remote, PATIENCE))).await {
        assert!(answer.status().is_success(), "and everybody is sent there again");
    }
}

#[test]
fn for_a_service_that_says_nothing_a_few_wait_and_then_nobody() {
    run(scenario(false));
}

#[test]
fn a_service_that_refuses_is_left_alone_for_a_while() {
    run(scenario(true));
}

#[test]
fn who_finds_out_and_hangs_up_leaves_it_to_the_next() {
    run(async {
        let (mut place, listener) = Place::new().await;
        let remote = place.remote(&listener);
        let (came, well) = silent(&mut place, listener);
        for _ in 0..FAILURES {
            assert_away(ask(&remote, WAIT).await).await;
        }
        while came.load(Ordering::SeqCst) <= FAILURES {
            let _ = tokio::time::timeout(WAIT, ask(&remote, PATIENCE)).await;
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        let left = Instant::now();
        well.send(()).unwrap();
        while !ask(&remote, PATIENCE).await.status().is_success() {
            // One that holds its turn does so for four seconds.
            assert!(left.elapsed() < Duration::from_secs(3), "nobody finds out");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    });
}
