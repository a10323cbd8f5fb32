//! Which endpoints are valid.

use crate::access::Fields;
use crate::equality::is_equal;
use crate::ip;
use crate::names::{dns_label, dns_subdomain, port_number, qualified_name};
use crate::path::Path;
use crate::pod::protocol;
use crate::report::Report;
use crate::{Faults, Kind, metadata};
use ravelin_object::Value;

const ENDPOINTS: Kind<'static> = Kind { group: "", version: "v1", kind: "Endpoints" };

/// Source: `k8s.io/kubernetes/pkg/apis/core/validation` `ValidateEndpoints`.
pub(crate) fn create(object: &Value, old: Option<&Value>, out: &mut Faults) {
    metadata::of_kind(ENDPOINTS, true, object, out);
    if old.is_some_and(|old| is_equal("subsets", old.get("subsets"), object.get("subsets"))) {
        return;
    }
    for (index, subset) in object.list("subsets").iter().enumerate() {
        let path = Path::new("subsets") / index;
        let lists = ["addresses", "notReadyAddresses"];
        if lists.iter().all(|list| subset.list(list).is_empty()) {
            out.required(&path, "must specify `addresses` or `notReadyAddresses`");
        }
        for list in lists {
            for (index, each) in subset.list(list).iter().enumerate() {
                address(each, &(&path / list / index), out);
            }
        }
        let ports = subset.list("ports");
        for (index, each) in ports.iter().enumerate() {
            port(each, ports.len() > 1, &(&path / "ports" / index), out);
        }
    }
}

/// Source: `ValidateEndpointsUpdate`.
pub(crate) fn update(new: &Value, old: &Value, out: &mut Faults) {
    metadata::changed_own(new, old, out);
    create(new, Some(old), out);
}

fn address(address: &Value, path: &Path, out: &mut Faults) {
    ip::legacy(&(path / "ip"), address.text("ip"), &[], out);
    let name = address.text("hostname");
    if !name.is_empty() {
        out.spelling(path / "hostname", name, dns_label(name));
    }
    if let Some(node) = address.text_opt("nodeName") {
        out.spelling(path / "nodeName", node, dns_subdomain(node));
    }
    ip::endpoint(&(path / "ip"), address.text("ip"), out);
}

fn port(port: &Value, needs_name: bool, path: &Path, out: &mut Faults) {
    let name = port.text("name");
    if needs_name && name.is_empty() {
        out.required(path / "name", "");
    } else if !name.is_empty() {
        out.spelling(path / "name", name, dns_label(name));
    }
    for fault in port_number(port.int("port")) {
        out.invalid(path / "port", port.int("port"), fault);
    }
    protocol(port, path, out);
    if let Some(name) = port.text_opt("appProtocol") {
        out.spelling(path / "appProtocol", name, qualified_name(name));
    }
}
