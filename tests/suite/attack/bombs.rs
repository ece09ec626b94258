//! Little that unpacks to a lot.

use crate::{app::TestApp, run, wire::Served};

#[test]
fn packed_bodies_are_not_unpacked() {
    run(async {
        let app = TestApp::new().await;
        let served = Served::platform(&app, false).await;
        for coding in ["gzip", "deflate", "br", "zstd", "gzip, identity"] {
            let mut wire = served.dial().await;
            wire.say(format!(
                "POST /session HTTP/1.1\r\nHost: thanh-hoa.localhost\r\nContent-Encoding: {coding}\r\n\
                 Content-Length: 3\r\nConnection: close\r\n\r\nabc"
            ))
            .await;
            assert_eq!(wire.status().await, Some(415), "{coding}");
        }
        served.serves_others().await;
    });
}
