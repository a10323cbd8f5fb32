//! What events say of a request before anything has been decided about it.
//!
//! Source: `k8s.io/apiserver/pkg/audit/request.go`, `k8s.io/apimachinery/pkg/util/net` `SourceIPs`.

use crate::{MicroTime, ObjectReference, UserInfo};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// A request as its events describe it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RequestFacts {
    /// The path and query as the client sent them.
    pub uri: String,
    /// The verb.
    pub verb: String,
    /// Who authenticated; nothing where nobody did.
    pub user: Option<UserInfo>,
    /// Where it came from: [`source_ips`].
    pub source_ips: Vec<String>,
    /// What the client calls itself, of any length.
    pub user_agent: String,
    /// The object, from the path; nothing for requests that are not about a resource.
    pub object: Option<ObjectReference>,
    /// When it reached the server.
    pub received: Option<MicroTime>,
}

/// How many bytes of a user agent are recorded.
const LONGEST_USER_AGENT: usize = 1024;

/// A user agent as events have it: what is longer than 1024 bytes is cut, and says so.
#[must_use]
pub fn truncated_user_agent(user_agent: &str) -> String {
    let Some(start) =
        user_agent.as_bytes().get(..LONGEST_USER_AGENT).filter(|start| start.len() < user_agent.len())
    else {
        return user_agent.to_owned();
    };
    let mut out = String::with_capacity(LONGEST_USER_AGENT + 16);
    for chunk in start.utf8_chunks() {
        out.push_str(chunk.valid());
        // A character that is cut through: upstream's encoder puts this in the place of each of its bytes.
        out.extend(chunk.invalid().iter().map(|_| char::REPLACEMENT_CHARACTER));
    }
    out.push_str("...TRUNCATED");
    out
}

/// Where a request came from: every address of `X-Forwarded-For`, that of `X-Real-Ip` unless it is among them, and
/// the peer unless it is the last of them. What is no address is passed over. The headers are the first of their
/// name; a client writes into them what it likes, only the peer is sure.
#[must_use]
pub fn source_ips(forwarded_for: Option<&str>, real_ip: Option<&str>, peer: &str) -> Vec<String> {
    let forwarded = forwarded_for.into_iter().flat_map(|list| list.split(','));
    let mut addresses: Vec<IpAddr> = forwarded.filter_map(|part| address(part.trim())).collect();
    if let Some(real) = real_ip.and_then(address).filter(|real| !addresses.contains(real)) {
        addresses.push(real);
    }
    let host = host(peer).and_then(address).or_else(|| address(peer));
    if let Some(peer) = host.filter(|host| addresses.last() != Some(host)) {
        addresses.push(peer);
    }
    addresses.iter().map(ToString::to_string).collect()
}

/// The host of `host:port` or `[host]:port`.
fn host(peer: &str) -> Option<&str> {
    let (host, _) = peer.rsplit_once(':')?;
    match host.strip_prefix('[') {
        Some(host) => host.strip_suffix(']'),
        None => (!host.contains(':')).then_some(host),
    }
}

/// An address; parts of IPv4 may have leading zeros, and count as decimal.
fn address(text: &str) -> Option<IpAddr> {
    if !text.contains(':') {
        return v4(text).map(IpAddr::V4);
    }
    let plain = match text.rsplit_once(':') {
        Some((start, end)) if end.contains('.') => format!("{start}:{}", v4(end)?),
        _ => text.to_owned(),
    };
    let address: Ipv6Addr = plain.parse().ok()?;
    Some(address.to_ipv4_mapped().map_or(IpAddr::V6(address), IpAddr::V4))
}

fn v4(text: &str) -> Option<Ipv4Addr> {
    let mut octets = [0_u8; 4];
    let mut parts = text.split('.');
    for octet in &mut octets {
        let part =
            parts.next().filter(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit()))?;
        let digits = part.trim_start_matches('0');
        *octet = if digits.is_empty() { 0 } else { digits.parse().ok()? };
    }
    parts.next().is_none().then(|| Ipv4Addr::from(octets))
}

/// With what a client tried to authenticate.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AuthenticationAttempts {
    /// A name and a password.
    pub basic: bool,
    /// A bearer token.
    pub bearer: bool,
    /// A token in the query.
    pub access_token: bool,
    /// A certificate.
    pub x509: bool,
}

impl AuthenticationAttempts {
    /// The text upstream has for them, until the response says something else.
    ///
    /// Source: `k8s.io/apiserver/pkg/endpoints/filters/authn_audit.go`.
    #[must_use]
    pub fn message(self) -> String {
        let tried = [
            (self.basic, "basic"),
            (self.bearer, "bearer"),
            (self.access_token, "access_token"),
            (self.x509, "x509"),
        ];
        let names: Vec<&str> = tried.into_iter().filter(|(tried, _)| *tried).map(|(_, name)| name).collect();
        if names.is_empty() {
            return "Authentication failed, no credentials provided".to_owned();
        }
        format!("Authentication failed, attempted: {}", names.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn source_addresses_are_listed_as_upstream_lists_them() {
        type Case = (Option<&'static str>, Option<&'static str>, &'static str, &'static [&'static str]);
        let cases: [Case; 9] = [
            (None, None, "10.0.0.1:5", &["10.0.0.1"]),
            (
                Some("203.0.113.9, 198.51.100.7"),
                None,
                "127.0.0.1:44",
                &["203.0.113.9", "198.51.100.7", "127.0.0.1"],
            ),
            (Some("1.1.1.1, x, ,2.2.2.2"), Some("1.1.1.1"), "2.2.2.2:1", &["1.1.1.1", "2.2.2.2"]),
            (Some("1.1.1.1"), Some("3.3.3.3"), "1.1.1.1:1", &["1.1.1.1", "3.3.3.3", "1.1.1.1"]),
            (None, Some("010.0.0.01"), "[::1]:80", &["10.0.0.1", "::1"]),
            (Some("::ffff:1.2.3.4, 2001:DB8::0:1"), None, "@", &["1.2.3.4", "2001:db8::1"]),
            (Some("256.1.1.1,1.2.3,1.2.3.4.5,+1.2.3.4"), None, "1.2.3.4", &["1.2.3.4"]),
            (Some(""), Some(""), "", &[]),
            (None, None, "::1", &["::1"]),
        ];
        for (forwarded, real, peer, expected) in cases {
            assert_eq!(source_ips(forwarded, real, peer), expected, "{forwarded:?} {real:?} {peer}");
        }
    }

    #[test]
    fn a_long_user_agent_is_cut() {
        assert_eq!(truncated_user_agent(&"a".repeat(1024)), "a".repeat(1024));
        let cut = truncated_user_agent(&"a".repeat(1025));
        assert_eq!(cut, format!("{}...TRUNCATED", "a".repeat(1024)));
        let within = truncated_user_agent(&format!("{}€", "a".repeat(1022)));
        assert_eq!(within, format!("{}\u{fffd}\u{fffd}...TRUNCATED", "a".repeat(1022)));
    }

    #[test]
    fn attempts_are_named() {
        let attempts =
            AuthenticationAttempts { bearer: true, x509: true, ..AuthenticationAttempts::default() };
        assert_eq!(attempts.message(), "Authentication failed, attempted: bearer, x509");
        let none = AuthenticationAttempts::default();
        assert_eq!(none.message(), "Authentication failed, no credentials provided");
    }
}
