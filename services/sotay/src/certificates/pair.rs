//! One certificate with its key: where it comes from, and whether it can be used.

use embedded::ca::DevCa;
use kernel::World;
use rustls::{
    crypto::ring::default_provider,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _},
    server::ResolvesServerCertUsingSni,
    sign::CertifiedKey,
};
use std::{
    collections::HashMap,
    fs, io,
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
};
use tenancy::Tenants;

/// Where a pair comes from.
pub(super) enum Source {
    /// Two PEM files.
    Files { chain: PathBuf, key: PathBuf },
    /// Made here.
    Development(Box<Development>),
}

/// The development authority, and for whom it signs.
pub(super) struct Development {
    pub(super) ca: DevCa,
    pub(super) bases: Vec<String>,
    pub(super) tenants: Tenants,
    pub(super) world: World,
}

/// What a pair looks like from outside: when this stays the same, so does the
/// pair.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Mark(Vec<String>);

impl Source {
    pub(super) fn mark(&self) -> Mark {
        match self {
            Source::Files { chain, key } => Mark([chain, key].map(|path| look(path)).to_vec()),
            Source::Development(development) => {
                // Made anew in time when a server runs for a year.
                let mut mark = development.names();
                mark.push(development.world.today().to_string());
                Mark(mark)
            }
        }
    }

    /// The pair, if it can be used for the host.
    ///
    /// # Errors
    /// A sentence that names the files and says what is wrong.
    pub(super) fn load(&self, host: Option<&str>) -> Result<CertifiedKey, String> {
        let (chain, key, what) = match self {
            Source::Files { chain, key } => {
                let read =
                    |path: &Path| fs::read(path).map_err(|e| format!("{}: {e}", path.display()));
                (read(chain)?, read(key)?, format!("{}, {}", chain.display(), key.display()))
            }
            Source::Development(development) => {
                let leaf = development
                    .ca
                    .leaf_for(&development.names(), development.world.now())
                    .map_err(|error| error.to_string())?;
                (leaf.chain_pem.into_bytes(), leaf.key_pem.into_bytes(), "data/ca".into())
            }
        };
        usable(&chain, &key, host).map_err(|why| format!("{what}: {why}"))
    }
}

impl Development {
    /// Wildcards right under a top-level name are not accepted: name the hosts.
    fn names(&self) -> Vec<String> {
        let tenants = self.tenants.all();
        let of_tenants = tenants.iter().flat_map(|tenant| {
            let under = self.bases.iter().map(|base| format!("{}.{base}", tenant.id));
            under.chain(tenant.hosts.iter().cloned())
        });
        of_tenants.chain(self.bases.iter().cloned()).collect()
    }
}

/// The pairs of a folder, by host: `<host>.pem` with `<host>.key`.
pub(super) fn in_folder(folder: &Path) -> io::Result<HashMap<String, Source>> {
    let mut pairs = HashMap::new();
    for entry in fs::read_dir(folder)? {
        let chain = entry?.path();
        let Some(name) = chain.file_name().and_then(|name| name.to_str()) else { continue };
        let Some(host) = name.strip_suffix(".pem").filter(|host| !host.is_empty()) else {
            continue;
        };
        let source =
            Source::Files { key: folder.join(format!("{host}.key")), chain: chain.clone() };
        pairs.insert(host.to_ascii_lowercase(), source);
    }
    Ok(pairs)
}

fn usable(chain: &[u8], key: &[u8], host: Option<&str>) -> Result<CertifiedKey, String> {
    let chain: Vec<CertificateDer> = CertificateDer::pem_slice_iter(chain)
        .collect::<Result<_, _>>()
        .map_err(|_| "tệp chứng thư không phải PEM")?;
    if chain.is_empty() {
        return Err("tệp chứng thư không có chứng thư nào".into());
    }
    let key = PrivateKeyDer::from_pem_slice(key).map_err(|_| "tệp khóa không phải PEM")?;
    let pair = CertifiedKey::from_der(chain, key, &default_provider())
        .map_err(|error| format!("chứng thư và khóa không dùng được với nhau: {error}"))?;
    if let Some(host) = host {
        // Checks that the certificate is for this name.
        ResolvesServerCertUsingSni::new()
            .add(host, pair.clone())
            .map_err(|error| format!("chứng thư không dùng được cho {host}: {error}"))?;
    }
    Ok(pair)
}

/// Which file this is and when it was written.
fn look(path: &Path) -> String {
    fs::metadata(path).map_or_else(
        |error| error.kind().to_string(),
        |file| format!("{} {} {}.{}", file.ino(), file.size(), file.mtime(), file.mtime_nsec()),
    )
}
