//! A listener on a loopback port of its own, and peers that speak to it byte
//! by byte.

pub mod frames;

use crate::app::TestApp;
use axum::{
    body::{Body, Bytes, to_bytes},
    extract::Request,
    response::{IntoResponse as _, Response},
};
use embedded::ca::DevCa;
use gateway::{
    Peer,
    listen::{self, Answer, Bounds},
};
use http::StatusCode;
use rustls::{
    ClientConfig, RootCertStore, ServerConfig,
    crypto::ring::default_provider,
    pki_types::{CertificateDer, PrivateKeyDer, ServerName, pem::PemObject as _},
};
use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};
use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    sync::watch,
    time::timeout,
};
use tokio_rustls::TlsConnector;

/// Longer than any limit of [`strict`], also on a busy machine.
pub const SOON: Duration = Duration::from_secs(15);

/// The limits of a scenario: the same rules in seconds.
pub fn strict() -> Bounds {
    Bounds {
        connections: 100,
        per_address: 100,
        streams: 100,
        head: 32 * 1024,
        greeting: Duration::from_secs(1),
        idle: Duration::from_secs(1),
        stall: Duration::from_secs(1),
        unread: Duration::from_secs(1),
        drain: Duration::from_secs(1),
        ..Bounds::default()
    }
}

/// The same over plain TCP and over TLS, side by side.
pub async fn both(scenario: impl AsyncFn(bool)) {
    futures_util::future::join(scenario(false), scenario(true)).await;
}

/// A listener that is served until it is dropped.
pub struct Served {
    pub address: SocketAddr,
    trust: RootCertStore,
    secure: bool,
    _stop: watch::Sender<bool>,
}

/// Anything that carries bytes both ways.
pub trait Line: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Line for T {}

impl Served {
    /// Serves what `door` answers; `secure` over TLS for `thanh-hoa.localhost`.
    pub async fn start(door: impl Answer, limits: Bounds, secure: bool) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let ca = DevCa::load_or_create(folder.path(), crate::app::now()).unwrap();
        let leaf = ca.leaf_for(&["thanh-hoa.localhost".into()], crate::app::now()).unwrap();
        let chain = CertificateDer::pem_slice_iter(leaf.chain_pem.as_bytes())
            .collect::<Result<Vec<_>, _>>()
            .unwrap();
        let key = PrivateKeyDer::from_pem_slice(leaf.key_pem.as_bytes()).unwrap();
        let mut tls = ServerConfig::builder_with_provider(Arc::new(default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(chain, key)
            .unwrap();
        tls.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        let tls = secure.then(|| Arc::new(tls));
        Self::with(door, limits, tls, ca.pem()).await
    }

    /// Serves over given certificates, which a client of `authority` believes.
    pub async fn with(
        door: impl Answer,
        limits: Bounds,
        tls: Option<Arc<ServerConfig>>,
        authority: &str,
    ) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = watch::channel(false);
        let secure = tls.is_some();
        tokio::spawn(listen::serve(listener, tls, limits, door, stopped));
        let mut trust = RootCertStore::empty();
        trust.add(CertificateDer::from_pem_slice(authority.as_bytes()).unwrap()).unwrap();
        Self { address, trust, secure, _stop: stop }
    }

    /// Serves the whole platform of a scenario.
    pub async fn platform(app: &TestApp, secure: bool) -> Self {
        Self::start(app.platform.door.clone(), strict(), secure).await
    }

    /// A peer that speaks HTTP/1.1.
    pub async fn dial(&self) -> Wire {
        self.dial_as("thanh-hoa.localhost", b"http/1.1").await.0
    }

    /// A peer that asks for a host and a protocol; with the certificate shown.
    pub async fn dial_as(&self, host: &str, protocol: &[u8]) -> (Wire, Option<Vec<u8>>) {
        let socket = TcpStream::connect(self.address).await.unwrap();
        socket.set_nodelay(true).unwrap();
        if !self.secure {
            return (Wire(Box::new(socket)), None);
        }
        let mut config = ClientConfig::builder_with_provider(Arc::new(default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(self.trust.clone())
            .with_no_client_auth();
        config.alpn_protocols = vec![protocol.to_vec()];
        let name = ServerName::try_from(host.to_owned()).unwrap();
        let stream = TlsConnector::from(Arc::new(config)).connect(name, socket).await.unwrap();
        let shown = stream.get_ref().1.peer_certificates().unwrap()[0].to_vec();
        (Wire(Box::new(stream)), Some(shown))
    }

    /// Somebody else is served, soon.
    pub async fn serves_others(&self) {
        let since = Instant::now();
        let mut wire = self.dial().await;
        wire.say("GET /healthz HTTP/1.1\r\nHost: thanh-hoa.localhost\r\n\r\n").await;
        assert_eq!(wire.status().await, Some(200));
        assert!(since.elapsed() < Duration::from_secs(5), "others wait {:?}", since.elapsed());
    }
}

/// One connection, as its peer sees it.
pub struct Wire(pub Box<dyn Line>);

impl Wire {
    pub async fn say(&mut self, bytes: impl AsRef<[u8]>) {
        self.try_say(bytes).await.unwrap();
    }

    /// The server may have gone.
    pub async fn try_say(&mut self, bytes: impl AsRef<[u8]>) -> std::io::Result<()> {
        self.0.write_all(bytes.as_ref()).await?;
        self.0.flush().await
    }

    /// The head of the next answer; `None` when the connection ended instead.
    pub async fn head(&mut self) -> Option<String> {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            let byte = timeout(SOON, self.0.read_u8()).await.expect("an answer in time");
            head.push(byte.ok()?);
        }
        Some(String::from_utf8(head).unwrap())
    }

    /// The status of the next answer.
    pub async fn status(&mut self) -> Option<u16> {
        let head = self.head().await?;
        Some(head.split(' ').nth(1).unwrap().parse().unwrap())
    }

    /// All that comes until the server closes, which it does in time.
    pub async fn rest(&mut self) -> Vec<u8> {
        let mut rest = Vec::new();
        // A reset is an end as well.
        let _ = timeout(SOON, self.0.read_to_end(&mut rest)).await.expect("closed in time");
        rest
    }
}

/// Answers in a few ways that tests need, without a platform.
#[derive(Clone, Default)]
pub struct Stand {
    /// Long answers that have not been let go of.
    pub held: Arc<AtomicUsize>,
}

struct Held(Arc<AtomicUsize>);

impl Drop for Held {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

/// How long [`Stand`]'s long answer is.
pub const LONG: usize = 16 << 20;

impl Answer for Stand {
    async fn answer(self, request: Request, _: Peer) -> Response {
        match request.uri().path() {
            "/long" => {
                self.held.fetch_add(1, Ordering::SeqCst);
                let held = Held(self.held.clone());
                let whole = Bytes::from(vec![b'x'; LONG]);
                let pieces =
                    futures_util::stream::unfold((whole, held), |(mut rest, held)| async {
                        if rest.is_empty() {
                            return None;
                        }
                        let piece = rest.split_to(rest.len().min(1 << 20));
                        Some((Ok::<_, std::io::Error>(piece), (rest, held)))
                    });
                ([("content-type", "application/pdf")], Body::from_stream(pieces)).into_response()
            }
            "/length" => match to_bytes(request.into_body(), 64 << 20).await {
                Ok(body) => body.len().to_string().into_response(),
                Err(_) => StatusCode::BAD_REQUEST.into_response(),
            },
            _ => "ok".into_response(),
        }
    }
}
