//! The certificates that the TLS socket shows: one pair for every host, and a
//! pair of their own for the hosts that have one. Taken from files, or from
//! the development authority, and followed while the server runs: what changes
//! is shown to the next connection, and what is broken is not taken.

mod pair;

use crate::{Config, Fault, Platform};
use embedded::ca::DevCa;
use kernel::World;
use pair::{Mark, Source};
use rustls::{
    ServerConfig,
    server::{ClientHello, ResolvesServerCert},
    sign::CertifiedKey,
};
use std::{
    collections::HashMap,
    fmt,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError, RwLock},
    time::Duration,
};
use tenancy::Tenants;
use tokio::signal::unix::{SignalKind, signal};

/// What a connection may be shown: the pair for all hosts under `None`.
type Shown = HashMap<Option<String>, Arc<CertifiedKey>>;

/// The certificates in use.
pub struct Certificates {
    /// The pair for hosts without one of their own.
    general: Option<Source>,
    /// `<host>.pem` and `<host>.key`, for each host that has them.
    folder: Option<PathBuf>,
    /// What was seen of each pair.
    marks: Mutex<HashMap<Option<String>, Seen>>,
    shown: RwLock<Arc<Shown>>,
}

/// Whether two PEM files are a certificate and its key.
///
/// # Errors
/// A sentence that names the files and says what is wrong.
pub(crate) fn try_pair(chain: &Path, key: &Path) -> Result<(), String> {
    Source::Files { chain: chain.into(), key: key.into() }.load(None).map(drop)
}

/// How a pair looked.
struct Seen {
    /// When it was last taken or refused.
    judged: Option<Mark>,
    /// At the last look.
    last: Mark,
}

impl Certificates {
    /// Reads what is configured.
    ///
    /// # Errors
    /// When the pair for all hosts cannot be used. A host's own pair that
    /// cannot be used is logged, and leaves that host with the one for all.
    pub fn open(config: &Config, platform: &Platform) -> Result<Arc<Self>, Fault> {
        let app = &platform.app;
        Self::of(config, app.tenants.clone(), app.world.clone())
    }

    fn of(config: &Config, tenants: Tenants, world: World) -> Result<Arc<Self>, Fault> {
        let https = &config.https;
        let general = match (&https.certificate, &https.key) {
            (Some(chain), Some(key)) => {
                Some(Source::Files { chain: chain.clone(), key: key.clone() })
            }
            // With certificates of its own, an installation needs no development authority.
            _ if https.certificates.is_some() => None,
            _ => {
                let ca = DevCa::load_or_create(&config.data.join("ca"), world.now())?;
                let bases = config.bases.clone();
                Some(Source::Development(Box::new(pair::Development { ca, bases, tenants, world })))
            }
        };
        let certificates = Self {
            general,
            folder: https.certificates.clone(),
            marks: Mutex::default(),
            shown: RwLock::default(),
        };
        if let Some(source) = &certificates.general {
            let key = source.load(None).map_err(Fault::new)?;
            let mark = source.mark();
            let seen = Seen { judged: Some(mark.clone()), last: mark };
            certificates.marks().insert(None, seen);
            certificates.publish(HashMap::from([(None, Arc::new(key))]));
        }
        certificates.hosts().map_err(Fault::new)?;
        certificates.look(true);
        Ok(Arc::new(certificates))
    }

    /// TLS as the public socket speaks it.
    ///
    /// # Errors
    /// When the library has no protocol version in common with itself.
    pub fn server(self: &Arc<Self>) -> Result<Arc<ServerConfig>, Fault> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut tls = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| Fault::new(error.to_string()))?
            .with_no_client_auth()
            .with_cert_resolver(self.clone());
        tls.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Ok(Arc::new(tls))
    }

    /// Follows the files and the tenants until it is cancelled: looks every so
    /// often, and at once when told by SIGHUP.
    pub async fn keep_up(self: Arc<Self>, every: Duration) {
        let mut told = match signal(SignalKind::hangup()) {
            Ok(told) => told,
            Err(error) => {
                tracing::error!("SIGHUP cannot be heard, certificates are not followed: {error}");
                return;
            }
        };
        let mut tick = tokio::time::interval(every);
        tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            let at_once = tokio::select! {
                _ = tick.tick() => false,
                _ = told.recv() => true,
            };
            let this = self.clone();
            if let Err(error) = tokio::task::spawn_blocking(move || this.look(at_once)).await {
                tracing::error!("the certificates could not be looked at: {error}");
            }
        }
    }

    /// Takes what has changed. Files change one after the other, so a change
    /// is believed when it looks the same twice, or `at_once` when told.
    fn look(&self, at_once: bool) {
        let hosts = match self.hosts() {
            Ok(hosts) => hosts,
            Err(why) => {
                tracing::error!("{why}");
                return;
            }
        };
        let mut shown = Shown::clone(&self.shown());
        let mut marks = self.marks();
        let named =
            |name: &Option<String>| name.as_ref().is_none_or(|host| hosts.contains_key(host));
        shown.retain(|name, _| named(name));
        marks.retain(|name, _| named(name));
        let general = self.general.iter().map(|source| (None, source));
        for (name, source) in general.chain(hosts.iter().map(|(h, s)| (Some(h.clone()), s))) {
            let mark = source.mark();
            let seen = marks
                .entry(name.clone())
                .or_insert_with(|| Seen { judged: None, last: Mark::default() });
            let settled = at_once || seen.last == mark;
            seen.last = mark.clone();
            if !settled || seen.judged.as_ref() == Some(&mark) {
                continue;
            }
            match source.load(name.as_deref()) {
                Ok(key) => {
                    tracing::info!("a new certificate for {} is shown", label(name.as_deref()));
                    shown.insert(name, Arc::new(key));
                }
                Err(why) => tracing::error!(
                    "the certificate for {} is not taken, {} stays: {why}",
                    label(name.as_deref()),
                    if shown.contains_key(&name) { "the former one" } else { "the general one" },
                ),
            }
            seen.judged = Some(mark);
        }
        drop(marks);
        self.publish(shown);
    }

    /// The pairs in the folder, by host.
    fn hosts(&self) -> Result<HashMap<String, Source>, String> {
        match &self.folder {
            None => Ok(HashMap::new()),
            Some(folder) => pair::in_folder(folder).map_err(|error| {
                format!("https.certificates: không đọc được thư mục {}: {error}", folder.display())
            }),
        }
    }

    fn marks(&self) -> std::sync::MutexGuard<'_, HashMap<Option<String>, Seen>> {
        self.marks.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn shown(&self) -> Arc<Shown> {
        self.shown.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn publish(&self, shown: Shown) {
        *self.shown.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(shown);
    }
}

impl ResolvesServerCert for Certificates {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let host = hello.server_name().map(str::to_ascii_lowercase);
        let shown = self.shown();
        shown.get(&host).or_else(|| shown.get(&None)).cloned()
    }
}

// Keys must never reach a log.
impl fmt::Debug for Certificates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Certificates").finish_non_exhaustive()
    }
}

fn label(name: Option<&str>) -> &str {
    name.unwrap_or("all other hosts")
}
