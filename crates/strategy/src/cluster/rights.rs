//! Roles and bindings.

use crate::fields::{default_text, items_mut, struct_at, text};
use crate::rules::Rules;
use ravelin_object::Value;

const GROUP: &str = "rbac.authorization.k8s.io";

/// Source: `k8s.io/kubernetes/pkg/registry/rbac/role/strategy.go`.
pub(crate) const ROLE: Rules = Rules::new(GROUP, "Role").namespaced().created_by_update();

/// Source: `k8s.io/kubernetes/pkg/registry/rbac/clusterrole/strategy.go`.
pub(crate) const CLUSTER_ROLE: Rules = Rules::new(GROUP, "ClusterRole").created_by_update();

/// Source: `k8s.io/kubernetes/pkg/registry/rbac/rolebinding/strategy.go`.
pub(crate) const ROLE_BINDING: Rules =
    Rules { defaults, ..Rules::new(GROUP, "RoleBinding").namespaced().created_by_update() };

/// Source: `k8s.io/kubernetes/pkg/registry/rbac/clusterrolebinding/strategy.go`.
pub(crate) const CLUSTER_ROLE_BINDING: Rules =
    Rules { defaults, ..Rules::new(GROUP, "ClusterRoleBinding").created_by_update() };

/// Source: `k8s.io/kubernetes/pkg/apis/rbac/v1/defaults.go`.
fn defaults(binding: &mut Value) {
    if let Some(role) = struct_at(binding, "roleRef") {
        default_text(role, "apiGroup", GROUP);
    }
    for subject in items_mut(binding, "subjects") {
        if matches!(text(subject, "kind"), "User" | "Group") {
            default_text(subject, "apiGroup", GROUP);
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::fields::testing::value;
    use crate::kind::Kind;
    use crate::rules::testing::defaulted;

    #[test]
    fn users_and_groups_are_of_the_group() {
        let kind = Kind { group: super::GROUP, version: "v1", kind: "RoleBinding" };
        assert_eq!(
            defaulted(
                kind,
                r#"{"roleRef":{"kind":"Role"},"subjects":[{"kind":"User"},{"kind":"ServiceAccount"},{"kind":"Group","apiGroup":"x"}]}"#
            ),
            value(
                r#"{"roleRef":{"kind":"Role","apiGroup":"rbac.authorization.k8s.io"},
                "subjects":[{"kind":"User","apiGroup":"rbac.authorization.k8s.io"},{"kind":"ServiceAccount"},{"kind":"Group","apiGroup":"x"}]}"#
            )
        );
    }
}
