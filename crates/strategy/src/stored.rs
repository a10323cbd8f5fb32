//! What becomes of an object by being stored: upstream stores its own kinds as protobuf, which knows no empty lists.

use crate::kind::Kind;
use crate::rules::{is_built_in, set_defaults};
use ravelin_object::Value;

/// The object as it is read back from the store, and so as create and update answer with it, dry runs included:
/// empty lists are null (`rules: []` of a role), and defaults are filled again. Custom resources, which are stored
/// as JSON, are left as they are.
///
/// Source: `k8s.io/apiserver/pkg/storage/etcd3/store.go` `Create` (what is answered is decoded from what is
/// stored), `k8s.io/apiserver/pkg/registry/generic/registry/dryrun.go`.
pub fn as_stored(kind: Kind<'_>, object: &mut Value) {
    if !is_built_in(kind) {
        return;
    }
    empty_to_null(object, kind.kind);
    set_defaults(kind, object);
}

fn empty_to_null(value: &mut Value, kind: &str) {
    match value {
        Value::Array(items) if items.is_empty() => *value = Value::Null,
        Value::Array(items) => items.iter_mut().for_each(|item| empty_to_null(item, kind)),
        Value::Object(map) => {
            for (key, field) in map.iter_mut() {
                if !is_raw(kind, key) {
                    empty_to_null(field, kind);
                }
            }
        }
        _ => {}
    }
}

/// Fields that hold JSON as it came, or lists that are kept.
fn is_raw(kind: &str, key: &str) -> bool {
    key == "fieldsV1"
        || match kind {
            "ControllerRevision" => key == "data",
            // Each list of these is a message of its own, and stays a list.
            "CertificateSigningRequest" => key == "extra",
            "CustomResourceDefinition" => matches!(key, "default" | "example" | "enum"),
            "DeviceClass" | "ResourceClaim" | "ResourceClaimTemplate" => matches!(key, "parameters" | "data"),
            _ => false,
        }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fields::testing::{sorted, value};

    #[test]
    fn empty_lists_are_null_in_kinds_that_are_built_in() {
        for (group, kind, object, expected) in [
            ("rbac.authorization.k8s.io", "Role", r#"{"rules":[]}"#, r#"{"rules":null}"#),
            ("example.com", "Role", r#"{"rules":[]}"#, r#"{"rules":[]}"#),
            (
                "apps",
                "ControllerRevision",
                r#"{"data":{"a":[]},"revision":1}"#,
                r#"{"data":{"a":[]},"revision":1}"#,
            ),
            (
                "",
                "PersistentVolumeClaim",
                r#"{"status":{}}"#,
                r#"{"status":{"phase":"Pending"},"spec":{"volumeMode":"Filesystem"}}"#,
            ),
        ] {
            let mut object = value(object);
            as_stored(Kind { group, version: "v1", kind }, &mut object);
            assert_eq!(sorted(object), value(expected), "{kind}");
        }
    }
}
