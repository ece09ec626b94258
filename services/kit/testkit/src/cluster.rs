//! The servers of a test run.

use blob::BlobStore;
use embedded::{
    postgres::{Options, Postgres},
    s3::S3,
};
use sqlx::{AssertSqlSafe, Connection as _, PgConnection, postgres::PgConnectOptions};
use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::atomic::{AtomicU32, Ordering},
};
use tempfile::TempDir;
use tenancy::{DatabaseConfig, MasterKey, PlacementConfig, Provisioner};
use tokio::sync::{Mutex, OnceCell};

/// The role that creates tenants in tests, as in an installation.
const PROVISIONER: &str = "sotay_provisioner";
const PASSWORD: &str = "provisioner-of-tests";

/// The servers of a run. They end with the process.
pub struct Cluster {
    postgres: Postgres,
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
    /// The folder of that bucket's objects.
    pub bucket: PathBuf,
}

impl Cluster {
    /// Starts the servers.
    pub async fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let options = Options {
            bin: bundle(),
            data: folder.path().join("postgres"),
            max_connections: 300,
            durable: false,
        };
        let postgres = Postgres::start(options)
            .await
            .unwrap_or_else(|e| panic!("{e}\n{}", e.detail().unwrap_or_default()));
        let s3 = S3::start(&folder.path().join("s3")).await.unwrap();
        let cluster = Self {
            postgres,
            s3,
            folder,
            next: AtomicU32::new(0),
            template: OnceCell::new(),
            copying: Mutex::new(()),
        };
        cluster
            .superuser(&format!(
                "CREATE ROLE {PROVISIONER} LOGIN CREATEROLE CREATEDB PASSWORD '{PASSWORD}'"
            ))
            .await;
        cluster
    }

    /// An empty database that the provisioner owns.
    pub async fn empty(&self) -> TestDatabase {
        let name = self.name();
        self.superuser(&format!("CREATE DATABASE {name} OWNER {PROVISIONER}")).await;
        self.database(name).await
    }

    /// A copy of the template, which `fill` fills at the first call.
    pub async fn copy(&self, fill: impl AsyncFnOnce(&TestDatabase)) -> TestDatabase {
        self.template
            .get_or_init(async || {
                self.superuser(&format!("CREATE DATABASE template_of_tests OWNER {PROVISIONER}"))
                    .await;
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
        &self.postgres
    }

    /// Runs SQL as the superuser, in the database `postgres`.
    pub async fn superuser(&self, sql: &str) {
        let options = PgConnectOptions::new_without_pgpass()
            .socket(self.postgres.socket_dir())
            .port(self.postgres.port())
            .username(self.postgres.superuser())
            .password(self.postgres.superuser_password())
            .database("postgres");
        let mut connection = PgConnection::connect_with(&options).await.unwrap();
        for statement in sql.split(';').filter(|statement| !statement.trim().is_empty()) {
            sqlx::raw_sql(AssertSqlSafe(statement.to_owned()))
                .execute(&mut connection)
                .await
                .unwrap();
        }
        connection.close().await.unwrap();
    }

    async fn database(&self, name: String) -> TestDatabase {
        let bucket = name.replace('_', "-");
        let blob = BlobStore::new(blob::Config {
            endpoint: Some(self.s3.endpoint().into()),
            region: self.s3.region().into(),
            bucket: bucket.clone(),
            access_key: self.s3.access_key().into(),
            secret_key: self.s3.secret_key().into(),
            path_style: true,
        });
        blob.ensure_bucket().await.unwrap();
        let placement = PlacementConfig {
            host: self.postgres.socket_dir().display().to_string(),
            port: self.postgres.port(),
            database: name.clone(),
            tls: false,
        };
        let config = DatabaseConfig {
            budget: 12,
            per_tenant: 6,
            placements: BTreeMap::from([("main".into(), placement)]),
        };
        let bucket = self.folder.path().join("s3").join(bucket);
        TestDatabase { name, config, key: MasterKey::new([7; 32]), blob, bucket }
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

    /// A connection as any role whose password is derived.
    ///
    /// # Errors
    /// When the server refuses the login.
    pub async fn connect(&self, role: &str) -> Result<PgConnection, sqlx::Error> {
        let password = self.key.role_password(role, 1);
        PgConnection::connect_with(&self.config.placements["main"].options(role, &password)).await
    }
}

/// The programs: where the environment says, or where `make` puts them.
fn bundle() -> PathBuf {
    std::env::var_os("SOTAY_POSTGRES").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../.cache/postgresql-18.6.3"),
        PathBuf::from,
    )
}
