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
    io::{ErrorKind, Write as _},
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _},
    path::Path,
    time::{Duration, Instant},
};
use tenancy::{DatabaseConfig, MasterKey, PlacementConfig, Provisioner};

const BUCKET: &str = "sotay";
const DATABASE: &str = "sotay";
const PROVISIONER: &str = "sotay_provisioner";
/// How long those who serve wait for a command that keeps the servers meanwhile.
const PATIENCE: Duration = Duration::from_mins(5);

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
    /// It serves: the servers run until it is told to stop.
    #[serde(default)]
    serves: bool,
}

impl Installation {
    /// Opens what is configured, or starts what is brought along.
    ///
    /// # Errors
    /// A sentence that says what is missing and how to mend it.
    pub async fn open(config: &Config) -> Result<Self, Fault> {
        match &config.database {
            Some(database) => Self::configured(config, database),
            None => Self::brought_along(config, false).await,
        }
    }

    /// The same for a process that serves. The servers of a command would end
    /// with the command, so it waits for that first.
    ///
    /// # Errors
    /// As for [`Installation::open`], and when a command takes too long.
    pub async fn open_to_serve(config: &Config) -> Result<Self, Fault> {
        if let Some(database) = &config.database {
            return Self::configured(config, database);
        }
        Running::outlast_command(&config.data).await?;
        Self::brought_along(config, true).await
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

    async fn brought_along(config: &Config, to_serve: bool) -> Result<Self, Fault> {
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
            let (running, servers) = start(config, &password, to_serve).await?;
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

impl Running {
    /// The servers of a process that still lives.
    fn read(data: &Path) -> Option<Self> {
        let running: Self = serde_json::from_slice(&fs::read(data.join("run.json")).ok()?).ok()?;
        running.lives().then_some(running)
    }

    /// Whether its process does. One that has ended is listed until somebody
    /// asks after it.
    fn lives(&self) -> bool {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.pid)).unwrap_or_default();
        let state = stat.split_once("(sotay) ").map(|(_, state)| state);
        self.pid != std::process::id() && state.is_some_and(|state| !state.starts_with('Z'))
    }

    /// Waits until no command keeps the servers. It withdraws `run.json` before
    /// it stops them, so it is waited for itself.
    async fn outlast_command(data: &Path) -> Result<(), Fault> {
        let since = Instant::now();
        while let Some(command) = Self::read(data).filter(|running| !running.serves) {
            let pid = command.pid;
            tracing::warn!(pid, "waiting for process {pid}, a command that keeps the servers");
            while command.lives() {
                if since.elapsed() > PATIENCE {
                    return Err(Fault::new(format!(
                        "Một lệnh sotay khác (tiến trình {pid}) đang giữ PostgreSQL và kho tệp ở «{}»: hãy đợi lệnh đó xong rồi chạy lại.",
                        data.display()
                    )));
                }
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
        Ok(())
    }

    fn write(&self, data: &Path) -> Result<(), Fault> {
        let path = data.join("run.json");
        write_private(&path, &serde_json::to_vec(self)?).map_err(|e| fault::file(&path, &e))
    }
}

/// A random secret in a file, made at first use. One that is there, readable or
/// not, is never replaced: whatever is derived from it would be lost.
fn keep(folder: &Path, name: &str) -> Result<String, Fault> {
    let path = folder.join(name);
    match fs::read_to_string(&path) {
        Ok(text) => return Ok(text.trim().to_owned()),
        Err(error) if error.kind() == ErrorKind::NotFound => {}
        Err(error) => return Err(fault::file(&path, &error)),
    }
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)
        .map_err(|e| fault::file(folder, &e))?;
    let bytes = kernel::World::system().bytes::<32>();
    let text = bytes.iter().fold(String::new(), |hex, byte| hex + format!("{byte:02x}").as_str());
    write_first(folder, &path, text.as_bytes()).map_err(|e| fault::file(&path, &e))?;
    // Another process may have been first.
    secret(&path)
}

/// Whole or not at all, readable by its owner alone, and only when there is
/// nothing yet.
fn write_first(folder: &Path, path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    match file.persist_noclobber(path) {
        Err(refused) if refused.error.kind() != ErrorKind::AlreadyExists => Err(refused.error),
        _ => Ok(()),
    }
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

#[cfg(test)]
mod tests {
    use super::keep;
    use std::{fs, thread};

    #[test]
    fn a_secret_is_made_once_and_never_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let keys = folder.path().join("keys");
        let all: Vec<String> = thread::scope(|scope| {
            let starts: Vec<_> =
                (0..8).map(|_| scope.spawn(|| keep(&keys, "master.key").unwrap())).collect();
            starts.into_iter().map(|start| start.join().unwrap()).collect()
        });
        assert!(all.iter().all(|secret| *secret == all[0]), "who comes second takes the first's");
        assert_eq!(fs::read_dir(&keys).unwrap().count(), 1, "nothing else is left there");

        // It is there and cannot be read as text.
        fs::write(keys.join("master.key"), [0xff, 0xfe]).unwrap();
        assert!(keep(&keys, "master.key").is_err());
        assert_eq!(fs::read(keys.join("master.key")).unwrap(), [0xff, 0xfe]);
    }
}
