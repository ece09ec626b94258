//! Requests whose parts contradict each other, or are too many.

use crate::{
    app::TestApp,
    run,
    wire::{Served, Stand, both, strict},
};

const GET: &str = "GET /healthz HTTP/1.1\r\nHost: thanh-hoa.localhost\r\n";

#[test]
fn ambiguous_requests_are_refused_and_end_their_connection() {
    run(async {
        let app = TestApp::new().await;
        let post = "POST /session HTTP/1.1\r\nHost: thanh-hoa.localhost\r\n";
        let shapes = [
            ("two lengths", format!("{post}Content-Length: 3\r\nContent-Length: 4\r\n\r\nabcd")),
            ("two lengths in one", format!("{post}Content-Length: 3, 4\r\n\r\nabcd")),
            ("a signed length", format!("{post}Content-Length: +3\r\n\r\nabc")),
            ("a negative length", format!("{post}Content-Length: -3\r\n\r\nabc")),
            ("a length in hexadecimal", format!("{post}Content-Length: 0x3\r\n\r\nabc")),
            ("chunked, not last", format!("{post}Transfer-Encoding: chunked, gzip\r\n\r\n0\r\n\r\n")),
            ("almost chunked", format!("{post}Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n")),
            ("chunked with a tab", format!("{post}Transfer-Encoding: \x0bchunked\r\n\r\n0\r\n\r\n")),
            ("chunked in HTTP/1.0",
                "POST /session HTTP/1.0\r\nHost: thanh-hoa.localhost\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n".into()),
            ("space before the colon", format!("{post}Content-Length : 3\r\n\r\nabc")),
            ("a folded header", format!("{GET}X-A: b\r\n c\r\n\r\n")),
            ("a folded first header", "GET / HTTP/1.1\r\n Host: thanh-hoa.localhost\r\n\r\n".into()),
            ("a bare carriage return", format!("{GET}X-A: b\rX-B: c\r\n\r\n")),
            ("a zero byte", format!("{GET}X-A: b\0c\r\n\r\n")),
            ("an empty header name", format!("{GET}: c\r\n\r\n")),
            ("no version", "GET /healthz\r\n\r\n".into()),
            ("another version", "GET /healthz HTTP/3.7\r\nHost: thanh-hoa.localhost\r\n\r\n".into()),
            ("spaces in the path", "GET /health z HTTP/1.1\r\nHost: thanh-hoa.localhost\r\n\r\n".into()),
        ];
        both(async |secure| {
            let served = Served::platform(&app, secure).await;
            for (what, request) in &shapes {
                let mut wire = served.dial().await;
                // What follows must not be taken for a request of its own.
                wire.say(format!("{request}{GET}X-Smuggled: 1\r\n\r\n")).await;
                let answer = String::from_utf8_lossy(&wire.rest().await).into_owned();
                assert!(answer.starts_with("HTTP/1.1 400"), "{what}: {answer}");
                assert_eq!(answer.matches("HTTP/1.1 ").count(), 1, "{what}: {answer}");
            }
            served.serves_others().await;
        })
        .await;
    });
}

#[test]
fn a_length_beside_chunks_counts_for_nothing_and_is_the_last_word() {
    run(async {
        for (secure, order) in [(false, true), (false, false), (true, true), (true, false)] {
            let served = Served::start(Stand::default(), strict(), secure).await;
            let mut wire = served.dial().await;
            let (length, chunks) = ("Content-Length: 6\r\n", "Transfer-Encoding: chunked\r\n");
            let both = if order { [length, chunks] } else { [chunks, length] }.concat();
            // By its length the rest would be the body, by its chunks a request.
            wire.say(format!("POST /length HTTP/1.1\r\nHost: a\r\n{both}\r\n0\r\n\r\n{GET}\r\n"))
                .await;
            let answer = String::from_utf8_lossy(&wire.rest().await).into_owned();
            assert_eq!(answer.matches("HTTP/1.1 ").count(), 1, "{answer}");
            assert!(answer.ends_with("\r\n\r\n0"), "an empty body was read: {answer}");
        }
    });
}

#[test]
fn a_bare_line_feed_ends_a_line_for_everybody_or_for_nobody() {
    run(async {
        let served = Served::start(Stand::default(), strict(), false).await;
        let mut wire = served.dial().await;
        // RFC 9112 section 2.2 lets a lone line feed end a line; inside a value it
        // must then not hide a second header from us.
        wire.say("POST /length HTTP/1.1\r\nHost: a\r\nX-A: b\nContent-Length: 2\r\n\r\nxx").await;
        assert_eq!(wire.status().await, Some(200));
        let mut body = [0; 1];
        tokio::io::AsyncReadExt::read_exact(&mut wire.0, &mut body).await.unwrap();
        assert_eq!(&body, b"2");
    });
}

#[test]
fn the_host_is_said_once_and_means_one_tenant() {
    run(async {
        let app = TestApp::new().await;
        both(async |secure| {
            let served = Served::platform(&app, secure).await;
            for (what, request, status) in [
                (
                    "absolute address",
                    "GET http://thanh-hoa.localhost/sign-in HTTP/1.1\r\nHost: thanh-hoa.localhost",
                    200,
                ),
                (
                    "absolute address, other host",
                    "GET http://ha-noi.localhost/sign-in HTTP/1.1\r\nHost: thanh-hoa.localhost",
                    400,
                ),
                (
                    "absolute address, no host",
                    "GET http://thanh-hoa.localhost/sign-in HTTP/1.1",
                    400,
                ),
                ("no host", "GET /sign-in HTTP/1.1", 400),
                (
                    "two hosts",
                    "GET /sign-in HTTP/1.1\r\nHost: thanh-hoa.localhost\r\nHost: ha-noi.localhost",
                    400,
                ),
                (
                    "the same host twice",
                    "GET /sign-in HTTP/1.1\r\nHost: thanh-hoa.localhost\r\nHost: thanh-hoa.localhost",
                    400,
                ),
                (
                    "two hosts in one",
                    "GET /sign-in HTTP/1.1\r\nHost: thanh-hoa.localhost, ha-noi.localhost",
                    404,
                ),
                (
                    "somebody at a host",
                    "GET /sign-in HTTP/1.1\r\nHost: ha-noi.localhost@thanh-hoa.localhost",
                    404,
                ),
                (
                    "a port that is none",
                    "GET /sign-in HTTP/1.1\r\nHost: thanh-hoa.localhost:99999",
                    404,
                ),
                (
                    "a forwarded host",
                    "GET /sign-in HTTP/1.1\r\nHost: thanh-hoa.localhost\r\nX-Forwarded-Host: ha-noi.localhost\r\nForwarded: host=ha-noi.localhost",
                    200,
                ),
                ("an echo", "TRACE / HTTP/1.1\r\nHost: thanh-hoa.localhost", 405),
                (
                    "a tunnel",
                    "CONNECT ha-noi.localhost:443 HTTP/1.1\r\nHost: ha-noi.localhost:443",
                    405,
                ),
                ("an unknown method", "BREW /sign-in HTTP/1.1\r\nHost: thanh-hoa.localhost", 400),
            ] {
                let mut wire = served.dial().await;
                wire.say(format!("{request}\r\nConnection: close\r\n\r\n")).await;
                let answer = String::from_utf8_lossy(&wire.rest().await).into_owned();
                let said = answer.split(' ').nth(1).and_then(|code| code.parse::<u16>().ok());
                assert_eq!(said, Some(status), "{what}: {answer}");
                assert!(!answer.contains("ha-noi"), "{what}: {answer}");
            }
        })
        .await;
    });
}

#[test]
fn heads_have_a_size() {
    run(async {
        both(async |secure| {
            let served = Served::start(Stand::default(), strict(), secure).await;
            let many = "X-A: b\r\n".repeat(101);
            let long = format!("X-A: {}\r\n", "b".repeat(100_000));
            let cookie = format!("Cookie: {}\r\n", "a=b; ".repeat(1_000));
            for (what, header, status) in
                [("many", many, 431), ("long", long, 431), ("a full jar of cookies", cookie, 200)]
            {
                let mut wire = served.dial().await;
                let _ = wire.try_say(format!("{GET}{header}\r\n")).await;
                assert_eq!(wire.status().await, Some(status), "{what}, secure: {secure}");
            }
            let mut wire = served.dial().await;
            let _ = wire.try_say(format!("GET /{} HTTP/1.1\r\n", "x".repeat(100_000))).await;
            assert!(matches!(wire.status().await, Some(414 | 431)), "a long address");
            served.serves_others().await;
        })
        .await;
    });
}

#[test]
fn a_head_that_grows_between_processes_arrives() {
    run(async {
        let app = TestApp::new().await;
        let served = Served::platform(&app, false).await;
        // As long as it may be, of letters that HTTP/2 writes with 19 bits.
        let long = format!("X-A: {}\r\n", "\\".repeat(32_400));
        for header in [&*long, "", &*long] {
            let mut wire = served.dial().await;
            let page = "GET /sign-in HTTP/1.1\r\nHost: thanh-hoa.localhost\r\n";
            wire.say(format!("{page}{header}\r\n")).await;
            assert_eq!(wire.status().await, Some(200));
        }
    });
}

#[test]
fn a_promise_of_too_much_is_not_waved_on() {
    run(async {
        let app = TestApp::new().await;
        let served = Served::platform(&app, false).await;
        let expect = |length: u64| {
            format!(
                "POST /api/v1/session HTTP/1.1\r\nHost: thanh-hoa.localhost\r\nContent-Type: application/json\r\n\
                 Content-Length: {length}\r\nExpect: 100-continue\r\n\r\n"
            )
        };
        let mut wire = served.dial().await;
        wire.say(expect(300_000_000)).await;
        assert_eq!(wire.status().await, Some(413), "said before a byte of it was sent");
        wire.rest().await;
        let mut wire = served.dial().await;
        wire.say(expect(2)).await;
        assert_eq!(wire.status().await, Some(100));
        wire.say("{}").await;
        assert_eq!(wire.status().await, Some(422));
    });
}

#[test]
fn an_upgrade_is_not_taken_up() {
    run(async {
        let served = Served::start(Stand::default(), strict(), false).await;
        for upgrade in ["h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__", "websocket"] {
            let mut wire = served.dial().await;
            wire.say(format!("{GET}Connection: Upgrade\r\nUpgrade: {upgrade}\r\n\r\n")).await;
            assert_eq!(wire.status().await, Some(200), "answered as if nothing had been offered");
        }
    });
}
