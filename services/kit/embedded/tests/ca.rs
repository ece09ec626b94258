//! The development authority: kept, renewed, and private where it has to be.

use embedded::ca::{DevCa, Leaf};
use rustls::{
    ClientConfig, ClientConnection, RootCertStore, ServerConfig, ServerConnection,
    crypto::ring,
    pki_types::{CertificateDer, PrivateKeyDer, ServerName, pem::PemObject as _},
};
use std::{fs, os::unix::fs::PermissionsExt as _, sync::Arc};
use tempfile::TempDir;
use time::{Duration, macros::datetime};

#[test]
fn certificates_are_kept_until_they_near_their_end_or_the_names_change() {
    let folder = TempDir::new().unwrap();
    let now = datetime!(2026-11-03 8:00 UTC);
    let names = ["localhost".to_owned(), "*.localhost".to_owned(), "127.0.0.1".to_owned()];
    let ca = DevCa::load_or_create(folder.path(), now).unwrap();
    let leaf = ca.leaf_for(&names, now).unwrap();
    assert_eq!(leaf.chain_pem.matches("BEGIN CERTIFICATE").count(), 2);
    assert!(leaf.chain_pem.ends_with(ca.pem()));
    assert_eq!(fs::read_to_string(ca.pem_path()).unwrap(), ca.pem());
    for key in ["ca.key", "leaf.key"] {
        let mode = fs::metadata(folder.path().join(key)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{key}");
    }

    let again = DevCa::load_or_create(folder.path(), now + Duration::days(300)).unwrap();
    assert_eq!(again.pem(), ca.pem());
    assert_eq!(again.leaf_for(&names, now + Duration::days(300)).unwrap(), leaf);

    let renewed = again.leaf_for(&names, now + Duration::days(368)).unwrap();
    assert_ne!(renewed, leaf, "within 30 days of its end");
    assert_eq!(again.leaf_for(&names, now + Duration::days(368)).unwrap(), renewed);
    let other = again.leaf_for(&names[..1], now + Duration::days(368)).unwrap();
    assert_ne!(other, renewed, "the names have changed");

    let later = now + Duration::days(3650 - 29);
    let new = DevCa::load_or_create(folder.path(), later).unwrap();
    assert_ne!(new.pem(), ca.pem());
    assert!(new.leaf_for(&names[..1], later).unwrap().chain_pem.ends_with(new.pem()));
}

/// Whether a client that trusts `ca` accepts `leaf` under `name`: a handshake
/// in memory, since nothing less settles it.
fn accepts(ca: &str, leaf: &Leaf, name: &'static str) -> bool {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(ca.as_bytes()).unwrap()).unwrap();
    let client = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let chain =
        CertificateDer::pem_slice_iter(leaf.chain_pem.as_bytes()).map(Result::unwrap).collect();
    let key = PrivateKeyDer::from_pem_slice(leaf.key_pem.as_bytes()).unwrap();
    let server = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .unwrap();
    let mut client =
        ClientConnection::new(Arc::new(client), ServerName::try_from(name).unwrap()).unwrap();
    let mut server = ServerConnection::new(Arc::new(server)).unwrap();
    while client.is_handshaking() || server.is_handshaking() {
        let mut wire = Vec::new();
        client.write_tls(&mut wire).unwrap();
        server.read_tls(&mut wire.as_slice()).unwrap();
        server.process_new_packets().unwrap();
        let mut wire = Vec::new();
        server.write_tls(&mut wire).unwrap();
        client.read_tls(&mut wire.as_slice()).unwrap();
        if client.process_new_packets().is_err() {
            return false;
        }
    }
    true
}

#[test]
fn a_client_that_trusts_the_authority_accepts_the_names_and_no_others() {
    // rustls goes by the machine's clock, as does this one test.
    let now = kernel::World::system().now();
    let folder = TempDir::new().unwrap();
    DevCa::load_or_create(folder.path(), now).unwrap();
    let loaded = DevCa::load_or_create(folder.path(), now).unwrap();
    let names =
        ["*.localhost", "*.sotay.localhost", "ha-noi.localhost", "127.0.0.1"].map(String::from);
    let leaf = loaded.leaf_for(&names, now).unwrap();
    assert!(accepts(loaded.pem(), &leaf, "thanh-hoa.sotay.localhost"));
    assert!(accepts(loaded.pem(), &leaf, "ha-noi.localhost"));
    // rustls and browsers want two labels after the star.
    assert!(!accepts(loaded.pem(), &leaf, "thanh-hoa.localhost"));
    assert!(accepts(loaded.pem(), &leaf, "127.0.0.1"));
    assert!(!accepts(loaded.pem(), &leaf, "example.org"));
    let stranger = TempDir::new().unwrap();
    let stranger = DevCa::load_or_create(stranger.path(), now).unwrap();
    assert!(!accepts(stranger.pem(), &leaf, "ha-noi.localhost"));
}
