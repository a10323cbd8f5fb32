//! Which options of Windows a security context may have.

use crate::Faults;
use crate::access::Fields;
use crate::names::dns_subdomain;
use crate::path::Path;
use crate::report::Report;
use ravelin_object::Value;

/// Source: `k8s.io/kubernetes/pkg/apis/core/validation` `validateWindowsSecurityContextOptions`.
pub(super) fn windows_options(context: &Value, path: &Path, out: &mut Faults) {
    let (options, path) = (context.get("windowsOptions"), path / "windowsOptions");
    if let Some(name) = options.text_opt("gmsaCredentialSpecName") {
        out.spelling(&path / "gmsaCredentialSpecName", name, dns_subdomain(name));
    }
    if let Some(spec) = options.text_opt("gmsaCredentialSpec") {
        let path = &path / "gmsaCredentialSpec";
        if spec.is_empty() {
            out.invalid(path, spec, "gmsaCredentialSpec cannot be an empty string");
        } else if spec.len() > 64 * 1024 {
            out.invalid(path, spec, "gmsaCredentialSpec size must be under 64 KiB");
        }
    }
    if let Some(name) = options.text_opt("runAsUserName") {
        for why in user_name_faults(name) {
            out.invalid(&path / "runAsUserName", name, why);
        }
    }
}

fn user_name_faults(name: &str) -> Vec<&'static str> {
    if name.is_empty() {
        return vec!["runAsUserName cannot be an empty string"];
    }
    if name.bytes().any(|byte| byte.is_ascii_control()) {
        return vec!["runAsUserName cannot contain control characters"];
    }
    let (domain, user) = match name.split_once('\\') {
        None => (None, name),
        Some((_, user)) if user.contains('\\') => {
            return vec!["runAsUserName cannot contain more than one backslash"];
        }
        Some((domain, user)) => (Some(domain), user),
    };
    let mut faults = Vec::new();
    if let Some(domain) = domain {
        if domain.len() >= 256 {
            faults.push("runAsUserName's Domain length must be under 256 characters");
        }
        if !is_net_bios(domain) && !domain.split('.').all(is_dns_label) {
            faults.push("runAsUserName's Domain doesn't match the NetBios nor the DNS format");
        }
    }
    if user.is_empty() {
        faults.push("runAsUserName's User cannot be empty");
    } else if user.len() > 104 {
        faults.push("runAsUserName's User length must not be longer than 104 characters");
    }
    if !user.is_empty() && user.chars().all(|letter| matches!(letter, '.' | ' ')) {
        faults.push("runAsUserName's User cannot contain only periods or spaces");
    }
    if user.contains(['"', '/', '\\', ':', ';', '|', '=', ',', '+', '*', '?', '<', '>', '@', '[', ']']) {
        faults.push("runAsUserName's User cannot contain the following characters: \"/\\:;|=,+*?<>@[]");
    }
    faults
}

fn is_net_bios(domain: &str) -> bool {
    let length = domain.chars().count();
    (1..=15).contains(&length)
        && !domain.starts_with('.')
        && !domain.contains(['\\', '/', ':', '*', '?', '"', '<', '>', '|'])
}

fn is_dns_label(label: &str) -> bool {
    (1..=63).contains(&label.len())
        && !label.starts_with('-')
        && !label.ends_with('-')
        && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}
