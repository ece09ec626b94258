//! What HTTP/2 lets a peer do to a server.

use crate::{
    app::TestApp,
    run,
    wire::{
        SOON, Served, Stand, both,
        frames::{
            CONTINUATION, END_HEADERS, END_STREAM, HEADERS, PREFACE, RESET, fields, frame, goodbye,
            parse,
        },
        strict,
    },
};
use futures_util::future::join_all;
use gateway::listen::Bounds;
use http::Request;
use std::{
    sync::atomic::Ordering,
    time::{Duration, Instant},
};
use tokio::{
    io::AsyncReadExt as _,
    time::{sleep, timeout},
};

const GET: [(&str, &str); 4] = [
    (":method", "GET"),
    (":scheme", "http"),
    (":path", "/"),
    (":authority", "thanh-hoa.localhost"),
];
const PROTOCOL: u8 = 1;
const REFUSED: u8 = 7;
const COMPRESSION: u8 = 9;
const CALM: u8 = 11;

#[test]
fn streams_opened_and_reset_at_once_end_the_connection() {
    run(async {
        both(async |secure| {
            let served = Served::start(Stand::default(), strict(), secure).await;
            let (mut wire, _) = served.dial_as("thanh-hoa.localhost", b"h2").await;
            let mut storm = PREFACE.to_vec();
            for stream in (1..20_000).step_by(2) {
                storm.extend(frame(HEADERS, END_HEADERS | END_STREAM, stream, &fields(&GET)));
                storm.extend(frame(RESET, 0, stream, &8_u32.to_be_bytes()));
            }
            let _ = wire.try_say(storm).await;
            let said = wire.rest().await;
            assert_eq!(goodbye(&said), Some(CALM), "secure: {secure}");
            served.serves_others().await;
        })
        .await;
    });
}

#[test]
fn headers_that_go_on_for_ever_end_the_connection() {
    run(async {
        both(async |secure| {
            let served = Served::start(Stand::default(), strict(), secure).await;
            let (mut wire, _) = served.dial_as("thanh-hoa.localhost", b"h2").await;
            wire.say([PREFACE, &frame(HEADERS, END_STREAM, 1, &fields(&GET))].concat()).await;
            let more = frame(CONTINUATION, 0, 1, &fields(&[("x-a", &"b".repeat(1000))]));
            let mut sent = 0;
            while timeout(SOON, wire.try_say(&more)).await.expect("taken or refused").is_ok() {
                sent += more.len();
                assert!(sent < 8 << 20, "megabytes of headers are taken in");
            }
            let said = goodbye(&wire.rest().await);
            assert!(matches!(said, Some(CALM | PROTOCOL | COMPRESSION)), "{said:?}");
            served.serves_others().await;
        })
        .await;
    });
}

#[test]
fn a_header_block_that_is_never_finished_is_not_waited_for() {
    run(async {
        let served = Served::start(Stand::default(), strict(), false).await;
        let (mut wire, _) = served.dial_as("thanh-hoa.localhost", b"h2").await;
        wire.say([PREFACE, &frame(HEADERS, END_STREAM, 1, &fields(&GET))].concat()).await;
        let since = Instant::now();
        while wire.try_say(frame(CONTINUATION, 0, 1, &fields(&[("x", "y")]))).await.is_ok() {
            assert!(since.elapsed() < SOON, "still open");
            sleep(Duration::from_millis(200)).await;
        }
        served.serves_others().await;
    });
}

#[test]
fn a_connection_has_so_many_streams_and_the_rest_are_refused() {
    run(async {
        let served = Served::start(Stand::default(), strict(), false).await;
        let (mut wire, _) = served.dial_as("thanh-hoa.localhost", b"h2").await;
        let post = [(":method", "POST"), (":scheme", "http"), (":path", "/length"), GET[3]];
        let mut storm = PREFACE.to_vec();
        for stream in (1..400).step_by(2) {
            storm.extend(frame(HEADERS, END_HEADERS, stream, &fields(&post)));
        }
        wire.say(storm).await;
        served.serves_others().await;
        // Bodies that never come end it after a while.
        let frames = parse(&wire.rest().await);
        let refused = frames
            .iter()
            .filter(|(kind, _, payload)| *kind == RESET && payload[3] == REFUSED)
            .count();
        assert_eq!(refused, 100);
    });
}

#[test]
fn a_long_header_list_is_too_large() {
    run(async {
        let served = Served::start(Stand::default(), strict(), false).await;
        let (wire, _) = served.dial_as("thanh-hoa.localhost", b"h2").await;
        let (mut client, connection) = h2::client::handshake(wire.0).await.unwrap();
        tokio::spawn(connection);
        let ask = |length: usize| {
            Request::get("http://thanh-hoa.localhost/")
                .header("x-a", "b".repeat(length))
                .body(())
                .unwrap()
        };
        for (length, status) in [(20_000, 200), (40_000, 431), (20_000, 200)] {
            client = client.ready().await.unwrap();
            let (answer, _) = client.send_request(ask(length), true).unwrap();
            assert_eq!(answer.await.unwrap().status(), status, "{length}");
        }
    });
}

#[test]
fn a_window_that_is_never_opened_holds_nothing_for_long() {
    run(async {
        both(async |secure| {
            let stand = Stand::default();
            let bounds = Bounds { unread: Duration::from_secs(4), ..strict() };
            let served = Served::start(stand.clone(), bounds, secure).await;
            let (wire, _) = served.dial_as("thanh-hoa.localhost", b"h2").await;
            // The connection goes on reading and answering pings; the streams never do.
            let (mut client, connection) = h2::client::handshake(wire.0).await.unwrap();
            let driver = tokio::spawn(connection);
            let mut answers = Vec::new();
            for _ in 0..5 {
                client = client.ready().await.unwrap();
                let ask = Request::get("http://thanh-hoa.localhost/long").body(()).unwrap();
                let (answer, _) = client.send_request(ask, true).unwrap();
                answers.push(answer.await.unwrap());
            }
            assert!(stand.held.load(Ordering::SeqCst) > 0);
            served.serves_others().await;
            let since = Instant::now();
            while stand.held.load(Ordering::SeqCst) > 0 {
                assert!(since.elapsed() < SOON, "answers are still held");
                sleep(Duration::from_millis(50)).await;
            }
            tokio::time::timeout(SOON, driver).await.unwrap().unwrap().ok();
        })
        .await;
    });
}

#[test]
fn a_connection_that_only_pings_is_idle() {
    run(async {
        let served = Served::start(Stand::default(), strict(), false).await;
        let (mut wire, _) = served.dial_as("thanh-hoa.localhost", b"h2").await;
        wire.say([PREFACE, &frame(HEADERS, END_HEADERS | END_STREAM, 1, &fields(&GET))].concat())
            .await;
        let since = Instant::now();
        while wire.try_say(frame(6, 0, 0, &[0; 8])).await.is_ok() {
            assert!(since.elapsed() < SOON, "pings keep it open");
            let mut heard = [0; 1024];
            let _ = tokio::time::timeout(Duration::from_millis(100), wire.0.read(&mut heard)).await;
        }
    });
}

#[test]
fn contradictions_are_errors_of_the_stream_or_a_bad_request() {
    run(async {
        let app = TestApp::new().await;
        let served = Served::platform(&app, false).await;
        let page = |more: &[(&'static str, &'static str)]| {
            [&[(":method", "GET"), (":scheme", "http"), (":path", "/sign-in"), GET[3]], more]
                .concat()
        };
        let cases = [
            ("another host", page(&[("host", "ha-noi.localhost")]), false),
            ("connection", page(&[("connection", "close")]), true),
            ("transfer-encoding", page(&[("transfer-encoding", "chunked")]), true),
            ("upgrade", page(&[("upgrade", "websocket")]), true),
            ("te", page(&[("te", "gzip")]), true),
            ("capitals", page(&[("X-A", "b")]), true),
            ("a line end in a value", page(&[("x-a", "b\r\nhost: c")]), true),
            ("a pseudo-header that is none", page(&[(":host", "a")]), true),
            ("a pseudo-header after others", page(&[("x-a", "b"), (":path", "/")]), true),
            ("two paths", page(&[(":path", "/account")]), true),
            (
                "a tunnel",
                vec![(":method", "CONNECT"), (":authority", "ha-noi.localhost:443")],
                false,
            ),
            (
                "an extended tunnel",
                [&[(":method", "CONNECT"), (":protocol", "websocket")], &page(&[])[1..]].concat(),
                true,
            ),
        ];
        let served = &served;
        join_all(cases.map(async |(what, list, reset)| {
            let (mut wire, _) = served.dial_as("thanh-hoa.localhost", b"h2").await;
            let ask = frame(HEADERS, END_HEADERS | END_STREAM, 1, &fields(&list));
            wire.say([PREFACE, &ask].concat()).await;
            let said = wire.rest().await;
            let frames = parse(&said);
            let answered = frames.iter().any(|(kind, stream, _)| (*kind, *stream) == (HEADERS, 1));
            let refused = frames.iter().any(|(kind, stream, _)| (*kind, *stream) == (RESET, 1))
                || goodbye(&said).is_some_and(|code| code != 0);
            assert_eq!((answered, refused), (!reset, reset), "{what}: {frames:?}");
            let page = String::from_utf8_lossy(&said);
            assert!(!page.contains("name=\"login\""), "{what}: the page came");
        }))
        .await;
        served.serves_others().await;
    });
}
