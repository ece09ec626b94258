//! How processes of one installation know each other.

use kernel::Error;
use rustls::{
    ClientConfig, RootCertStore, ServerConfig,
    crypto::{CryptoProvider, ring},
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _},
    server::WebPkiClientVerifier,
};
use std::sync::Arc;

/// A certificate for both ends of a connection, and the one authority whose
/// certificates are accepted from the other end. That authority should sign for
/// nothing else: whoever it signed for may say who is asking.
pub struct Identity {
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
    roots: Arc<RootCertStore>,
}

impl Identity {
    /// From PEM texts: the certificate with its chain, its key, the authority.
    ///
    /// # Errors
    /// When one of them is not PEM of its kind.
    pub fn from_pem(chain: &[u8], key: &[u8], authority: &[u8]) -> Result<Self, Error> {
        let certificates = |pem| CertificateDer::pem_slice_iter(pem).collect::<Result<Vec<_>, _>>();
        let mut roots = RootCertStore::empty();
        for certificate in certificates(authority)? {
            roots.add(certificate)?;
        }
        Ok(Self {
            chain: certificates(chain)?,
            key: PrivateKeyDer::from_pem_slice(key)?,
            roots: roots.into(),
        })
    }

    /// For the end that is asked: a peer without a certificate gets no further
    /// than its greeting.
    ///
    /// # Errors
    /// When key and certificate do not fit.
    pub fn server(&self) -> Result<ServerConfig, Error> {
        let verifier =
            WebPkiClientVerifier::builder_with_provider(self.roots.clone(), provider()).build()?;
        let mut tls = ServerConfig::builder_with_provider(provider())
            .with_protocol_versions(&[&rustls::version::TLS13])?
            .with_client_cert_verifier(verifier)
            .with_single_cert(self.chain.clone(), self.key.clone_key())?;
        tls.alpn_protocols = vec![b"h2".to_vec()];
        Ok(tls)
    }

    /// For the end that asks.
    ///
    /// # Errors
    /// When key and certificate do not fit.
    pub fn client(&self) -> Result<ClientConfig, Error> {
        let mut tls = ClientConfig::builder_with_provider(provider())
            .with_protocol_versions(&[&rustls::version::TLS13])?
            .with_root_certificates(self.roots.clone())
            .with_client_auth_cert(self.chain.clone(), self.key.clone_key())?;
        tls.alpn_protocols = vec![b"h2".to_vec()];
        Ok(tls)
    }
}

fn provider() -> Arc<CryptoProvider> {
    Arc::new(ring::default_provider())
}
