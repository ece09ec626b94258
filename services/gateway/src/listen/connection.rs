//! One connection, from its first byte to its last.

use super::{
    Answer, Bounds,
    body::{Arriving, Leaving},
    bounds::BODY,
    pulse::{Lapse, Pulse},
};
use crate::door::Peer;
use axum::{body::Body, extract::Request};
use http::StatusCode;
use hyper::{body::Incoming, service::service_fn};
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::{conn::auto, graceful::GracefulConnection},
};
use std::{
    convert::Infallible,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    sync::watch,
    time::Instant,
};
use tower::{ServiceBuilder, ServiceExt as _};
use tower_http::compression::{
    CompressionLayer, Predicate as _,
    predicate::{DefaultPredicate, NotForContentType},
};

/// What one HTTP/2 answer may have waiting in our memory.
const SEND_BUFFER: usize = 64 * 1024;

/// What a connection is told by its listener.
#[derive(Clone)]
pub(super) struct House {
    pub(super) limits: Bounds,
    /// Nearly all places are taken.
    pub(super) crowded: Arc<AtomicBool>,
    pub(super) stop: watch::Receiver<bool>,
}

/// Serves until the peer goes, or is told to.
pub(super) async fn run<S>(socket: S, peer: Peer, mut house: House, door: impl Answer)
where
    S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    let limits = house.limits;
    let pulse = Pulse::new();
    let served = serve(socket, peer, &limits, pulse.clone(), door);
    tokio::pin!(served);
    let shortest = limits.greeting.min(limits.idle / 10).min(limits.unread);
    let mut look = tokio::time::interval((shortest / 4).max(Duration::from_millis(20)));
    look.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut leaving: Option<Instant> = None;
    loop {
        tokio::select! {
            ended = served.as_mut() => {
                if let Err(error) = ended {
                    tracing::debug!("a connection ended early: {error}");
                }
                return;
            }
            _ = house.stop.wait_for(|stop| *stop), if leaving.is_none() => {
                served.as_mut().graceful_shutdown();
                leaving = Some(Instant::now());
            }
            now = look.tick() => {
                match pulse.lapse(now, &limits, house.crowded.load(Ordering::Relaxed)) {
                    None => {}
                    Some(Lapse::Idle) => match leaving {
                        None => {
                            served.as_mut().graceful_shutdown();
                            leaving = Some(now);
                        }
                        // It does not take its leave either.
                        Some(since) if now - since > limits.greeting => return,
                        Some(_) => {}
                    },
                    Some(Lapse::Unread) => {
                        tracing::debug!("a peer did not read its answer and was cut off");
                        return;
                    }
                }
            }
        }
    }
}

fn serve<S>(
    socket: S,
    peer: Peer,
    limits: &Bounds,
    pulse: Pulse,
    door: impl Answer,
) -> impl GracefulConnection<Error: std::fmt::Display>
where
    S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    // Pages are compressed for weak links. Documents are so already, and keep
    // their length and ranges that way.
    let compressible = DefaultPredicate::new()
        .and(NotForContentType::const_new("application/pdf"))
        .and(NotForContentType::const_new("application/vnd"));
    let answers = ServiceBuilder::new()
        .layer(CompressionLayer::new().compress_when(compressible))
        .service(tower::service_fn(move |request: Request| {
            let door = door.clone();
            async move { Ok::<_, Infallible>(door.answer(request, peer).await) }
        }));
    let patience = limits.stall;
    let service = service_fn(move |request: http::Request<Incoming>| {
        let (answers, exchange) = (answers.clone(), pulse.exchange());
        async move {
            let stalled = Arc::new(AtomicBool::new(false));
            let request = request.map(|body| Arriving::wrap(body, patience, stalled.clone()));
            let Ok(mut response) = answers.oneshot(request).await;
            if stalled.load(Ordering::Relaxed) {
                *response.status_mut() = StatusCode::REQUEST_TIMEOUT;
            }
            Ok::<_, Infallible>(response.map(|body| Leaving::new(Body::new(body), exchange)))
        }
    });
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.greeting)
        .max_headers(100)
        .max_buf_size(limits.head)
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(limits.streams)
        .max_header_list_size(u32::try_from(limits.head).unwrap_or(u32::MAX))
        .max_frame_size(16 * 1024)
        .initial_stream_window_size(BODY)
        .initial_connection_window_size(limits.bodies)
        .max_send_buf_size(SEND_BUFFER)
        // Streams that a peer opens and resets before they were looked at, and
        // those that we reset for its mistakes: past these it is sent away.
        .max_pending_accept_reset_streams(20)
        .max_local_error_reset_streams(100)
        .keep_alive_interval(Duration::from_secs(30))
        .keep_alive_timeout(Duration::from_secs(20));
    builder.serve_connection(TokioIo::new(socket), service).into_owned()
}
