//! What the platform stands on: databases, bucket, keys. Taken from the
//! configuration, or brought along: a `PostgreSQL` and an S3 server under
//! `data`, with keys made at the first start.
//!
//! While one process keeps the servers that are brought along, others (the
//! command line beside `make run`) find them through `data/run.json`.

mod keys;
mod running;

use crate::{
    Part,
    config::{self, Config},
    fault::{self, Fault},
};
use blob::BlobStore;
use embedded::{
    postgres::{self, Postgres},
    s3::S3,
};
use keys::{keep, secret};
use running::Running;
use sqlx::{Connection as _, PgConnection, postgres::PgConnectOptions};
use std::{collections::BTreeMap, convert::Infallible, fs, path::PathBuf};
use tenancy::{DatabaseConfig, MasterKey, PlacementConfig, Provisioner, config::MAIN};

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
    /// Its role and the file with its password, read on use: who only serves
    /// need not be able to.
    provisioner: Option<(String, PathBuf)>,
    /// Kept running by this process.
    servers: Option<(Postgres, S3)>,
    data: PathBuf,
}

impl Installation {
    /// Opens what is configured, or starts what is brought along.
    ///
    /// # Errors
    /// A sentence that says what is missing and how to mend it.
    pub async fn open(config: &Config) -> Result<Self, Fault> {
        match &config.database {
            Some(database) => Self::configured(config, database),
            None => Self::brought_along(config, None).await,
        }
    }

    /// The same for a process that serves so many parts. The servers of a command
    /// would end with the command, so it waits for that first.
    ///
    /// # Errors
    /// As for [`Installation::open`], and when a command takes too long.
    pub async fn open_to_serve(config: &Config, parts: usize) -> Result<Self, Fault> {
        if let Some(database) = &config.database {
            return Self::configured(config, database);
        }
        Running::outlast_command(&config.data).await?;
        Self::brought_along(config, Some(parts)).await
    }

    /// Who creates tenants and migrates.
    ///
    /// # Errors
    /// When the configuration names nobody.
    pub fn provisioner(&self) -> Result<Provisioner, Fault> {
        let (role, password_file) = self
            .provisioner
            .as_ref()
            .ok_or_else(|| Fault::new("provisioner: cấu hình chưa nêu tài khoản tạo đơn vị ([provisioner] role, password_file)"))?;
        let password = secret(password_file)?;
        Ok(Provisioner::new(&self.database, role, &password, self.key.clone()))
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
            Running::withdraw(&self.data);
            s3.stop().await;
            postgres.stop().await?;
        }
        Ok(())
    }

    fn configured(config: &Config, database: &DatabaseConfig) -> Result<Self, Fault> {
        let (Some(blob), Some(key_file)) = (&config.blob, &config.master_key_file) else {
            return Err(Fault::new("blob, master_key_file: bắt buộc khi dùng [database]"));
        };
        let provisioner = config.provisioner.as_ref();
        Ok(Self {
            database: database.clone(),
            blob: BlobStore::new(bucket(blob)?),
            key: MasterKey::from_hex(&secret(key_file)?)
                .map_err(|e| Fault::new(format!("{}: {e}", key_file.display())))?,
            provisioner: provisioner.map(|p| (p.role.clone(), p.password_file.clone())),
            servers: None,
            data: config.data.clone(),
        })
    }

    async fn brought_along(config: &Config, parts: Option<usize>) -> Result<Self, Fault> {
        fs::create_dir_all(&config.data).map_err(|e| fault::file(&config.data, &e))?;
        let keys = config.data.join("keys");
        let key = match &config.master_key_file {
            Some(path) => secret(path)?,
            None => keep(&keys, "master.key")?,
        };
        let key = MasterKey::from_hex(&key).map_err(|e| Fault::new(e.to_string()))?;
        let password_file = keys.join("provisioner.password");
        let (running, servers) = if let Some(running) = Running::read(&config.data) {
            (running, None)
        } else {
            let password = keep(&keys, "provisioner.password")?;
            let (running, servers) = start(config, &password, parts.is_some()).await?;
            (running, Some(servers))
        };
        let main = PlacementConfig {
            host: running.socket.clone(),
            port: running.port,
            database: DATABASE.into(),
            tls: false,
        };
        // A few sessions stay free for the provisioner and for commands; the rest is
        // for the parts, wherever each of them runs.
        let all = usize::try_from(config.postgres.max_connections.saturating_sub(20)).unwrap_or(0);
        let budget = (all * parts.unwrap_or(Part::ALL.len()) / Part::ALL.len()).max(4);
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
                placements: BTreeMap::from([(MAIN.into(), main)]),
            },
            blob,
            key,
            provisioner: Some((PROVISIONER.into(), password_file)),
            servers,
            data: config.data.clone(),
        })
    }
}

async fn start(
    config: &Config,
    provisioner: &str,
    serves: bool,
) -> Result<(Running, (Postgres, S3)), Fault> {
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
        serves,
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
