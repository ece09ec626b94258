//! Connections to one service, opened on use and kept.

use super::Obstacle;
use crate::listen::Bounds;
use axum::body::Bytes;
use futures_util::FutureExt as _;
use h2::{
    Ping, PingPong,
    client::{Builder, SendRequest},
};
use http::uri::Authority;
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
/// How often a connection is asked whether it still lives, and how long it may
/// take to say so.
const PULSE: Duration = Duration::from_secs(10);
/// What one answer may have on its way here before its reader takes some. The
/// connection has room for as much of every answer, so that readers who take
/// nothing hold up nobody else's.
const WINDOW: u32 = 64 * 1024;
/// How long the headers of an answer may be.
const HEADERS: u32 = 16 * 1024;

/// Why there is no connection: for those who run it, and for the log.
pub(super) type Unmet = (Obstacle, io::Error);

pub(super) struct Connections {
    authority: Authority,
    name: ServerName<'static>,
    tls: TlsConnector,
    /// Several, because one connection is served by one task at each end. A
    /// place is locked while it is being filled, so that a service which comes
    /// back is greeted once a place and not once a request.
    places: Box<[Mutex<Option<Connection>>]>,
    next: AtomicUsize,
}

/// One connection. Whoever has an exchange on it keeps a clone until that is over.
#[derive(Clone)]
pub(super) struct Connection {
    pub(super) sender: SendRequest<Bytes>,
    exchanges: Arc<()>,
}

impl Connection {
    /// Unless it takes no more requests. What `h2` is given beyond what the other
    /// end allows at once would wait there even when nobody waits for it any more;
    /// a further connection takes it, and this one ends with its last exchange.
    fn free(&self) -> Option<Self> {
        let under_way = Arc::strong_count(&self.exchanges) - 1;
        self.sender.clone().ready().now_or_never()?.ok()?;
        (under_way < self.sender.current_max_send_streams()).then(|| self.clone())
    }
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
    pub(super) async fn get(&self) -> Result<Connection, Unmet> {
        tokio::time::timeout(GREETING, self.kept_or_opened())
            .await
            .map_err(|_| (Obstacle::Away, io::ErrorKind::TimedOut.into()))?
    }

    async fn kept_or_opened(&self) -> Result<Connection, Unmet> {
        let turn = self.next.fetch_add(1, Ordering::Relaxed) % self.places.len();
        let mut place = self.places[turn].lock().await;
        if let Some(free) = place.as_ref().and_then(Connection::free) {
            return Ok(free);
        }
        *place = None;
        let opened = self.open().await?;
        Ok(place.insert(opened).clone())
    }

    async fn open(&self) -> Result<Connection, Unmet> {
        let socket = self.dial().await.map_err(|error| (Obstacle::Away, error))?;
        let greeted = self.tls.connect(self.name.clone(), socket).await;
        let stream = greeted.map_err(|error| (in_the_way(&error), error))?;
        let (sender, mut connection) = Builder::new()
            .enable_push(false)
            .initial_max_send_streams(Bounds::internal().streams as usize)
            .max_header_list_size(HEADERS)
            .initial_window_size(WINDOW)
            .initial_connection_window_size(Bounds::internal().streams * WINDOW)
            .handshake(stream)
            .await
            .map_err(|error| (Obstacle::Refused, io::Error::other(error)))?;
        let pulse = connection.ping_pong().expect("taken once");
        tokio::spawn(async move {
            let ended = tokio::select! {
                ended = connection => ended.map_err(|error| error.to_string()),
                () = silence(pulse, PULSE) => Err("it is silent".to_owned()),
            };
            if let Err(error) = ended {
                tracing::debug!("a connection to a service ended: {error}");
            }
        });
        Ok(Connection { sender, exchanges: Arc::default() })
    }

    async fn dial(&self) -> io::Result<TcpStream> {
        let host = self.authority.host().trim_matches(['[', ']']);
        let port = self.authority.port_u16().unwrap_or(443);
        let socket = TcpStream::connect((host, port)).await?;
        socket.set_nodelay(true)?;
        Ok(socket)
    }
}

/// Ends when the other end, asked so often, does not answer in as long a time.
async fn silence(mut pulse: PingPong, often: Duration) {
    loop {
        tokio::time::sleep(often).await;
        let Ok(Ok(_)) = tokio::time::timeout(often, pulse.ping(Ping::opaque())).await else {
            return;
        };
    }
}

/// Why a greeting failed. An error of `rustls` is about what the peer sent; any
/// other is a broken line.
fn in_the_way(error: &io::Error) -> Obstacle {
    match error.get_ref().and_then(|inner| inner.downcast_ref()) {
        None => Obstacle::Away,
        Some(rustls::Error::InvalidCertificate(_) | rustls::Error::NoCertificatesPresented) => {
            Obstacle::Stranger
        }
        Some(_) => Obstacle::Foreign,
    }
}

#[cfg(test)]
mod tests {
    use super::silence;
    use std::time::Duration;
    use tokio::{sync::oneshot, time::timeout};

    #[tokio::test]
    async fn a_connection_that_answers_lives_and_a_silent_one_is_found_out() {
        let (near, far) = tokio::io::duplex(64 * 1024);
        let (stop, stopped) = oneshot::channel::<()>();
        tokio::spawn(async move {
            let mut connection = h2::server::handshake(far).await.unwrap();
            tokio::select! {
                _ = connection.accept() => {}
                _ = stopped => {}
            }
            // Its end stays open, and nobody is behind it.
            std::future::pending::<()>().await;
        });
        let (_sender, mut connection) = h2::client::handshake(near).await.unwrap();
        let pulse = connection.ping_pong().unwrap();
        tokio::spawn(connection);
        let often = Duration::from_millis(200);
        let mut silence = std::pin::pin!(silence(pulse, often));
        assert!(timeout(10 * often, &mut silence).await.is_err(), "it answers");
        stop.send(()).unwrap();
        timeout(10 * often, silence).await.expect("it does not");
    }
}
