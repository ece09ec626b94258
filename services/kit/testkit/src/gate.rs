//! A server that goes away and comes back on the same address: a TCP proxy
//! with a switch.

use std::{
    net::{Ipv4Addr, SocketAddr},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};
use tokio::{
    net::{TcpListener, TcpStream},
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
    connections: Mutex<Vec<AbortHandle>>,
}

impl Gate {
    /// A proxy in front of `server`, `host:port`.
    pub async fn before(server: String) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let shared =
            Arc::new(Shared { open: AtomicBool::new(true), connections: Mutex::default() });
        let accepting = tokio::spawn({
            let shared = shared.clone();
            async move {
                loop {
                    let (mut client, _) = listener.accept().await.unwrap();
                    if !shared.open.load(Ordering::SeqCst) {
                        continue;
                    }
                    let server = server.clone();
                    let connection = tokio::spawn(async move {
                        if let Ok(mut server) = TcpStream::connect(server).await {
                            let _ = tokio::io::copy_bidirectional(&mut client, &mut server).await;
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
        self.shared.open.store(false, Ordering::SeqCst);
        for connection in self.shared.connections().drain(..) {
            connection.abort();
        }
    }

    /// Lets everybody through again.
    pub fn open(&self) {
        self.shared.open.store(true, Ordering::SeqCst);
    }
}

impl Shared {
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
