//! Which texts are IP addresses and CIDRs.
//!
//! Source: `k8s.io/apimachinery/pkg/util/validation` `IsValidIPForLegacyField`, `IsValidCIDRForLegacyField`, with the
//! gate `StrictIPCIDRValidation` as v1.36 has it by default.

use crate::Faults;
use crate::path::Path;
use crate::report::Report;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// An address as Go's old parser reads it, which takes leading zeros; an IPv4 address in an IPv6 one is IPv4.
///
/// Source: `k8s.io/utils/net` `ParseIPSloppy`.
pub(crate) fn sloppy(text: &str) -> Option<IpAddr> {
    if !text.contains(':') {
        return sloppy4(text).map(IpAddr::V4);
    }
    let text = match text.rsplit_once(':') {
        Some((start, tail)) if tail.contains('.') => format!("{start}:{}", sloppy4(tail)?),
        _ => text.to_owned(),
    };
    let address: Ipv6Addr = text.parse().ok()?;
    Some(address.to_ipv4_mapped().map_or(IpAddr::V6(address), IpAddr::V4))
}

fn sloppy4(text: &str) -> Option<Ipv4Addr> {
    let mut parts = [0_u8; 4];
    let mut texts = text.split('.');
    for part in &mut parts {
        let text = texts.next()?;
        if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        let digits = text.trim_start_matches('0');
        *part = if digits.is_empty() { 0 } else { digits.parse().ok()? };
    }
    texts.next().is_none().then(|| Ipv4Addr::from(parts))
}

/// Whether a text is an IPv6 address.
pub(crate) fn is_v6(text: &str) -> bool {
    matches!(sloppy(text), Some(IpAddr::V6(_)))
}

/// A range of addresses as Go's old parser reads it: the address as written, and the length of the prefix.
///
/// Source: `k8s.io/utils/net` `ParseCIDRSloppy`.
pub(crate) fn sloppy_range(text: &str) -> Option<(IpAddr, u8)> {
    let (address, length) = text.split_once('/')?;
    let is_v6_text = address.contains(':');
    let address = sloppy(address)?;
    if length.is_empty() || !length.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let digits = length.trim_start_matches('0');
    let length: u8 = if digits.is_empty() { 0 } else { digits.parse().ok()? };
    let most = if is_v6_text { 128 } else { 32 };
    if length > most {
        return None;
    }
    match address {
        IpAddr::V4(_) if is_v6_text => Some((address, length.saturating_sub(96))),
        _ => Some((address, length)),
    }
}

/// The address with the bits beyond the prefix cleared.
pub(crate) fn masked(address: IpAddr, length: u8) -> IpAddr {
    match address {
        IpAddr::V4(address) => {
            let mask = u32::MAX.checked_shl(32_u32.saturating_sub(length.into())).unwrap_or(0);
            IpAddr::V4(Ipv4Addr::from(u32::from(address) & mask))
        }
        IpAddr::V6(address) => {
            let mask = u128::MAX.checked_shl(128_u32.saturating_sub(length.into())).unwrap_or(0);
            IpAddr::V6(Ipv6Addr::from(u128::from(address) & mask))
        }
    }
}

/// An address in a field that took sloppy ones in the past: those that are kept are still valid.
pub(crate) fn legacy(path: &Path, text: &str, kept: &[&str], out: &mut Faults) {
    if kept.contains(&text) {
        return;
    }
    if sloppy(text).is_none() {
        out.invalid(path, text, "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)");
        return;
    }
    match text.parse() {
        Err(_) => out.invalid(path, text, "must not have leading 0s"),
        Ok(IpAddr::V6(inner)) if inner.to_ipv4_mapped().is_some() => {
            out.invalid(path, text, "must not be an IPv4-mapped IPv6 address");
        }
        Ok(_) => {}
    }
}

/// A range in a field that took sloppy ones in the past: those that are kept are still valid.
pub(crate) fn legacy_range(path: &Path, text: &str, kept: &[&str], out: &mut Faults) {
    if kept.contains(&text) {
        return;
    }
    let Some((address, length)) = sloppy_range(text) else {
        out.invalid(path, text, "must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)");
        return;
    };
    let (address_text, length_text) = text.split_once('/').unwrap_or((text, ""));
    let has_zeros = length_text.len() > 1 && length_text.starts_with('0');
    match address_text.parse::<IpAddr>() {
        Ok(IpAddr::V6(inner)) if !has_zeros && inner.to_ipv4_mapped().is_some() => {
            out.invalid(path, text, "must not have an IPv4-mapped IPv6 address");
        }
        Ok(_) if !has_zeros => {
            if masked(address, length) != address {
                out.invalid(path, text, "must not have bits set beyond the prefix length");
            }
        }
        _ => out.invalid(path, text, "must not have leading 0s in IP or prefix length"),
    }
}

/// Whether there is an address of each family, and each text is an address. Nothing where one is none.
///
/// Source: `k8s.io/utils/net` `IsDualStackIPStrings`.
pub(crate) fn is_dual_stack(texts: &[&str]) -> Result<bool, String> {
    let (mut has_v4, mut has_v6) = (false, false);
    for text in texts {
        match sloppy(text) {
            Some(IpAddr::V4(_)) => has_v4 = true,
            Some(IpAddr::V6(_)) => has_v6 = true,
            None => return Err(format!("invalid IP string: {text}")),
        }
    }
    Ok(has_v4 && has_v6)
}

/// An address that packets may be sent to.
///
/// Source: `k8s.io/kubernetes/pkg/apis/core/validation` `ValidateEndpointIP`.
pub(crate) fn endpoint(path: &Path, text: &str, out: &mut Faults) {
    let Some(address) = sloppy(text) else {
        out.invalid(path, text, "must be a valid IP address");
        return;
    };
    if address.is_unspecified() {
        out.invalid(path, text, format!("may not be unspecified ({text})"));
    }
    if address.is_loopback() {
        out.invalid(path, text, "may not be in the loopback range (127.0.0.0/8, ::1/128)");
    }
    let (is_local, is_local_multicast) = match address {
        IpAddr::V4(address) => (address.is_link_local(), address.octets().starts_with(&[224, 0, 0])),
        IpAddr::V6(address) => {
            let first = address.segments().first().copied().unwrap_or_default();
            (first & 0xffc0 == 0xfe80, first & 0xff0f == 0xff02)
        }
    };
    if is_local {
        out.invalid(path, text, "may not be in the link-local range (169.254.0.0/16, fe80::/10)");
    }
    if is_local_multicast {
        out.invalid(path, text, "may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)");
    }
}
