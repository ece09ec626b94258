//! The sockets, and serving on them until told to stop.

use crate::{Certificates, Config, Fault, Platform, parts, private::Private};
use gateway::listen::{self, Bounds};
use std::{
    io::ErrorKind,
    net::{IpAddr, SocketAddr},
    sync::Arc,
    time::Duration,
};
use tokio::{net::TcpListener, sync::watch};

/// How often the certificates are looked at.
const CERTIFICATES: Duration = Duration::from_secs(3);

/// Bound sockets. Bound before anything else starts, so that a busy port costs
/// nobody's time.
pub struct Listeners {
    http: Option<TcpListener>,
    https: Option<TcpListener>,
    internal: Option<TcpListener>,
    private: Option<TcpListener>,
}

impl Listeners {
    /// Binds the configured ports: for people where the gateway runs, for other
    /// processes where it is asked for.
    ///
    /// # Errors
    /// When a port is busy or may not be used, or when nobody could reach this
    /// process.
    pub async fn bind(config: &Config, gateway: bool) -> Result<Self, Fault> {
        let Config { http, https, internal, .. } = config;
        if !gateway && internal.port == 0 {
            return Err(Fault::new(
                "internal.port: tiến trình không chạy gateway cần một cổng nội bộ để gateway gọi tới",
            ));
        }
        let public = |port: u16| if gateway { port } else { 0 };
        Ok(Self {
            http: bind(http.address, public(http.port), "http.port").await?,
            https: bind(https.address, public(https.port), "https.port").await?,
            internal: bind(internal.address, internal.port, "internal.port").await?,
            private: bind(config.private.address, config.private.port, "private.port").await?,
        })
    }

    /// `http://127.0.0.1:8080`, …
    #[must_use]
    pub fn addresses(&self) -> Vec<String> {
        let name = |scheme: &str, listener: &Option<TcpListener>| {
            listener.as_ref()?.local_addr().ok().map(|address| format!("{scheme}://{address}"))
        };
        [name("http", &self.http), name("https", &self.https), name("internal", &self.internal)]
            .into_iter()
            .flatten()
            .collect()
    }

    /// Serves until `stop` turns true; then requests under way are finished,
    /// background work ends and connections are closed.
    ///
    /// # Errors
    /// When the certificate cannot be used.
    pub async fn serve(
        self,
        config: &Config,
        platform: &Platform,
        stop: watch::Receiver<bool>,
    ) -> Result<(), Fault> {
        let mut background = platform.background();
        let tls = match &self.https {
            Some(_) => {
                let certificates = Certificates::open(config, platform)?;
                background.spawn(certificates.clone().keep_up(CERTIFICATES));
                Some(certificates.server()?)
            }
            None => None,
        };
        let limits = Bounds {
            connections: config.connections.most,
            per_address: config.connections.per_address,
            ..Bounds::default()
        };
        let mut doors = tokio::task::JoinSet::new();
        for (listener, tls) in [(self.http, None), (self.https, tls)] {
            let Some(listener) = listener else { continue };
            doors.spawn(listen::serve(listener, tls, limits, platform.door.clone(), stop.clone()));
        }
        if let Some(listener) = self.internal {
            let tls = parts::identity(config, &platform.app.world)?.server()?;
            let door = platform.inner.clone();
            let tls = Some(Arc::new(tls));
            doors.spawn(listen::serve(listener, tls, Bounds::internal(), door, stop.clone()));
        }
        if let Some(listener) = self.private {
            let answer = Private::new(platform);
            doors.spawn(listen::serve(listener, None, Bounds::default(), answer, stop));
        }
        while doors.join_next().await.is_some() {}
        background.shutdown().await;
        platform.app.tenants.close().await;
        Ok(())
    }
}

async fn bind(address: IpAddr, port: u16, key: &str) -> Result<Option<TcpListener>, Fault> {
    if port == 0 {
        return Ok(None);
    }
    match TcpListener::bind(SocketAddr::new(address, port)).await {
        Ok(listener) => Ok(Some(listener)),
        Err(error) => Err(Fault::new(match error.kind() {
            ErrorKind::AddrInUse => format!(
                "Cổng {port} đang có chương trình khác dùng: dừng chương trình đó, hoặc chọn cổng khác ({key})."
            ),
            ErrorKind::PermissionDenied => format!(
                "Không được phép mở cổng {port}: chọn cổng từ 1024 trở lên ({key}) hoặc cấp quyền cho người dùng đang chạy."
            ),
            _ => format!("Không mở được cổng {port} tại {address}: {error} ({key})."),
        })),
    }
}
