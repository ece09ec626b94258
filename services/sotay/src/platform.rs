//! All services behind the gateway, in one process.

use crate::{Config, Fault, Installation};
use blob::BlobStore;
use directory::account::Passwords;
use gateway::{Door, Hosts, Upstream};
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
    /// What folds events.
    pub relay: Relay,
    /// Hashes passwords.
    pub passwords: Passwords,
    /// The bucket.
    pub blob: BlobStore,
    /// Every route with its operation.
    pub routes: Vec<RouteInfo>,
}

/// Every route of every service.
#[must_use]
pub fn routes(blob: &BlobStore, passwords: Passwords) -> Routes {
    gateway::home::routes()
        .merge(directory::routes(blob.clone(), passwords))
        .merge(documents::routes(blob.clone()))
        .merge(meetings::routes())
        .merge(adoption::routes())
}

impl Platform {
    /// The platform on an installation.
    ///
    /// # Errors
    /// See [`Platform::assemble`].
    pub async fn of(installation: &Installation, config: &Config) -> Result<Self, Fault> {
        let (database, key, blob) =
            (&installation.database, installation.key.clone(), installation.blob.clone());
        let mut platform =
            Self::assemble(database, key, blob, World::system(), config.bases.clone()).await?;
        let proxies = config.http.trusted_proxies.clone();
        platform.door = platform.door.limited(&config.limits, proxies);
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
    ) -> Result<Self, Fault> {
        let tenants = Tenants::connect(database, key).await.map_err(|error| {
            Fault::new(format!("{error} Nếu đây là bản cài đặt mới, hãy chạy trước: sotay migrate"))
        })?;
        let passwords = Passwords::new(world.clone())?;
        let all = routes(&blob, passwords.clone());
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
        let door = Door::new(app.clone(), Upstream::local(router), Hosts { bases }, &api)?;
        let relay = Relay::new(tenants, adoption::folds(), adoption::outlets(app.world.clone()));
        Ok(Self { app, door, relay, passwords, blob, routes: infos })
    }

    /// The authorisation matrix: operation → roles.
    #[must_use]
    pub fn matrix(&self) -> BTreeMap<&str, Vec<&'static str>> {
        self.app.policy.matrix()
    }

    /// Starts what works beside the requests: following the registry, folding.
    #[must_use]
    pub fn background(&self) -> JoinSet<()> {
        let mut tasks = JoinSet::new();
        let (tenants, relay) = (self.app.tenants.clone(), self.relay.clone());
        tasks.spawn(async move { tenants.keep_up().await });
        tasks.spawn(async move { relay.run().await });
        let door = self.door.clone();
        tasks.spawn(async move { door.keep().await });
        tasks
    }
}

/// Turns true when the process is asked to stop: Ctrl-C or SIGTERM.
#[must_use]
pub fn stop_signal() -> watch::Receiver<bool> {
    use tokio::signal::unix::{SignalKind, signal};
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
