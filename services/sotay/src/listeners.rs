//! The two sockets, and serving on them until told to stop.

use crate::{Config, Fault, Platform, fault};
use embedded::ca::DevCa;
use gateway::listen;
use rustls::{
    ServerConfig,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _},
};
use std::{
    io::ErrorKind,
    net::{IpAddr, SocketAddr},
    sync::Arc,
};
use tokio::{net::TcpListener, sync::watch};

/// Bound sockets. Bound before anything else starts, so that a busy port costs
/// nobody's time.
pub struct Listeners {
    http: Option<TcpListener>,
    https: Option<TcpListener>,
}

impl Listeners {
    /// Binds the configured ports.
    ///
    /// # Errors
    /// When a port is busy or may not be used.
    pub async fn bind(config: &Config) -> Result<Self, Fault> {
        Ok(Self {
            http: bind(config.http.address, config.http.port, "http.port").await?,
            https: bind(config.https.address, config.https.port, "https.port").await?,
        })
    }

    /// `http://127.0.0.1:8080`, …
    #[must_use]
    pub fn addresses(&self) -> Vec<String> {
        let name = |scheme: &str, listener: &Option<TcpListener>| {
            listener.as_ref()?.local_addr().ok().map(|address| format!("{scheme}://{address}"))
        };
        [name("http", &self.http), name("https", &self.https)].into_iter().flatten().collect()
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
        let tls = match &self.https {
            Some(_) => Some(Arc::new(tls(config, platform)?)),
            None => None,
        };
        let mut background = platform.background();
        let mut doors = tokio::task::JoinSet::new();
        for (listener, tls) in [(self.http, None), (self.https, tls)] {
            let Some(listener) = listener else { continue };
            doors.spawn(listen::serve(listener, tls, platform.door.clone(), stop.clone()));
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

fn tls(config: &Config, platform: &Platform) -> Result<ServerConfig, Fault> {
    let (chain, key) = if let (Some(chain), Some(key)) =
        (&config.https.certificate, &config.https.key)
    {
        let read = |path: &std::path::Path| std::fs::read(path).map_err(|e| fault::file(path, &e));
        (read(chain)?, read(key)?)
    } else {
        let now = platform.app.world.now();
        let ca = DevCa::load_or_create(&config.data.join("ca"), now)?;
        // Wildcards right under a top-level name are not accepted: name the hosts.
        let names: Vec<String> = config
            .bases
            .iter()
            .flat_map(|base| {
                platform
                    .app
                    .tenants
                    .all()
                    .into_iter()
                    .map(move |tenant| format!("{}.{base}", tenant.id))
            })
            .chain(config.bases.iter().cloned())
            .collect();
        let leaf = ca.leaf_for(&names, now)?;
        (leaf.chain_pem.into_bytes(), leaf.key_pem.into_bytes())
    };
    let unusable = |what: &str| Fault::new(format!("https.certificate, https.key: {what}"));
    let chain: Vec<CertificateDer> = CertificateDer::pem_slice_iter(&chain)
        .collect::<Result<_, _>>()
        .map_err(|_| unusable("tệp chứng thư không phải PEM"))?;
    let key =
        PrivateKeyDer::from_pem_slice(&key).map_err(|_| unusable("tệp khóa không phải PEM"))?;
    let mut tls =
        ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(|e| unusable(&e.to_string()))?
            .with_no_client_auth()
            .with_single_cert(chain, key)
            .map_err(|e| unusable(&e.to_string()))?;
    tls.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(tls)
}
