//! Requests that come when they come, whether the ones before are answered or
//! not: what people do, and what a load generator that waits its turn hides.

use crate::{Result, http::Connection};
use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};
use tokio::{task::JoinSet, time::Instant};

/// Milliseconds after which nobody is still looking.
const LATE: f64 = 2_000.0;

/// How requests are sent.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    /// A second; none for as many as `connections` one after the other manage.
    pub rate: Option<f64>,
    /// The most at once.
    pub connections: usize,
    pub seconds: u32,
}

/// What came of them.
#[derive(Debug, Default)]
pub struct Outcome {
    /// Milliseconds from when each was due to its answer, of those that were
    /// answered with 200.
    pub waits: Vec<f64>,
    /// How many of them came while somebody still looked, and in the time that
    /// is measured.
    pub in_time: usize,
    /// Answered with 503 or 429, and told when to come back.
    pub refused: usize,
}

impl Outcome {
    /// Answers a second that came in time.
    pub fn rate(&self, pace: Pace) -> f64 {
        self.in_time as f64 / f64::from(pace.seconds)
    }

    /// These and others.
    pub fn add(&mut self, other: Self) {
        self.waits.extend(other.waits);
        self.in_time += other.in_time;
        self.refused += other.refused;
    }

    /// The wait that 99 of a hundred do not exceed, in milliseconds.
    pub fn p99(&mut self) -> f64 {
        self.waits.sort_by(f64::total_cmp);
        self.waits.get(self.waits.len() * 99 / 100).copied().unwrap_or(f64::NAN)
    }
}

/// Sends `requests` round and round.
pub async fn send(port: u16, requests: &Arc<[String]>, pace: Pace) -> Result<Outcome> {
    let turn = Arc::new(AtomicU32::new(0));
    let mut connections = Vec::new();
    for _ in 0..pace.connections {
        connections.push(Connection::open(port).await?);
    }
    let began = Instant::now();
    let end = began + Duration::from_secs(pace.seconds.into());
    let mut senders = JoinSet::new();
    for mut connection in connections {
        let (requests, turn) = (requests.clone(), turn.clone());
        senders.spawn(async move {
            let mut seen = Outcome::default();
            loop {
                let turn = turn.fetch_add(1, Ordering::Relaxed);
                let due = pace.rate.map_or_else(Instant::now, |rate| {
                    began + Duration::from_secs_f64(f64::from(turn) / rate)
                });
                if due >= end {
                    return Ok::<_, crate::Trouble>(seen);
                }
                tokio::time::sleep_until(due).await;
                let request = &requests[turn as usize % requests.len()];
                let head = connection.ask(request.as_bytes()).await?;
                match head.status {
                    200 => {
                        let wait = due.elapsed().as_secs_f64() * 1e3;
                        seen.in_time += usize::from(wait <= LATE && Instant::now() <= end);
                        seen.waits.push(wait);
                    }
                    429 | 503 if head.told => seen.refused += 1,
                    status => return Err(format!("trả lời {status}").into()),
                }
            }
        });
    }
    let mut all = Outcome::default();
    while let Some(seen) = senders.join_next().await {
        all.add(seen??);
    }
    Ok(all)
}
