//! Warnings of addresses that are read, and should be written otherwise.

use ravelin_object::selector::quoted;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// What is odd about the spelling of an address; nothing of what is no address at all.
///
/// Source: `k8s.io/apimachinery/pkg/util/validation` `GetWarningsForIP`.
pub(crate) fn ip_warnings(path: &str, text: &str) -> Vec<String> {
    let Some(address) = sloppy(text) else { return Vec::new() };
    match text.parse::<IpAddr>() {
        Ok(IpAddr::V4(_)) => Vec::new(),
        Ok(IpAddr::V6(exact)) if exact.to_ipv4_mapped().is_none() => {
            let canonical = exact.to_string();
            if canonical == text {
                return Vec::new();
            }
            vec![format!(
                "{path}: IPv6 address {} should be in RFC 5952 canonical format ({})",
                quoted(text),
                quoted(&canonical)
            )]
        }
        _ => vec![format!(
            "{path}: non-standard IP address {} is invalid: use {}",
            quoted(text),
            quoted(&address.to_string())
        )],
    }
}

/// What is odd about the spelling of a network; nothing of what is none at all.
///
/// Source: `k8s.io/apimachinery/pkg/util/validation` `GetWarningsForCIDR`.
pub(crate) fn cidr_warnings(path: &str, text: &str) -> Vec<String> {
    let Some((address_text, length_text)) = text.split_once('/') else { return Vec::new() };
    let (Some(address), Some(length)) = (sloppy_kept(address_text), decimal(length_text)) else {
        return Vec::new();
    };
    let bits = if address.is_ipv4() { 32 } else { 128 };
    if length > bits {
        return Vec::new();
    }
    // An IPv4 address in IPv6 notation stays IPv6 as far as the mask goes.
    let network = mask(address, length);
    let shown = |address: IpAddr, length: u32| format!("{}/{length}", unmapped(address));
    let mut warnings = Vec::new();
    if network != address {
        warnings.push(format!(
            "{path}: CIDR value {} is ambiguous in this context (should be {} or {}?)",
            quoted(text),
            quoted(&shown(network, length)),
            quoted(&shown(address, bits))
        ));
    }
    let exact = address_text.parse::<IpAddr>().ok().filter(|_| is_plain(length_text));
    match exact {
        Some(IpAddr::V6(exact)) if exact.to_ipv4_mapped().is_none() => {
            let canonical = format!("{exact}/{length}");
            if warnings.is_empty() && canonical != text {
                warnings.push(format!(
                    "{path}: IPv6 CIDR value {} should be in RFC 5952 canonical format ({})",
                    quoted(text),
                    quoted(&canonical)
                ));
            }
        }
        Some(IpAddr::V4(_)) => {}
        _ => warnings.push(format!(
            "{path}: non-standard CIDR value {} is invalid: use {}",
            quoted(text),
            quoted(&shown(network, length))
        )),
    }
    warnings
}

fn is_plain(length: &str) -> bool {
    length == "0" || !length.starts_with('0')
}

fn decimal(text: &str) -> Option<u32> {
    if text.is_empty() || !text.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    text.parse().ok()
}

fn mask(address: IpAddr, length: u32) -> IpAddr {
    match address {
        IpAddr::V4(v4) => {
            let kept = u32::MAX.checked_shl(32 - length).unwrap_or(0);
            IpAddr::V4(Ipv4Addr::from(u32::from(v4) & kept))
        }
        IpAddr::V6(v6) => {
            let kept = u128::MAX.checked_shl(128 - length).unwrap_or(0);
            IpAddr::V6(Ipv6Addr::from(u128::from(v6) & kept))
        }
    }
}

fn unmapped(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V6(v6) => v6.to_ipv4_mapped().map_or(address, IpAddr::V4),
        IpAddr::V4(_) => address,
    }
}

/// An address as the first versions of Go read it: numbers may begin with zeros. One of IPv4 in the notation of
/// IPv6 is one of IPv4.
fn sloppy(text: &str) -> Option<IpAddr> {
    sloppy_kept(text).map(unmapped)
}

fn sloppy_kept(text: &str) -> Option<IpAddr> {
    if let Ok(address) = text.parse() {
        return Some(address);
    }
    if let Some(v4) = sloppy_v4(text) {
        return Some(IpAddr::V4(v4));
    }
    let (head, tail) = text.rsplit_once(':')?;
    let v4 = sloppy_v4(tail)?;
    format!("{head}:{v4}").parse().ok()
}

fn sloppy_v4(text: &str) -> Option<Ipv4Addr> {
    let mut numbers = text.split('.').map(|part| decimal(part).and_then(|number| u8::try_from(number).ok()));
    let address = Ipv4Addr::new(numbers.next()??, numbers.next()??, numbers.next()??, numbers.next()??);
    numbers.next().is_none().then_some(address)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn odd_spellings_are_named() {
        for (text, warning) in [
            ("1.2.3.4", ""),
            ("x", ""),
            ("", ""),
            ("::1", ""),
            ("01.2.3.4", "p: non-standard IP address \"01.2.3.4\" is invalid: use \"1.2.3.4\""),
            ("::ffff:1.2.3.4", "p: non-standard IP address \"::ffff:1.2.3.4\" is invalid: use \"1.2.3.4\""),
            (
                "2001:DB8::1",
                "p: IPv6 address \"2001:DB8::1\" should be in RFC 5952 canonical format (\"2001:db8::1\")",
            ),
        ] {
            assert_eq!(ip_warnings("p", text).join("|"), warning, "{text}");
        }
        for (text, warning) in [
            ("1.2.3.0/24", ""),
            ("x/24", ""),
            ("1.2.3.0/33", ""),
            (
                "1.2.3.4/24",
                "p: CIDR value \"1.2.3.4/24\" is ambiguous in this context (should be \"1.2.3.0/24\" or \"1.2.3.4/32\"?)",
            ),
            ("01.2.3.0/24", "p: non-standard CIDR value \"01.2.3.0/24\" is invalid: use \"1.2.3.0/24\""),
            (
                "2001:DB8::/32",
                "p: IPv6 CIDR value \"2001:DB8::/32\" should be in RFC 5952 canonical format (\"2001:db8::/32\")",
            ),
        ] {
            assert_eq!(cidr_warnings("p", text).join("|"), warning, "{text}");
        }
    }
}
