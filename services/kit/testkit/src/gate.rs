//! A server that goes away and comes back on the same address: a TCP proxy
//! with a switch.

use std::{
    net::{Ipv4Addr, SocketAddr},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{
        TcpListener, TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    task::{AbortHandle, JoinHandle},
};

/// The proxy; open at first.
pub struct Gate {
    address: SocketAddr,
    shared: Arc<Shared>,
    accepting: JoinHandle<()>,
}

struct Shared {
    open: AtomicBool,
    /// So many bytes pass yet, either way.
    left: AtomicUsize,
    connections: Mutex<Vec<AbortHandle>>,
}

impl Gate {
    /// A proxy in front of `server`, `host:port`.
    pub async fn before(server: String) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let shared = Arc::new(Shared {
            open: AtomicBool::new(true),
            left: AtomicUsize::new(usize::MAX),
            connections: Mutex::default(),
        });
        let accepting = tokio::spawn({
            let shared = shared.clone();
            async move {
                loop {
                    let (client, _) = listener.accept().await.unwrap();
                    if !shared.open.load(Ordering::SeqCst) {
                        continue;
                    }
                    let (server, passing) = (server.clone(), shared.clone());
                    let connection = tokio::spawn(async move {
                        if let Ok(server) = TcpStream::connect(server).await {
                            passing.connect(client, server).await;
                        }
                    });
                    shared.connections().push(connection.abort_handle());
                }
            }
        });
        Self { address, shared, accepting }
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Ends what is open and turns everybody away.
    pub fn shut(&self) {
        self.shared.shut();
    }

    /// The same once so many more bytes have passed: in the middle of something.
    pub fn shut_after(&self, bytes: usize) {
        self.shared.left.store(bytes, Ordering::SeqCst);
    }

    /// Lets everybody through again.
    pub fn open(&self) {
        self.shared.left.store(usize::MAX, Ordering::SeqCst);
        self.shared.open.store(true, Ordering::SeqCst);
    }
}

impl Shared {
    fn shut(&self) {
        self.open.store(false, Ordering::SeqCst);
        for connection in self.connections().drain(..) {
            connection.abort();
        }
    }

    async fn connect(&self, client: TcpStream, server: TcpStream) {
        let (from_client, to_client) = client.into_split();
        let (from_server, to_server) = server.into_split();
        tokio::join!(self.pass(from_client, to_server), self.pass(from_server, to_client));
    }

    async fn pass(&self, mut from: OwnedReadHalf, mut to: OwnedWriteHalf) {
        let mut chunk = vec![0; 4096];
        while let Ok(length @ 1..) = from.read(&mut chunk).await {
            let fewer = |left: usize| left.checked_sub(length);
            if self.left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, fewer).is_err() {
                return self.shut();
            }
            if to.write_all(&chunk[..length]).await.is_err() {
                return;
            }
        }
        let _ = to.shutdown().await;
    }

    fn connections(&self) -> std::sync::MutexGuard<'_, Vec<AbortHandle>> {
        self.connections.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Gate {
    fn drop(&mut self) {
        self.shut();
        self.accepting.abort();
    }
}
