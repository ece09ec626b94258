//! A certificate authority for development: HTTPS under names such as
//! `*.sotay.localhost` once a person has told their browser to trust it.
//! Production is given its certificates and never comes here.

use crate::files;
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose,
};
use std::{
    fs::{self, File, OpenOptions},
    io,
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
};
use time::{Duration, OffsetDateTime};

/// Ten years, so that trusting it stays a one-time matter.
const CA_LIFE: Duration = Duration::days(3650);
/// The longest that browsers accept without complaint.
const LEAF_LIFE: Duration = Duration::days(397);
/// What is closer to its end than this is made anew.
const RENEW: Duration = Duration::days(30);
/// For machines whose clocks are a little behind.
const SKEW: Duration = Duration::days(1);

const CA_CERTIFICATE: &str = "ca.crt";
const CA_KEY: &str = "ca.key";
const CA_NOTE: &str = "ca.txt";
const LEAF_CHAIN: &str = "leaf.crt";
const LEAF_KEY: &str = "leaf.key";
const LEAF_NOTE: &str = "leaf.txt";

/// Why there is no certificate. `Display` is one Vietnamese sentence: what
/// failed and how to mend it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The folder or a file in it cannot be used.
    #[error("Không dùng được «{}» ({source}): hãy kiểm tra quyền và chỗ trống trên đĩa rồi thử lại.", .path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A name cannot stand in a certificate, or a stored key is damaged.
    #[error(
        "Không tạo được chứng thư phát triển ({0}): hãy kiểm tra tên miền, hoặc xoá thư mục chứng thư để tạo lại."
    )]
    Certificate(#[from] rcgen::Error),
}

/// A server's certificate, signed by a [`DevCa`].
#[derive(Clone, PartialEq, Eq)]
pub struct Leaf {
    /// The certificate and the authority's, as PEM, in the order that TLS sends them.
    pub chain_pem: String,
    /// The private key, PKCS #8 as PEM.
    pub key_pem: String,
}

// The key must never reach a log.
impl std::fmt::Debug for Leaf {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Leaf").finish_non_exhaustive()
    }
}

/// The authority, kept in a folder.
pub struct DevCa {
    folder: PathBuf,
    pem: String,
    issuer: Issuer<'static, KeyPair>,
}

impl DevCa {
    /// Takes the authority from `folder`, or makes one there when it is
    /// missing or within 30 days of its end at `now`. Its key is readable by
    /// its owner alone.
    ///
    /// # Errors
    /// See [`Error`].
    pub fn load_or_create(folder: &Path, now: OffsetDateTime) -> Result<Self, Error> {
        fs::create_dir_all(folder).map_err(at(folder))?;
        let _held = hold(folder)?;
        if let Some(note) = Note::read(&folder.join(CA_NOTE)).filter(|note| note.fresh(now))
            && let [name] = note.names.as_slice()
            && let Ok(pem) = fs::read_to_string(folder.join(CA_CERTIFICATE))
            && let Ok(key) = fs::read_to_string(folder.join(CA_KEY))
        {
            let issuer = Issuer::new(authority(name, note.until), KeyPair::from_pem(&key)?);
            return Ok(Self { folder: folder.to_owned(), pem, issuer });
        }
        // A name of its own: a browser may trust several of these.
        let name = format!("Sổ tay đảng viên điện tử, CA phát triển {}", files::secret::<4>());
        let key = KeyPair::generate()?;
        let until = now + CA_LIFE;
        let mut params = authority(&name, until);
        params.not_before = now - SKEW;
        let pem = params.self_signed(&key)?.pem();
        // What the former one signed is worth nothing now.
        forget(&folder.join(LEAF_NOTE))?;
        forget(&folder.join(CA_NOTE))?;
        put(&folder.join(CA_KEY), 0o600, &key.serialize_pem())?;
        put(&folder.join(CA_CERTIFICATE), 0o644, &pem)?;
        Note { until, names: vec![name] }.write(&folder.join(CA_NOTE))?;
        Ok(Self { folder: folder.to_owned(), pem, issuer: Issuer::new(params, key) })
    }

    /// The authority's certificate as PEM: what a client is given to trust.
    #[must_use]
    pub fn pem(&self) -> &str {
        &self.pem
    }

    /// The file with the authority's certificate, for a person to add to
    /// their browser or system.
    #[must_use]
    pub fn pem_path(&self) -> PathBuf {
        self.folder.join(CA_CERTIFICATE)
    }

    /// A certificate for servers and clients under `names`: DNS names, where
    /// the first label may be `*`, or IP addresses. The stored one is
    /// returned until it is within 30 days of its end at `now` or the names
    /// change. A star with a single label after it (`*.localhost`) can be
    /// asked for, but browsers and rustls do not accept it: name the hosts, or
    /// use `*.sotay.localhost`.
    ///
    /// # Errors
    /// See [`Error`].
    pub fn leaf_for(&self, names: &[String], now: OffsetDateTime) -> Result<Leaf, Error> {
        let _held = hold(&self.folder)?;
        let file = |name: &str| self.folder.join(name);
        if Note::read(&file(LEAF_NOTE)).is_some_and(|note| note.fresh(now) && note.names == names)
            && let Ok(chain_pem) = fs::read_to_string(file(LEAF_CHAIN))
            && let Ok(key_pem) = fs::read_to_string(file(LEAF_KEY))
        {
            return Ok(Leaf { chain_pem, key_pem });
        }
        let key = KeyPair::generate()?;
        let until = now + LEAF_LIFE;
        let mut params = CertificateParams::new(names)?;
        params.distinguished_name.remove(DnType::CommonName);
        params.distinguished_name.push(DnType::CommonName, "Sổ tay đảng viên điện tử");
        params.not_before = now - SKEW;
        params.not_after = until;
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages =
            vec![ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth];
        params.use_authority_key_identifier_extension = true;
        let certificate = params.signed_by(&key, &self.issuer)?;
        let leaf = Leaf { chain_pem: certificate.pem() + &self.pem, key_pem: key.serialize_pem() };
        forget(&file(LEAF_NOTE))?;
        put(&file(LEAF_KEY), 0o600, &leaf.key_pem)?;
        put(&file(LEAF_CHAIN), 0o644, &leaf.chain_pem)?;
        Note { until, names: names.to_vec() }.write(&file(LEAF_NOTE))?;
        Ok(leaf)
    }
}

/// What a stored certificate says, in a form that needs no X.509 parser: its
/// end in Unix seconds, then its names, one a line. It is written last and
/// removed first, so that where it stands, the rest is whole.
struct Note {
    until: OffsetDateTime,
    names: Vec<String>,
}

impl Note {
    fn read(path: &Path) -> Option<Self> {
        let text = fs::read_to_string(path).ok()?;
        let mut lines = text.lines();
        let until = OffsetDateTime::from_unix_timestamp(lines.next()?.parse().ok()?).ok()?;
        Some(Self { until, names: lines.map(String::from).collect() })
    }

    fn write(&self, path: &Path) -> Result<(), Error> {
        let text = format!("{}\n{}\n", self.until.unix_timestamp(), self.names.join("\n"));
        put(path, 0o644, &text)
    }

    fn fresh(&self, now: OffsetDateTime) -> bool {
        now + RENEW < self.until
    }
}

/// What signing needs to know of the authority, its start excepted.
fn authority(name: &str, until: OffsetDateTime) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name.remove(DnType::CommonName);
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params.not_after = until;
    params
}

/// Keeps a second process from writing at the same time.
fn hold(folder: &Path) -> Result<File, Error> {
    let path = folder.join("lock");
    let file =
        OpenOptions::new().create(true).append(true).mode(0o600).open(&path).map_err(at(&path))?;
    file.lock().map_err(at(&path))?;
    Ok(file)
}

fn put(path: &Path, mode: u32, text: &str) -> Result<(), Error> {
    files::write(path, mode, text).map_err(at(path))
}

fn forget(path: &Path) -> Result<(), Error> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(at(path)(error)),
        _ => Ok(()),
    }
}

fn at(path: &Path) -> impl FnOnce(io::Error) -> Error {
    let path = path.to_owned();
    move |source| Error::Io { path, source }
}
