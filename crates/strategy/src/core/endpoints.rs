//! Endpoints: the protocol of their ports.

use crate::fields::{default_text, items_mut, label, list, text};
use crate::ip::ip_warnings;
use crate::rules::Rules;
use ravelin_object::Value;

/// Source: `k8s.io/kubernetes/pkg/registry/core/endpoint/strategy.go`. That the kind is deprecated is said elsewhere.
pub(crate) const RULES: Rules = Rules {
    defaults,
    warn_on_create: warnings,
    warn_on_update: |_, endpoints, _| warnings(endpoints),
    ..Rules::new("", "Endpoints").namespaced().created_by_update()
};

fn defaults(endpoints: &mut Value) {
    for subset in items_mut(endpoints, "subsets") {
        for port in items_mut(subset, "ports") {
            default_text(port, "protocol", "TCP");
        }
    }
}

fn warnings(endpoints: &Value) -> Vec<String> {
    if label(endpoints, "endpoints.kubernetes.io/managed-by") == Some("endpoint-controller") {
        return Vec::new();
    }
    let mut warnings = Vec::new();
    for (index, subset) in list(endpoints, "subsets").iter().enumerate() {
        for key in ["addresses", "notReadyAddresses"] {
            for (place, address) in list(subset, key).iter().enumerate() {
                let path = format!("subsets[{index}].{key}[{place}].ip");
                warnings.extend(ip_warnings(&path, text(address, "ip")));
            }
        }
    }
    warnings
}

#[cfg(test)]
mod tests {
    use crate::fields::testing::value;
    use crate::kind::Kind;
    use crate::rules::testing::defaulted;

    #[test]
    fn ports_are_tcp() {
        let kind = Kind { group: "", version: "v1", kind: "Endpoints" };
        assert_eq!(
            defaulted(kind, r#"{"subsets":[{"ports":[{"port":1},{"port":2,"protocol":"UDP"}]}]}"#),
            value(r#"{"subsets":[{"ports":[{"port":1,"protocol":"TCP"},{"port":2,"protocol":"UDP"}]}]}"#)
        );
    }
}
