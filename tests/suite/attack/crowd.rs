//! More connections than there are places.

use crate::{
    run,
    wire::{Served, Stand, both, strict},
};
use gateway::listen::Bounds;
use std::time::Duration;

#[test]
fn one_address_has_its_share_of_places_and_gets_them_back() {
    run(async {
        let limits = Bounds { per_address: 5, greeting: Duration::from_mins(1), ..strict() };
        let served = Served::start(Stand::default(), limits, false).await;
        let mut held = Vec::new();
        for _ in 0..5 {
            let mut wire = served.dial().await;
            wire.say("GET / HTTP/1.1\r\nHost: a\r\n").await;
            held.push(wire);
        }
        let mut sixth = served.dial().await;
        assert_eq!(sixth.rest().await, b"", "closed without a word");
        // Ending one makes room for another.
        held.pop().unwrap().say("Connection: close\r\n\r\n").await;
        let mut answered = None;
        for _ in 0..100 {
            let mut wire = served.dial().await;
            let _ = wire.try_say("GET / HTTP/1.1\r\nHost: a\r\n\r\n").await;
            answered = wire.status().await;
            if answered.is_some() {
                break;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        assert_eq!(answered, Some(200));
    });
}

#[test]
fn when_all_places_are_taken_idle_ones_are_given_up() {
    run(async {
        // Nobody would leave by themselves within a minute.
        let limits = Bounds {
            connections: 20,
            per_address: 20,
            greeting: Duration::from_mins(1),
            idle: Duration::from_secs(20),
            ..strict()
        };
        both(async |secure| {
            let served = Served::start(Stand::default(), limits, secure).await;
            let mut idle = Vec::new();
            for _ in 0..20 {
                let mut wire = served.dial().await;
                wire.say("GET / HTTP/1.1\r\nHost: a\r\n\r\n").await;
                assert_eq!(wire.status().await, Some(200));
                idle.push(wire);
            }
            served.serves_others().await;
        })
        .await;
    });
}
