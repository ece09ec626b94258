//! Peers that send or read too slowly.

use crate::{
    app::{PASSWORD, TestApp, login},
    run,
    wire::{LONG, SOON, Served, Stand, both, strict},
};
use gateway::listen::Bounds;
use std::{
    sync::atomic::Ordering,
    time::{Duration, Instant},
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    time::sleep,
};

#[test]
fn a_head_that_never_ends_is_not_waited_for() {
    run(async {
        both(async |secure| {
            let served = Served::start(Stand::default(), strict(), secure).await;
            let mut wire = served.dial().await;
            wire.say("GET / HTTP/1.1\r\nHost: a\r\n").await;
            let since = Instant::now();
            // A header now and then keeps nothing open.
            while wire.try_say("X-A: b\r\n").await.is_ok() && since.elapsed() < SOON {
                sleep(Duration::from_millis(100)).await;
            }
            assert!(since.elapsed() < SOON, "secure: {secure}");
            served.serves_others().await;
        })
        .await;
    });
}

#[test]
fn a_peer_that_says_nothing_or_never_greets_is_not_waited_for() {
    run(async {
        for (secure, said) in
            [(false, &b""[..]), (false, b"PRI * HT"), (true, b""), (true, b"\x16\x03\x01\x02\x00")]
        {
            let served = Served::start(Stand::default(), strict(), secure).await;
            let mut socket = TcpStream::connect(served.address).await.unwrap();
            socket.write_all(said).await.unwrap();
            served.serves_others().await;
            let mut answer = Vec::new();
            let ended = tokio::time::timeout(SOON, socket.read_to_end(&mut answer)).await;
            assert!(ended.is_ok(), "secure: {secure}, said {said:?}");
        }
    });
}

#[test]
fn a_connection_without_requests_ends_and_one_with_them_stays() {
    run(async {
        both(async |secure| {
            let served = Served::start(Stand::default(), strict(), secure).await;
            let mut wire = served.dial().await;
            for _ in 0..5 {
                wire.say("GET / HTTP/1.1\r\nHost: a\r\n\r\n").await;
                assert_eq!(wire.status().await, Some(200));
                let mut body = [0; 2];
                wire.0.read_exact(&mut body).await.unwrap();
                sleep(Duration::from_millis(400)).await;
            }
            assert_eq!(wire.rest().await, b"", "secure: {secure}");
        })
        .await;
    });
}

#[test]
fn a_body_that_trickles_is_cut_off_in_words() {
    run(async {
        let app = TestApp::new().await;
        both(async |secure| {
            let served = Served::platform(&app, secure).await;
            let mut wire = served.dial().await;
            wire.say(
                "POST /api/v1/session HTTP/1.1\r\nHost: thanh-hoa.localhost\r\n\
                 Content-Type: application/json\r\nContent-Length: 1000\r\n\r\n{",
            )
            .await;
            let (mut reading, mut writing) = tokio::io::split(wire.0);
            let since = Instant::now();
            let trickle = async {
                while since.elapsed() < SOON {
                    sleep(Duration::from_millis(100)).await;
                    // Once it is answered nobody takes the rest.
                    let _ = writing.write_all(b" ").await;
                    let _ = writing.flush().await;
                }
            };
            let mut answer = Vec::new();
            tokio::select! {
                // The connection ends; a reset is an end as well.
                _ = reading.read_to_end(&mut answer) => {}
                () = trickle => panic!("a body was waited for"),
            }
            let answer = String::from_utf8_lossy(&answer);
            assert!(answer.starts_with("HTTP/1.1 408"), "{answer}");
            assert!(answer.contains("Hãy gửi lại"), "{answer}");
            served.serves_others().await;
        })
        .await;
        // The same request, sent whole, is answered.
        let mut program = app.visitor("thanh-hoa");
        let body = serde_json::json!({"login": login("member"), "password": PASSWORD});
        assert_eq!(program.post_json("/api/v1/session", &body).await.status, 201);
    });
}

#[test]
fn a_byte_now_and_then_is_no_progress() {
    run(async {
        both(async |secure| {
            let served = Served::start(Stand::default(), strict(), secure).await;
            let mut wire = served.dial().await;
            wire.say("POST /length HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n").await;
            let since = Instant::now();
            while wire.try_say("x").await.is_ok() && since.elapsed() < SOON {
                sleep(Duration::from_millis(100)).await;
            }
            assert!(since.elapsed() < SOON, "secure: {secure}");
            served.serves_others().await;
        })
        .await;
    });
}

#[test]
fn a_weak_link_gets_its_upload_through() {
    run(async {
        // 100 KB/s is to one second what 3 KB/s are to thirty.
        both(async |secure| {
            let served = Served::start(Stand::default(), strict(), secure).await;
            let mut wire = served.dial().await;
            let length = 400_000;
            wire.say(format!(
                "POST /length HTTP/1.1\r\nHost: a\r\nContent-Length: {length}\r\n\r\n"
            ))
            .await;
            let since = Instant::now();
            for _ in 0..length / 10_000 {
                wire.say(vec![b'x'; 10_000]).await;
                sleep(Duration::from_millis(100)).await;
            }
            assert!(since.elapsed() > 3 * strict().stall, "longer than any one stretch");
            assert_eq!(wire.status().await, Some(200), "secure: {secure}");
            let mut body = [0; 6];
            wire.0.read_exact(&mut body).await.unwrap();
            assert_eq!(&body, b"400000");
        })
        .await;
    });
}

#[test]
fn a_peer_that_never_reads_is_let_go_with_all_it_holds() {
    run(async {
        both(async |secure| {
            let stand = Stand::default();
            let served = Served::start(stand.clone(), strict(), secure).await;
            let mut wires = Vec::new();
            for _ in 0..10 {
                let mut wire = served.dial().await;
                wire.say("GET /long HTTP/1.1\r\nHost: a\r\n\r\n").await;
                wires.push(wire);
            }
            let since = Instant::now();
            while stand.held.load(Ordering::SeqCst) < 10 && since.elapsed() < SOON {
                sleep(Duration::from_millis(10)).await;
            }
            served.serves_others().await;
            while stand.held.load(Ordering::SeqCst) > 0 {
                assert!(since.elapsed() < SOON, "secure: {secure}, answers are still held");
                sleep(Duration::from_millis(50)).await;
            }
        })
        .await;
    });
}

#[test]
fn a_peer_that_reads_slowly_gets_everything() {
    run(async {
        // Half a second for a piece: slower than the answer could be, never standing still.
        let limits = Bounds { unread: Duration::from_secs(2), ..strict() };
        both(async |secure| {
            let served = Served::start(Stand::default(), limits, secure).await;
            let mut wire = served.dial().await;
            wire.say("GET /long HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").await;
            wire.head().await.unwrap();
            let (mut read, mut piece) = (0, vec![0; 1 << 20]);
            let since = Instant::now();
            loop {
                let length = wire.0.read(&mut piece).await.unwrap();
                if length == 0 {
                    break;
                }
                read += length;
                // 4 MiB a second.
                let due = Duration::from_micros(u64::try_from(read / 4).unwrap());
                sleep(due.saturating_sub(since.elapsed())).await;
            }
            assert!(read >= LONG, "secure: {secure}, {read}");
            assert!(since.elapsed() > limits.unread, "longer than any one stretch");
        })
        .await;
    });
}
