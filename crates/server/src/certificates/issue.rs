//! One certificate with an authority of its own.

use anyhow::Context as _;
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose,
};
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject as _;
use std::fmt;
use time::OffsetDateTime;
use x509_parser::extensions::GeneralName;
use zeroize::Zeroizing;

/// A certificate, its key, and the authority that signed it, in PEM.
#[derive(Clone, PartialEq, Eq)]
pub struct Issued {
    /// The authority.
    pub authority: String,
    /// The certificate.
    pub chain: String,
    /// The key of the certificate.
    pub key: Zeroizing<String>,
}

impl fmt::Debug for Issued {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Issued").field("facts", &facts(&self.chain)).finish_non_exhaustive()
    }
}

/// What a certificate says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Facts {
    /// From when it holds, in seconds of Unix time.
    pub not_before: i64,
    /// Until when, in seconds of Unix time.
    pub not_after: i64,
    /// For which names and addresses.
    pub names: Vec<String>,
}

/// Reads the first certificate of a PEM text; nothing where there is none.
#[must_use]
pub fn facts(pem: &str) -> Option<Facts> {
    let der = CertificateDer::from_pem_slice(pem.as_bytes()).ok()?;
    let (_, certificate) = x509_parser::parse_x509_certificate(&der).ok()?;
    let names = certificate.subject_alternative_name().ok().flatten();
    let names =
        names.iter().flat_map(|extension| &extension.value.general_names).filter_map(|name| match name {
            GeneralName::DNSName(name) => Some((*name).to_owned()),
            GeneralName::IPAddress(octets) => address(octets),
            _ => None,
        });
    Some(Facts {
        not_before: certificate.validity().not_before.timestamp(),
        not_after: certificate.validity().not_after.timestamp(),
        names: names.collect(),
    })
}

fn address(octets: &[u8]) -> Option<String> {
    let v4 = <[u8; 4]>::try_from(octets).map(|octets| std::net::IpAddr::from(octets).to_string());
    v4.or_else(|_| <[u8; 16]>::try_from(octets).map(|octets| std::net::IpAddr::from(octets).to_string())).ok()
}

/// How far before `now` a certificate begins to hold: clocks of clients may be behind.
pub(super) const BACKDATED: i64 = 5 * 60;

/// Makes a certificate for `names` that holds from a little before `now` for `validity`, both in seconds.
///
/// # Errors
/// Where a name is none, or no random numbers can be had.
pub(super) fn issue(names: &[String], now: i64, validity: i64) -> anyhow::Result<Issued> {
    let date = |seconds| OffsetDateTime::from_unix_timestamp(seconds).context("the clock is out of range");
    let (from, until) = (date(now - BACKDATED)?, date(now + validity)?);
    let authority_key = KeyPair::generate()?;
    let mut authority = CertificateParams::default();
    authority.distinguished_name.push(DnType::CommonName, format!("ravelin authority {now}"));
    authority.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    authority.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::DigitalSignature];
    (authority.not_before, authority.not_after) = (from, until);
    let authority_certificate = authority.self_signed(&authority_key)?;

    let key = KeyPair::generate()?;
    let mut leaf =
        CertificateParams::new(names.to_vec()).context("a name for the certificate cannot be used")?;
    let common_name = names.first().map(String::as_str).unwrap_or_default();
    leaf.distinguished_name.push(DnType::CommonName, common_name.chars().take(64).collect::<String>());
    leaf.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    leaf.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    leaf.use_authority_key_identifier_extension = true;
    (leaf.not_before, leaf.not_after) = (from, until);
    let certificate = leaf.signed_by(&key, &Issuer::from_params(&authority, &authority_key))?;
    Ok(Issued {
        authority: authority_certificate.pem(),
        chain: certificate.pem(),
        key: Zeroizing::new(key.serialize_pem()),
    })
}
