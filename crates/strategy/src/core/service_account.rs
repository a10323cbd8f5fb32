//! Service accounts: of the secrets they name, only the name is kept.

use crate::fields::{annotation, empty, items_mut, object, text};
use crate::rules::Rules;
use ravelin_object::Value;

/// Source: `k8s.io/kubernetes/pkg/registry/core/serviceaccount/strategy.go`.
pub(crate) const RULES: Rules = Rules {
    create: |account, _| names_only(account),
    update: |account, _, _| names_only(account),
    warn_on_create: |account| warnings(account, &Value::Null),
    warn_on_update: |_, account, old| warnings(account, old),
    ..Rules::new("", "ServiceAccount").namespaced().returning_deleted()
};

fn names_only(account: &mut Value) {
    for secret in items_mut(account, "secrets") {
        *secret = match text(secret, "name") {
            "" => empty(),
            name => object([("name", Value::from(name))]),
        };
    }
}

fn warnings(account: &Value, old: &Value) -> Vec<String> {
    const KEY: &str = "kubernetes.io/enforce-mountable-secrets";
    if annotation(account, KEY).is_none() || annotation(old, KEY).is_some() {
        return Vec::new();
    }
    vec![format!(
        "metadata.annotations[{KEY}]: deprecated in v1.32+; prefer separate namespaces to isolate access to mounted secrets"
    )]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fields::testing::value;
    use crate::kind::Kind;
    use crate::rules::testing::created;

    #[test]
    fn secrets_are_kept_by_name() {
        let kind = Kind { group: "", version: "v1", kind: "ServiceAccount" };
        assert_eq!(
            created(kind, r#"{"secrets":[{"name":"a","namespace":"b","kind":"c"}]}"#),
            value(r#"{"secrets":[{"name":"a"}]}"#)
        );
    }

    #[test]
    fn the_annotation_is_named_once() {
        let with =
            value(r#"{"metadata":{"annotations":{"kubernetes.io/enforce-mountable-secrets":"true"}}}"#);
        assert_eq!(warnings(&with, &Value::Null).len(), 1);
        assert_eq!(warnings(&with, &with).len(), 0);
    }
}
