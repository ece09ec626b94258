//! Sockets: HTTP/1.1 and HTTP/2, plain or TLS, drained on the way out.

use crate::door::Peer;
use axum::{body::Body, extract::Request, response::Response};
use hyper::body::Incoming;
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::{conn::auto, graceful::GracefulShutdown},
};
use rustls::ServerConfig;
use std::{convert::Infallible, sync::Arc, time::Duration};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, TcpStream},
    sync::{Semaphore, watch},
};
use tokio_rustls::TlsAcceptor;
use tower::ServiceExt as _;
use tower_http::compression::{
    CompressionLayer, Predicate as _,
    predicate::{DefaultPredicate, NotForContentType},
};

/// How long a peer may take to send its request headers, or its TLS greeting.
const GREETING: Duration = Duration::from_secs(10);
/// How long requests under way may take when the server stops.
const DRAIN: Duration = Duration::from_secs(10);
/// Connections at once on one listener; the rest wait in the kernel.
const CONNECTIONS: usize = 10_000;

/// What answers the requests of a listener.
pub trait Answer: Clone + Send + Sync + 'static {
    /// Answers one request; errors are answers too.
    fn answer(self, request: Request, peer: Peer) -> impl Future<Output = Response> + Send;
}

/// Serves until `stop` turns true, then drains.
pub async fn serve(
    listener: TcpListener,
    tls: Option<Arc<ServerConfig>>,
    door: impl Answer,
    mut stop: watch::Receiver<bool>,
) {
    let acceptor = tls.map(TlsAcceptor::from);
    let places = Arc::new(Semaphore::new(CONNECTIONS));
    let graceful = GracefulShutdown::new();
    loop {
        let accepted = tokio::select! {
            _ = stop.wait_for(|stopped| *stopped) => break,
            accepted = listener.accept() => accepted,
        };
        let (socket, address) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                // Out of file descriptors, most likely: let some close.
                tracing::warn!("cannot accept a connection: {error}");
                tokio::time::sleep(Duration::from_millis(100)).await;
                continue;
            }
        };
        let Ok(place) = places.clone().acquire_owned().await else { break };
        let peer = Peer { address: address.ip().to_canonical(), secure: acceptor.is_some() };
        let watcher = graceful.watcher();
        let (acceptor, door) = (acceptor.clone(), door.clone());
        tokio::spawn(async move {
            let _place = place;
            let _ = socket.set_nodelay(true);
            match acceptor {
                None => connection(socket, peer, door, watcher).await,
                Some(acceptor) => {
                    let greeted: Result<_, _> =
                        tokio::time::timeout(GREETING, acceptor.accept(socket)).await;
                    if let Ok(Ok(stream)) = greeted {
                        let stream: tokio_rustls::server::TlsStream<TcpStream> = stream;
                        connection(stream, peer, door, watcher).await;
                    }
                }
            }
        });
    }
    drop(listener);
    if tokio::time::timeout(DRAIN, graceful.shutdown()).await.is_err() {
        tracing::warn!("some requests did not end within {DRAIN:?} and were cut off");
    }
}

async fn connection<S>(
    socket: S,
    peer: Peer,
    door: impl Answer,
    watcher: hyper_util::server::graceful::Watcher,
) where
    S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    // Pages are compressed for weak links. Documents are so already, and keep
    // their length and ranges that way.
    let compressible = DefaultPredicate::new()
        .and(NotForContentType::const_new("application/pdf"))
        .and(NotForContentType::const_new("application/vnd"));
    let service = tower::ServiceBuilder::new()
        .layer(CompressionLayer::new().compress_when(compressible))
        .service(tower::service_fn(move |request: http::Request<Incoming>| {
            let door = door.clone();
            async move { Ok::<_, Infallible>(door.answer(request.map(Body::new), peer).await) }
        }));
    let service = hyper_util::service::TowerToHyperService::new(service.boxed_clone());
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(GREETING)
        .max_buf_size(64 * 1024)
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(100)
        .max_header_list_size(32 * 1024)
        .keep_alive_interval(Duration::from_secs(30));
    let served = builder.serve_connection(TokioIo::new(socket), service).into_owned();
    if let Err(error) = watcher.watch(served).await {
        tracing::debug!("a connection ended early: {error}");
    }
}
