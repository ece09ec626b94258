//! The servers of a test run.

use crate::server::{PASSWORD, PROVISIONER, Server};
use blob::BlobStore;
use embedded::{postgres::Postgres, s3::S3};
use sqlx::{Connection as _, PgConnection};
use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process,
    sync::atomic::{AtomicU32, Ordering},
};
use tempfile::TempDir;
use tenancy::{DatabaseConfig, MasterKey, Provisioner};
use tokio::sync::{Mutex, OnceCell};

/// The servers of a run. They end with the process.
pub struct Cluster {
    main: Server,
    second: OnceCell<Server>,
    s3: S3,
    folder: TempDir,
    next: AtomicU32,
    template: OnceCell<()>,
    /// A template cannot be copied twice at the same moment.
    copying: Mutex<()>,
}

/// A database of one test.
#[derive(Clone)]
pub struct TestDatabase {
    /// Its name.
    pub name: String,
    /// How to reach it.
    pub config: DatabaseConfig,
    /// The master key, the same in every test.
    pub key: MasterKey,
    /// A bucket of its own.
    pub blob: BlobStore,
    /// How to reach that bucket.
    pub blob_config: blob::Config,
    /// The folder of that bucket's objects.
    pub bucket: PathBuf,
}

/// How the folders of runs begin; the process follows.
const PREFIX: &str = "sotay-test.";

/// A folder for the servers of this run. They end with the process, which has no
/// hand left then to remove it: the next run does.
fn folder() -> TempDir {
    let ended = |name: &str| {
        name.strip_prefix(PREFIX)
            .and_then(|rest| rest.split_once('.'))
            .is_some_and(|(pid, _)| !Path::new("/proc").join(pid).exists())
    };
    if Path::new("/proc/self").exists() {
        for entry in fs::read_dir(std::env::temp_dir()).unwrap().flatten() {
            if entry.file_name().to_str().is_some_and(ended) {
                // Another run may be at it too.
                let _ = fs::remove_dir_all(entry.path());
            }
        }
    }
    tempfile::Builder::new().prefix(&format!("{PREFIX}{}.", process::id())).tempdir().unwrap()
}

impl Cluster {
    /// Starts the servers.
    pub async fn start() -> Self {
        let folder = folder();
        let main = Server::start(&folder.path().join("postgres"), 300).await;
        let s3 = S3::start(&folder.path().join("s3")).await.unwrap();
        Self {
            main,
            second: OnceCell::new(),
            s3,
            folder,
            next: AtomicU32::new(0),
            template: OnceCell::new(),
            copying: Mutex::new(()),
        }
    }

    /// An empty database that the provisioner owns.
    pub async fn empty(&self) -> TestDatabase {
        let name = self.name();
        self.main.create_database(&name).await;
        self.database(name).await
    }

    /// The same with a second placement, `second`, on a server of its own,
    /// which starts at the first call.
    pub async fn empty_on_two(&self) -> TestDatabase {
        let folder = self.folder.path().join("postgres-2");
        let second = self.second.get_or_init(async || Server::start(&folder, 100).await).await;
        self.empty_beside(second).await
    }

    /// The same with a server that the test may stop.
    pub async fn empty_beside(&self, second: &Server) -> TestDatabase {
        let mut database = self.empty().await;
        second.create_database(&database.name).await;
        database.config.placements.insert("second".into(), second.placement(&database.name));
        database
    }

    /// A copy of the template, which `fill` fills at the first call.
    pub async fn copy(&self, fill: impl AsyncFnOnce(&TestDatabase)) -> TestDatabase {
        self.template
            .get_or_init(async || {
                self.main.create_database("template_of_tests").await;
                fill(&self.database("template_of_tests".into()).await).await;
                // A connection that is just closing still holds the template.
                self.superuser("ALTER DATABASE template_of_tests ALLOW_CONNECTIONS false").await;
            })
            .await;
        let name = self.name();
        let _turn = self.copying.lock().await;
        self.superuser(&format!(
            "CREATE DATABASE {name} TEMPLATE template_of_tests OWNER {PROVISIONER} STRATEGY wal_log"
        ))
        .await;
        // Rights on a database are not copied with it.
        let grants = format!(
            "REVOKE ALL ON DATABASE {name} FROM PUBLIC;
             GRANT CONNECT ON DATABASE {name} TO sotay_platform, sotay_tenant"
        );
        self.superuser(&grants).await;
        self.database(name).await
    }

    /// The embedded server itself.
    #[must_use]
    pub fn postgres(&self) -> &Postgres {
        self.main.postgres()
    }

    /// Runs SQL as the superuser, in the database `postgres`.
    pub async fn superuser(&self, sql: &str) {
        self.main.superuser(sql).await;
    }

    /// A bucket, and the name of a database that is nowhere yet.
    pub(crate) async fn bucket_only(&self) -> TestDatabase {
        let name = self.name();
        self.database(name).await
    }

    /// Where the S3 server listens, `host:port`.
    #[must_use]
    pub fn s3_address(&self) -> String {
        self.s3.endpoint().trim_start_matches("http://").to_owned()
    }

    async fn database(&self, name: String) -> TestDatabase {
        let bucket = name.replace('_', "-");
        let blob_config = blob::Config {
            endpoint: Some(self.s3.endpoint().into()),
            region: self.s3.region().into(),
            bucket: bucket.clone(),
            access_key: self.s3.access_key().into(),
            secret_key: self.s3.secret_key().into(),
            path_style: true,
        };
        let blob = BlobStore::new(blob_config.clone());
        blob.ensure_bucket().await.unwrap();
        let config = DatabaseConfig {
            budget: 12,
            per_tenant: 6,
            placements: BTreeMap::from([("main".into(), self.main.placement(&name))]),
        };
        let bucket = self.folder.path().join("s3").join(bucket);
        TestDatabase { name, config, key: MasterKey::new([7; 32]), blob, blob_config, bucket }
    }

    fn name(&self) -> String {
        format!("test_{}", self.next.fetch_add(1, Ordering::Relaxed))
    }
}

impl TestDatabase {
    /// Who creates tenants in it.
    #[must_use]
    pub fn provisioner(&self) -> Provisioner {
        Provisioner::new(&self.config, PROVISIONER, PASSWORD, self.key.clone())
    }

    /// Its bucket, reached through another endpoint.
    #[must_use]
    pub fn bucket_at(&self, endpoint: &str) -> BlobStore {
        BlobStore::new(blob::Config { endpoint: Some(endpoint.into()), ..self.blob_config.clone() })
    }

    /// A connection as any role whose password is derived.
    ///
    /// # Errors
    /// When the server refuses the login.
    pub async fn connect(&self, role: &str) -> Result<PgConnection, sqlx::Error> {
        self.connect_to("main", role).await
    }

    /// The same on any placement.
    ///
    /// # Errors
    /// When the server refuses the login.
    pub async fn connect_to(
        &self,
        placement: &str,
        role: &str,
    ) -> Result<PgConnection, sqlx::Error> {
        let password = self.key.role_password(role, 1);
        let options = self.config.placements[placement].options(role, &password);
        PgConnection::connect_with(&options).await
    }
}
