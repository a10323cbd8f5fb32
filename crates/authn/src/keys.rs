//! Keys that sign and verify tokens and certificates, and how they are read and named.
//!
//! Source: `k8s.io/client-go/util/keyutil`, `k8s.io/kubernetes/pkg/serviceaccount/jwt.go`, Go's `crypto/x509`.

mod private;
mod public;

use crate::pem;
use crate::x509::Certificate;

pub use private::{SignError, SigningKey};
pub use public::PublicKey;
pub(crate) use public::{Algorithm, Curve, Hash};

/// Why there is no key in a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    /// No block of the text is a private key that can sign.
    #[error("data does not contain a valid RSA or ECDSA private key")]
    NoPrivateKey,
    /// No block of the text is a key at all.
    #[error("data does not contain any valid RSA or ECDSA public keys")]
    NoPublicKeys,
    /// The key signs nothing here: RSA below 2048 bits or above 8192.
    #[error("RSA keys that sign have 2048 to 8192 bits, not {0}; make a new key")]
    RsaSize(usize),
}

/// Reads the keys that verify tokens out of PEM: public keys, private keys, certificates. What is none of these is
/// passed over.
///
/// Source: `keyutil.ParsePublicKeysPEM`. A private key that does not hold together is no key, and RSA private keys
/// have 2048 to 8192 bits here.
///
/// # Errors
/// Where there is no key.
pub fn public_keys_from_pem(text: &[u8]) -> Result<Vec<PublicKey>, KeyError> {
    let keys: Vec<PublicKey> = pem::blocks(text).iter().filter_map(|block| key_of(&block.bytes)).collect();
    if keys.is_empty() { Err(KeyError::NoPublicKeys) } else { Ok(keys) }
}

fn key_of(bytes: &[u8]) -> Option<PublicKey> {
    if let Some(key) = SigningKey::from_der(bytes) {
        return Some(key.public().clone());
    }
    let key = PublicKey::from_spki(bytes).or_else(|| {
        Certificate::parse(bytes).ok().and_then(|certificate| certificate.public_key().cloned())
    })?;
    key.verifies_tokens().then_some(key)
}

/// Reads the key that signs tokens out of PEM: the first block that is one.
///
/// Source: `keyutil.ParsePrivateKeyPEM`.
///
/// # Errors
/// Where there is no private key, or one that does not sign.
pub fn signing_key_from_pem(text: &[u8]) -> Result<SigningKey, KeyError> {
    for block in pem::blocks(text) {
        let is_private = matches!(block.kind.as_str(), "EC PRIVATE KEY" | "RSA PRIVATE KEY" | "PRIVATE KEY");
        if !is_private {
            continue;
        }
        if let Some(key) = SigningKey::from_der(&block.bytes) {
            return Ok(key);
        }
        if let Some(bits) = private::rsa_bits(&block.bytes).filter(|bits| !(2048..=8192).contains(bits)) {
            return Err(KeyError::RsaSize(bits));
        }
    }
    Err(KeyError::NoPrivateKey)
}

#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;
