//! Network policies: which ways they are about.

use crate::fields::{default, is_nil, items_mut, list, set, struct_at, text};
use crate::ip::cidr_warnings;
use crate::rules::{Rules, counted, first_generation};
use ravelin_object::Value;

/// Source: `k8s.io/kubernetes/pkg/registry/networking/networkpolicy/strategy.go`.
pub(crate) const RULES: Rules = Rules {
    defaults,
    create: first_generation,
    update: counted,
    warn_on_create: warnings,
    warn_on_update: |_, policy, _| warnings(policy),
    ..Rules::new("networking.k8s.io", "NetworkPolicy").namespaced()
};

/// Source: `k8s.io/kubernetes/pkg/apis/networking/v1/defaults.go`.
fn defaults(policy: &mut Value) {
    let Some(spec) = struct_at(policy, "spec") else { return };
    if list(spec, "policyTypes").is_empty() {
        let mut types = vec![Value::from("Ingress")];
        if !list(spec, "egress").is_empty() {
            types.push(Value::from("Egress"));
        }
        set(spec, "policyTypes", types);
    }
    for way in ["ingress", "egress"] {
        for rule in items_mut(spec, way) {
            for port in items_mut(rule, "ports") {
                default(port, "protocol", "TCP");
            }
        }
    }
}

fn warnings(policy: &Value) -> Vec<String> {
    let mut warnings = Vec::new();
    for (way, peers) in [("ingress", "from"), ("egress", "to")] {
        for (index, rule) in list(policy, &format!("spec.{way}")).iter().enumerate() {
            for (place, peer) in list(rule, peers).iter().enumerate() {
                if is_nil(peer, "ipBlock") {
                    continue;
                }
                let path = format!("spec.{way}[{index}].{peers}[{place}].ipBlock");
                warnings.extend(cidr_warnings(&format!("{path}.cidr"), text(peer, "ipBlock.cidr")));
                for (number, except) in list(peer, "ipBlock.except").iter().enumerate() {
                    let path = format!("{path}.except[{number}]");
                    warnings.extend(cidr_warnings(&path, except.as_str().unwrap_or_default()));
                }
            }
        }
    }
    warnings
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fields::testing::value;
    use crate::kind::Kind;
    use crate::rules::testing::defaulted;

    #[test]
    fn ways_follow_from_rules() {
        let kind = Kind { group: "networking.k8s.io", version: "v1", kind: "NetworkPolicy" };
        for (spec, expected) in [
            ("{}", r#"{"policyTypes":["Ingress"]}"#),
            (
                r#"{"egress":[{"ports":[{"port":1}]}]}"#,
                r#"{"egress":[{"ports":[{"port":1,"protocol":"TCP"}]}],"policyTypes":["Ingress","Egress"]}"#,
            ),
        ] {
            let policy = defaulted(kind, &format!(r#"{{"spec":{spec}}}"#));
            assert_eq!(policy.field("spec"), Some(&value(expected)));
        }
    }

    #[test]
    fn networks_are_looked_at() {
        let policy = value(
            r#"{"spec":{"egress":[{"to":[{"ipBlock":{"cidr":"1.2.3.4/8","except":["01.0.0.0/8"]}}]}]}}"#,
        );
        assert_eq!(warnings(&policy).len(), 2);
    }
}
