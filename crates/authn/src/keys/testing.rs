//! Keys for tests, made afresh.

use super::{PublicKey, SigningKey};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING, ECDSA_P521_SHA512_FIXED_SIGNING,
    EcdsaKeyPair, RsaKeyPair,
};

/// An RSA key as PKCS #8.
pub(crate) fn rsa_der() -> Vec<u8> {
    use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
    let pair = RsaKeyPair::generate(KeySize::Rsa2048).unwrap();
    AsDer::<Pkcs8V1Der<'_>>::as_der(&pair).unwrap().as_ref().to_vec()
}

/// ECDSA keys of every curve as PKCS #8.
pub(crate) fn ec_ders() -> [Vec<u8>; 3] {
    let random = SystemRandom::new();
    [&ECDSA_P256_SHA256_FIXED_SIGNING, &ECDSA_P384_SHA384_FIXED_SIGNING, &ECDSA_P521_SHA512_FIXED_SIGNING]
        .map(|curve| EcdsaKeyPair::generate_pkcs8(curve, &random).unwrap().as_ref().to_vec())
}

pub(crate) fn rsa() -> SigningKey {
    SigningKey::from_der(&rsa_der()).unwrap()
}

pub(crate) fn ec() -> SigningKey {
    SigningKey::from_der(&ec_ders()[0]).unwrap()
}

/// An RSA key and one of P-256.
pub(crate) fn public_keys() -> Vec<PublicKey> {
    vec![rsa().public().clone(), ec().public().clone()]
}

/// A key as PEM.
pub(crate) fn pem(kind: &str, der: &[u8]) -> String {
    use base64::Engine;
    let text = base64::engine::general_purpose::STANDARD.encode(der);
    let lines: Vec<&str> =
        text.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).unwrap()).collect();
    format!("-----BEGIN {kind}-----\n{}\n-----END {kind}-----\n", lines.join("\n"))
}
