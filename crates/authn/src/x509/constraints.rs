//! Which names an authority may sign for: the name constraints of a chain against its alternative names.
//!
//! Source: Go's `crypto/x509` `checkChainConstraints`. A name that cannot be taken apart is refused.

use super::Certificate;
use crate::der::{self, Der};
use ravelin_object::selector::quoted;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

const EMAIL: u8 = 0x81;
const DNS: u8 = 0x82;
const URI: u8 = 0x86;
const IP: u8 = 0x87;

/// The constraints of an authority, by the tag of the names they are about.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Constraints {
    permitted: Vec<(u8, Vec<u8>)>,
    excluded: Vec<(u8, Vec<u8>)>,
}

impl Constraints {
    /// Reads an extension: the constraints, and whether all of them are of kinds that are understood.
    pub(super) fn read(value: &[u8]) -> Option<(Self, bool)> {
        let mut outer = Der::new(value);
        let mut parts = outer.enter(der::SEQUENCE)?;
        let permitted = parts.optional(der::constructed(0))?;
        let excluded = parts.optional(der::constructed(1))?;
        let is_empty = permitted.unwrap_or_default().is_empty() && excluded.unwrap_or_default().is_empty();
        if !outer.is_empty() || !parts.is_empty() || is_empty {
            return None;
        }
        let mut is_handled = true;
        let permitted = subtrees(permitted.unwrap_or_default(), &mut is_handled)?;
        let excluded = subtrees(excluded.unwrap_or_default(), &mut is_handled)?;
        Some((Self { permitted, excluded }, is_handled))
    }

    fn check(&self, name: &Name) -> Result<(), String> {
        let of_kind = |(tag, _): &&(u8, Vec<u8>)| *tag == name.tag;
        let mut permitted = self.permitted.iter().filter(of_kind).peekable();
        let is_free = permitted.peek().is_none();
        if !is_free && !permitted.any(|(_, constraint)| name.is_below(constraint, false)) {
            return Err(format!(
                "{} {} is not permitted by any constraint",
                name.kind(),
                quoted(&name.shown)
            ));
        }
        let excluded = self.excluded.iter().filter(of_kind);
        match excluded.map(|(_, constraint)| constraint).find(|constraint| name.is_below(constraint, true)) {
            Some(constraint) => {
                let constraint = quoted(&String::from_utf8_lossy(constraint));
                Err(format!("{} {} is excluded by constraint {constraint}", name.kind(), quoted(&name.shown)))
            }
            None => Ok(()),
        }
    }
}

fn subtrees(content: &[u8], is_handled: &mut bool) -> Option<Vec<(u8, Vec<u8>)>> {
    let mut trees = Der::new(content);
    let mut found = Vec::new();
    while !trees.is_empty() {
        let base = trees.enter(der::SEQUENCE)?.any()?;
        let is_sound = match base.tag {
            EMAIL | DNS | URI => base.content.is_ascii(),
            IP => matches!(base.content.len(), 8 | 32),
            _ => {
                *is_handled = false;
                continue;
            }
        };
        found.push((base.tag, is_sound.then(|| base.content.to_vec())?));
    }
    Some(found)
}

/// A name of a certificate.
struct Name {
    tag: u8,
    shown: String,
    /// What is before the `@` of a mailbox.
    local: String,
    /// The domain, in small letters.
    domain: String,
    address: Vec<u8>,
}

impl Name {
    const fn kind(&self) -> &'static str {
        match self.tag {
            EMAIL => "email address",
            DNS => "DNS name",
            URI => "URI",
            _ => "IP address",
        }
    }

    /// Whether the name is one of those a constraint stands for. A wildcard is excluded by what it may stand for.
    fn is_below(&self, constraint: &[u8], excludes: bool) -> bool {
        if self.tag == IP {
            let (network, mask) = constraint.split_at(constraint.len() / 2);
            let mut bits = self.address.iter().zip(network).zip(mask);
            return self.address.len() == network.len()
                && bits.all(|((address, network), mask)| address & mask == network & mask);
        }
        let constraint = String::from_utf8_lossy(constraint);
        if let (EMAIL, Some((local, domain))) = (self.tag, constraint.rsplit_once('@')) {
            return self.local == local && self.domain == domain.to_lowercase();
        }
        is_in_domain(&self.domain, &constraint.to_lowercase(), excludes)
    }
}

fn is_in_domain(name: &str, constraint: &str, excludes: bool) -> bool {
    if constraint.is_empty() {
        return true;
    }
    if let Some(parent) = constraint.strip_prefix('.') {
        return name.strip_suffix(parent).is_some_and(|rest| rest.len() > 1 && rest.ends_with('.'));
    }
    let is_same_or_below =
        name.strip_suffix(constraint).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'));
    let may_stand_for = || {
        let parent = name.strip_prefix("*.");
        let of_constraint = constraint.split_once('.').map(|(_, parent)| parent);
        parent.is_some() && parent == of_constraint
    };
    is_same_or_below || excludes && may_stand_for()
}

/// The alternative names of a certificate that constraints are about.
fn names(certificate: &Certificate) -> Result<Vec<Name>, String> {
    let Some(value) = &certificate.extensions.alternative_names else { return Ok(Vec::new()) };
    let mut list = Der::new(value).enter(der::SEQUENCE).unwrap_or(Der::new(&[]));
    let mut names = Vec::new();
    while let Some(element) = list.any() {
        let shown = String::from_utf8_lossy(element.content).into_owned();
        let mut name = Name {
            tag: element.tag,
            shown,
            local: String::new(),
            domain: String::new(),
            address: Vec::new(),
        };
        match element.tag {
            IP => {
                name.address = element.content.to_vec();
                name.shown = address(element.content);
            }
            DNS => name.domain = name.shown.to_lowercase(),
            EMAIL => {
                let parts = name.shown.rsplit_once('@').filter(|(local, _)| !local.is_empty());
                let (local, domain) =
                    parts.ok_or_else(|| format!("cannot parse rfc822Name {}", quoted(&name.shown)))?;
                (name.local, name.domain) = (local.to_owned(), domain.to_lowercase());
            }
            URI => {
                name.domain = host(&name.shown).ok_or_else(|| {
                    format!(
                        "URI with empty host ({}) cannot be matched against constraints",
                        quoted(&name.shown)
                    )
                })?;
            }
            _ => continue,
        }
        if element.tag != IP && !is_domain(&name.domain) {
            return Err(format!("x509: cannot parse dnsName {}", quoted(&name.shown)));
        }
        names.push(name);
    }
    Ok(names)
}

fn address(bytes: &[u8]) -> String {
    let address = <[u8; 4]>::try_from(bytes)
        .map(|bytes| IpAddr::V4(Ipv4Addr::from(bytes)))
        .or_else(|_| <[u8; 16]>::try_from(bytes).map(|bytes| IpAddr::V6(Ipv6Addr::from(bytes))));
    address.map(|address| address.to_string()).unwrap_or_default()
}

/// The host of a URI that has one, and whose host is a name.
fn host(uri: &str) -> Option<String> {
    let (_, rest) = uri.split_once("://")?;
    let authority = rest.split(['/', '?', '#']).next()?;
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let host = host.split_once(':').map_or(host, |(host, _)| host).to_lowercase();
    let is_name = !host.is_empty() && !host.starts_with('[') && host.parse::<Ipv4Addr>().is_err();
    is_name.then_some(host)
}

fn is_domain(name: &str) -> bool {
    name.split('.').all(|label| !label.is_empty() && label.bytes().all(|byte| (33..=126).contains(&byte)))
}

/// Checks a chain, leaf first: what each authority may sign for holds for everything below it.
pub(super) fn check_chain(chain: &[&Certificate]) -> Result<(), String> {
    for (index, certificate) in chain.iter().enumerate() {
        let above = chain.get(index + 1..).unwrap_or_default();
        let constraints: Vec<&Constraints> =
            above.iter().filter_map(|authority| authority.extensions.constraints.as_ref()).collect();
        if constraints.is_empty() {
            continue;
        }
        let names = names(certificate)?;
        for constraint in constraints {
            names.iter().try_for_each(|name| constraint.check(name))?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn domains_are_compared_label_by_label() {
        for (name, constraint, permitted, excluded) in [
            ("a.example.com", "example.com", true, true),
            ("example.com", "example.com", true, true),
            ("badexample.com", "example.com", false, false),
            ("a.example.com", ".example.com", true, true),
            ("example.com", ".example.com", false, false),
            ("*.example.com", "example.com", true, true),
            ("*.example.com", "www.example.com", false, true),
            ("x", "", true, true),
        ] {
            assert_eq!(is_in_domain(name, constraint, false), permitted, "{name} {constraint}");
            assert_eq!(is_in_domain(name, constraint, true), excluded, "{name} {constraint}");
        }
    }

    #[test]
    fn hosts_are_names() {
        assert_eq!(host("https://u@Example.com:8443/p").as_deref(), Some("example.com"));
        for wrong in ["mailto:a@b", "https:///p", "https://10.0.0.1/", "https://[::1]/"] {
            assert_eq!(host(wrong), None, "{wrong}");
        }
    }
}
