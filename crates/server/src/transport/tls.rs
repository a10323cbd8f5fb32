//! TLS: versions, certificates of both ends, and how they change while connections go on.

use arc_swap::ArcSwap;
use rustls::client::danger::HandshakeSignatureValid;
use rustls::crypto::{CryptoProvider, WebPkiSupportedAlgorithms};
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::server::{NoClientAuth, WebPkiClientVerifier};
use rustls::sign::CertifiedKey;
use rustls::{DigitallySignedStruct, DistinguishedName, RootCertStore, ServerConfig, SignatureScheme};
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, PrivateKeyDer, UnixTime};
use std::fmt;
use std::sync::Arc;

/// Why certificates cannot be used. Never holds a key.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TlsError {
    /// There is no certificate in the text.
    #[error("there is no certificate in it; it must be PEM with at least one CERTIFICATE block")]
    NoCertificate,
    /// There is no private key in the text, or none that can be read.
    #[error("there is no private key in it; it must be PEM with an unencrypted PRIVATE KEY block")]
    NoKey,
    /// The key is not that of the certificate, or of a kind that is not known.
    #[error("the private key does not fit the certificate: {0}")]
    Mismatch(String),
    /// A certificate authority cannot be used.
    #[error("a certificate authority cannot be used: {0}")]
    Authority(String),
    /// The TLS library refused.
    #[error("TLS cannot be set up: {0}")]
    Setup(String),
}

/// What a server shows of itself: its certificates and the key of the first.
pub struct Identity(Arc<CertifiedKey>);

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Identity({} certificates)", self.0.cert.len())
    }
}

impl Identity {
    /// Reads certificates and key from PEM.
    ///
    /// # Errors
    /// Where either is missing or they do not belong together.
    pub fn from_pem(chain: &[u8], key: &[u8]) -> Result<Self, TlsError> {
        let chain = certificates(chain)?;
        let key = PrivateKeyDer::from_pem_slice(key).map_err(|_| TlsError::NoKey)?;
        let mismatch = |error: rustls::Error| TlsError::Mismatch(error.to_string());
        let certified = CertifiedKey::from_der(chain, key, &provider()).map_err(mismatch)?;
        certified.keys_match().map_err(mismatch)?;
        Ok(Self(Arc::new(certified)))
    }

    /// The certificates, that of the server first.
    #[must_use]
    pub fn certificates(&self) -> &[CertificateDer<'static>] {
        &self.0.cert
    }
}

/// The certificates of a PEM text.
///
/// # Errors
/// Where there is none or one cannot be read.
pub fn certificates(pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
    chain.ok().filter(|chain| !chain.is_empty()).ok_or(TlsError::NoCertificate)
}

/// What is asked of clients.
#[derive(Clone, Debug)]
pub enum Clients {
    /// No certificate is asked for.
    Unasked,
    /// A certificate is asked for; one that these authorities (PEM) did not sign ends the handshake, none at all does
    /// not: probes have none.
    Verified(Vec<u8>),
    /// A certificate is asked for and taken as it is, like `RequestClientCert` of Go: whether it is good is decided
    /// later, by an engine that answers 401. That the client holds the key is made sure of here.
    Requested,
}

/// The lowest version of TLS that is spoken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lowest {
    /// TLS 1.2.
    Tls12,
    /// TLS 1.3.
    Tls13,
}

/// TLS of a listener: what the next handshake is done with.
#[derive(Debug)]
pub struct Tls(ArcSwap<ServerConfig>);

impl Tls {
    /// TLS that begins with these settings.
    #[must_use]
    pub fn new(config: Arc<ServerConfig>) -> Self {
        Self(ArcSwap::new(config))
    }

    /// Replaces the settings for the handshakes to come; connections that are there go on.
    pub fn replace(&self, config: Arc<ServerConfig>) {
        self.0.store(config);
    }

    pub(super) fn config(&self) -> Arc<ServerConfig> {
        self.0.load_full()
    }
}

/// The settings of handshakes.
///
/// # Errors
/// Where the authorities of clients cannot be used.
pub fn config(
    identity: &Identity,
    clients: &Clients,
    lowest: Lowest,
    with_http2: bool,
) -> Result<Arc<ServerConfig>, TlsError> {
    let setup = |error: rustls::Error| TlsError::Setup(error.to_string());
    let versions: &[&rustls::SupportedProtocolVersion] = match lowest {
        Lowest::Tls12 => &[&rustls::version::TLS13, &rustls::version::TLS12],
        Lowest::Tls13 => &[&rustls::version::TLS13],
    };
    let provider = Arc::new(provider());
    let verifier: Arc<dyn ClientCertVerifier> = match clients {
        Clients::Unasked => Arc::new(NoClientAuth),
        Clients::Requested => Arc::new(AnyClient { algorithms: provider.signature_verification_algorithms }),
        Clients::Verified(authorities) => {
            let mut roots = RootCertStore::empty();
            for certificate in certificates(authorities)? {
                roots.add(certificate).map_err(|error| TlsError::Authority(error.to_string()))?;
            }
            WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider))
                .allow_unauthenticated()
                .build()
                .map_err(|error| TlsError::Authority(error.to_string()))?
        }
    };
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(versions)
        .map_err(setup)?
        .with_client_cert_verifier(verifier)
        .with_cert_resolver(Arc::new(rustls::sign::SingleCertAndKey::from(Arc::clone(&identity.0))));
    config.alpn_protocols =
        if with_http2 { vec![b"h2".to_vec(), b"http/1.1".to_vec()] } else { vec![b"http/1.1".to_vec()] };
    Ok(Arc::new(config))
}

fn provider() -> CryptoProvider {
    rustls::crypto::aws_lc_rs::default_provider()
}

/// Takes every certificate of a client that holds its key.
#[derive(Debug)]
struct AnyClient {
    algorithms: WebPkiSupportedAlgorithms,
}

impl ClientCertVerifier for AnyClient {
    fn offer_client_auth(&self) -> bool {
        true
    }

    fn client_auth_mandatory(&self) -> bool {
        false
    }

    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &[]
    }

    fn verify_client_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: UnixTime,
    ) -> Result<ClientCertVerified, rustls::Error> {
        Ok(ClientCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        rustls::crypto::verify_tls12_signature(message, certificate, signature, &self.algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        rustls::crypto::verify_tls13_signature(message, certificate, signature, &self.algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}
