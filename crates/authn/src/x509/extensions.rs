//! What the extensions of a certificate say, as Go's `processExtensions` reads them.

use super::constraints::Constraints;
use super::name::is_oid;
use crate::der::{self, Der};
use std::collections::BTreeSet;

/// What is read of the extensions.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Extensions {
    /// The bits of the key usage, if it is there: whether certificates may be signed.
    pub(super) may_sign_certificates: Option<bool>,
    /// Whether there are basic constraints, and the certificate is an authority's.
    pub(super) is_authority: Option<bool>,
    /// How many authorities may follow.
    pub(super) path_length: Option<i64>,
    /// The extended key usages: whether there are any, and whether client authentication or any usage is one.
    pub(super) usages: Usages,
    pub(super) subject_key_id: Vec<u8>,
    pub(super) authority_key_id: Vec<u8>,
    /// The alternative names, as they came.
    pub(super) alternative_names: Option<Vec<u8>>,
    pub(super) constraints: Option<Constraints>,
    /// Whether policies must be named: what that means is not worked out here, and the chain refused.
    pub(super) demands_policies: bool,
    /// Whether there is an extension that must be understood and is not.
    pub(super) is_beyond_us: bool,
}

/// Extended key usages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Usages {
    /// None are named.
    #[default]
    All,
    /// Client authentication is among them, or any usage.
    Client,
    /// Client authentication is not among them.
    Others,
}

/// One extension.
struct Extension<'a> {
    oid: &'a [u8],
    is_critical: bool,
    value: &'a [u8],
}

impl Extensions {
    pub(super) fn read(mut list: Der<'_>) -> Result<Self, &'static str> {
        let mut extensions = Self::default();
        let mut seen = BTreeSet::new();
        let mut all = Vec::new();
        while !list.is_empty() {
            let extension = list.enter(der::SEQUENCE).and_then(one).ok_or("x509: malformed extension")?;
            if !seen.insert(extension.oid) {
                return Err("x509: certificate contains duplicate extension");
            }
            all.push(extension);
        }
        for extension in &all {
            let is_handled = extensions.take(extension)?;
            extensions.is_beyond_us |= extension.is_critical && !is_handled;
        }
        Ok(extensions)
    }

    /// Takes note of an extension; whether it is one that is understood.
    fn take(&mut self, extension: &Extension<'_>) -> Result<bool, &'static str> {
        /// `1.3.6.1.5.5.7.1.1`.
        const AUTHORITY_INFORMATION: &[u8] = &[0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x01, 0x01];
        if extension.oid == AUTHORITY_INFORMATION {
            let wrong = "x509: authority info access incorrectly marked critical";
            return if extension.is_critical { Err(wrong) } else { Ok(true) };
        }
        let value = extension.value;
        // `2.5.29.x`.
        let Some([number]) = extension.oid.strip_prefix(&[0x55, 0x1d]) else { return Ok(false) };
        match number {
            14 => self.take_subject_key_id(extension)?,
            15 => self.may_sign_certificates = key_usage(value).ok_or("x509: invalid key usage")?,
            17 => {
                let names = alternative_names(value).ok_or("x509: invalid subject alternative names")?;
                self.alternative_names = Some(value.to_vec());
                return Ok(names > 0);
            }
            19 => {
                let (is_authority, length) =
                    basic_constraints(value).ok_or("x509: invalid basic constraints")?;
                self.is_authority = Some(is_authority);
                self.path_length = length;
            }
            30 => {
                let (constraints, is_handled) =
                    Constraints::read(value).ok_or("x509: invalid NameConstraints extension")?;
                self.constraints = Some(constraints);
                return Ok(is_handled);
            }
            31..=33 => drop(Der::new(value).enter(der::SEQUENCE).ok_or("x509: invalid extension")?),
            35 => self.take_authority_key_id(extension)?,
            36 => {
                let constraints = Der::new(value).enter(der::SEQUENCE);
                let constraints = constraints.ok_or("x509: invalid policy constraints extension")?;
                self.demands_policies = constraints.peek() == Some(der::context(0));
            }
            37 => self.usages = usages(value).ok_or("x509: invalid extended key usages")?,
            54 => drop(Der::new(value).integer().ok_or("x509: invalid inhibit any policy extension")?),
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn take_subject_key_id(&mut self, extension: &Extension<'_>) -> Result<(), &'static str> {
        if extension.is_critical {
            return Err("x509: subject key identifier incorrectly marked critical");
        }
        let id = Der::new(extension.value).read(der::OCTET_STRING);
        self.subject_key_id = id.ok_or("x509: invalid subject key identifier")?.to_vec();
        Ok(())
    }

    fn take_authority_key_id(&mut self, extension: &Extension<'_>) -> Result<(), &'static str> {
        if extension.is_critical {
            return Err("x509: authority key identifier incorrectly marked critical");
        }
        let id = Der::new(extension.value)
            .enter(der::SEQUENCE)
            .and_then(|mut parts| parts.optional(der::context(0)))
            .ok_or("x509: invalid authority key identifier")?;
        self.authority_key_id = id.unwrap_or_default().to_vec();
        Ok(())
    }
}

fn one(mut extension: Der<'_>) -> Option<Extension<'_>> {
    let oid = extension.read(der::OID).filter(|oid| is_oid(oid))?;
    let is_critical = if extension.peek() == Some(der::BOOLEAN) { extension.boolean()? } else { false };
    let value = extension.read(der::OCTET_STRING)?;
    Some(Extension { oid, is_critical, value })
}

/// Whether certificates may be signed; `Some(None)` where the usage says nothing at all.
fn key_usage(value: &[u8]) -> Option<Option<bool>> {
    let [unused, bits @ ..] = Der::new(value).read(der::BIT_STRING)? else { return None };
    let last = bits.last().copied().unwrap_or(0);
    let is_sound = *unused < 8 && (*unused == 0 || !bits.is_empty()) && last & ((1 << unused) - 1) == 0;
    if !is_sound {
        return None;
    }
    // Nine bits count, from the highest of the first byte.
    let first = bits.first().copied().unwrap_or(0);
    let ninth = bits.get(1).copied().unwrap_or(0) & 0x80;
    Some((first != 0 || ninth != 0).then_some(first & 0x04 != 0))
}

fn basic_constraints(value: &[u8]) -> Option<(bool, Option<i64>)> {
    let mut parts = Der::new(value).enter(der::SEQUENCE)?;
    let is_authority = if parts.peek() == Some(der::BOOLEAN) { parts.boolean()? } else { false };
    let length = if parts.peek() == Some(der::INTEGER) { Some(parts.small()?) } else { None };
    Some((is_authority, length.filter(|length| *length >= 0)))
}

fn usages(value: &[u8]) -> Option<Usages> {
    /// `2.5.29.37.0`.
    const ANY: &[u8] = &[0x55, 0x1d, 0x25, 0x00];
    /// `1.3.6.1.5.5.7.3.2`.
    const CLIENT: &[u8] = &[0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x02];
    let mut list = Der::new(value).enter(der::SEQUENCE)?;
    let mut usages = Usages::All;
    while !list.is_empty() {
        let oid = list.read(der::OID).filter(|oid| is_oid(oid))?;
        if oid == ANY || oid == CLIENT {
            usages = Usages::Client;
        } else if usages == Usages::All {
            usages = Usages::Others;
        }
    }
    Some(usages)
}

/// How many alternative names are of kinds that Go looks at; nothing where they are malformed.
fn alternative_names(value: &[u8]) -> Option<usize> {
    let mut list = Der::new(value).enter(der::SEQUENCE)?;
    let mut count = 0;
    while !list.is_empty() {
        let name = list.any()?;
        let is_sound = match name.tag {
            0x81 | 0x82 | 0x86 => name.content.is_ascii(),
            0x87 => matches!(name.content.len(), 4 | 16),
            _ => continue,
        };
        count += usize::from(is_sound.then_some(true)?);
    }
    Some(count)
}
