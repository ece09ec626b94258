//! Which services run in this process, and where the others are.

use crate::{Config, Fault, config::Internal, fault};
use clap::ValueEnum;
use embedded::ca::DevCa;
use gateway::upstream::{Identity, Remote};
use kernel::World;
use serde::Deserialize;
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};
use tenancy::MasterKey;
use web::Routes;

/// A service that can run in a process of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize, ValueEnum, Hash)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// The front door, and the home page.
    Gateway,
    /// Organisations, members, accounts.
    Directory,
    /// The library.
    Documents,
    /// Branch meetings.
    Meetings,
    /// Figures, and the folding of events.
    Adoption,
}

impl Part {
    /// Every part.
    pub const ALL: [Part; 5] =
        [Part::Gateway, Part::Directory, Part::Documents, Part::Meetings, Part::Adoption];

    /// The name in configuration and at the command line.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Part::Gateway => "gateway",
            Part::Directory => "directory",
            Part::Documents => "documents",
            Part::Meetings => "meetings",
            Part::Adoption => "adoption",
        }
    }

    /// What people call it.
    fn label(self) -> &'static str {
        match self {
            Part::Gateway => "Trang chủ",
            Part::Directory => "Tổ chức và tài khoản",
            Part::Documents => "Văn bản",
            Part::Meetings => "Sinh hoạt chi bộ",
            Part::Adoption => "Số liệu sử dụng",
        }
    }
}

/// Which parts run here, and where those are that do not.
#[derive(Clone, Default)]
pub struct Parts {
    here: BTreeSet<Part>,
    remotes: BTreeMap<Part, Remote>,
}

impl Parts {
    /// Everything in this process.
    #[must_use]
    pub fn all() -> Self {
        Self { here: Part::ALL.into(), remotes: BTreeMap::new() }
    }

    /// Some parts in this process; a gateway among them knows where the others are.
    ///
    /// # Errors
    /// When the configuration does not say where a part is that the gateway
    /// needs, or how the processes know each other.
    pub fn some(
        here: BTreeSet<Part>,
        config: &Config,
        key: &MasterKey,
        world: &World,
    ) -> Result<Self, Fault> {
        let mut remotes = BTreeMap::new();
        if here.contains(&Part::Gateway) && here.len() < Part::ALL.len() {
            let identity = identity(config, world)?;
            for part in Part::ALL.into_iter().filter(|part| !here.contains(part)) {
                let address = config.upstreams.get(&part).ok_or_else(|| {
                    let name = part.name();
                    Fault::new(format!(
                        "upstreams.{name}: cần địa chỉ (máy:cổng) của tiến trình chạy phần {name}, hoặc thêm {name} vào --roles"
                    ))
                })?;
                remotes.insert(part, remote(part, address, &identity, key, world)?);
            }
        }
        Ok(Self { here, remotes })
    }

    /// Whether a part runs in this process.
    #[must_use]
    pub fn runs(&self, part: Part) -> bool {
        self.here.contains(&part)
    }

    /// The parts that this process reaches in others.
    pub(crate) fn remotes(&self) -> Vec<Remote> {
        self.remotes.values().cloned().collect()
    }

    /// The routes of a part as this process answers them.
    pub(crate) fn place(&self, part: Part, routes: Routes) -> Routes {
        match self.remotes.get(&part) {
            _ if self.runs(part) => routes,
            Some(remote) => routes.elsewhere(remote),
            None => routes.absent(),
        }
    }
}

/// A part in another process, at `host:port`.
///
/// # Errors
/// When that is no address.
pub(crate) fn remote(
    part: Part,
    address: &str,
    identity: &Identity,
    key: &MasterKey,
    world: &World,
) -> Result<Remote, Fault> {
    let name = part.name();
    let authority = address
        .parse()
        .map_err(|_| Fault::new(format!("upstreams.{name}: «{address}» không có dạng máy:cổng")))?;
    Remote::new(name, part.label(), authority, identity, key.clone(), world.clone())
        .map_err(|e| Fault::new(format!("upstreams.{name}: {e}")))
}

/// How this process shows itself to the others, and what it accepts from them:
/// as configured, or an authority of its own under `data`, which all processes
/// of one machine share.
///
/// # Errors
/// When a file cannot be read or is no certificate.
pub fn identity(config: &Config, world: &World) -> Result<Identity, Fault> {
    let Internal { authority, certificate, key, .. } = &config.internal;
    let read = |path: &Path| fs::read(path).map_err(|e| fault::file(path, &e));
    let (chain, key, authority) =
        if let (Some(certificate), Some(key), Some(authority)) = (certificate, key, authority) {
            (read(certificate)?, read(key)?, read(authority)?)
        } else {
            let now = world.now();
            let ca = DevCa::load_or_create(&config.data.join("internal-ca"), now)?;
            let leaf = ca.leaf_for(&["localhost".into(), "127.0.0.1".into(), "::1".into()], now)?;
            let authority = ca.pem().as_bytes().to_vec();
            (leaf.chain_pem.into_bytes(), leaf.key_pem.into_bytes(), authority)
        };
    Identity::from_pem(&chain, &key, &authority).map_err(|e| {
        Fault::new(format!("internal.certificate, internal.key, internal.authority: {e}"))
    })
}
