//! The services behind the gateway, all in this process or some of them.

use crate::{Config, Fault, Installation, Part, Parts};
use blob::BlobStore;
use directory::account::Passwords;
use gateway::{Door, Hosts, Ready, upstream::Inner};
use kernel::World;
use std::{collections::BTreeMap, sync::Arc};
use tenancy::{DatabaseConfig, MasterKey, Relay, Tenants};
use tokio::{sync::watch, task::JoinSet};
use web::{App, Policy, RouteInfo, Routes};

/// The platform, ready to answer.
#[derive(Clone)]
pub struct Platform {
    /// What every handler shares.
    pub app: App,
    /// The gateway.
    pub door: Door,
    /// Where other processes' gateways ask.
    pub inner: Inner,
    /// How the parts are doing, at every listener that is asked.
    pub ready: Ready,
    /// What folds events.
    pub relay: Relay,
    /// Hashes passwords.
    pub passwords: Passwords,
    /// The bucket.
    pub blob: BlobStore,
    /// Every route with its operation.
    pub routes: Vec<RouteInfo>,
    /// Whether events are folded here.
    folds: bool,
}

/// Every route of every service, as this process answers it.
#[must_use]
pub fn routes(blob: &BlobStore, passwords: Passwords, parts: &Parts) -> Routes {
    parts
        .place(Part::Gateway, gateway::home::routes())
        .merge(parts.place(Part::Directory, directory::routes(blob.clone(), passwords)))
        .merge(parts.place(Part::Documents, documents::routes(blob.clone())))
        .merge(parts.place(Part::Meetings, meetings::routes()))
        .merge(parts.place(Part::Adoption, adoption::routes()))
}

impl Platform {
    /// Everything in this process, on an installation.
    ///
    /// # Errors
    /// See [`Platform::assemble`].
    pub async fn of(installation: &Installation, config: &Config) -> Result<Self, Fault> {
        Self::with(installation, config, &Parts::all()).await
    }

    /// Some parts in this process, on an installation.
    ///
    /// # Errors
    /// See [`Platform::assemble`].
    pub async fn with(
        installation: &Installation,
        config: &Config,
        parts: &Parts,
    ) -> Result<Self, Fault> {
        let (database, key, blob) =
            (&installation.database, installation.key.clone(), installation.blob.clone());
        let mut platform =
            Self::assemble(database, key, blob, World::system(), config.bases.clone(), parts)
                .await?;
        let proxies = config.http.trusted_proxies.clone();
        // Whoever has a place has a connection: see `Limits::work`.
        platform.door = platform.door.limited(&config.limits.within(database), proxies);
        Ok(platform)
    }

    /// Puts the services together. Opens a connection to the registry.
    ///
    /// # Errors
    /// When the database is away, lacks the platform's schema, or the policy is
    /// at odds with the routes.
    pub async fn assemble(
        database: &DatabaseConfig,
        key: MasterKey,
        blob: BlobStore,
        world: World,
        bases: Vec<String>,
        parts: &Parts,
    ) -> Result<Self, Fault> {
        let tenants = Tenants::connect(database, key).await.map_err(|error| {
            let main = &database.placements["main"];
            Fault::new(format!(
                "{error} Máy chủ «main» ở {}:{}, cơ sở dữ liệu «{}»: hãy kiểm tra máy chủ có đang chạy và cấu hình database.placements.main có đúng không. Nếu đây là bản cài đặt mới, hãy chạy trước: sotay migrate",
                main.host, main.port, main.database
            ))
        })?;
        let passwords = Passwords::new(world.clone());
        let all = routes(&blob, passwords.clone(), parts);
        let infos = all.infos().to_vec();
        let operations: Vec<&str> = infos.iter().map(|info| info.operation).collect();
        let policy = Policy::compile(all.policies(), &operations).await?;
        let app = App {
            tenants: tenants.clone(),
            world,
            policy: Arc::new(policy),
            nav: all.nav_entries().into(),
        };
        let (router, api) = all.into_parts(app.clone());
        let ready = Ready::new(tenants.clone(), blob.clone(), parts.remotes());
        let door = Door::new(app.clone(), router.clone(), Hosts { bases }, &api, ready.clone())?;
        let inner = Inner::new(app.clone(), router);
        let relay = Relay::new(tenants, adoption::folds(), adoption::outlets(app.world.clone()));
        let folds = parts.runs(Part::Adoption);
        Ok(Self { app, door, inner, ready, relay, passwords, blob, routes: infos, folds })
    }

    /// The authorisation matrix: operation → roles.
    #[must_use]
    pub fn matrix(&self) -> BTreeMap<&str, Vec<&'static str>> {
        self.app.policy.matrix()
    }

    /// Starts what works beside the requests: following the registry, and folding
    /// or telling the process that does.
    #[must_use]
    pub fn background(&self) -> JoinSet<()> {
        let mut tasks = JoinSet::new();
        let (tenants, relay) = (self.app.tenants.clone(), self.relay.clone());
        tasks.spawn(async move { tenants.keep_up().await });
        if self.folds {
            tasks.spawn(async move { relay.run().await });
        } else {
            let tenants = self.app.tenants.clone();
            tasks.spawn(async move { tenants.announce().await });
        }
        let door = self.door.clone();
        tasks.spawn(async move { door.keep().await });
        tasks.spawn(crate::private::measure(self.app.tenants.clone()));
        tasks
    }
}

/// Turns true when the process is asked to stop: Ctrl-C or SIGTERM. SIGHUP asks
/// for the certificates to be looked at, and ends nobody who shows none.
#[must_use]
pub fn stop_signal() -> watch::Receiver<bool> {
    use tokio::signal::unix::{SignalKind, signal};
    if let Err(error) = signal(SignalKind::hangup()) {
        tracing::error!("SIGHUP cannot be heard, and would end this process: {error}");
    }
    let (send, receive) = watch::channel(false);
    tokio::spawn(async move {
        let Ok(mut terminate) = signal(SignalKind::terminate()) else { return };
        tokio::select! {
            _ = tokio::signal::ctrl_c() => {}
            _ = terminate.recv() => {}
        }
        let _ = send.send(true);
    });
    receive
}
