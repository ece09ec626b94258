//! The certificate: readable, its key its own, in force, for every name.

use super::Verdict;
use crate::{Config, certificates::try_pair};
use rustls::pki_types::{CertificateDer, ServerName, pem::PemObject as _};
use std::path::Path;
use tenancy::TenantFile;
use time::{Duration, OffsetDateTime};
use webpki::EndEntityCert;
use yasna::{ASN1Result, BERReader, Tag, tags::TAG_UTCTIME};

/// Time enough to get another one.
const SOON: Duration = Duration::days(30);

pub(super) fn look(config: &Config, files: &[TenantFile], now: OffsetDateTime) -> Verdict {
    let https = &config.https;
    // Without files the development authority makes one that fits at each start.
    if https.port == 0 || (https.certificate.is_none() && https.certificates.is_none()) {
        return Verdict::Well;
    }
    let names = files.iter().flat_map(|file| {
        let under = config.bases.iter().map(move |base| format!("{}.{base}", file.slug));
        under.chain(file.hosts.iter().cloned())
    });
    // A host's own pair goes before the one for all.
    let own = |name: &str| {
        let chain = https.certificates.as_ref()?.join(format!("{name}.pem"));
        chain.exists().then_some(chain)
    };
    let mut verdicts = Vec::new();
    let mut shared = Vec::new();
    for name in names {
        match own(&name) {
            Some(chain) => {
                let key = chain.with_extension("key");
                verdicts.push(judge("https.certificates", &chain, &key, &[name], now));
            }
            None => shared.push(name),
        }
    }
    match (&https.certificate, &https.key) {
        (Some(chain), Some(key)) => {
            verdicts.push(judge("https.certificate", chain, key, &shared, now));
        }
        _ if shared.is_empty() => {}
        _ => verdicts.push(Verdict::Broken(format!(
            "không có chứng thư cho {}; thêm vào https.certificates",
            shared.join(", ")
        ))),
    }
    worst(verdicts)
}

/// What is broken goes before what will be.
fn worst(verdicts: Vec<Verdict>) -> Verdict {
    let (mut broken, mut careful) = (Vec::new(), Vec::new());
    for verdict in verdicts {
        match verdict {
            Verdict::Well => {}
            Verdict::Careful(says) => careful.push(says),
            Verdict::Broken(says) => broken.push(says),
        }
    }
    match (broken.is_empty(), careful.is_empty()) {
        (false, _) => Verdict::Broken(broken.join("; ")),
        (true, false) => Verdict::Careful(careful.join("; ")),
        (true, true) => Verdict::Well,
    }
}

/// A certificate that `setting` names, with its key.
pub(super) fn judge(
    setting: &str,
    chain: &Path,
    key: &Path,
    names: &[String],
    now: OffsetDateTime,
) -> Verdict {
    let name = chain.display();
    let Some(leaf) = CertificateDer::pem_file_iter(chain).ok().and_then(|mut all| all.next()?.ok())
    else {
        return Verdict::Broken(format!(
            "«{name}» không đọc được hoặc không phải PEM; kiểm tra {setting}"
        ));
    };
    let (Ok(certificate), Ok((begins, ends))) = (EndEntityCert::try_from(&leaf), validity(&leaf))
    else {
        return Verdict::Broken(format!("«{name}» không phải chứng thư X.509"));
    };
    if let Err(why) = try_pair(chain, key) {
        return Verdict::Broken(format!("{why}; kiểm tra tệp khóa có đi cùng chứng thư này không"));
    }
    if ends <= now {
        return Verdict::Broken(format!("«{name}» đã hết hạn; thay chứng thư mới ngay"));
    }
    if begins > now {
        return Verdict::Broken(format!("«{name}» chưa có hiệu lực; kiểm tra đồng hồ của máy"));
    }
    let covered = |name: &String| {
        ServerName::try_from(name.as_str())
            .is_ok_and(|name| certificate.verify_is_valid_for_subject_name(&name).is_ok())
    };
    let missing: Vec<&str> =
        names.iter().filter(|name| !covered(name)).map(String::as_str).collect();
    if !missing.is_empty() {
        return Verdict::Broken(format!(
            "«{name}» không dùng cho {}; xin chứng thư có thêm các tên này",
            missing.join(", ")
        ));
    }
    if ends - now < SOON {
        let days = (ends - now).whole_days();
        return Verdict::Careful(format!(
            "«{name}» còn {days} ngày là hết hạn; gia hạn trong tuần này"
        ));
    }
    Verdict::Well
}

/// From when to when a certificate is in force (RFC 5280, 4.1.2.5).
#[expect(
    clippy::redundant_closure_for_method_calls,
    reason = "the method itself is not general enough for the reader's lifetimes"
)]
fn validity(der: &[u8]) -> ASN1Result<(OffsetDateTime, OffsetDateTime)> {
    yasna::parse_der(der, |certificate| {
        certificate.read_sequence(|certificate| {
            let validity = certificate.next().read_sequence(|to_be_signed| {
                let version = Tag::context(0);
                to_be_signed.read_optional(|r| r.read_tagged(version, |r| r.read_u8()))?;
                for _serial_algorithm_issuer in 0..3 {
                    to_be_signed.next().read_der()?;
                }
                let validity = to_be_signed
                    .next()
                    .read_sequence(|r| Ok((moment(r.next())?, moment(r.next())?)))?;
                while to_be_signed.read_optional(|r| r.read_der())?.is_some() {}
                Ok(validity)
            })?;
            for _algorithm_signature in 0..2 {
                certificate.next().read_der()?;
            }
            Ok(validity)
        })
    })
}

fn moment(reader: BERReader<'_, '_>) -> ASN1Result<OffsetDateTime> {
    if reader.lookahead_tag()? == TAG_UTCTIME {
        reader.read_utctime().map(|time| *time.datetime())
    } else {
        reader.read_generalized_time().map(|time| *time.datetime())
    }
}

#[cfg(test)]
mod tests {
    use super::judge;
    use crate::doctor::Verdict;
    use embedded::ca::DevCa;
    use std::path::{Path, PathBuf};
    use time::{Duration, OffsetDateTime, macros::datetime};

    const NOW: OffsetDateTime = datetime!(2026-11-22 0:00 UTC);

    /// A certificate, its key, and a key that is another's.
    fn made(folder: &Path, names: &[&str], on: OffsetDateTime) -> [PathBuf; 3] {
        let ca = DevCa::load_or_create(&folder.join("ca"), on).unwrap();
        let names: Vec<String> = names.iter().map(ToString::to_string).collect();
        let leaf = ca.leaf_for(&names, on).unwrap();
        let other = ca.leaf_for(&["other.localhost".to_owned()], on).unwrap();
        let files = [leaf.chain_pem, leaf.key_pem, other.key_pem];
        let paths = ["chain.pem", "chain.key", "other.key"].map(|name| folder.join(name));
        for (path, text) in paths.iter().zip(files) {
            std::fs::write(path, text).unwrap();
        }
        paths
    }

    #[test]
    fn a_certificate_is_judged_by_its_dates_and_its_names() {
        let folder = tempfile::tempdir().unwrap();
        let [chain, key, other] = made(folder.path(), &["ha-noi.localhost", "localhost"], NOW);
        let at =
            |name: &str, now| judge("https.certificate", &chain, &key, &[name.to_owned()], now);
        assert_eq!(at("ha-noi.localhost", NOW), Verdict::Well);
        let Verdict::Broken(says) = judge("https.certificate", &chain, &other, &[], NOW) else {
            panic!("another's key")
        };
        assert!(says.contains("other.key"), "{says}");
        let Verdict::Broken(says) = at("hue.localhost", NOW) else { panic!("another's name") };
        assert!(says.contains("hue.localhost"), "{says}");
        // How long a leaf lasts is its maker's business: walk until it ends.
        let mut day = NOW;
        while at("ha-noi.localhost", day) == Verdict::Well {
            day += Duration::days(1);
        }
        assert!(
            matches!(at("ha-noi.localhost", day), Verdict::Careful(s) if s.contains("gia hạn"))
        );
        assert!(
            matches!(at("ha-noi.localhost", day + Duration::days(31)), Verdict::Broken(s) if s.contains("hết hạn"))
        );
        assert!(
            matches!(at("ha-noi.localhost", NOW - Duration::days(30)), Verdict::Broken(s) if s.contains("chưa có hiệu lực"))
        );
    }

    #[test]
    fn what_is_no_certificate_is_said_to_be_none() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("chain.pem");
        let says = || judge("https.certificate", &path, &path, &[], NOW);
        assert!(matches!(says(), Verdict::Broken(s) if s.contains("https.certificate")));
        std::fs::write(&path, "none").unwrap();
        assert!(matches!(says(), Verdict::Broken(s) if s.contains("PEM")));
    }
}
