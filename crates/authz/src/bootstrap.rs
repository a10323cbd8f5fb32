//! The roles and bindings that a fresh cluster has.
//!
//! Source: `k8s.io/kubernetes/plugin/pkg/auth/authorizer/rbac/bootstrappolicy`, default gates, of the last patch of
//! every minor version; dumped by the program in `crates/xtask/bootstrap-dump`.

use crate::rbac::{ClusterRole, PolicyRule};
use ravelin_object::{Map, Value, read};
use ravelin_yaml::Limits;
use std::fmt;

/// One object a line, each with the versions that have it.
const POLICY: &str = include_str!("bootstrap/policy.jsonl");

/// A version of Kubernetes whose default policy is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Version {
    /// 1.32.
    V1_32,
    /// 1.33.
    V1_33,
    /// 1.34.
    V1_34,
    /// 1.35.
    V1_35,
    /// 1.36.
    V1_36,
}

impl Version {
    /// Every version, oldest first.
    pub const ALL: [Self; 5] = [Self::V1_32, Self::V1_33, Self::V1_34, Self::V1_35, Self::V1_36];

    /// The newest version.
    pub const LATEST: Self = Self::V1_36;

    /// The text `1.36`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::V1_32 => "1.32",
            Self::V1_33 => "1.33",
            Self::V1_34 => "1.34",
            Self::V1_35 => "1.35",
            Self::V1_36 => "1.36",
        }
    }

    /// The version of a text such as `1.36` or `v1.36`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.strip_prefix('v').unwrap_or(text);
        Self::ALL.into_iter().find(|version| version.as_str() == text)
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The default objects of a version, as the API shows them after the first start, aggregated roles filled: by kind,
/// those of controllers last, then by namespace and name.
#[must_use]
pub fn objects(version: Version) -> Vec<Value> {
    let lines = POLICY.lines().filter_map(|line| read::json(line, &Limits::STANDARD).ok()?.value);
    lines.filter(|line| is_in(line, version)).filter_map(object).collect()
}

/// What every node may do: the rules of the cluster role `system:node`, which are also those of the Node authorizer.
#[must_use]
pub fn node_rules(version: Version) -> Vec<PolicyRule> {
    let is_node_role = |object: &&Value| {
        object.field("kind").and_then(Value::as_str) == Some("ClusterRole")
            && object.dotted("metadata.name").and_then(Value::as_str) == Some("system:node")
    };
    let objects = objects(version);
    let role = objects.iter().find(is_node_role).and_then(|role| ClusterRole::decode(role, 0).ok());
    role.map(|role| role.rules).unwrap_or_default()
}

fn is_in(line: &Value, version: Version) -> bool {
    let versions = line.field("in").and_then(Value::as_array).unwrap_or_default();
    versions.iter().any(|text| text.as_str() == Some(version.as_str()))
}

/// The object of a line: with what all of them carry, and nothing that is only for the file.
fn object(line: Value) -> Option<Value> {
    let Value::Object(mut line) = line else { return None };
    let mut metadata = Map::new();
    for key in ["namespace", "name"] {
        if let Some(value) = line.remove(key) {
            metadata.set(key, value);
        }
    }
    let mut labels = Map::new();
    labels.set("kubernetes.io/bootstrapping", "rbac-defaults".into());
    if let Some(Value::Object(more)) = line.remove("labels") {
        for (key, value) in more.iter() {
            labels.set(key, value.clone());
        }
    }
    metadata.set("labels", Value::Object(labels));
    let mut annotations = Map::new();
    annotations.set("rbac.authorization.kubernetes.io/autoupdate", "true".into());
    metadata.set("annotations", Value::Object(annotations));
    let mut object = Map::new();
    object.set("apiVersion", "rbac.authorization.k8s.io/v1".into());
    object.set("kind", line.remove("kind")?);
    object.set("metadata", Value::Object(metadata));
    for key in ["aggregationRule", "rules", "roleRef", "subjects"] {
        if let Some(value) = line.remove(key) {
            object.set(key, value);
        }
    }
    Some(Value::Object(object))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    fn text<'v>(value: &'v Value, keys: &str) -> &'v str {
        value.dotted(keys).and_then(Value::as_str).unwrap_or_default()
    }

    /// Kind, and whether it is for a controller.
    fn count(version: Version, kind: &str, controller: bool) -> usize {
        let is_controllers = |object: &Value| text(object, "metadata.name").starts_with("system:controller:");
        objects(version)
            .iter()
            .filter(|object| text(object, "kind") == kind && is_controllers(object) == controller)
            .count()
    }

    #[test]
    fn every_version_has_its_objects() {
        for (version, controllers) in Version::ALL.into_iter().zip([33, 35, 37, 37, 38]) {
            assert_eq!(count(version, "ClusterRole", false), 31, "{version}");
            assert_eq!(count(version, "ClusterRoleBinding", false), 12, "{version}");
            assert_eq!(count(version, "ClusterRole", true), controllers, "{version}");
            assert_eq!(count(version, "ClusterRoleBinding", true), controllers, "{version}");
            for kind in ["Role", "RoleBinding"] {
                assert_eq!(count(version, kind, false) + count(version, kind, true), 7, "{version}");
            }
        }
    }

    #[test]
    fn names_are_unique_and_every_object_is_marked() {
        for version in Version::ALL {
            let mut seen = BTreeSet::new();
            for object in objects(version) {
                let of = |keys| text(&object, keys).to_owned();
                assert!(seen.insert((of("kind"), of("metadata.namespace"), of("metadata.name"))));
                let labels = object.dotted("metadata.labels").unwrap();
                assert_eq!(
                    text(labels.field("kubernetes.io/bootstrapping").map(|_| labels).unwrap(), "none"),
                    ""
                );
            }
            assert_eq!(Version::parse(&format!("v{version}")), Some(version));
        }
        assert_eq!(Version::parse("1.31"), None);
    }

    #[test]
    fn aggregated_roles_are_filled() {
        for version in Version::ALL {
            for object in objects(version) {
                let name = text(&object, "metadata.name");
                if text(&object, "kind") == "ClusterRole" && ["admin", "edit", "view"].contains(&name) {
                    assert!(object.field("aggregationRule").is_some(), "{name}");
                    assert!(object.field("rules").and_then(Value::as_array).unwrap().len() > 5, "{name}");
                }
            }
            assert!(node_rules(version).len() > 10, "{version}");
        }
    }
}
