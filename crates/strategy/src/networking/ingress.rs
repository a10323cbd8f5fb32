//! Ingresses.

use crate::core::ingress_warnings;
use crate::fields::{annotation, empty, is_nil, object};
use crate::rules::{Rules, counted_with_status, fresh, keep_spec};
use ravelin_object::Value;

/// Source: `k8s.io/kubernetes/pkg/registry/networking/ingress/strategy.go`.
pub(crate) const RULES: Rules = Rules {
    create: |ingress, _| fresh(ingress, object([("loadBalancer", empty())])),
    update: counted_with_status,
    subresources: &[("status", keep_spec)],
    warn_on_create: warnings,
    warn_on_update: |subresource, ingress, _| {
        if subresource == "status" { ingress_warnings(ingress) } else { Vec::new() }
    },
    ..Rules::new("networking.k8s.io", "Ingress").namespaced()
};

fn warnings(ingress: &Value) -> Vec<String> {
    const KEY: &str = "kubernetes.io/ingress.class";
    if annotation(ingress, KEY).is_none() || !is_nil(ingress, "spec.ingressClassName") {
        return Vec::new();
    }
    vec![format!("annotation \"{KEY}\" is deprecated, please use 'spec.ingressClassName' instead")]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fields::testing::value;
    use crate::kind::Kind;
    use crate::rules::testing::{created, updated};

    #[test]
    fn a_status_is_not_the_users() {
        let kind = Kind { group: "networking.k8s.io", version: "v1", kind: "Ingress" };
        let made = created(kind, r#"{"spec":{},"status":{"loadBalancer":{"ingress":[{"ip":"1.1.1.1"}]}}}"#);
        assert_eq!(made, value(r#"{"spec":{},"status":{"loadBalancer":{}},"metadata":{"generation":1}}"#));
        let old = r#"{"metadata":{"generation":1},"spec":{"a":1},"status":{"b":1}}"#;
        let new = r#"{"metadata":{},"spec":{"a":2},"status":{"b":2}}"#;
        assert_eq!(
            updated(kind, None, new, old),
            value(r#"{"metadata":{"generation":2},"spec":{"a":2},"status":{"b":1}}"#)
        );
        assert_eq!(
            updated(kind, Some("status"), new, old),
            value(r#"{"metadata":{"generation":1},"spec":{"a":1},"status":{"b":2}}"#)
        );
    }

    #[test]
    fn the_old_annotation_is_named() {
        let old = r#"{"metadata":{"annotations":{"kubernetes.io/ingress.class":"n"}},"spec":{}}"#;
        assert_eq!(
            warnings(&value(old)),
            [
                "annotation \"kubernetes.io/ingress.class\" is deprecated, please use 'spec.ingressClassName' instead"
            ]
        );
    }
}
