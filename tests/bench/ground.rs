//! The servers of a run: a durable `PostgreSQL` with the settings it has when
//! it is brought along, and an S3 server, both reached by `sotay` as servers of
//! an operator's own would be.

use crate::Result;
use blob::BlobStore;
use embedded::{
    postgres::{Options, Postgres},
    s3::S3,
};
use kernel::World;
use sotay::{Parts, Platform};
use sqlx::{AssertSqlSafe, Connection as _, PgConnection, postgres::PgConnectOptions};
use std::{
    collections::BTreeMap,
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
    time::Duration,
};
use tempfile::TempDir;
use tenancy::{DatabaseConfig, MasterKey, PlacementConfig, Provisioner};

const PROVISIONER: &str = "sotay_provisioner";
const PASSWORD: &str = "provisioner-of-the-bench";
const KEY: [u8; 32] = [9; 32];
/// What `limits` limits.
const RATES: [&str; 6] =
    ["visitor", "member", "sign_in", "transfer", "tenant_visitors", "tenant_members"];
/// Sessions of the server: `sotay`'s budget, pgbench's clients and our own.
const SESSIONS: u32 = 200;

/// The servers of a run. They end with the process.
pub struct Ground {
    pub postgres: Postgres,
    s3: S3,
    folder: TempDir,
}

/// One installation on them.
pub struct Database {
    /// The name of its database.
    pub name: String,
    /// How to reach it; what is not said here is as it is by default.
    pub config: DatabaseConfig,
    pub key: MasterKey,
    blob: BlobStore,
    /// The configuration as a file, for the program.
    pub file: PathBuf,
}

impl Ground {
    pub async fn start() -> Result<Self> {
        Self::with_sessions(SESSIONS).await
    }

    /// With a server that lets in so many sessions.
    pub async fn with_sessions(max_connections: u32) -> Result<Self> {
        let place = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/bench");
        fs::create_dir_all(&place)?;
        // On the disk of the source, not in /tmp, which may be memory.
        let folder = tempfile::Builder::new().prefix("run-").tempdir_in(&place.canonicalize()?)?;
        let options = Options {
            bin: std::env::var_os("SOTAY_POSTGRES").map_or_else(
                || Path::new(env!("CARGO_MANIFEST_DIR")).join("../.cache/postgresql-18.6.3"),
                PathBuf::from,
            ),
            data: folder.path().join("postgres"),
            max_connections,
            durable: true,
        };
        let postgres = Postgres::start(options).await?;
        let s3 = S3::start(&folder.path().join("s3")).await?;
        let ground = Self { postgres, s3, folder };
        let role = format!("CREATE ROLE {PROVISIONER} LOGIN CREATEROLE PASSWORD '{PASSWORD}'");
        ground.superuser("postgres", &role).await?;
        Ok(ground)
    }

    pub async fn stop(self) -> Result<()> {
        self.s3.stop().await;
        self.postgres.stop().await?;
        Ok(())
    }

    /// A path in the run's folder.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// An installation of its own, with the platform's schema and no tenant.
    pub async fn database(&self, name: &str) -> Result<Database> {
        self.superuser("postgres", &format!("CREATE DATABASE {name} OWNER {PROVISIONER}")).await?;
        let placement = PlacementConfig {
            host: self.postgres.socket_dir().display().to_string(),
            port: self.postgres.port(),
            database: name.into(),
            tls: false,
        };
        let config: DatabaseConfig =
            toml::from_str(&format!("[placements.main]\nhost = '{}'", placement.host))?;
        let config =
            DatabaseConfig { placements: BTreeMap::from([("main".into(), placement)]), ..config };
        let blob = BlobStore::new(blob::Config {
            endpoint: Some(self.s3.endpoint().into()),
            region: self.s3.region().into(),
            bucket: name.into(),
            access_key: self.s3.access_key().into(),
            secret_key: self.s3.secret_key().into(),
            path_style: true,
        });
        blob.ensure_bucket().await?;
        let file = self.write(name)?;
        let database = Database { name: name.into(), config, key: MasterKey::new(KEY), blob, file };
        database.provisioner().migrate_platform().await?;
        Ok(database)
    }

    /// The configuration of an operator who names nothing but servers and secrets.
    fn write(&self, name: &str) -> Result<PathBuf> {
        let secret = |file: &str, text: &str| -> Result<String> {
            let path = self.path(file);
            fs::write(&path, text)?;
            Ok(path.display().to_string())
        };
        let hex = KEY.iter().fold(String::new(), |mut hex, byte| {
            let _ = write!(hex, "{byte:02x}");
            hex
        });
        let (key, password) = (secret("master.key", &hex)?, secret("provisioner", PASSWORD)?);
        let s3_key = secret("s3.key", self.s3.secret_key())?;
        // The crowd of a bench is one address and knows no rest.
        let limits = RATES.map(|rate| {
            format!("[limits.{rate}]\nper_minute = 60_000_000\nburst = 4_000_000_000\n")
        });
        let limits = limits.concat();
        let text = format!(
            "data = '{data}'\nmaster_key_file = '{key}'\n\
             [https]\nport = 0\n\
             [database.placements.main]\nhost = '{host}'\ndatabase = '{name}'\n\
             [provisioner]\nrole = '{PROVISIONER}'\npassword_file = '{password}'\n\
             {limits}\
             [blob]\nendpoint = '{endpoint}'\nregion = '{region}'\nbucket = '{name}'\n\
             access_key = '{access}'\nsecret_key_file = '{s3_key}'\npath_style = true\n",
            data = self.path("data").display(),
            host = self.postgres.socket_dir().display(),
            endpoint = self.s3.endpoint(),
            region = self.s3.region(),
            access = self.s3.access_key(),
        );
        let path = self.path(&format!("{name}.toml"));
        fs::write(&path, text)?;
        Ok(path)
    }

    /// Runs SQL as the superuser, each statement by itself.
    pub async fn superuser(&self, database: &str, sql: &str) -> Result<()> {
        let options = PgConnectOptions::new_without_pgpass()
            .socket(self.postgres.socket_dir())
            .port(self.postgres.port())
            .username(self.postgres.superuser())
            .password(self.postgres.superuser_password())
            .database(database);
        let mut connection = PgConnection::connect_with(&options).await?;
        for statement in sql.split(';').filter(|statement| !statement.trim().is_empty()) {
            let statement = AssertSqlSafe(statement.to_owned());
            sqlx::raw_sql(statement).execute(&mut connection).await?;
        }
        connection.close().await?;
        Ok(())
    }

    /// Writes nothing through to the disk while a ground is laid that no
    /// measurement waits for; afterwards everything is durable again.
    pub async fn hurry(&self, hurried: bool) -> Result<()> {
        let sql = if hurried {
            "ALTER SYSTEM SET fsync = off; SELECT pg_reload_conf()"
        } else {
            "CHECKPOINT; ALTER SYSTEM RESET fsync; SELECT pg_reload_conf()"
        };
        self.superuser("postgres", sql).await?;
        if !hurried {
            // Else the first commits that are measured would wait for the disk to
            // take what the laying left in memory.
            tokio::process::Command::new("sync").status().await?;
        }
        // The server reads it when its processes next look up from their work.
        tokio::time::sleep(Duration::from_millis(200)).await;
        Ok(())
    }
}

impl Database {
    /// Who creates tenants in it.
    pub fn provisioner(&self) -> Provisioner {
        Provisioner::new(&self.config, PROVISIONER, PASSWORD, self.key.clone())
    }

    /// The platform in this process, for filling.
    pub async fn platform(&self) -> Result<Platform> {
        let (key, blob) = (self.key.clone(), self.blob.clone());
        let bases = vec!["localhost".into()];
        let (world, parts) = (World::system(), Parts::all());
        Ok(Platform::assemble(&self.config, key, blob, world, bases, &parts).await?)
    }
}
