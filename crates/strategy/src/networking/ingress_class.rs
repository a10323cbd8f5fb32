//! Ingress classes: whose parameters they have.

use crate::fields::{at_mut, default};
use crate::rules::{Rules, counted, first_generation};
use ravelin_object::Value;

/// Source: `k8s.io/kubernetes/pkg/registry/networking/ingressclass/strategy.go`.
pub(crate) const RULES: Rules = Rules {
    defaults,
    create: first_generation,
    update: counted,
    ..Rules::new("networking.k8s.io", "IngressClass")
};

fn defaults(class: &mut Value) {
    if let Some(parameters) = at_mut(class, "spec.parameters") {
        default(parameters, "scope", "Cluster");
    }
}
