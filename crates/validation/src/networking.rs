//! Which network policies and classes of ingresses are valid.

mod ingress;
mod reference;

pub(crate) use ingress::{annotation_agrees, ingress, status};

use crate::Faults;
use crate::access::{Fields, list_of};
use crate::ip::{self, masked, sloppy_range};
use crate::labels::{SelectorValues, selector};
use crate::metadata::IMMUTABLE;
use crate::names::{domain_prefixed_path, port_name, port_number};
use crate::path::Path;
use crate::report::Report;
use ravelin_object::Value;
use ravelin_object::fault::Fault;

/// What a policy may keep.
struct Kept<'a> {
    values: SelectorValues,
    ranges: Vec<&'a str>,
}

/// All but the metadata of a policy.
///
/// Source: `k8s.io/kubernetes/pkg/apis/networking/validation` `ValidateNetworkPolicySpec`.
pub(crate) fn policy(object: &Value, old: Option<&Value>, out: &mut Faults) {
    let (spec, path) = (object.get("spec"), Path::new("spec"));
    let mut kept = Kept { values: SelectorValues::Valid, ranges: Vec::new() };
    if let Some(old) = old.map(|old| old.get("spec")) {
        let mut found = Vec::new();
        selector(&path, old.get("podSelector"), SelectorValues::Valid, &mut found);
        if !found.is_empty() {
            kept.values = SelectorValues::Any;
        }
        for (list, peers) in [("ingress", "from"), ("egress", "to")] {
            for block in
                old.list(list).iter().flat_map(|rule| rule.list(peers)).map(|peer| peer.get("ipBlock"))
            {
                kept.ranges.extend(block.text_opt("cidr"));
                kept.ranges.extend(block.texts("except"));
            }
        }
    }
    selector(&(&path / "podSelector"), spec.get("podSelector"), kept.values, out);
    for (list, peers) in [("ingress", "from"), ("egress", "to")] {
        for (index, rule) in spec.list(list).iter().enumerate() {
            let path = &path / list / index;
            for (index, each) in rule.list("ports").iter().enumerate() {
                port(each, &(&path / "ports" / index), out);
            }
            for (index, each) in rule.list(peers).iter().enumerate() {
                peer(each, &kept, &(&path / peers / index), out);
            }
        }
    }
    let kinds = spec.texts("policyTypes");
    let path = path / "policyTypes";
    if kinds.len() > 2 {
        out.invalid(path, list_of(&kinds), "may not specify more than two policyTypes");
        return;
    }
    for (index, kind) in kinds.iter().enumerate().filter(|(_, kind)| !matches!(**kind, "Ingress" | "Egress"))
    {
        out.unsupported(&path / index, *kind, &["Ingress", "Egress"]);
    }
}

fn port(port: &Value, path: &Path, out: &mut Faults) {
    let protocols = ["TCP", "UDP", "SCTP"];
    if let Some(protocol) = port.text_opt("protocol").filter(|protocol| !protocols.contains(protocol)) {
        out.unsupported(path / "protocol", protocol, &protocols);
    }
    let end = port.int_opt("endPort");
    match port.get("port") {
        Value::Null => {
            if let Some(end) = end {
                out.invalid(path / "endPort", end, "may not be specified when `port` is not specified");
            }
        }
        Value::String(name) => {
            if let Some(end) = end {
                out.invalid(path / "endPort", end, "may not be specified when `port` is non-numeric");
            }
            out.spelling(path / "port", name, port_name(name));
        }
        other => {
            let number = other.as_int().unwrap_or_default();
            for fault in port_number(number) {
                out.invalid(path / "port", number, fault);
            }
            if let Some(end) = end {
                if end < number {
                    out.invalid(path / "endPort", number, "must be greater than or equal to `port`");
                }
                for fault in port_number(end) {
                    out.invalid(path / "endPort", end, fault);
                }
            }
        }
    }
}

fn peer(peer: &Value, kept: &Kept<'_>, path: &Path, out: &mut Faults) {
    let selectors = ["podSelector", "namespaceSelector"];
    let mut is_selected = false;
    for key in selectors.into_iter().filter(|key| peer.has(key)) {
        is_selected = true;
        selector(&(path / key), peer.get(key), kept.values, out);
    }
    if peer.has("ipBlock") {
        block(peer.get("ipBlock"), kept, &(path / "ipBlock"), out);
        if is_selected {
            out.forbidden(path, "may not specify both ipBlock and another peer");
        }
    } else if !is_selected {
        out.required(path, "must specify a peer");
    }
}

fn block(block: &Value, kept: &Kept<'_>, path: &Path, out: &mut Faults) {
    let range = block.text("cidr");
    if range.is_empty() {
        out.required(path / "cidr", "");
        return;
    }
    ip::legacy_range(&(path / "cidr"), range, &kept.ranges, out);
    let Some((network, length)) = sloppy_range(range) else {
        return;
    };
    for (index, text) in block.texts("except").into_iter().enumerate() {
        let path = path / "except" / index;
        ip::legacy_range(&path, text, &kept.ranges, out);
        let Some((address, own)) = sloppy_range(text) else {
            continue;
        };
        let is_within = address.is_ipv4() == network.is_ipv4()
            && masked(masked(address, own), length) == masked(network, length);
        if !is_within || length >= own {
            out.invalid(path, text, "must be a strict subset of `cidr`");
        }
    }
}

/// All but the metadata of a class of ingresses.
///
/// Source: `ValidateIngressClass`.
pub(crate) fn class(object: &Value, out: &mut Faults) {
    let (spec, path) = (object.get("spec"), Path::new("spec"));
    let controller = spec.text("controller");
    if controller.len() > 250 {
        out.push(Fault::too_long(&path / "controller", 250));
    }
    domain_prefixed_path(&(&path / "controller"), controller, out);
    if spec.has("parameters") {
        reference::parameters(spec.get("parameters"), &(path / "parameters"), out);
    }
}

/// How a class may change; all but the metadata of it follows.
///
/// Source: `ValidateIngressClassUpdate`.
pub(crate) fn class_update(new: &Value, old: &Value, out: &mut Faults) {
    let (now, was) = (new.get("spec").text("controller"), old.get("spec").text("controller"));
    if now != was {
        out.invalid("spec.controller", now, IMMUTABLE);
    }
}
