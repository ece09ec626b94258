//! Connections to one service, opened on use and kept.

use super::Obstacle;
use crate::listen::Bounds;
use axum::body::Body;
use http::uri::Authority;
use hyper::client::conn::http2::{self, SendRequest};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use rustls::{ClientConfig, pki_types::ServerName};
use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};
use tokio::{net::TcpStream, sync::Mutex};
use tokio_rustls::TlsConnector;

/// How long a service may take to greet.
const GREETING: Duration = Duration::from_secs(2);
/// How often a silent connection is asked whether it still lives, and how long
/// it may take to say so.
const PULSE: Duration = Duration::from_secs(10);
/// What one answer may have on its way here before its reader takes some. The
/// connection has room for as much of every answer, so that readers who take
/// nothing hold up nobody else's.
const WINDOW: u32 = 64 * 1024;

/// Why there is no connection: for those who run it, and for the log.
pub(super) type Unmet = (Obstacle, io::Error);

pub(super) struct Connections {
    authority: Authority,
    name: ServerName<'static>,
    tls: TlsConnector,
    /// Several, because one connection is served by one task at each end. A
    /// place is locked while it is being filled, so that a service which comes
    /// back is greeted once a place and not once a request.
    places: Box<[Mutex<Option<SendRequest<Body>>>]>,
    next: AtomicUsize,
}

impl Connections {
    pub(super) fn new(
        authority: Authority,
        name: ServerName<'static>,
        tls: Arc<ClientConfig>,
    ) -> Self {
        let cores = std::thread::available_parallelism().map_or(2, usize::from);
        Self {
            authority,
            name,
            tls: TlsConnector::from(tls),
            places: (0..cores.clamp(2, 8)).map(|_| Mutex::default()).collect(),
            next: AtomicUsize::new(0),
        }
    }

    /// A living connection; opened if need be. Whoever waits behind others for a
    /// service that does not greet waits no longer than they.
    pub(super) async fn get(&self) -> Result<SendRequest<Body>, Unmet> {
        tokio::time::timeout(GREETING, self.kept_or_opened())
            .await
            .map_err(|_| (Obstacle::Away, io::ErrorKind::TimedOut.into()))?
    }

    async fn kept_or_opened(&self) -> Result<SendRequest<Body>, Unmet> {
        let turn = self.next.fetch_add(1, Ordering::Relaxed) % self.places.len();
        let mut place = self.places[turn].lock().await;
        if let Some(sender) = place.as_ref().filter(|sender| !sender.is_closed()) {
            return Ok(sender.clone());
        }
        *place = None;
        let sender = self.open().await?;
        Ok(place.insert(sender).clone())
    }

    async fn open(&self) -> Result<SendRequest<Body>, Unmet> {
        let socket = self.dial().await.map_err(|error| (Obstacle::Away, error))?;
        let greeted = self.tls.connect(self.name.clone(), socket).await;
        let stream = greeted.map_err(|error| (in_the_way(&error), error))?;
        let (sender, connection) = http2::Builder::new(TokioExecutor::new())
            .timer(TokioTimer::new())
            .keep_alive_interval(PULSE)
            .keep_alive_timeout(PULSE)
            .keep_alive_while_idle(true)
            .initial_stream_window_size(WINDOW)
            .initial_connection_window_size(Bounds::internal().streams * WINDOW)
            .handshake(TokioIo::new(stream))
            .await
            .map_err(|error| (Obstacle::Refused, io::Error::other(error)))?;
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!("a connection to a service ended: {error}");
            }
        });
        Ok(sender)
    }

    async fn dial(&self) -> io::Result<TcpStream> {
        let host = self.authority.host().trim_matches(['[', ']']);
        let port = self.authority.port_u16().unwrap_or(443);
        let socket = TcpStream::connect((host, port)).await?;
        socket.set_nodelay(true)?;
        Ok(socket)
    }
}

/// What a greeting failed for. Only `rustls` knows the peer by what it sent;
/// everything else is a broken line.
fn in_the_way(error: &io::Error) -> Obstacle {
    match error.get_ref().and_then(|inner| inner.downcast_ref()) {
        None => Obstacle::Away,
        Some(rustls::Error::InvalidCertificate(_) | rustls::Error::NoCertificatesPresented) => {
            Obstacle::Stranger
        }
        Some(_) => Obstacle::Foreign,
    }
}
