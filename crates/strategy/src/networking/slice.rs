//! Slices of endpoints: any change but one of the metadata is counted.

use crate::equality::same;
use crate::fields::{default, generation, is_nil, items_mut, label, list, remove, set, set_generation, text};
use crate::ip::ip_warnings;
use crate::kind::Context;
use crate::rules::Rules;
use ravelin_object::Value;
use ravelin_object::selector::dns1123_subdomain_faults;

/// Source: `k8s.io/kubernetes/pkg/registry/discovery/endpointslice/strategy.go`.
pub(crate) const RULES: Rules = Rules {
    defaults,
    create,
    update,
    warn_on_create,
    warn_on_update: |_, slice, _| address_warnings(slice),
    ..Rules::new("discovery.k8s.io", "EndpointSlice").namespaced()
};

fn defaults(slice: &mut Value) {
    for port in items_mut(slice, "ports") {
        default(port, "name", "");
        default(port, "protocol", "TCP");
    }
}

fn create(slice: &mut Value, _: &mut Context<'_>) {
    set_generation(slice, 1);
    drop_topology(slice, None);
}

fn update(slice: &mut Value, old: &Value, _: &mut Context<'_>) {
    let is_same =
        ["addressType", "endpoints", "ports", "metadata.labels"].iter().all(|path| same(slice, old, path));
    if !is_same {
        set_generation(slice, generation(old).wrapping_add(1));
    }
    if !same(slice, old, "endpoints") {
        drop_topology(slice, Some(old));
    }
}

/// `deprecatedTopology` cannot be written; a node that it has named before is kept.
fn drop_topology(slice: &mut Value, old: Option<&Value>) {
    const HOST: &str = "kubernetes.io/hostname";
    let known: Vec<String> = old
        .map(|old| list(old, "endpoints"))
        .unwrap_or_default()
        .iter()
        .filter_map(|endpoint| endpoint.field("deprecatedTopology")?.field(HOST)?.as_str())
        .filter(|name| !name.is_empty())
        .map(str::to_owned)
        .collect();
    for endpoint in items_mut(slice, "endpoints") {
        let named = endpoint.field("deprecatedTopology").and_then(|topology| topology.field(HOST));
        let named = named.and_then(Value::as_str).map(str::to_owned);
        if let Some(name) = named
            && is_nil(endpoint, "nodeName")
            && known.contains(&name)
            && dns1123_subdomain_faults(&name).is_empty()
        {
            set(endpoint, "nodeName", name);
        }
        remove(endpoint, "deprecatedTopology");
    }
}

fn warn_on_create(slice: &Value) -> Vec<String> {
    let mut warnings = Vec::new();
    if text(slice, "addressType") == "FQDN" {
        warnings.push("spec.addressType: FQDN endpoints are deprecated".to_owned());
    }
    warnings.extend(address_warnings(slice));
    warnings
}

fn address_warnings(slice: &Value) -> Vec<String> {
    let manager = label(slice, "endpointslice.kubernetes.io/managed-by");
    if matches!(manager, Some("endpointslice-controller.k8s.io" | "endpointslicemirroring-controller.k8s.io"))
    {
        return Vec::new();
    }
    let mut warnings = Vec::new();
    for (index, endpoint) in list(slice, "endpoints").iter().enumerate() {
        for (place, address) in list(endpoint, "addresses").iter().enumerate() {
            let path = format!("endpoints[{index}].addresses[{place}]");
            warnings.extend(ip_warnings(&path, address.as_str().unwrap_or_default()));
        }
    }
    warnings
}

#[cfg(test)]
mod tests {
    use crate::fields::testing::value;
    use crate::kind::Kind;
    use crate::rules::testing::{created, updated};

    const SLICE: Kind<'_> = Kind { group: "discovery.k8s.io", version: "v1", kind: "EndpointSlice" };

    #[test]
    fn topology_is_not_written() {
        let made = created(
            SLICE,
            r#"{"endpoints":[{"deprecatedTopology":{"kubernetes.io/hostname":"n"}}],"ports":[{"port":1}]}"#,
        );
        assert_eq!(
            made,
            value(
                r#"{"endpoints":[{}],"ports":[{"port":1,"name":"","protocol":"TCP"}],"metadata":{"generation":1}}"#
            )
        );
        let old = r#"{"metadata":{"generation":1},"endpoints":[{"deprecatedTopology":{"kubernetes.io/hostname":"n"}}]}"#;
        let new = r#"{"metadata":{},"endpoints":[{"addresses":["1.1.1.1"],"deprecatedTopology":{"kubernetes.io/hostname":"n"}}]}"#;
        assert_eq!(
            updated(SLICE, None, new, old),
            value(r#"{"metadata":{"generation":2},"endpoints":[{"addresses":["1.1.1.1"],"nodeName":"n"}]}"#)
        );
        assert_eq!(updated(SLICE, None, old, old), value(old));
    }
}
