//! What is asked a second time when a connection dies, and what is not.

use super::{Place, asked, assert_away, bind, serve};
use crate::{
    run,
    wire::frames::{DATA, END_HEADERS, END_STREAM, GOAWAY, HEADERS, PREFACE, frame, parse},
};
use axum::{Router, body::Body, routing::any};
use gateway::upstream::Remote;
use http::{Method, Response, StatusCode};
use http_body_util::BodyExt as _;
use hyper_util::rt::{TokioExecutor, TokioIo};
use rustls::ServerConfig;
use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    sync::oneshot,
    time::timeout,
};
use tokio_rustls::{TlsAcceptor, server::TlsStream};
use tower::ServiceExt as _;

/// A client says so much before its first frame, which are its settings.
pub(super) const MAGIC: usize = 24;
/// 200 in one byte.
pub(super) const FINE: &[u8] = &[0x88];

#[test]
fn only_what_can_do_no_harm_is_asked_twice() {
    run(async {
        let (mut place, listener) = Place::new().await;
        // Each has a circuit of its own.
        let gateways = [(); 3].map(|()| place.remote(&listener));
        let acceptor = TlsAcceptor::from(place.tls());
        let asked_for = Arc::new(AtomicU32::new(0));
        let counter = asked_for.clone();
        // Takes every request and loses it.
        place.standing.spawn(async move {
            loop {
                let Ok((socket, _)) = listener.accept().await else { return };
                let Ok(stream) = acceptor.accept(socket).await else { continue };
                let counter = counter.clone();
                let lose = hyper::service::service_fn(move |_| {
                    counter.fetch_add(1, Ordering::SeqCst);
                    async { Err::<Response<Body>, _>(std::io::Error::other("lost")) }
                });
                let server = hyper::server::conn::http2::Builder::new(TokioExecutor::new());
                tokio::spawn(server.serve_connection(TokioIo::new(stream), lose));
            }
        });
        let requests = [
            (Method::GET, Body::empty(), 2),
            (Method::POST, Body::empty(), 1),
            (Method::GET, Body::from("a body"), 1),
        ];
        for (remote, (method, body, times)) in gateways.into_iter().zip(requests) {
            asked_for.store(0, Ordering::SeqCst);
            assert_away(remote.oneshot(asked(method.clone(), body)).await.unwrap()).await;
            assert_eq!(asked_for.load(Ordering::SeqCst), times, "{method}");
        }
    });
}

/// What becomes of the first connection; the next ones are well.
#[derive(Clone, Copy, Debug)]
enum Fate {
    /// It ends before its greeting: nothing was ever sent on it.
    Ungreeted,
    /// It ends when the request has come.
    CutOff,
    /// The service takes its leave when the request has come, without answering.
    Goodbye,
}

/// The next connection, when a request has come on it.
pub(super) async fn request(
    listener: &TcpListener,
    tls: &Arc<ServerConfig>,
) -> TlsStream<TcpStream> {
    let (socket, _) = listener.accept().await.unwrap();
    let mut stream = TlsAcceptor::from(tls.clone()).accept(socket).await.unwrap();
    let mut bytes = Vec::new();
    let frames = |bytes: &[u8]| parse(bytes.get(MAGIC..).unwrap_or_default());
    while !frames(&bytes).iter().any(|(kind, ..)| *kind == HEADERS) {
        assert_ne!(stream.read_buf(&mut bytes).await.unwrap(), 0, "the gateway stays");
    }
    stream
}

#[test]
fn a_dead_connection_costs_an_answer_only_where_nobody_knows_what_it_took_along() {
    run(async {
        let (mut place, _) = Place::new().await;
        let handled = Arc::new(AtomicU32::new(0));
        let counter = handled.clone();
        let echo = move |body: String| {
            counter.fetch_add(1, Ordering::SeqCst);
            async { body }
        };
        let router = Router::new().route("/", any(echo));
        for (fate, method, body, answered) in [
            (Fate::Ungreeted, Method::GET, "", true),
            (Fate::Ungreeted, Method::POST, "a body", true),
            (Fate::CutOff, Method::GET, "", true),
            (Fate::CutOff, Method::POST, "a body", false),
            (Fate::Goodbye, Method::GET, "", true),
            (Fate::Goodbye, Method::POST, "a body", false),
        ] {
            let listener = bind().await;
            let remote = place.remote(&listener);
            let (tls, door) = (place.tls(), place.door(router.clone()));
            place.standing.spawn(async move {
                let mut kept = None;
                match fate {
                    Fate::Ungreeted => drop(listener.accept().await.unwrap()),
                    Fate::CutOff => drop(request(&listener, &tls).await),
                    Fate::Goodbye => {
                        let stream = kept.insert(request(&listener, &tls).await);
                        // Empty settings, and that no request was taken.
                        let goodbye = [&PREFACE[MAGIC..], &frame(GOAWAY, 0, 0, &[0; 8])].concat();
                        stream.write_all(&goodbye).await.unwrap();
                        stream.flush().await.unwrap();
                    }
                }
                serve(listener, tls, door).await;
                drop(kept);
            });
            handled.store(0, Ordering::SeqCst);
            let answer = remote.oneshot(asked(method.clone(), Body::from(body))).await.unwrap();
            assert_eq!(answer.status().is_success(), answered, "{fate:?} {method}");
            if answered {
                let whole = answer.into_body().collect().await.unwrap().to_bytes();
                assert_eq!(whole, body, "{fate:?} {method}");
            } else {
                assert_away(answer).await;
            }
            let times = handled.load(Ordering::SeqCst);
            assert_eq!(times, u32::from(answered), "{fate:?} {method}");
        }
    });
}

/// A service that counts what it is asked.
fn counting() -> (Arc<AtomicU32>, Router) {
    let handled = Arc::new(AtomicU32::new(0));
    let counter = handled.clone();
    let count = move || {
        counter.fetch_add(1, Ordering::SeqCst);
        async {}
    };
    (handled, Router::new().route("/", any(count)))
}

/// Asks for what may not be asked twice, as often as a gateway may have
/// connections, so that one request meets the first connection again.
async fn round(remote: &Remote) {
    for _ in 0..8 {
        let answer = remote.clone().oneshot(asked(Method::POST, Body::from("a body"))).await;
        assert_eq!(answer.unwrap().status(), StatusCode::OK);
    }
}

/// Settings, and goodbye after the first stream, which is still answered.
fn after_the_first() -> Vec<u8> {
    [&PREFACE[MAGIC..], &frame(GOAWAY, 0, 0, &[0, 0, 0, 1, 0, 0, 0, 0])].concat()
}

#[test]
fn a_connection_that_ended_between_two_requests_costs_nobody_anything() {
    run(async {
        let (mut place, listener) = Place::new().await;
        let remote = place.remote(&listener);
        let (handled, router) = counting();
        let (tls, door) = (place.tls(), place.door(router));
        let (tell, gone) = oneshot::channel();
        place.standing.spawn(async move {
            let mut stream = request(&listener, &tls).await;
            let answer = frame(HEADERS, END_HEADERS | END_STREAM, 1, FINE);
            stream.write_all(&[after_the_first(), answer].concat()).await.unwrap();
            stream.flush().await.unwrap();
            // However the gateway closes it.
            let _ = stream.read_to_end(&mut Vec::new()).await;
            tell.send(()).unwrap();
            serve(listener, tls, door).await;
        });
        let first = remote.clone().oneshot(asked(Method::GET, Body::empty())).await.unwrap();
        assert_eq!(first.status(), StatusCode::OK);
        timeout(Duration::from_secs(10), gone).await.expect("the gateway lets go").unwrap();
        round(&remote).await;
        assert_eq!(handled.load(Ordering::SeqCst), 8);
    });
}

#[test]
fn a_connection_that_takes_nothing_more_but_still_answers_costs_nobody_anything() {
    run(async {
        let (mut place, listener) = Place::new().await;
        let remote = place.remote(&listener);
        let (handled, router) = counting();
        let (tls, door) = (place.tls(), place.door(router));
        let (go_on, told) = oneshot::channel();
        place.standing.spawn(async move {
            let mut stream = request(&listener, &tls).await;
            let answer = frame(HEADERS, END_HEADERS, 1, FINE);
            stream.write_all(&[after_the_first(), answer].concat()).await.unwrap();
            stream.flush().await.unwrap();
            let rest = async {
                told.await.unwrap();
                stream.write_all(&frame(DATA, END_STREAM, 1, b"the rest")).await.unwrap();
                stream.flush().await.unwrap();
            };
            tokio::join!(serve(listener, tls, door), rest);
        });
        let first = remote.clone().oneshot(asked(Method::GET, Body::empty())).await.unwrap();
        round(&remote).await;
        assert_eq!(handled.load(Ordering::SeqCst), 8);
        go_on.send(()).unwrap();
        assert_eq!(first.into_body().collect().await.unwrap().to_bytes(), "the rest");
    });
}
