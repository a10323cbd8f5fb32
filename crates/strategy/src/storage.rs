//! The kinds of `storage.k8s.io`.

mod attachment;
mod class;
mod driver;

use crate::fields::{entries, list, text};
use crate::pods::node_label_message;
use crate::rules::Rules;
use ravelin_object::Value;

/// The kinds of `storage.k8s.io`; nodes, capacities and attribute classes do nothing on their way.
pub(crate) const RULES: &[Rules] = &[
    class::RULES,
    driver::RULES,
    attachment::RULES,
    Rules::new("storage.k8s.io", "CSINode").returning_deleted().updated_conditionally(),
    Rules {
        warn_on_create: capacity_warnings,
        warn_on_update: |_, capacity, _| capacity_warnings(capacity),
        ..Rules::new("storage.k8s.io", "CSIStorageCapacity").namespaced().updated_conditionally()
    },
    Rules::new("storage.k8s.io", "VolumeAttributesClass").returning_deleted(),
];

/// Source: `GetWarningsForNodeSelector` in `k8s.io/kubernetes/pkg/api/node/util.go`.
fn capacity_warnings(capacity: &Value) -> Vec<String> {
    let mut warnings = Vec::new();
    for (index, expression) in list(capacity, "nodeTopology.matchExpressions").iter().enumerate() {
        let key = text(expression, "key");
        if let Some(message) = node_label_message(key) {
            warnings.push(format!("nodeTopology.matchExpressions[{index}].key: {key} is {message}"));
        }
    }
    let mut keys: Vec<&str> = entries(capacity, "nodeTopology.matchLabels").map(|(key, _)| key).collect();
    keys.sort_unstable();
    for key in keys {
        if let Some(message) = node_label_message(key) {
            warnings.push(format!("nodeTopology.matchLabels.{key}: {message}"));
        }
    }
    warnings
}
