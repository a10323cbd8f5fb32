//! What the status of a namespace says while it is emptied.
//!
//! Source: `k8s.io/kubernetes/pkg/controller/namespace/deletion/status_condition_utils.go`.

use super::map;
use ravelin_object::Value;
use ravelin_resource::Resource;
use std::collections::BTreeMap;

/// What is left in a namespace.
#[derive(Debug, Default)]
pub(super) struct Remains {
    /// How many objects of each resource, as `pods.`.
    pub(super) objects: BTreeMap<String, usize>,
    /// How many objects wait for each finalizer.
    pub(super) finalizers: BTreeMap<String, usize>,
    /// What could not be deleted.
    pub(super) errors: Vec<String>,
    /// Whether the other conditions count: while there are pods, upstream says nothing of what remains.
    pub(super) is_whole: bool,
}

impl Remains {
    /// Counts objects of a resource.
    pub(super) fn add(&mut self, resource: &Resource, objects: &[Value]) {
        if objects.is_empty() {
            return;
        }
        self.objects.insert(format!("{}.{}", resource.plural, resource.group), objects.len());
        for finalizer in objects.iter().flat_map(crate::rest::metadata::finalizers) {
            *self.finalizers.entry(finalizer).or_default() += 1;
        }
    }
}

/// A condition: its type, what it says where all is well, and what it says otherwise.
struct Condition {
    kind: &'static str,
    well: (&'static str, &'static str),
    ill: Option<(&'static str, String)>,
}

fn conditions(remains: &Remains) -> [Condition; 5] {
    let list = |parts: Vec<String>| {
        let mut parts = parts;
        parts.sort();
        parts.join(", ")
    };
    let failed = (!remains.errors.is_empty()).then(|| {
        let count = remains.errors.len();
        let errors = list(remains.errors.clone());
        ("ContentDeletionFailed", format!("Failed to delete all resource types, {count} remaining: {errors}"))
    });
    let objects = (remains.is_whole && !remains.objects.is_empty()).then(|| {
        let each =
            remains.objects.iter().map(|(name, count)| format!("{name} has {count} resource instances"));
        ("SomeResourcesRemain", format!("Some resources are remaining: {}", list(each.collect())))
    });
    let finalizers = (remains.is_whole && !remains.finalizers.is_empty()).then(|| {
        let each =
            remains.finalizers.iter().map(|(name, count)| format!("{name} in {count} resource instances"));
        let each = list(each.collect());
        ("SomeFinalizersRemain", format!("Some content in the namespace has finalizers remaining: {each}"))
    });
    [
        Condition {
            kind: "NamespaceDeletionDiscoveryFailure",
            well: ("ResourcesDiscovered", "All resources successfully discovered"),
            ill: None,
        },
        Condition {
            kind: "NamespaceDeletionGroupVersionParsingFailure",
            well: ("ParsedGroupVersions", "All legacy kube types successfully parsed"),
            ill: None,
        },
        Condition {
            kind: "NamespaceDeletionContentFailure",
            well: ("ContentDeleted", "All content successfully deleted, may be waiting on finalization"),
            ill: failed,
        },
        Condition {
            kind: "NamespaceContentRemaining",
            well: ("ContentRemoved", "All content successfully removed"),
            ill: objects,
        },
        Condition {
            kind: "NamespaceFinalizersRemaining",
            well: ("ContentHasNoFinalizers", "All content-preserving finalizers finished"),
            ill: finalizers,
        },
    ]
}

/// Writes into a namespace what remains in it; whether that is news.
pub(super) fn write(namespace: &mut Value, remains: &Remains, now: &str) -> bool {
    let Some(status) = namespace.object_at("status") else { return false };
    let mut list = status.get("conditions").and_then(Value::as_array).unwrap_or_default().to_vec();
    let mut changed = false;
    for condition in conditions(remains) {
        let (says, (reason, message)) = match condition.ill {
            Some((reason, message)) => ("True", (reason, message)),
            None => ("False", (condition.well.0, condition.well.1.to_owned())),
        };
        let old =
            list.iter_mut().find(|old| old.field("type").and_then(Value::as_str) == Some(condition.kind));
        let Some(old) = old else {
            list.push(map([
                ("type", condition.kind.into()),
                ("status", says.into()),
                ("lastTransitionTime", now.into()),
                ("reason", reason.into()),
                ("message", message.into()),
            ]));
            changed = true;
            continue;
        };
        let is = |old: &Value, key: &str, value: &str| old.field(key).and_then(Value::as_str) == Some(value);
        let turns = !is(old, "status", says);
        if !turns && is(old, "reason", reason) && is(old, "message", &message) {
            continue;
        }
        changed = true;
        if let Some(old) = old.as_object_mut() {
            if turns {
                old.set("lastTransitionTime", now.into());
            }
            old.set("status", says.into());
            old.set("reason", reason.into());
            old.set("message", message.into());
        }
    }
    if changed {
        status.set("conditions", list.into());
    }
    changed
}

#[cfg(test)]
mod tests {
    use super::*;
    use ravelin_object::Map;

    fn says(namespace: &Value, kind: &str) -> String {
        let list = namespace.dotted("status.conditions").and_then(Value::as_array).unwrap();
        let condition =
            list.iter().find(|it| it.field("type").and_then(Value::as_str) == Some(kind)).unwrap();
        let text = |key| condition.field(key).and_then(Value::as_str).unwrap();
        format!("{} {} {}: {}", text("status"), text("lastTransitionTime"), text("reason"), text("message"))
    }

    #[test]
    fn conditions_turn_and_keep_their_times() {
        let mut namespace = Value::from(Map::new());
        let mut remains = Remains { is_whole: true, ..Remains::default() };
        remains.objects.insert("pods.".into(), 2);
        remains.objects.insert("deployments.apps".into(), 1);
        remains.finalizers.insert("example.com/x".into(), 3);
        assert!(write(&mut namespace, &remains, "one"));
        assert!(!write(&mut namespace, &remains, "two"));
        assert_eq!(
            says(&namespace, "NamespaceContentRemaining"),
            "True one SomeResourcesRemain: Some resources are remaining: deployments.apps has 1 resource instances, pods. has 2 resource instances"
        );
        assert_eq!(
            says(&namespace, "NamespaceFinalizersRemaining"),
            "True one SomeFinalizersRemain: Some content in the namespace has finalizers remaining: example.com/x in 3 resource instances"
        );
        remains.objects.remove("pods.");
        assert!(write(&mut namespace, &remains, "three"));
        assert!(says(&namespace, "NamespaceContentRemaining").starts_with("True one "));
        remains = Remains { errors: vec!["b".into(), "a".into()], is_whole: true, ..Remains::default() };
        assert!(write(&mut namespace, &remains, "four"));
        assert_eq!(
            says(&namespace, "NamespaceContentRemaining"),
            "False four ContentRemoved: All content successfully removed"
        );
        assert_eq!(
            says(&namespace, "NamespaceDeletionContentFailure"),
            "True four ContentDeletionFailed: Failed to delete all resource types, 2 remaining: a, b"
        );
    }
}
