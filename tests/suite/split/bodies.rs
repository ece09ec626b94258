//! Bodies between the gateway and a service: no faster than they are taken, and
//! what broke off is never taken for the whole.

use super::{Place, asked, retries, serve_within, service};
use crate::{
    run,
    wire::frames::{DATA, END_HEADERS, END_STREAM, HEADERS, PREFACE, RESET, frame},
};
use axum::{
    Router,
    body::{Body, Bytes},
    routing::any,
};
use futures_util::{future::join_all, stream};
use gateway::listen::Bounds;
use http::{Method, Response, StatusCode};
use http_body_util::BodyExt as _;
use std::{
    convert::Infallible,
    io,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};
use tokio::{
    io::AsyncWriteExt as _,
    sync::{Notify, mpsc},
    task::JoinSet,
    time::timeout,
};
use tower::ServiceExt as _;

const PIECE: usize = 16 * 1024;
/// 16 MiB together.
const PIECES: usize = 1024;

/// A body that counts the pieces that were taken from it.
fn counted() -> (Arc<AtomicUsize>, Body) {
    let taken = Arc::new(AtomicUsize::new(0));
    let counter = taken.clone();
    let pieces = (0..PIECES).map(move |number| {
        counter.fetch_add(1, Ordering::SeqCst);
        Ok::<_, io::Error>(Bytes::from(vec![u8::try_from(number % 251).unwrap(); PIECE]))
    });
    (taken, Body::from_stream(stream::iter(pieces)))
}

/// The number once it has stood still.
async fn settled(taken: &AtomicUsize) -> usize {
    let mut last = usize::MAX;
    loop {
        let now = taken.load(Ordering::SeqCst);
        if now == last && now > 0 {
            return now;
        }
        last = now;
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
}

fn is_whole(body: &[u8]) -> bool {
    let sound = |(number, piece): (usize, &[u8])| {
        piece.iter().all(|byte| usize::from(*byte) == number % 251)
    };
    body.len() == PIECES * PIECE && body.chunks(PIECE).enumerate().all(sound)
}

#[test]
fn bodies_stream_both_ways() {
    run(async {
        // Sends back each piece as it comes.
        let echo = Router::new().route("/", any(async |body: Body| Response::new(body)));
        let (_place, remote) = service(echo).await;
        let (send, pieces) = mpsc::channel::<Result<&'static [u8], Infallible>>(1);
        let stream = futures_util::stream::unfold(pieces, async |mut pieces| {
            pieces.recv().await.map(|piece| (piece, pieces))
        });
        let request = asked(Method::POST, Body::from_stream(stream));
        send.send(Ok(b"one")).await.unwrap();
        let answer = remote.oneshot(request).await.unwrap();
        let mut body = answer.into_body();
        for (piece, next) in [("one", Some("two")), ("two", Some("three")), ("three", None)] {
            // It is here before the rest of the request has been sent.
            let frame = body.frame().await.unwrap().unwrap();
            assert_eq!(frame.into_data().unwrap(), piece);
            if let Some(next) = next {
                send.send(Ok(next.as_bytes())).await.unwrap();
            }
        }
    });
}

#[test]
fn a_request_waits_at_its_sender_until_the_service_takes_it() {
    run(async {
        let go_on = Arc::new(Notify::new());
        let told = go_on.clone();
        let slow = move |body: Body| {
            let told = told.clone();
            async move {
                told.notified().await;
                let body = body.collect().await.unwrap().to_bytes();
                is_whole(&body).to_string()
            }
        };
        let (_place, remote) = service(Router::new().route("/", any(slow))).await;
        let (taken, body) = counted();
        let asking = tokio::spawn(remote.oneshot(asked(Method::POST, body)));
        let waiting = settled(&taken).await * PIECE;
        assert!(waiting <= 1024 * 1024, "{waiting} bytes that nobody takes");
        go_on.notify_one();
        let answer = asking.await.unwrap().unwrap();
        assert_eq!(answer.into_body().collect().await.unwrap().to_bytes(), "true");
    });
}

#[test]
fn an_answer_waits_at_the_service_until_somebody_reads_it() {
    run(async {
        let (send, mut sent) = mpsc::unbounded_channel();
        let large = move || {
            let (taken, body) = counted();
            send.send(taken).unwrap();
            async { body }
        };
        let (_place, remote) = service(Router::new().route("/", any(large))).await;
        let get = || remote.clone().oneshot(asked(Method::GET, Body::empty()));
        // More than there are connections, so that they share some.
        let mut unread = Vec::new();
        for _ in 0..20 {
            unread.push(get().await.unwrap());
            let waiting = settled(&sent.recv().await.unwrap()).await * PIECE;
            assert!(waiting <= 1024 * 1024, "{waiting} bytes that nobody reads");
        }
        // They hold up nobody else's, and are whole when somebody does read them.
        for answer in [get().await.unwrap(), unread.remove(0)] {
            let body = timeout(Duration::from_secs(20), answer.into_body().collect()).await;
            assert!(is_whole(&body.unwrap().unwrap().to_bytes()));
        }
    });
}

#[test]
fn a_request_that_breaks_off_is_no_request_and_not_the_services_fault() {
    run(async {
        let (tell, mut told) = mpsc::unbounded_channel();
        let read = move |body: Body| {
            let tell = tell.clone();
            async move { tell.send(body.collect().await.is_ok()).unwrap() }
        };
        let (_place, remote) = service(Router::new().route("/", any(read))).await;
        for _ in 0..5 {
            let pieces = [Ok(Bytes::from_static(b"half")), Err(io::Error::other("gone"))];
            let body = Body::from_stream(stream::iter(pieces));
            let answer = remote.clone().oneshot(asked(Method::POST, body)).await.unwrap();
            assert_eq!(answer.status(), StatusCode::BAD_REQUEST);
            let whole = timeout(Duration::from_secs(10), told.recv()).await;
            assert_ne!(whole.ok().flatten(), Some(true), "half is no whole");
        }
        assert!(!remote.is_given_up());
    });
}

#[test]
fn an_answer_that_breaks_off_is_told_and_one_that_comes_early_is_whole() {
    run(async {
        let (mut place, _) = Place::new().await;
        // How the service ends the stream, and whether its answer had its end.
        for (reason, ended) in [(0_u32, true), (2, false), (8, false)] {
            let listener = super::bind().await;
            let (remote, tls) = (place.remote(&listener), place.tls());
            place.standing.spawn(async move {
                let mut stream = retries::request(&listener, &tls).await;
                let flags = if ended { END_STREAM } else { 0 };
                let answer = [
                    PREFACE[retries::MAGIC..].to_vec(),
                    frame(HEADERS, END_HEADERS, 1, retries::FINE),
                    frame(DATA, flags, 1, b"some of it"),
                    frame(RESET, 0, 1, &reason.to_be_bytes()),
                ];
                stream.write_all(&answer.concat()).await.unwrap();
                stream.flush().await.unwrap();
                std::future::pending::<()>().await;
            });
            // Its end never comes, nor is it waited for.
            let body = Body::from_stream(stream::pending::<io::Result<Bytes>>());
            let answer = remote.oneshot(asked(Method::POST, body)).await.unwrap();
            assert_eq!(answer.status(), StatusCode::OK);
            let read =
                timeout(Duration::from_secs(10), answer.into_body().collect()).await.unwrap();
            let whole = read.ok().map(http_body_util::Collected::to_bytes);
            let expected = ended.then(|| Bytes::from_static(b"some of it"));
            assert_eq!(whole, expected, "reset for {reason}");
        }
    });
}

#[test]
fn bodies_that_nobody_reads_yet_hold_up_nobody_elses() {
    run(async {
        let never = async |_: Body| std::future::pending::<()>().await;
        let read =
            async |body: Body| is_whole(&body.collect().await.unwrap().to_bytes()).to_string();
        let router = Router::new().route("/unread", any(never)).route("/", any(read));
        let (_place, remote) = service(router).await;
        // More than there are connections, so that they share some.
        let (mut unread, mut all) = (JoinSet::new(), Vec::new());
        for _ in 0..40 {
            let (taken, body) = counted();
            let mut request = asked(Method::POST, body);
            *request.uri_mut() = "/unread".parse().unwrap();
            unread.spawn(remote.clone().oneshot(request));
            all.push(taken);
        }
        join_all(all.iter().map(|taken| settled(taken))).await;
        for _ in 0..8 {
            let asking = remote.clone().oneshot(asked(Method::POST, counted().1));
            let answer = timeout(Duration::from_secs(20), asking).await.unwrap().unwrap();
            assert_eq!(answer.into_body().collect().await.unwrap().to_bytes(), "true");
        }
    });
}

#[test]
fn more_answers_than_a_connection_may_carry_take_another() {
    run(async {
        let endless = async || Body::from_stream(stream::pending::<io::Result<Bytes>>());
        let (mut place, listener) = Place::new().await;
        let remote = place.remote(&listener);
        let door = place.door(Router::new().route("/", any(endless)));
        let few = Bounds { streams: 3, ..Bounds::internal() };
        place.standing.spawn(serve_within(listener, place.tls(), few, door));
        let mut unread = Vec::new();
        for _ in 0..100 {
            let asking = remote.clone().oneshot(asked(Method::POST, Body::empty()));
            let answer = timeout(Duration::from_secs(5), asking).await.unwrap().unwrap();
            assert_eq!(answer.status(), StatusCode::OK);
            unread.push(answer);
        }
    });
}
