//! Private keys that sign tokens.

use super::public::EC;
use super::{Curve, PublicKey};
use crate::der::{self, Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING, ECDSA_P521_SHA512_FIXED_SIGNING,
    EcdsaKeyPair, EcdsaSigningAlgorithm, KeyPair, RSA_PKCS1_SHA256, RsaKeyPair,
};
use std::fmt;

/// A signature could not be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the key could not sign")]
pub struct SignError;

enum Pair {
    Rsa(RsaKeyPair),
    Ec(EcdsaKeyPair),
}

/// A key that signs tokens: RSA with `RS256`, ECDSA with the algorithm of its curve. It is never shown, and wiped by
/// the library when dropped.
pub struct SigningKey {
    pair: Pair,
    public: PublicKey,
}

impl SigningKey {
    /// Reads a private key in any of its forms: PKCS #1, PKCS #8, SEC 1.
    pub(super) fn from_der(bytes: &[u8]) -> Option<Self> {
        let rsa = RsaKeyPair::from_der(bytes).or_else(|_| RsaKeyPair::from_pkcs8(bytes));
        if let Ok(pair) = rsa {
            let public = PublicKey::from_pkcs1(pair.public_key().as_ref())?;
            return Some(Self { pair: Pair::Rsa(pair), public });
        }
        let curve = curve_of(bytes)?;
        let pair = EcdsaKeyPair::from_private_key_der(signing(curve), bytes).ok()?;
        let public = PublicKey::from_point(curve, pair.public_key().as_ref())?;
        Some(Self { pair: Pair::Ec(pair), public })
    }

    /// The key that verifies what this one signs.
    #[must_use]
    pub fn public(&self) -> &PublicKey {
        &self.public
    }

    /// The algorithm: `RS256`, `ES256`.
    #[must_use]
    pub fn algorithm(&self) -> &'static str {
        match self.pair {
            Pair::Rsa(_) => "RS256",
            Pair::Ec(_) => self.public.algorithm().unwrap_or_default(),
        }
    }

    /// The signature of a token.
    pub(crate) fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SignError> {
        // The library draws what randomness it needs itself; PKCS #1 signatures need none.
        let random = SystemRandom::new();
        match &self.pair {
            Pair::Rsa(pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                let signed = pair.sign(&RSA_PKCS1_SHA256, &random, message, &mut signature);
                signed.map(|()| signature).map_err(|_| SignError)
            }
            Pair::Ec(pair) => {
                let signature = pair.sign(&random, message).map_err(|_| SignError)?;
                Ok(signature.as_ref().to_vec())
            }
        }
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SigningKey").field("id", &self.public.id()).finish_non_exhaustive()
    }
}

const fn signing(curve: Curve) -> &'static EcdsaSigningAlgorithm {
    match curve {
        Curve::P256 => &ECDSA_P256_SHA256_FIXED_SIGNING,
        Curve::P384 => &ECDSA_P384_SHA384_FIXED_SIGNING,
        Curve::P521 => &ECDSA_P521_SHA512_FIXED_SIGNING,
    }
}

/// The curve that a private key names, in SEC 1 or PKCS #8.
fn curve_of(bytes: &[u8]) -> Option<Curve> {
    let mut key = Der::new(bytes).enter(der::SEQUENCE)?;
    match key.small()? {
        0 => {
            let mut algorithm = key.enter(der::SEQUENCE)?;
            let is_ec = algorithm.read(der::OID)? == EC;
            Curve::of_oid(algorithm.read(der::OID)?).filter(|_| is_ec)
        }
        1 => {
            key.read(der::OCTET_STRING)?;
            let mut parameters = key.enter(der::constructed(0))?;
            Curve::of_oid(parameters.read(der::OID)?)
        }
        _ => None,
    }
}

/// The bits of the modulus of an RSA private key, in PKCS #1 or PKCS #8.
pub(super) fn rsa_bits(bytes: &[u8]) -> Option<usize> {
    let mut key = Der::new(bytes).enter(der::SEQUENCE)?;
    if key.small()? != 0 {
        return None;
    }
    if key.peek() == Some(der::SEQUENCE) {
        key.read(der::SEQUENCE)?;
        return rsa_bits(key.read(der::OCTET_STRING)?);
    }
    let (modulus, exponent) = (key.unsigned()?, key.unsigned()?);
    PublicKey::rsa(modulus, exponent)?.rsa_bits()
}
