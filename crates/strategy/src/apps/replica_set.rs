//! Replica sets.

use crate::fields::{at_mut, default, struct_at};
use crate::pods::default_template;
use crate::rules::{Rules, fresh, keep_spec, zeros};
use ravelin_object::Value;

/// Source: `k8s.io/kubernetes/pkg/registry/apps/replicaset/strategy.go`.
pub(crate) const RULES: Rules = Rules {
    defaults,
    normalize: super::normalize,
    create: |set, _| {
        fresh(set, zeros(&["replicas"]));
        super::drop_of_template(set, None);
    },
    update: super::update,
    subresources: &[("status", keep_spec)],
    warn_on_create: super::warn_of_name_and_template,
    warn_on_update: super::warn_on_update,
    ..Rules::new("apps", "ReplicaSet").namespaced()
};

fn defaults(set: &mut Value) {
    if let Some(spec) = struct_at(set, "spec") {
        default(spec, "replicas", 1);
        default_template(at_mut(spec, "template"));
    }
}
