//! A certificate, read as Go's `x509.ParseCertificate` reads it.

use super::extensions::Extensions;
use super::name::{Attribute, attributes, is_oid};
use crate::Timestamp;
use crate::der::{self, Der};
use crate::keys::{Algorithm, Hash, PublicKey};
use ravelin_object::calendar;
use std::fmt;

/// The largest certificate that is read, in bytes.
const LARGEST: usize = 1 << 20;

/// `2.5.4.3`.
const COMMON_NAME: &[u8] = &[0x55, 0x04, 0x03];
/// `2.5.4.10`.
const ORGANIZATION: &[u8] = &[0x55, 0x04, 0x0a];

/// Why bytes are no certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct CertificateError(&'static str);

impl CertificateError {
    pub(super) const fn new(text: &'static str) -> Self {
        Self(text)
    }
}

/// How a certificate is signed, as far as that matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Signed {
    /// In a way that can be verified.
    With(Algorithm),
    /// In a way that no longer proves anything; Go's name of it.
    Insecurely(&'static str),
    /// In a way that is not known.
    Otherwise,
}

/// A certificate.
#[derive(Clone, PartialEq, Eq)]
pub struct Certificate {
    pub(super) raw: Vec<u8>,
    pub(super) signed_part: Vec<u8>,
    pub(super) version: i64,
    pub(super) serial: Vec<u8>,
    pub(super) signed: Signed,
    pub(super) signature: Vec<u8>,
    pub(super) issuer: Vec<u8>,
    pub(super) subject: Vec<u8>,
    pub(super) names: Vec<Attribute>,
    pub(super) not_before: Timestamp,
    pub(super) not_after: Timestamp,
    pub(super) key_info: Vec<u8>,
    /// `None`: a kind of key that is not known.
    pub(super) key: Option<PublicKey>,
    pub(super) extensions: Extensions,
}

impl fmt::Debug for Certificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("Certificate");
        shown.field("subject", &self.common_name()).field("serial", &self.serial());
        shown.field("not_after", &self.not_after.to_string()).finish_non_exhaustive()
    }
}

impl Certificate {
    /// Reads a certificate; nothing may follow it.
    ///
    /// # Errors
    /// Where Go would not read it, or it is larger than a megabyte.
    pub fn parse(bytes: &[u8]) -> Result<Self, CertificateError> {
        if bytes.len() > LARGEST {
            return Err(CertificateError("x509: certificate is larger than 1048576 bytes"));
        }
        let mut input = Der::new(bytes);
        let outer = input.element(der::SEQUENCE).ok_or(CertificateError("x509: malformed certificate"))?;
        if !input.is_empty() {
            return Err(CertificateError("x509: trailing data"));
        }
        let mut outer_parts = Der::new(outer.content);
        let to_be_signed =
            outer_parts.element(der::SEQUENCE).ok_or(CertificateError("x509: malformed tbs certificate"))?;
        let algorithm = outer_parts
            .read(der::SEQUENCE)
            .ok_or(CertificateError("x509: malformed algorithm identifier"))?;
        let mut certificate = Self::parts(Der::new(to_be_signed.content), algorithm)?;
        let signature = outer_parts.right_aligned().ok_or(CertificateError("x509: malformed signature"))?;
        certificate.raw = outer.raw.to_vec();
        certificate.signed_part = to_be_signed.raw.to_vec();
        certificate.signature = signature;
        Ok(certificate)
    }

    fn parts(mut inner: Der<'_>, outer_algorithm: &[u8]) -> Result<Self, CertificateError> {
        let version = version(&mut inner).ok_or(CertificateError("x509: malformed version"))?;
        if version > 3 {
            return Err(CertificateError("x509: invalid version"));
        }
        let serial = inner.integer().ok_or(CertificateError("x509: malformed serial number"))?;
        if serial.first().is_some_and(|first| first & 0x80 != 0) {
            return Err(CertificateError("x509: negative serial number"));
        }
        let algorithm = inner
            .read(der::SEQUENCE)
            .ok_or(CertificateError("x509: malformed signature algorithm identifier"))?;
        if algorithm != outer_algorithm {
            return Err(CertificateError(
                "x509: inner and outer signature algorithm identifiers don't match",
            ));
        }
        let signed = signed_with(algorithm).ok_or(CertificateError("x509: malformed OID"))?;
        let issuer = inner.element(der::SEQUENCE).ok_or(CertificateError("x509: malformed issuer"))?;
        attributes(issuer.raw).ok_or(CertificateError("x509: invalid RDNSequence"))?;
        let mut validity = inner.enter(der::SEQUENCE).ok_or(CertificateError("x509: malformed validity"))?;
        let not_before = time(&mut validity).ok_or(CertificateError("x509: malformed validity"))?;
        let not_after = time(&mut validity).ok_or(CertificateError("x509: malformed validity"))?;
        let subject = inner.element(der::SEQUENCE).ok_or(CertificateError("x509: malformed issuer"))?;
        let names = attributes(subject.raw).ok_or(CertificateError("x509: invalid RDNSequence"))?;
        let key_info = inner.element(der::SEQUENCE).ok_or(CertificateError("x509: malformed spki"))?;
        let key = PublicKey::from_spki(key_info.raw);
        if key.is_none() && PublicKey::is_known(key_info.raw) {
            return Err(CertificateError("x509: malformed public key"));
        }
        let extensions = Self::extensions(inner, version)?;
        Ok(Self {
            raw: Vec::new(),
            signed_part: Vec::new(),
            version,
            serial: serial.to_vec(),
            signed,
            signature: Vec::new(),
            issuer: issuer.raw.to_vec(),
            subject: subject.raw.to_vec(),
            names,
            not_before,
            not_after,
            key_info: key_info.raw.to_vec(),
            key,
            extensions,
        })
    }

    fn extensions(mut inner: Der<'_>, version: i64) -> Result<Extensions, CertificateError> {
        const MALFORMED: CertificateError = CertificateError("x509: malformed extensions");
        if version < 2 {
            return Ok(Extensions::default());
        }
        inner.optional(der::context(1)).ok_or(CertificateError("x509: malformed issuerUniqueID"))?;
        inner.optional(der::context(2)).ok_or(CertificateError("x509: malformed subjectUniqueID"))?;
        if version < 3 {
            return Ok(Extensions::default());
        }
        match inner.optional(der::constructed(3)).ok_or(MALFORMED)? {
            Some(content) => Extensions::read(Der::new(content).enter(der::SEQUENCE).ok_or(MALFORMED)?)
                .map_err(CertificateError),
            None => Ok(Extensions::default()),
        }
    }

    /// The certificate as it came.
    #[must_use]
    pub fn raw(&self) -> &[u8] {
        &self.raw
    }

    /// The last common name of the subject; empty where there is none.
    #[must_use]
    pub fn common_name(&self) -> &str {
        self.attributes(COMMON_NAME).last().unwrap_or_default()
    }

    /// The organizations of the subject, in their order.
    pub fn organizations(&self) -> impl Iterator<Item = &str> {
        self.attributes(ORGANIZATION)
    }

    pub(super) fn attributes<'a>(&'a self, oid: &'static [u8]) -> impl Iterator<Item = &'a str> {
        let found = self.names.iter().filter(move |attribute| attribute.oid == oid);
        found.map(|attribute| attribute.value.as_str())
    }

    /// The public key, if it is of a kind that is known.
    #[must_use]
    pub fn public_key(&self) -> Option<&PublicKey> {
        self.key.as_ref()
    }

    /// The first second in which the certificate is valid.
    #[must_use]
    pub const fn not_before(&self) -> Timestamp {
        self.not_before
    }

    /// The last second in which the certificate is valid.
    #[must_use]
    pub const fn not_after(&self) -> Timestamp {
        self.not_after
    }

    /// The serial number, in decimal.
    #[must_use]
    pub fn serial(&self) -> String {
        decimal(&self.serial)
    }

    pub(super) fn subject_key_id(&self) -> &[u8] {
        &self.extensions.subject_key_id
    }

    pub(super) fn authority_key_id(&self) -> &[u8] {
        &self.extensions.authority_key_id
    }
}

fn version(inner: &mut Der<'_>) -> Option<i64> {
    let version = match inner.optional(der::constructed(0))? {
        Some(content) => {
            let mut content = Der::new(content);
            let version = content.small()?;
            content.is_empty().then_some(version)?
        }
        None => 0,
    };
    (version >= 0).then(|| version.saturating_add(1))
}

/// Bytes of a number in decimal.
fn decimal(bytes: &[u8]) -> String {
    // Digits from the lowest, nine at a time.
    let mut groups: Vec<u64> = vec![0];
    for byte in bytes {
        let mut carry = u64::from(*byte);
        for group in &mut groups {
            let value = (*group << 8) + carry;
            *group = value % 1_000_000_000;
            carry = value / 1_000_000_000;
        }
        if carry > 0 {
            groups.push(carry);
        }
    }
    let mut groups = groups.into_iter().rev();
    let first = groups.next().unwrap_or(0).to_string();
    groups.fold(first, |text, group| format!("{text}{group:09}"))
}

/// A time of a certificate, as `cryptobyte` reads it.
fn time(validity: &mut Der<'_>) -> Option<Timestamp> {
    let element = validity.any()?;
    let text = std::str::from_utf8(element.content).ok()?;
    let (year, rest) = match element.tag {
        der::UTC_TIME => {
            let (year, rest) = text.split_at_checked(2)?;
            let year = digits(year)?;
            (if year >= 50 { 1900 + year } else { 2000 + year }, rest)
        }
        der::GENERALIZED_TIME => {
            let (year, rest) = text.split_at_checked(4)?;
            (digits(year)?, rest)
        }
        _ => return None,
    };
    let length = rest.bytes().take_while(u8::is_ascii_digit).count();
    // Go reads UTCTime without seconds too.
    let has_seconds = length == 10;
    if !has_seconds && (length != 8 || element.tag != der::UTC_TIME) {
        return None;
    }
    let (mut rest, zone) = rest.split_at_checked(length)?;
    let mut next = || {
        let (pair, after) = rest.split_at_checked(2)?;
        rest = after;
        digits(pair)
    };
    let (month, day, hour, minute) = (next()?, next()?, next()?, next()?);
    let second = if has_seconds { next()? } else { 0 };
    if hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let start = calendar::second_of(year, month, day, hour * 3600 + minute * 60 + second)?;
    Some(Timestamp::from_unix(start.saturating_sub(offset(zone)?)))
}

fn offset(zone: &str) -> Option<i64> {
    if zone == "Z" {
        return Some(0);
    }
    let (sign, rest) = zone.split_at_checked(1)?;
    let sign = match sign {
        "+" => 1,
        "-" => -1,
        _ => return None,
    };
    let (hours, minutes) = rest.split_at_checked(2)?;
    let (hours, minutes) = (digits(hours)?, digits(minutes)?);
    // An offset of nothing is written as `Z`.
    let is_sound = rest.len() == 4 && hours <= 24 && minutes < 60 && hours + minutes > 0;
    is_sound.then_some(sign * (hours * 3600 + minutes * 60))
}

fn digits(text: &str) -> Option<i64> {
    let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if is_number { text.parse().ok() } else { None }
}

/// How an algorithm identifier says something is signed; `None` where it is malformed.
pub(super) fn signed_with(identifier: &[u8]) -> Option<Signed> {
    /// `1.2.840.113549.1.1`.
    const PKCS1: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01];
    /// `1.2.840.10045.4`.
    const ECDSA: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04];
    let mut identifier = Der::new(identifier);
    let oid = identifier.read(der::OID).filter(|oid| is_oid(oid))?;
    let parameters = if identifier.is_empty() { &[][..] } else { identifier.any()?.raw };
    if let Some(number) = oid.strip_prefix(PKCS1) {
        return Some(match number {
            [4] => Signed::Insecurely("MD5-RSA"),
            [5] => Signed::Insecurely("SHA1-RSA"),
            [10] => pss(parameters).map_or(Signed::Otherwise, |hash| Signed::With(Algorithm::RsaPss(hash))),
            [11] => Signed::With(Algorithm::RsaPkcs1(Hash::Sha256)),
            [12] => Signed::With(Algorithm::RsaPkcs1(Hash::Sha384)),
            [13] => Signed::With(Algorithm::RsaPkcs1(Hash::Sha512)),
            _ => Signed::Otherwise,
        });
    }
    if let Some(number) = oid.strip_prefix(ECDSA) {
        return Some(match number {
            [1] => Signed::Insecurely("ECDSA-SHA1"),
            [3, 2] => Signed::With(Algorithm::Ecdsa(Hash::Sha256)),
            [3, 3] => Signed::With(Algorithm::Ecdsa(Hash::Sha384)),
            [3, 4] => Signed::With(Algorithm::Ecdsa(Hash::Sha512)),
            _ => Signed::Otherwise,
        });
    }
    let is_edwards = oid == [0x2b, 0x65, 0x70] && parameters.is_empty();
    Some(if is_edwards { Signed::With(Algorithm::Ed25519) } else { Signed::Otherwise })
}

/// The hash of RSA-PSS parameters, where both hashes are the same and the salt is as long.
fn pss(parameters: &[u8]) -> Option<Hash> {
    /// `1.2.840.113549.1.1.8`.
    const MGF1: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x08];
    let mut parameters = Der::new(parameters).enter(der::SEQUENCE)?;
    let mut hash = parameters.enter(der::constructed(0))?.enter(der::SEQUENCE)?;
    let oid = hash.read(der::OID)?;
    let is_bare = |mut rest: Der<'_>| {
        rest.is_empty() || rest.read(der::NULL).is_some_and(<[u8]>::is_empty) && rest.is_empty()
    };
    let mut mask = parameters.enter(der::constructed(1))?.enter(der::SEQUENCE)?;
    let is_mask = mask.read(der::OID)? == MGF1;
    let mut mask_hash = mask.enter(der::SEQUENCE)?;
    let is_same = mask_hash.read(der::OID)? == oid;
    let salt = parameters.enter(der::constructed(2))?.small()?;
    let trailer = match parameters.optional(der::constructed(3))? {
        Some(content) => Der::new(content).small()?,
        None => 1,
    };
    if !is_bare(hash) || !is_bare(mask_hash) || !is_mask || !is_same || trailer != 1 {
        return None;
    }
    // `2.16.840.1.101.3.4.2.x`.
    match (oid.strip_prefix(&[0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02])?, salt) {
        ([1], 32) => Some(Hash::Sha256),
        ([2], 48) => Some(Hash::Sha384),
        ([3], 64) => Some(Hash::Sha512),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_shown_in_decimal() {
        assert_eq!(decimal(&[]), "0");
        assert_eq!(decimal(&[101]), "101");
        assert_eq!(decimal(&[0, 0xff, 0xff, 0xff, 0xff]), "4294967295");
        assert_eq!(decimal(&[0xff; 16]), "340282366920938463463374607431768211455");
        assert_eq!(decimal(&[0x3b, 0x9a, 0xca, 0x00]), "1000000000");
    }

    #[test]
    fn times_have_seconds_and_a_zone() {
        let read = |tag, text: &str| {
            let bytes = der::write(tag, text.as_bytes());
            time(&mut Der::new(&bytes)).map(|time| time.to_string())
        };
        assert_eq!(read(der::UTC_TIME, "260301120000Z").as_deref(), Some("2026-03-01T12:00:00Z"));
        assert_eq!(read(der::UTC_TIME, "500101000000Z").as_deref(), Some("1950-01-01T00:00:00Z"));
        assert_eq!(read(der::UTC_TIME, "260301120000+0100").as_deref(), Some("2026-03-01T11:00:00Z"));
        assert_eq!(read(der::GENERALIZED_TIME, "20500101000000Z").as_deref(), Some("2050-01-01T00:00:00Z"));
        assert_eq!(read(der::UTC_TIME, "2603011200Z").as_deref(), Some("2026-03-01T12:00:00Z"));
        for wrong in ["260301120Z", "260301120000", "260230120000Z", "260301120000.5Z", "260301120000+0000"] {
            assert_eq!(read(der::UTC_TIME, wrong), None, "{wrong}");
        }
        assert_eq!(read(der::GENERALIZED_TIME, "260301120000Z"), None);
        assert_eq!(read(der::INTEGER, "260301120000Z"), None);
    }
}
