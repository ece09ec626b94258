//! Processes know each other by certificates of one authority.

use super::{Heard, TENANT, instead};
use crate::{app::TestApp, run, wire::frames::PREFACE};
use embedded::ca::DevCa;
use gateway::upstream::Identity;
use rustls::{ClientConfig, RootCertStore, pki_types::CertificateDer, pki_types::pem::PemObject};
use sotay::{Part, parts::identity};
use std::sync::Arc;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};
use tokio_rustls::TlsConnector;

/// Shows a certificate of one authority and believes another.
fn signed_by(authority: &DevCa, believed: &DevCa) -> Identity {
    let names = ["localhost", "127.0.0.1", "::1"].map(String::from);
    let leaf = authority.leaf_for(&names, crate::app::START).unwrap();
    let (chain, key) = (leaf.chain_pem.as_bytes(), leaf.key_pem.as_bytes());
    Identity::from_pem(chain, key, believed.pem().as_bytes()).unwrap()
}

#[test]
fn without_a_certificate_of_the_installation_nobody_is_greeted() {
    run(async {
        let (app, services) = TestApp::apart().await;
        let ca = DevCa::load_or_create(&services.config.data.join("internal-ca"), app.world.now())
            .unwrap();
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_slice(ca.pem().as_bytes()).unwrap()).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut stranger = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        stranger.alpn_protocols = vec![b"h2".to_vec()];
        let known = identity(&services.config, &app.world).unwrap().client().unwrap();
        let folder = tempfile::tempdir().unwrap();
        let another = DevCa::load_or_create(folder.path(), app.world.now()).unwrap();
        let foreign = signed_by(&another, &ca).client().unwrap();
        let address = &services.config.upstreams[&Part::Meetings];
        for (tls, greeted) in [(known, true), (stranger, false), (foreign, false)] {
            let socket = TcpStream::connect(address).await.unwrap();
            let name = "localhost".try_into().unwrap();
            let answer = async {
                let mut stream = TlsConnector::from(Arc::new(tls)).connect(name, socket).await?;
                // The server sends its own settings.
                stream.write_all(PREFACE).await?;
                stream.read_u8().await
            };
            assert_eq!(answer.await.is_ok(), greeted);
        }
    });
}

#[test]
fn a_service_with_a_certificate_of_another_authority_is_told_nothing() {
    run(async {
        let (app, mut services) = TestApp::apart().await;
        let mut secretary = app.browser(TENANT, "secretary").await;
        services.end(Part::Documents).await;
        let now = app.world.now();
        let ours = DevCa::load_or_create(&services.config.data.join("internal-ca"), now).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let another = DevCa::load_or_create(folder.path(), now).unwrap();
        // Both would take in whoever the gateway is.
        for (authority, told) in [(&another, false), (&ours, true)] {
            let heard = Heard::default();
            let shown = signed_by(authority, &ours);
            let mut standing = instead(&services, Part::Documents, &shown, heard.clone()).await;
            let answer = secretary.get("/documents").await;
            assert_eq!(answer.status, if told { 200 } else { 503 }, "{}", answer.body);
            assert_eq!(answer.shows("Phần «Văn bản» đang tạm dừng"), !told, "{}", answer.body);
            assert_eq!(answer.headers.contains_key("retry-after"), !told);
            assert_eq!(heard.0.lock().unwrap().len(), usize::from(told));
            standing.shutdown().await;
        }
    });
}
