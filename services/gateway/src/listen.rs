//! Sockets: HTTP/1.1 and HTTP/2, plain or TLS, drained on the way out. What a
//! peer may hold of them, and for how long, is in [`Bounds`].

mod body;
mod bounds;
mod connection;
mod places;
mod pulse;

pub use bounds::Bounds;

use crate::door::Peer;
use axum::{extract::Request, response::Response};
use connection::House;
use places::Places;
use rustls::ServerConfig;
use socket2::SockRef;
use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::watch,
    task::JoinSet,
};
use tokio_rustls::TlsAcceptor;

/// What the kernel holds of answers that a peer has yet to read. Left to
/// itself it grows to megabytes, and a slow peer's progress cannot be seen.
const SEND_BUFFER: usize = 256 * 1024;

/// What answers the requests of a listener.
pub trait Answer: Clone + Send + Sync + 'static {
    /// Answers one request; errors are answers too.
    fn answer(self, request: Request, peer: Peer) -> impl Future<Output = Response> + Send;
}

/// Serves until `stop` turns true, then drains.
pub async fn serve(
    listener: TcpListener,
    tls: Option<Arc<ServerConfig>>,
    limits: Bounds,
    door: impl Answer,
    mut stop: watch::Receiver<bool>,
) {
    let acceptor = tls.map(TlsAcceptor::from);
    let places = Places::new(limits.per_address);
    let house = House { limits, crowded: Arc::new(AtomicBool::new(false)), stop: stop.clone() };
    let mut connections = JoinSet::new();
    loop {
        let crowded = connections.len() >= limits.connections / 10 * 9;
        house.crowded.store(crowded, Ordering::Relaxed);
        let accepted = tokio::select! {
            _ = stop.wait_for(|stopped| *stopped) => break,
            Some(_) = connections.join_next() => continue,
            accepted = listener.accept(), if connections.len() < limits.connections => accepted,
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
        let peer = Peer { address: address.ip().to_canonical(), secure: acceptor.is_some() };
        let Some(place) = places.take(peer.address) else {
            tracing::debug!("an address has {} connections and gets no more", limits.per_address);
            continue;
        };
        let (acceptor, house, door) = (acceptor.clone(), house.clone(), door.clone());
        connections.spawn(async move {
            let _place = place;
            let _ = socket.set_nodelay(true);
            let _ = SockRef::from(&socket).set_send_buffer_size(SEND_BUFFER);
            match acceptor {
                None => connection::run(socket, peer, house, door).await,
                Some(acceptor) => {
                    let greeted: Result<_, _> =
                        tokio::time::timeout(limits.greeting, acceptor.accept(socket)).await;
                    if let Ok(Ok(stream)) = greeted {
                        let stream: tokio_rustls::server::TlsStream<TcpStream> = stream;
                        connection::run(stream, peer, house, door).await;
                    }
                }
            }
        });
    }
    drop(listener);
    let drained = async { while connections.join_next().await.is_some() {} };
    if tokio::time::timeout(limits.drain, drained).await.is_err() {
        tracing::warn!("some requests did not end within {:?} and were cut off", limits.drain);
    }
}
