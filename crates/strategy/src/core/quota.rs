//! Resource quotas: their status is not the user's.

use crate::fields::{empty, entries, set};
use crate::quantities::{parse, round_list};
use crate::rules::{Rules, keep_spec, keep_status_only};
use ravelin_object::Value;
use ravelin_object::quantity::Quantity;

/// Source: `k8s.io/kubernetes/pkg/registry/core/resourcequota/strategy.go`.
pub(crate) const RULES: Rules = Rules {
    defaults,
    create: |quota, _| set(quota, "status", empty()),
    update: keep_status_only,
    subresources: &[("status", keep_spec)],
    warn_on_create: warnings,
    ..Rules::new("", "ResourceQuota").namespaced().returning_deleted()
};

fn defaults(quota: &mut Value) {
    for path in ["spec.hard", "status.hard", "status.used"] {
        round_list(crate::fields::at_mut(quota, path));
    }
}

/// More that may be requested than may be limited.
fn warnings(quota: &Value) -> Vec<String> {
    let hard = |name: &str| -> Option<Quantity> {
        entries(quota, "spec.hard").find(|(key, _)| *key == name).and_then(|(_, amount)| parse(amount))
    };
    let mut warnings = Vec::new();
    for resource in ["cpu", "memory", "storage", "ephemeral-storage"] {
        let mut name = format!("requests.{resource}");
        let mut request = hard(&name);
        if request.is_none() && matches!(resource, "cpu" | "memory") {
            request = hard(resource);
            if request.is_some() {
                resource.clone_into(&mut name);
            }
        }
        let limit_name = format!("limits.{resource}");
        if let (Some(request), Some(limit)) = (request, hard(&limit_name))
            && request > limit
        {
            warnings
                .push(format!("ResourceQuota {name} ({request}) should be less than {limit_name} ({limit})"));
        }
    }
    warnings
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fields::testing::value;

    #[test]
    fn requests_above_limits_are_named() {
        assert_eq!(
            warnings(&value(
                r#"{"spec":{"hard":{"cpu":"4","limits.cpu":"2","requests.memory":"1Gi","limits.memory":"2Gi"}}}"#
            )),
            ["ResourceQuota cpu (4) should be less than limits.cpu (2)"]
        );
    }
}
