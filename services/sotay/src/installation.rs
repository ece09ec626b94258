//! What the platform stands on: databases, bucket, keys. Taken from the
//! configuration, or brought along: a `PostgreSQL` and an S3 server under
//! `data`, with keys made at the first start.
//!
//! While one process keeps the servers that are brought along, others (the
//! command line beside `make run`) find them through `data/run.json`.

use crate::{
    config::{self, Config},
    fault::{self, Fault},
};
use blob::BlobStore;
use embedded::{
    postgres::{self, Postgres},
    s3::S3,
};
use serde::{Deserialize, Serialize};
use sqlx::{Connection as _, PgConnection, postgres::PgConnectOptions};
use std::{
    collections::BTreeMap,
    convert::Infallible,
    fs,
    io::Write as _,
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _},
    path::Path,
};
use tenancy::{DatabaseConfig, MasterKey, PlacementConfig, Provisioner};

const BUCKET: &str = "sotay";
const DATABASE: &str = "sotay";
const PROVISIONER: &str = "sotay_provisioner";

/// What the platform stands on.
pub struct Installation {
    /// Where the databases are.
    pub database: DatabaseConfig,
    /// The bucket.
    pub blob: BlobStore,
    /// The master key.
    pub key: MasterKey,
    provisioner: Option<(String, String)>,
    /// Kept running by this process.
    servers: Option<(Postgres, S3)>,
    data: std::path::PathBuf,
}

/// How another process reaches the servers that this one keeps.
#[derive(Serialize, Deserialize)]
struct Running {
    pid: u32,
    socket: String,
    port: u16,
    s3_endpoint: String,
    s3_access_key: String,
    s3_secret_key: String,
}

impl Installation {
    /// Opens what is configured, or starts what is brought along.
    ///
    /// # Errors
    /// A sentence that says what is missing and how to mend it.
    pub async fn open(config: &Config) -> Result<Self, Fault> {
        match &config.database {
            Some(database) => Self::configured(config, database),
            None => Self::brought_along(config).await,
        }
    }

    /// Who creates tenants and migrates.
    ///
    /// # Errors
    /// When the configuration names nobody.
    pub fn provisioner(&self) -> Result<Provisioner, Fault> {
        let (role, password) = self
            .provisioner
            .as_ref()
            .ok_or_else(|| Fault::new("provisioner: cấu hình chưa nêu tài khoản tạo đơn vị ([provisioner] role, password_file)"))?;
        Ok(Provisioner::new(&self.database, role, password, self.key.clone()))
    }

    /// The embedded server, when this process keeps one.
    #[must_use]
    pub fn postgres(&self) -> Option<&Postgres> {
        self.servers.as_ref().map(|(postgres, _)| postgres)
    }

    /// Starts the embedded server again whenever it dies, until cancelled. Has
    /// nothing to do, and never ends either, when this process keeps none.
    pub async fn keep(&self) -> Infallible {
        if let Some((postgres, _)) = &self.servers {
            postgres.keep().await;
        }
        std::future::pending().await
    }

    /// Stops what this process started.
    ///
    /// # Errors
    /// When a server does not stop.
    pub async fn close(self) -> Result<(), Fault> {
        if let Some((postgres, s3)) = self.servers {
            let _ = fs::remove_file(self.data.join("run.json"));
            s3.stop().await;
            postgres.stop().await?;
        }
        Ok(())
    }

    fn configured(config: &Config, database: &DatabaseConfig) -> Result<Self, Fault> {
        let (Some(blob), Some(key_file)) = (&config.blob, &config.master_key_file) else {
            return Err(Fault::new("blob, master_key_file: bắt buộc khi dùng [database]"));
        };
        let provisioner = config
            .provisioner
            .as_ref()
            .map(|p| Ok::<_, Fault>((p.role.clone(), secret(&p.password_file)?)))
            .transpose()?;
        Ok(Self {
            database: database.clone(),
            blob: BlobStore::new(bucket(blob)?),
            key: MasterKey::from_hex(&secret(key_file)?)
                .map_err(|e| Fault::new(format!("{}: {e}", key_file.display())))?,
            provisioner,
            servers: None,
            data: config.data.clone(),
        })
    }

    async fn brought_along(config: &Config) -> Result<Self, Fault> {
        fs::create_dir_all(&config.data).map_err(|e| fault::file(&config.data, &e))?;
        let keys = config.data.join("keys");
        let key = match &config.master_key_file {
            Some(path) => secret(path)?,
            None => keep(&keys, "master.key")?,
        };
        let key = MasterKey::from_hex(&key).map_err(|e| Fault::new(e.to_string()))?;
        let password = keep(&keys, "provisioner.password")?;
        let (running, servers) = if let Some(running) = Running::read(&config.data) {
            (running, None)
        } else {
            let (running, servers) = start(config, &password).await?;
            (running, Some(servers))
        };
        let main = PlacementConfig {
            host: running.socket.clone(),
            port: running.port,
            database: DATABASE.into(),
            tls: false,
        };
        // A few sessions stay free for the provisioner and for other processes.
        let budget =
            usize::try_from(config.postgres.max_connections.saturating_sub(20).max(4)).unwrap_or(4);
        let blob = match &config.blob {
            Some(blob) => bucket(blob)?,
            None => blob::Config {
                endpoint: Some(running.s3_endpoint.clone()),
                region: "us-east-1".into(),
                bucket: BUCKET.into(),
                access_key: running.s3_access_key.clone(),
                secret_key: running.s3_secret_key.clone(),
                path_style: true,
            },
        };
        let blob = BlobStore::new(blob);
        if servers.is_some() && config.blob.is_none() {
            blob.ensure_bucket().await?;
        }
        Ok(Self {
            database: DatabaseConfig {
                budget,
                per_tenant: (budget / 3).clamp(2, 16),
                placements: BTreeMap::from([("main".into(), main)]),
            },
            blob,
            key,
            provisioner: Some((PROVISIONER.into(), password)),
            servers,
            data: config.data.clone(),
        })
    }
}

async fn start(config: &Config, provisioner: &str) -> Result<(Running, (Postgres, S3)), Fault> {
    let options = postgres::Options {
        bin: config.postgres.bin.clone(),
        data: config.data.join("postgres"),
        max_connections: config.postgres.max_connections,
        durable: true,
    };
    let postgres = Postgres::start(options).await?;
    prepare(&postgres, provisioner)
        .await
        .map_err(|e| Fault::new(format!("Không chuẩn bị được cơ sở dữ liệu: {e}")))?;
    let s3 = S3::start(&config.data.join("s3")).await?;
    let running = Running {
        pid: std::process::id(),
        socket: postgres.socket_dir().display().to_string(),
        port: postgres.port(),
        s3_endpoint: s3.endpoint().into(),
        s3_access_key: s3.access_key().into(),
        s3_secret_key: s3.secret_key().into(),
    };
    running.write(&config.data)?;
    Ok((running, (postgres, s3)))
}

/// The provisioner and the database, as an operator would make them once.
async fn prepare(postgres: &Postgres, provisioner: &str) -> Result<(), sqlx::Error> {
    let options = PgConnectOptions::new_without_pgpass()
        .socket(postgres.socket_dir())
        .port(postgres.port())
        .username(postgres.superuser())
        .password(postgres.superuser_password())
        .database("postgres");
    let mut connection = PgConnection::connect_with(&options).await?;
    let ready: bool =
        sqlx::query_scalar("SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)")
            .bind(DATABASE)
            .fetch_one(&mut connection)
            .await?;
    if !ready {
        // Killed in between, the next start finds the role and goes on.
        sqlx::raw_sql(sqlx::AssertSqlSafe(format!(
            "DO $$ BEGIN CREATE ROLE {PROVISIONER}; EXCEPTION WHEN duplicate_object THEN END $$;
             ALTER ROLE {PROVISIONER} LOGIN CREATEROLE PASSWORD '{provisioner}';"
        )))
        .execute(&mut connection)
        .await?;
        sqlx::raw_sql(sqlx::AssertSqlSafe(format!(
            "CREATE DATABASE {DATABASE} OWNER {PROVISIONER}"
        )))
        .execute(&mut connection)
        .await?;
    }
    connection.close().await
}

impl Running {
    /// The servers of a process that still lives.
    fn read(data: &Path) -> Option<Self> {
        let running: Self = serde_json::from_slice(&fs::read(data.join("run.json")).ok()?).ok()?;
        let name = fs::read_to_string(format!("/proc/{}/comm", running.pid)).ok()?;
        let alive = running.pid != std::process::id() && name.trim_end() == "sotay";
        alive.then_some(running)
    }

    fn write(&self, data: &Path) -> Result<(), Fault> {
        let path = data.join("run.json");
        write_private(&path, &serde_json::to_vec(self)?).map_err(|e| fault::file(&path, &e))
    }
}

/// A random secret in a file, made at first use.
fn keep(folder: &Path, name: &str) -> Result<String, Fault> {
    let path = folder.join(name);
    if let Ok(text) = fs::read_to_string(&path) {
        return Ok(text.trim().to_owned());
    }
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)
        .map_err(|e| fault::file(folder, &e))?;
    let bytes = kernel::World::system().bytes::<32>();
    let text = bytes.iter().fold(String::new(), |hex, byte| hex + format!("{byte:02x}").as_str());
    write_private(&path, text.as_bytes()).map_err(|e| fault::file(&path, &e))?;
    Ok(text)
}

/// Whole or not at all, readable by its owner alone.
fn write_private(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let new = path.with_extension("new");
    let mut file =
        fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&new)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(new, path)
}

fn secret(path: &Path) -> Result<String, Fault> {
    Ok(fs::read_to_string(path).map_err(|e| fault::file(path, &e))?.trim().to_owned())
}

fn bucket(blob: &config::Blob) -> Result<blob::Config, Fault> {
    Ok(blob::Config {
        endpoint: blob.endpoint.clone(),
        region: blob.region.clone(),
        bucket: blob.bucket.clone(),
        access_key: blob.access_key.clone(),
        secret_key: secret(&blob.secret_key_file)?,
        path_style: blob.path_style,
    })
}
