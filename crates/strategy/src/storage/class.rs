//! Storage classes.

use crate::fields::{default, list, text};
use crate::pods::node_label_message;
use crate::rules::Rules;
use ravelin_object::Value;

/// Source: `k8s.io/kubernetes/pkg/registry/storage/storageclass/strategy.go`.
pub(crate) const RULES: Rules = Rules {
    defaults: |class| {
        default(class, "reclaimPolicy", "Delete");
        default(class, "volumeBindingMode", "Immediate");
    },
    warn_on_create: warnings,
    warn_on_update: |_, class, _| warnings(class),
    ..Rules::new("storage.k8s.io", "StorageClass").returning_deleted()
};

fn warnings(class: &Value) -> Vec<String> {
    let mut warnings = Vec::new();
    for (index, term) in list(class, "allowedTopologies").iter().enumerate() {
        for (place, expression) in list(term, "matchLabelExpressions").iter().enumerate() {
            if let Some(message) = node_label_message(text(expression, "key")) {
                warnings.push(format!(
                    "allowedTopologies[{index}].matchLabelExpressions[{place}].key: {message}"
                ));
            }
        }
    }
    warnings
}
