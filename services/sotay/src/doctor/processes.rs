//! The processes of one installation: what they show each other, and whether
//! those that run its other parts take requests from here.

use super::{Verdict, certificates};
use crate::{Config, config::Internal, parts};
use gateway::upstream::Obstacle;
use kernel::World;
use rustls::{
    RootCertStore,
    crypto::ring,
    pki_types::{CertificateDer, UnixTime, pem::PemObject as _},
    server::WebPkiClientVerifier,
};
use std::{path::Path, sync::Arc, time::Duration};
use tenancy::MasterKey;
use time::OffsetDateTime;
use tokio::time::timeout;

/// How long a part may take to greet back.
const SLOW: Duration = Duration::from_secs(5);

pub(super) fn identity(config: &Config, now: OffsetDateTime) -> Verdict {
    let Internal { authority: Some(authority), certificate: Some(chain), key: Some(key), .. } =
        &config.internal
    else {
        // The authority under `data` makes one that fits at each start.
        return Verdict::Well;
    };
    match certificates::judge("internal.certificate", chain, key, &[], now) {
        broken @ Verdict::Broken(_) => broken,
        // How long the authority itself lasts is looked at by neither end.
        verdict => signed(authority, chain, now).map_or_else(Verdict::Broken, |()| verdict),
    }
}

/// Whether the other end would find that the authority signed this for whoever asks.
fn signed(authority: &Path, chain: &Path, now: OffsetDateTime) -> Result<(), String> {
    let read = |path: &Path| -> Option<Vec<CertificateDer<'static>>> {
        CertificateDer::pem_file_iter(path).ok()?.collect::<Result<_, _>>().ok()
    };
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(read(authority).unwrap_or_default());
    let provider = Arc::new(ring::default_provider());
    let Ok(verifier) =
        WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider).build()
    else {
        return Err(format!(
            "«{}» không đọc được hoặc không phải PEM; kiểm tra internal.authority",
            authority.display()
        ));
    };
    let since = u64::try_from(now.unix_timestamp()).unwrap_or_default();
    let now = UnixTime::since_unix_epoch(Duration::from_secs(since));
    let shown = read(chain).unwrap_or_default();
    let holds = shown
        .split_first()
        .is_some_and(|(leaf, rest)| verifier.verify_client_cert(leaf, rest, now).is_ok());
    holds.then_some(()).ok_or_else(|| {
        format!(
            "«{}» không do «{}» ký, hoặc không dùng được ở bên gọi; kiểm tra internal.certificate và internal.authority",
            chain.display(),
            authority.display()
        )
    })
}

pub(super) async fn upstreams(config: &Config, key: &MasterKey, world: &World) -> Verdict {
    if config.upstreams.is_empty() {
        return Verdict::Well;
    }
    let identity = match parts::identity(config, world) {
        Ok(identity) => identity,
        Err(fault) => return Verdict::Broken(fault.0),
    };
    let mut problems = Vec::new();
    for (part, address) in &config.upstreams {
        let remote = match parts::remote(*part, address, &identity, key, world) {
            Ok(remote) => remote,
            Err(fault) => {
                problems.push(fault.0);
                continue;
            }
        };
        let name = part.name();
        match timeout(SLOW, remote.greet()).await.unwrap_or(Ok(Some(Obstacle::Away))) {
            Ok(None) => {}
            Ok(Some(met)) => problems.push(format!(
                "phần {name} ở {address} {}; {}",
                met.sentence(),
                remedy(met, name)
            )),
            Err(error) => problems.push(format!("phần {name} ở {address}: {error}")),
        }
    }
    Verdict::of(&problems)
}

fn remedy(met: Obstacle, name: &str) -> String {
    match met {
        Obstacle::Away => {
            format!("kiểm tra tiến trình chạy phần này, internal.port của nó và upstreams.{name}")
        }
        Obstacle::Foreign => {
            format!("kiểm tra internal.port của tiến trình chạy phần này và upstreams.{name}")
        }
        Obstacle::Stranger => {
            format!(
                "kiểm tra internal.authority ở đây, internal.certificate ở đó và upstreams.{name}"
            )
        }
        Obstacle::Refused => {
            "kiểm tra internal.certificate ở đây và internal.authority ở đó".into()
        }
        Obstacle::Astray => {
            "so master_key_file và phiên bản chương trình ở hai bên, bật đồng bộ giờ ở cả hai máy"
                .into()
        }
    }
}
