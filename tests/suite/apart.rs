//! Every service behind a socket of its own, as in an installation of several
//! processes. The scenarios run once in this manner and once in one process,
//! and cannot tell.

use gateway::listen::{self, Bounds};
use kernel::World;
use sotay::{Config, Part, Parts, Platform, parts::identity};
use std::{
    collections::BTreeMap,
    env,
    net::{Ipv4Addr, SocketAddr},
    sync::Arc,
};
use tempfile::TempDir;
use testkit::TestDatabase;
use tokio::{net::TcpListener, sync::watch, task::JoinHandle};

/// Whether this run is the one with the services apart.
pub fn wanted() -> bool {
    env::var("SUITE_ROLES").is_ok_and(|roles| roles == "apart")
}

/// The services that run beside a gateway. They end with it.
pub struct Services {
    database: TestDatabase,
    world: World,
    pub config: Config,
    running: BTreeMap<Part, (watch::Sender<bool>, JoinHandle<()>)>,
    _data: TempDir,
}

impl Services {
    /// Every service but the gateway.
    pub async fn start(database: &TestDatabase, world: &World) -> Self {
        let data = tempfile::tempdir().unwrap();
        let config = Config { data: data.path().into(), ..Config::default() };
        let mut services = Self {
            database: database.clone(),
            world: world.clone(),
            config,
            running: BTreeMap::new(),
            _data: data,
        };
        for part in Part::ALL.into_iter().filter(|part| *part != Part::Gateway) {
            services.begin(part).await;
        }
        services
    }

    /// Starts one, where it was before if it was there before.
    pub async fn begin(&mut self, part: Part) {
        let platform = self.platform(part).await;
        let before = self.config.upstreams.get(&part).map(|text| text.parse().unwrap());
        let address = before.unwrap_or_else(|| SocketAddr::from((Ipv4Addr::LOCALHOST, 0)));
        let listener = TcpListener::bind(address).await.unwrap();
        self.config.upstreams.insert(part, listener.local_addr().unwrap().to_string());
        let tls = identity(&self.config, &self.world).unwrap().server().unwrap();
        let (stop, stopped) = watch::channel(false);
        let task = tokio::spawn(async move {
            let tls = Some(Arc::new(tls));
            listen::serve(listener, tls, Bounds::internal(), platform.inner.clone(), stopped).await;
            platform.app.tenants.close().await;
        });
        self.running.insert(part, (stop, task));
    }

    /// Stops one.
    pub async fn end(&mut self, part: Part) {
        let (stop, task) = self.running.remove(&part).unwrap();
        stop.send(true).unwrap();
        task.await.unwrap();
    }

    /// A process with one part.
    pub async fn platform(&self, part: Part) -> Platform {
        let Self { database, world, config, .. } = self;
        let parts = Parts::some([part].into(), config, &database.key, world).unwrap();
        Platform::assemble(
            &database.config,
            database.key.clone(),
            database.blob.clone(),
            world.clone(),
            vec!["localhost".into()],
            &parts,
        )
        .await
        .unwrap()
    }
}
