//! One embedded `PostgreSQL` server.

use embedded::postgres::{Options, Postgres};
use sqlx::{AssertSqlSafe, Connection as _, PgConnection, postgres::PgConnectOptions};
use std::path::{Path, PathBuf};
use tenancy::PlacementConfig;

/// The role that creates tenants in tests, as in an installation.
pub const PROVISIONER: &str = "sotay_provisioner";
/// That role's password.
pub const PASSWORD: &str = "provisioner-of-tests";

/// A server with the provisioner's role. It ends with its value.
pub struct Server {
    postgres: Postgres,
}

impl Server {
    /// Starts a server on a folder, which is made when it is missing; what was
    /// in it is there again.
    pub async fn start(folder: &Path, max_connections: u32) -> Self {
        let data = folder.to_owned();
        Self::start_with(Options { bin: bundle(), data, max_connections, durable: false }).await
    }

    /// The same with all that may be chosen.
    pub(crate) async fn start_with(options: Options) -> Self {
        let postgres = Postgres::start(options)
            .await
            .unwrap_or_else(|e| panic!("{e}\n{}", e.detail().unwrap_or_default()));
        let server = Self { postgres };
        let mut connection = server.connect().await;
        let known: bool =
            sqlx::query_scalar("SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = $1)")
                .bind(PROVISIONER)
                .fetch_one(&mut connection)
                .await
                .unwrap();
        connection.close().await.unwrap();
        if !known {
            server
                .superuser(&format!(
                    "CREATE ROLE {PROVISIONER} LOGIN CREATEROLE CREATEDB PASSWORD '{PASSWORD}'"
                ))
                .await;
        }
        server
    }

    /// The embedded server itself.
    #[must_use]
    pub fn postgres(&self) -> &Postgres {
        &self.postgres
    }

    /// The embedded server alone.
    #[must_use]
    pub fn into_postgres(self) -> Postgres {
        self.postgres
    }

    /// Stops it; its sessions are cut.
    pub async fn stop(self) {
        self.postgres.stop().await.unwrap();
    }

    /// How to reach a database of it.
    #[must_use]
    pub fn placement(&self, database: &str) -> PlacementConfig {
        PlacementConfig {
            host: self.postgres.socket_dir().display().to_string(),
            port: self.postgres.port(),
            database: database.into(),
            tls: false,
        }
    }

    /// Makes an empty database that the provisioner owns.
    pub async fn create_database(&self, name: &str) {
        self.superuser(&format!("CREATE DATABASE {name} OWNER {PROVISIONER}")).await;
    }

    /// Runs statements, each in a transaction of its own, as the superuser in
    /// the database `postgres`.
    pub async fn superuser(&self, sql: &str) {
        let mut connection = self.connect().await;
        for statement in sql.split(';').filter(|statement| !statement.trim().is_empty()) {
            sqlx::raw_sql(AssertSqlSafe(statement.to_owned()))
                .execute(&mut connection)
                .await
                .unwrap();
        }
        connection.close().await.unwrap();
    }

    async fn connect(&self) -> PgConnection {
        let options = PgConnectOptions::new_without_pgpass()
            .socket(self.postgres.socket_dir())
            .port(self.postgres.port())
            .username(self.postgres.superuser())
            .password(self.postgres.superuser_password())
            .database("postgres");
        PgConnection::connect_with(&options).await.unwrap()
    }
}

/// The programs: where the environment says, or where `make` puts them.
#[must_use]
pub fn bundle() -> PathBuf {
    std::env::var_os("SOTAY_POSTGRES").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../.cache/postgresql-18.6.3"),
        PathBuf::from,
    )
}
