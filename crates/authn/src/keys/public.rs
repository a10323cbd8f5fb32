//! Public keys: read, named, written, and asked about signatures.

use crate::der::{self, Der};
use crate::encoding::encode_url;
use aws_lc_rs::digest;
use aws_lc_rs::signature::{
    self, ECDSA_P256_SHA256_ASN1, ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA384_ASN1, ECDSA_P256_SHA512_ASN1,
    ECDSA_P384_SHA256_ASN1, ECDSA_P384_SHA384_ASN1, ECDSA_P384_SHA384_FIXED, ECDSA_P384_SHA512_ASN1,
    ECDSA_P521_SHA256_ASN1, ECDSA_P521_SHA384_ASN1, ECDSA_P521_SHA512_ASN1, ECDSA_P521_SHA512_FIXED, ED25519,
    EcdsaVerificationAlgorithm, RSA_PKCS1_1024_8192_SHA256_FOR_LEGACY_USE_ONLY,
    RSA_PKCS1_1024_8192_SHA512_FOR_LEGACY_USE_ONLY, RSA_PKCS1_2048_8192_SHA384, RSA_PSS_2048_8192_SHA256,
    RSA_PSS_2048_8192_SHA384, RSA_PSS_2048_8192_SHA512, RsaParameters, RsaPublicKeyComponents,
    UnparsedPublicKey,
};

/// `1.2.840.113549.1.1.1`.
const RSA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01];
/// `1.2.840.10045.2.1`.
pub(super) const EC: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01];
/// `1.3.101.112`.
const EDWARDS: &[u8] = &[0x2b, 0x65, 0x70];

/// A curve that keys are on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Curve {
    P256,
    P384,
    P521,
}

impl Curve {
    pub(crate) const ALL: [Self; 3] = [Self::P256, Self::P384, Self::P521];

    pub(crate) const fn oid(self) -> &'static [u8] {
        match self {
            Self::P256 => &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07],
            Self::P384 => &[0x2b, 0x81, 0x04, 0x00, 0x22],
            Self::P521 => &[0x2b, 0x81, 0x04, 0x00, 0x23],
        }
    }

    pub(crate) fn of_oid(oid: &[u8]) -> Option<Self> {
        Self::ALL.into_iter().find(|curve| curve.oid() == oid)
    }

    /// The name in a JSON Web Key.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::P256 => "P-256",
            Self::P384 => "P-384",
            Self::P521 => "P-521",
        }
    }

    /// The algorithm of tokens that keys on the curve sign.
    pub(crate) const fn algorithm(self) -> &'static str {
        match self {
            Self::P256 => "ES256",
            Self::P384 => "ES384",
            Self::P521 => "ES512",
        }
    }

    /// The bytes of a coordinate.
    pub(crate) const fn size(self) -> usize {
        match self {
            Self::P256 => 32,
            Self::P384 => 48,
            Self::P521 => 66,
        }
    }

    const fn fixed(self) -> &'static EcdsaVerificationAlgorithm {
        match self {
            Self::P256 => &ECDSA_P256_SHA256_FIXED,
            Self::P384 => &ECDSA_P384_SHA384_FIXED,
            Self::P521 => &ECDSA_P521_SHA512_FIXED,
        }
    }
}

/// A hash below a signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Hash {
    Sha256,
    Sha384,
    Sha512,
}

/// How a certificate is signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Algorithm {
    RsaPkcs1(Hash),
    RsaPss(Hash),
    Ecdsa(Hash),
    Ed25519,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Kind {
    Rsa { modulus: Vec<u8>, exponent: Vec<u8> },
    Ec { curve: Curve, point: Vec<u8> },
    Ed25519(Vec<u8>),
}

/// A public key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicKey {
    kind: Kind,
    id: String,
}

impl PublicKey {
    fn new(kind: Kind) -> Self {
        let mut key = Self { kind, id: String::new() };
        key.id = encode_url(digest::digest(&digest::SHA256, &key.to_spki()).as_ref());
        key
    }

    /// Reads a `SubjectPublicKeyInfo`, to its end.
    pub(crate) fn from_spki(bytes: &[u8]) -> Option<Self> {
        let mut outer = Der::new(bytes);
        let mut info = outer.enter(der::SEQUENCE)?;
        if !outer.is_empty() {
            return None;
        }
        let mut algorithm = info.enter(der::SEQUENCE)?;
        let oid = algorithm.read(der::OID)?;
        let key = info.whole_bits()?;
        if oid == RSA {
            let is_null = algorithm.element(der::NULL)?.content.is_empty();
            return is_null.then(|| Self::from_pkcs1(key))?;
        }
        if oid == EC {
            return Self::from_point(Curve::of_oid(algorithm.read(der::OID)?)?, key);
        }
        let is_edwards = oid == EDWARDS && algorithm.is_empty() && key.len() == 32;
        is_edwards.then(|| Self::new(Kind::Ed25519(key.to_vec())))
    }

    /// Whether a `SubjectPublicKeyInfo` is of a kind that is known, so that one that cannot be read is an error. P-224 is
    /// known to Go, but to nothing here.
    pub(crate) fn is_known(bytes: &[u8]) -> bool {
        /// `1.3.132.0.33`.
        const P224: &[u8] = &[0x2b, 0x81, 0x04, 0x00, 0x21];
        let info = Der::new(bytes).enter(der::SEQUENCE).and_then(|mut info| info.enter(der::SEQUENCE));
        let Some(mut algorithm) = info else { return true };
        match algorithm.read(der::OID) {
            Some(RSA | EDWARDS) | None => true,
            Some(EC) => algorithm.read(der::OID) != Some(P224),
            Some(_) => false,
        }
    }

    /// Reads an `RSAPublicKey`.
    pub(crate) fn from_pkcs1(bytes: &[u8]) -> Option<Self> {
        let mut key = Der::new(bytes).enter(der::SEQUENCE)?;
        let modulus = key.unsigned()?;
        let exponent = key.unsigned()?;
        Self::rsa(modulus, exponent)
    }

    /// An RSA key of its numbers.
    pub(crate) fn rsa(modulus: &[u8], exponent: &[u8]) -> Option<Self> {
        let is_number = |bytes: &[u8]| bytes.first().is_some_and(|first| *first != 0);
        // Exponents are native integers in Go.
        let is_sound = is_number(modulus) && is_number(exponent) && exponent.len() <= 8;
        is_sound.then(|| Self::new(Kind::Rsa { modulus: modulus.to_vec(), exponent: exponent.to_vec() }))
    }

    /// A key of an uncompressed point, if that is on the curve.
    pub(crate) fn from_point(curve: Curve, point: &[u8]) -> Option<Self> {
        let is_uncompressed = point.first() == Some(&4) && point.len() == 1 + 2 * curve.size();
        let is_on_curve = is_uncompressed && UnparsedPublicKey::new(curve.fixed(), point).parse().is_ok();
        is_on_curve.then(|| Self::new(Kind::Ec { curve, point: point.to_vec() }))
    }

    /// The key as a `SubjectPublicKeyInfo`: what `x509.MarshalPKIXPublicKey` writes.
    #[must_use]
    pub fn to_spki(&self) -> Vec<u8> {
        let (algorithm, key) = match &self.kind {
            Kind::Rsa { modulus, exponent } => {
                let numbers = [der::write_unsigned(modulus), der::write_unsigned(exponent)].concat();
                let algorithm = [der::write(der::OID, RSA), der::write(der::NULL, &[])].concat();
                (algorithm, der::write(der::SEQUENCE, &numbers))
            }
            Kind::Ec { curve, point } => {
                ([der::write(der::OID, EC), der::write(der::OID, curve.oid())].concat(), point.clone())
            }
            Kind::Ed25519(bytes) => (der::write(der::OID, EDWARDS), bytes.clone()),
        };
        let bits = [&[0], key.as_slice()].concat();
        let parts = [der::write(der::SEQUENCE, &algorithm), der::write(der::BIT_STRING, &bits)].concat();
        der::write(der::SEQUENCE, &parts)
    }

    /// The id that tokens name the key by: the SHA-256 of its `SubjectPublicKeyInfo`, in base64.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The algorithm of the tokens that the key's owner signs: `RS256`, `ES384`; `None` for keys of other kinds.
    #[must_use]
    pub fn algorithm(&self) -> Option<&'static str> {
        match &self.kind {
            Kind::Rsa { .. } => Some("RS256"),
            Kind::Ec { curve, .. } => Some(curve.algorithm()),
            Kind::Ed25519(_) => None,
        }
    }

    pub(crate) fn verifies_tokens(&self) -> bool {
        self.algorithm().is_some()
    }

    /// The modulus and exponent of an RSA key.
    pub(crate) fn rsa_numbers(&self) -> Option<(&[u8], &[u8])> {
        match &self.kind {
            Kind::Rsa { modulus, exponent } => Some((modulus, exponent)),
            Kind::Ec { .. } | Kind::Ed25519(_) => None,
        }
    }

    /// The curve of an ECDSA key, and its point.
    pub(crate) fn ec_point(&self) -> Option<(Curve, &[u8])> {
        match &self.kind {
            Kind::Ec { curve, point } => Some((*curve, point)),
            Kind::Rsa { .. } | Kind::Ed25519(_) => None,
        }
    }

    /// The bits of an RSA modulus.
    pub(crate) fn rsa_bits(&self) -> Option<usize> {
        let (modulus, _) = self.rsa_numbers()?;
        let unused = modulus.first().map_or(0, |first| first.leading_zeros() as usize);
        Some(modulus.len() * 8 - unused)
    }

    /// Whether a token's signature is by this key, under an algorithm that the key admits: that the token names it
    /// is not enough. RSA keys admit `RS*` and `PS*`, ECDSA keys the one of their curve.
    pub(crate) fn verify_token(&self, algorithm: &str, message: &[u8], signature: &[u8]) -> bool {
        let hash = match algorithm.get(2..) {
            Some("256") => Hash::Sha256,
            Some("384") => Hash::Sha384,
            Some("512") => Hash::Sha512,
            _ => return false,
        };
        match (&self.kind, algorithm.get(..2)) {
            (Kind::Rsa { .. }, Some("RS")) => {
                self.verify_certificate(Algorithm::RsaPkcs1(hash), message, signature)
            }
            (Kind::Rsa { .. }, Some("PS")) => {
                self.verify_certificate(Algorithm::RsaPss(hash), message, signature)
            }
            (Kind::Ec { curve, point }, Some("ES")) => {
                algorithm == curve.algorithm()
                    && signature.len() == 2 * curve.size()
                    && UnparsedPublicKey::new(curve.fixed(), point).verify(message, signature).is_ok()
            }
            _ => false,
        }
    }

    /// Whether a certificate's signature is by this key.
    pub(crate) fn verify_certificate(&self, algorithm: Algorithm, message: &[u8], signature: &[u8]) -> bool {
        match (&self.kind, algorithm) {
            (Kind::Rsa { modulus, exponent }, Algorithm::RsaPkcs1(hash)) => {
                let key = RsaPublicKeyComponents { n: modulus, e: exponent };
                key.verify(pkcs1(hash), message, signature).is_ok()
            }
            (Kind::Rsa { modulus, exponent }, Algorithm::RsaPss(hash)) => {
                let key = RsaPublicKeyComponents { n: modulus, e: exponent };
                key.verify(pss(hash), message, signature).is_ok()
            }
            (Kind::Ec { curve, point }, Algorithm::Ecdsa(hash)) => {
                UnparsedPublicKey::new(asn1(*curve, hash), point).verify(message, signature).is_ok()
            }
            (Kind::Ed25519(bytes), Algorithm::Ed25519) => {
                UnparsedPublicKey::new(&ED25519, bytes).verify(message, signature).is_ok()
            }
            _ => false,
        }
    }

    /// Go's name of the key's type.
    pub(crate) const fn go_type(&self) -> &'static str {
        match &self.kind {
            Kind::Rsa { .. } => "*rsa.PublicKey",
            Kind::Ec { .. } => "*ecdsa.PublicKey",
            Kind::Ed25519(_) => "ed25519.PublicKey",
        }
    }
}

/// Go's smallest RSA keys have 1024 bits; with SHA-384 the library's have 2048.
const fn pkcs1(hash: Hash) -> &'static RsaParameters {
    match hash {
        Hash::Sha256 => &RSA_PKCS1_1024_8192_SHA256_FOR_LEGACY_USE_ONLY,
        Hash::Sha384 => &RSA_PKCS1_2048_8192_SHA384,
        Hash::Sha512 => &RSA_PKCS1_1024_8192_SHA512_FOR_LEGACY_USE_ONLY,
    }
}

const fn pss(hash: Hash) -> &'static RsaParameters {
    match hash {
        Hash::Sha256 => &RSA_PSS_2048_8192_SHA256,
        Hash::Sha384 => &RSA_PSS_2048_8192_SHA384,
        Hash::Sha512 => &RSA_PSS_2048_8192_SHA512,
    }
}

fn asn1(curve: Curve, hash: Hash) -> &'static dyn signature::VerificationAlgorithm {
    match (curve, hash) {
        (Curve::P256, Hash::Sha256) => &ECDSA_P256_SHA256_ASN1,
        (Curve::P256, Hash::Sha384) => &ECDSA_P256_SHA384_ASN1,
        (Curve::P256, Hash::Sha512) => &ECDSA_P256_SHA512_ASN1,
        (Curve::P384, Hash::Sha256) => &ECDSA_P384_SHA256_ASN1,
        (Curve::P384, Hash::Sha384) => &ECDSA_P384_SHA384_ASN1,
        (Curve::P384, Hash::Sha512) => &ECDSA_P384_SHA512_ASN1,
        (Curve::P521, Hash::Sha256) => &ECDSA_P521_SHA256_ASN1,
        (Curve::P521, Hash::Sha384) => &ECDSA_P521_SHA384_ASN1,
        (Curve::P521, Hash::Sha512) => &ECDSA_P521_SHA512_ASN1,
    }
}
