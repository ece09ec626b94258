//! The configuration: a TOML file, then the environment, checked at start.
//!
//! `SOTAY__HTTP__PORT=80` sets `http.port`. An empty configuration is a whole
//! one: everything that is not named is brought along (see
//! [`crate::Installation`]).

mod load;

use crate::parts::Part;
use gateway::{Limits, Proxies, listen::Bounds};
use serde::Deserialize;
use std::{collections::BTreeMap, net::IpAddr, path::PathBuf};
use tenancy::DatabaseConfig;

/// All of it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Where everything of this installation is kept that is brought along.
    pub data: PathBuf,
    /// Folder of the tenant files.
    pub tenants: PathBuf,
    /// Plain HTTP.
    pub http: Http,
    /// HTTP over TLS.
    pub https: Https,
    /// How many connections each of the two takes.
    pub connections: Connections,
    /// Between processes, when the parts do not all run in one.
    pub internal: Internal,
    /// Where the parts run that are not in this process: `host:port` of each
    /// one's `internal` socket. Read by a process that runs the gateway.
    pub upstreams: BTreeMap<Part, String>,
    /// `<slug>.<base>` is a tenant's address, for each base.
    pub bases: Vec<String>,
    /// The database servers; brought along when missing.
    pub database: Option<DatabaseConfig>,
    /// The database that is brought along.
    pub postgres: Postgres,
    /// The S3 bucket; brought along when missing.
    pub blob: Option<Blob>,
    /// A file with the master key: 64 hexadecimal digits. Needed with
    /// `database`; made under `data` otherwise.
    pub master_key_file: Option<PathBuf>,
    /// Who creates tenants and migrates. Not needed by `serve`.
    pub provisioner: Option<Provisioner>,
    /// How much one tenant, person or address may use.
    pub limits: Limits,
    /// Log lines.
    pub log: Log,
    /// For those who run it: metrics and health, never for visitors.
    pub private: Private,
    /// Where traces, metrics and logs are sent.
    pub telemetry: telemetry::Config,
}

/// The `[http]` section.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Http {
    /// Where to listen.
    pub address: IpAddr,
    /// 0 for none.
    pub port: u16,
    /// Networks and addresses of proxies in front of this installation, such as
    /// `10.0.0.0/8`: their `X-Forwarded-For` and `X-Forwarded-Proto` are believed.
    pub trusted_proxies: Proxies,
}

/// The `[private]` section: `/metrics`, `/healthz` and `/readyz` for those who
/// run it. Off unless a port is named.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Private {
    /// Where to listen; a network that visitors cannot reach.
    pub address: IpAddr,
    /// 0 for none.
    pub port: u16,
}

/// The `[https]` section.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Https {
    /// Where to listen.
    pub address: IpAddr,
    /// 0 for none.
    pub port: u16,
    /// PEM file with the certificate chain; a development authority's when missing.
    pub certificate: Option<PathBuf>,
    /// PEM file with the private key.
    pub key: Option<PathBuf>,
    /// Folder with `<host>.pem` and `<host>.key` for the hosts that have a
    /// certificate of their own.
    pub certificates: Option<PathBuf>,
}

/// The `[connections]` section.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Connections {
    /// At once.
    pub most: usize,
    /// At once from one address; behind a proxy of one's own as many as `most`.
    pub per_address: usize,
}

/// The `[internal]` section: the socket at which gateways ask this process.
/// Both ends show a certificate of the same authority.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Internal {
    /// Where to listen.
    pub address: IpAddr,
    /// 0 for none; a process without the gateway needs one.
    pub port: u16,
    /// PEM file of the authority; one under `data` when all three are missing.
    pub authority: Option<PathBuf>,
    /// PEM file with the certificate chain, good for servers and clients.
    pub certificate: Option<PathBuf>,
    /// PEM file with the private key.
    pub key: Option<PathBuf>,
}

/// The `[postgres]` section: the server that is brought along.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Postgres {
    /// The folder of its programs.
    pub bin: PathBuf,
    /// Sessions at once.
    pub max_connections: u32,
}

/// The `[blob]` section.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Blob {
    /// The server's URL; AWS when missing.
    pub endpoint: Option<String>,
    /// The region.
    pub region: String,
    /// The bucket.
    pub bucket: String,
    /// The access key.
    pub access_key: String,
    /// A file with the secret key.
    pub secret_key_file: PathBuf,
    /// Whether the bucket is in the URL's path.
    #[serde(default)]
    pub path_style: bool,
}

/// The `[provisioner]` section.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Provisioner {
    /// A database role that may create roles and owns the database.
    pub role: String,
    /// A file with its password.
    pub password_file: PathBuf,
}

/// The `[log]` section.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Log {
    /// `human` or `json`.
    pub format: telemetry::Format,
    /// Such as `info` or `gateway=debug,info`.
    pub filter: String,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            data: ".data".into(),
            tenants: "tenant-config".into(),
            http: Http::default(),
            https: Https::default(),
            connections: Connections::default(),
            internal: Internal::default(),
            upstreams: BTreeMap::new(),
            bases: vec!["localhost".into()],
            database: None,
            postgres: Postgres::default(),
            blob: None,
            master_key_file: None,
            provisioner: None,
            limits: Limits::default(),
            log: Log::default(),
            private: Private::default(),
            telemetry: telemetry::Config::default(),
        }
    }
}

impl Default for Http {
    fn default() -> Self {
        Self { address: [127, 0, 0, 1].into(), port: 8080, trusted_proxies: Proxies::default() }
    }
}

impl Default for Private {
    fn default() -> Self {
        Self { address: [127, 0, 0, 1].into(), port: 0 }
    }
}

impl Default for Https {
    fn default() -> Self {
        Self {
            address: [127, 0, 0, 1].into(),
            port: 8443,
            certificate: None,
            key: None,
            certificates: None,
        }
    }
}

impl Default for Connections {
    fn default() -> Self {
        let Bounds { connections: most, per_address, .. } = Bounds::default();
        Self { most, per_address }
    }
}

impl Default for Internal {
    fn default() -> Self {
        let address = [127, 0, 0, 1].into();
        Self { address, port: 0, authority: None, certificate: None, key: None }
    }
}

impl Default for Postgres {
    fn default() -> Self {
        Self { bin: ".cache/postgresql-18.6.3".into(), max_connections: 100 }
    }
}

impl Default for Log {
    fn default() -> Self {
        Self { format: telemetry::Format::Human, filter: "warn".into() }
    }
}
