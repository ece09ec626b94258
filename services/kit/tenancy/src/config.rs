//! Where the databases are.

use serde::Deserialize;
use sqlx::postgres::{PgConnectOptions, PgSslMode};
use std::collections::BTreeMap;

/// The name of the placement that holds the registry.
pub const MAIN: &str = "main";

/// The `[database]` section of the configuration.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DatabaseConfig {
    /// Connections that this process may hold open on each placement, over all
    /// tenants together.
    #[serde(default = "default_budget")]
    pub budget: usize,
    /// Connections that one tenant may use at the same moment.
    #[serde(default = "default_per_tenant")]
    pub per_tenant: usize,
    /// Database servers by name; `main` holds the registry.
    pub placements: BTreeMap<String, PlacementConfig>,
}

fn default_budget() -> usize {
    60
}

fn default_per_tenant() -> usize {
    12
}

/// One database server. Users and passwords are not part of it: a server logs
/// in as the platform's or a tenant's role with a derived password.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlacementConfig {
    /// A host name, or the folder of a Unix socket when it starts with `/`.
    pub host: String,
    /// The port; it also names the socket file.
    #[serde(default = "default_port")]
    pub port: u16,
    /// The database.
    #[serde(default = "default_database")]
    pub database: String,
    /// Whether to insist on TLS. Not used on a Unix socket.
    #[serde(default)]
    pub tls: bool,
}

fn default_port() -> u16 {
    5432
}

fn default_database() -> String {
    "sotay".into()
}

impl PlacementConfig {
    /// How to connect as a role.
    #[must_use]
    pub fn options(&self, role: &str, password: &str) -> PgConnectOptions {
        use sqlx::ConnectOptions as _;
        let options = PgConnectOptions::new_without_pgpass()
            .port(self.port)
            .database(&self.database)
            .username(role)
            .password(password)
            .application_name("sotay")
            .disable_statement_logging();
        if self.host.starts_with('/') {
            options.socket(&self.host).ssl_mode(PgSslMode::Disable)
        } else {
            let mode = if self.tls { PgSslMode::VerifyFull } else { PgSslMode::Prefer };
            options.host(&self.host).ssl_mode(mode)
        }
    }
}

impl DatabaseConfig {
    /// Checks what the types cannot.
    ///
    /// # Errors
    /// A sentence that names the key.
    pub fn validate(&self) -> Result<(), String> {
        if !self.placements.contains_key(MAIN) {
            return Err(format!("database.placements: thiếu máy chủ «{MAIN}», nơi giữ danh bạ"));
        }
        if self.budget < 2 {
            return Err("database.budget: cần ít nhất 2 kết nối".into());
        }
        if self.per_tenant < 1 || self.per_tenant > self.budget {
            return Err("database.per_tenant: phải từ 1 đến database.budget".into());
        }
        Ok(())
    }
}
