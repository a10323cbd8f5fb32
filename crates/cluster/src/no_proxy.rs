//! Which proxy stands before an API server, by the environment variables that client-go heeds.
//!
//! Source: `net/http.ProxyFromEnvironment` and `golang.org/x/net/http/httpproxy`, which client-go uses.

use std::net::IpAddr;

/// The proxy variables of the environment.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Proxies {
    /// `HTTPS_PROXY`, or `https_proxy`.
    pub https: String,
    /// `HTTP_PROXY`, or `http_proxy`.
    pub http: String,
    /// `NO_PROXY`, or `no_proxy`.
    pub none: String,
}

/// Without the addresses, which may hold passwords.
impl std::fmt::Debug for Proxies {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Proxies").field("none", &self.none).finish_non_exhaustive()
    }
}

impl Proxies {
    /// The proxy for a server; nothing where it is reached directly.
    pub(crate) fn of(&self, server: &http::Uri) -> Option<String> {
        let host = server.host()?.trim_matches(['[', ']']).to_lowercase();
        let is_tls = server.scheme_str() == Some("https");
        let proxy = if is_tls { &self.https } else { &self.http };
        let port = server.port_u16().unwrap_or(if is_tls { 443 } else { 80 });
        if proxy.is_empty() || is_local(&host) || self.excludes(&host, port) {
            return None;
        }
        // A proxy without a scheme is one of HTTP.
        Some(if proxy.contains("://") { proxy.clone() } else { format!("http://{proxy}") })
    }

    fn excludes(&self, host: &str, port: u16) -> bool {
        let entries = self.none.split(',').map(|entry| entry.trim().to_lowercase());
        entries.filter(|entry| !entry.is_empty()).any(|entry| excluded_by(&entry, host, port))
    }
}

fn is_local(host: &str) -> bool {
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

fn excluded_by(entry: &str, host: &str, port: u16) -> bool {
    if entry == "*" {
        return true;
    }
    let address = host.parse::<IpAddr>().ok();
    if let Some((network, bits)) = entry.split_once('/') {
        let range = network.parse::<IpAddr>().ok().zip(bits.parse::<u8>().ok());
        return range.zip(address).is_some_and(|((network, bits), address)| contains(network, bits, address));
    }
    let (name, at) = match entry.rsplit_once(':') {
        Some((name, digits)) if !name.contains(':') || name.ends_with(']') => {
            (name, digits.parse::<u16>().ok())
        }
        _ => (entry, None),
    };
    if at.is_some_and(|at| at != port) {
        return false;
    }
    let name = name.trim_matches(['[', ']']);
    if let Ok(excluded) = name.parse::<IpAddr>() {
        return address == Some(excluded);
    }
    let suffix = name.strip_prefix('*').unwrap_or(name);
    match suffix.strip_prefix('.') {
        Some(domain) => host.strip_suffix(domain).is_some_and(|rest| rest.ends_with('.')),
        None => host == suffix || host.strip_suffix(suffix).is_some_and(|rest| rest.ends_with('.')),
    }
}

fn contains(network: IpAddr, bits: u8, address: IpAddr) -> bool {
    let shift = |width: u8| u32::from(width.saturating_sub(bits));
    match (network, address) {
        (IpAddr::V4(network), IpAddr::V4(address)) if bits <= 32 => {
            let mask = u32::MAX.checked_shl(shift(32)).unwrap_or(0);
            network.to_bits() & mask == address.to_bits() & mask
        }
        (IpAddr::V6(network), IpAddr::V6(address)) if bits <= 128 => {
            let mask = u128::MAX.checked_shl(shift(128)).unwrap_or(0);
            network.to_bits() & mask == address.to_bits() & mask
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_server_is_matched_not_the_proxy() {
        let of = |server: &str, none: &str| {
            let proxies =
                Proxies { https: "proxy:3128".to_owned(), http: String::new(), none: none.to_owned() };
            proxies.of(&server.parse().unwrap()).is_none()
        };
        let cases = [
            ("https://api.example.com", "", false),
            ("https://api.example.com", "example.com", true),
            ("https://api.example.com", ".example.com", true),
            ("https://example.com", ".example.com", false),
            ("https://api.example.com", "*.example.com", true),
            ("https://badexample.com", "example.com", false),
            ("https://api.example.com:6443", "example.com:443", false),
            ("https://api.example.com:6443", "example.com:6443", true),
            ("https://10.1.2.3:6443", "10.0.0.0/8", true),
            ("https://11.1.2.3:6443", "10.0.0.0/8, 192.168.0.1", false),
            ("https://192.168.0.1", "10.0.0.0/8, 192.168.0.1", true),
            ("https://192.168.0.1", "0.0.0.0/0", true),
            ("https://[fd00::1]:6443", "fd00::/8", true),
            ("https://[fd00::1]:6443", "[fd00::1]:6443", true),
            ("https://api.example.com", "*", true),
            ("https://localhost:6443", "", true),
            ("https://127.0.0.1:6443", "", true),
            ("http://api.example.com", "", true),
        ];
        for (server, none, is_direct) in cases {
            assert_eq!(of(server, none), is_direct, "{server} with NO_PROXY={none}");
        }
        let proxies = Proxies { https: "proxy:3128".to_owned(), ..Proxies::default() };
        assert_eq!(proxies.of(&"https://a.b".parse().unwrap()).as_deref(), Some("http://proxy:3128"));
    }
}
