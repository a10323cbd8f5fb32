//! Which addresses of the cluster, and families of addresses, services may have.

use super::service::shown_list;
use crate::Faults;
use crate::access::Fields;
use crate::ip;
use crate::path::Path;
use crate::report::Report;
use ravelin_object::Value;
use std::collections::BTreeSet;

const IPS: &str = "clusterIPs";
const FAMILIES: &str = "ipFamilies";

/// Whether a service has no address of its own.
pub(super) fn is_headless(spec: &Value) -> bool {
    spec.texts(IPS) == ["None"]
}

/// Source: `k8s.io/kubernetes/pkg/apis/core/validation` `ValidateServiceClusterIPsRelatedFields`.
pub(super) fn addresses(spec: &Value, old: Option<&Value>, path: &Path, out: &mut Faults) {
    let ips = spec.texts(IPS);
    let own = path / IPS;
    first_agrees(spec, &ips, &own, out);
    families(spec, path, out);
    let kept = old.map(|old| old.texts(IPS)).unwrap_or_default();
    let mut is_invalid = false;
    for (index, text) in ips.iter().enumerate() {
        if index == 0 && *text == "None" {
            if ips.len() > 1 {
                is_invalid = true;
                out.invalid(&own, shown_list(spec, IPS), "'None' must be the first and only value");
            }
            continue;
        }
        let before = out.len();
        ip::legacy(&(&own / index), text, &kept, out);
        is_invalid |= out.len() > before;
    }
    if ips.len() > 2 {
        out.invalid(&own, shown_list(spec, IPS), "may only hold up to 2 values");
    }
    if is_invalid {
        return;
    }
    if ips.len() > 1 && ip::is_dual_stack(&ips) != Ok(true) {
        out.invalid(&own, shown_list(spec, IPS), "may specify no more than one IP for each IP family");
    }
    if is_headless(spec) {
        return;
    }
    for (index, (text, family)) in ips.iter().zip(spec.texts(FAMILIES)).enumerate() {
        let wanted = match family {
            "IPv4" if ip::is_v6(text) => "IPv4",
            "IPv6" if !ip::is_v6(text) => "IPv6",
            _ => continue,
        };
        let why = format!("expected an {wanted} value as indicated by `ipFamilies[{index}]`");
        out.invalid(&own / index, *text, why);
    }
}

fn first_agrees(spec: &Value, ips: &[&str], path: &Path, out: &mut Faults) {
    let first = spec.text("clusterIP");
    match (first.is_empty(), ips.first()) {
        (false, None) => out.required(path, ""),
        (false, Some(other)) if *other != first => {
            out.invalid(path, shown_list(spec, IPS), "first value must match `clusterIP`");
        }
        (true, Some(_)) => {
            out.invalid(path, shown_list(spec, IPS), "must be empty when `clusterIP` is not specified");
        }
        _ => {}
    }
}

fn families(spec: &Value, path: &Path, out: &mut Faults) {
    let mut seen = BTreeSet::new();
    for (index, family) in spec.texts(FAMILIES).into_iter().enumerate() {
        if !matches!(family, "IPv4" | "IPv6") {
            out.unsupported(path / FAMILIES / index, family, &["IPv4", "IPv6"]);
        }
        if !seen.insert(family) {
            out.duplicate(path / FAMILIES / index, family);
        }
    }
    let policies = ["PreferDualStack", "RequireDualStack", "SingleStack"];
    if let Some(policy) = spec.text_opt("ipFamilyPolicy").filter(|policy| !policies.contains(policy)) {
        out.unsupported(path / "ipFamilyPolicy", policy, &policies);
    }
}

/// How addresses and families may change.
///
/// Source: `validateUpgradeDowngradeClusterIPs`, `validateUpgradeDowngradeIPFamilies`.
pub(super) fn family_changes(new: &Value, old: &Value, out: &mut Faults) {
    let (new, old) = (new.get("spec"), old.get("spec"));
    if [new, old].iter().any(|spec| spec.text("type") == "ExternalName") {
        return;
    }
    let (is_headless_now, was_headless) = (is_headless(new), is_headless(old));
    if !(is_headless_now && was_headless) {
        changes(new, old, IPS, out);
    }
    if !is_headless_now && !was_headless {
        changes(new, old, FAMILIES, out);
    }
}

fn changes(new: &Value, old: &Value, key: &str, out: &mut Faults) {
    let once = "may not change once set";
    let path = Path::new("spec") / key;
    let (now, was) = (new.texts(key), old.texts(key));
    let is_first_changed = now.first() != was.first();
    // Upstream shows the addresses where the first family changed along with their number.
    if now.len() == was.len() {
        for (index, _) in now.iter().zip(&was).enumerate().filter(|(_, (now, was))| now != was) {
            let index = if key == IPS { index } else { 0 };
            out.invalid(&path / index, shown_list(new, key), once);
        }
    } else if was.len() > now.len() {
        let what = if key == IPS { "clusterIP" } else { "ipFamily" };
        if new.list(IPS).is_empty() {
            out.invalid(&path / 0, shown_list(new, key), format!("primary {what} can not be unset"));
        }
        if !now.is_empty() && is_first_changed {
            out.invalid(&path / 0, shown_list(new, IPS), once);
        }
        if now.len() == 1 && new.text("ipFamilyPolicy") != "SingleStack" {
            let why = format!("must be set to 'SingleStack' when releasing the secondary {what}");
            out.invalid("spec.ipFamilyPolicy", new.get("ipFamilyPolicy"), why);
        }
    } else if !was.is_empty() && is_first_changed {
        out.invalid(&path / 0, shown_list(new, IPS), once);
    }
}
