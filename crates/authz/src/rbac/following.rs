//! Objects that follow what is written, so that a change of one needs not all to be read again.
//!
//! Both ways to change them need each kind in the order of a store's keys, `namespace/name`, and keep it.

use super::objects::{ClusterRole, ClusterRoleBinding, Objects, Role, RoleBinding};
use ravelin_object::{DecodeError, Value};
use std::cmp::Ordering;

impl Objects {
    /// Takes an object up as [`Objects::add`] does, in the place of the one that had its name.
    ///
    /// # Errors
    /// As of [`Objects::add`]; whatever had the name is gone then, and grants nothing.
    pub fn put(&mut self, object: &Value) -> Result<bool, Vec<DecodeError>> {
        self.take_out(object);
        let mut one = Self::default();
        let is_taken = one.add(object, 0)?;
        insert(&mut self.cluster_roles, one.cluster_roles);
        insert(&mut self.roles, one.roles);
        insert(&mut self.cluster_role_bindings, one.cluster_role_bindings);
        insert(&mut self.role_bindings, one.role_bindings);
        Ok(is_taken)
    }

    /// Forgets the object with the kind, namespace and name of this one.
    pub fn take_out(&mut self, object: &Value) {
        let text = |path| object.dotted(path).and_then(Value::as_str).unwrap_or_default();
        let key = Key { namespace: text("metadata.namespace"), name: text("metadata.name") };
        match text("kind") {
            "ClusterRole" => remove(&mut self.cluster_roles, key),
            "Role" => remove(&mut self.roles, key),
            "ClusterRoleBinding" => remove(&mut self.cluster_role_bindings, key),
            "RoleBinding" => remove(&mut self.role_bindings, key),
            _ => {}
        }
    }
}

/// What orders objects of a kind.
#[derive(Clone, Copy)]
struct Key<'a> {
    namespace: &'a str,
    name: &'a str,
}

impl Key<'_> {
    /// As `namespace/name` is in order: `a-b/x` comes before `a/x`.
    fn cmp(self, other: Key<'_>) -> Ordering {
        let bytes = |key: &Self| key.namespace.bytes().chain([b'/']).chain(key.name.bytes());
        let others = other.namespace.bytes().chain([b'/']).chain(other.name.bytes());
        bytes(&self).cmp(others)
    }
}

trait Keyed {
    fn key(&self) -> Key<'_>;
}

macro_rules! keyed {
    ($($kind:ty),*) => {
        $(impl Keyed for $kind {
            fn key(&self) -> Key<'_> {
                Key { namespace: &self.metadata.namespace, name: &self.metadata.name }
            }
        })*
    };
}

keyed!(Role, ClusterRole, RoleBinding, ClusterRoleBinding);

fn insert<T: Keyed>(list: &mut Vec<T>, items: Vec<T>) {
    for item in items {
        let place = list.partition_point(|other| other.key().cmp(item.key()).is_lt());
        list.insert(place, item);
    }
}

fn remove<T: Keyed>(list: &mut Vec<T>, key: Key<'_>) {
    if let Ok(place) = list.binary_search_by(|other| other.key().cmp(key)) {
        list.remove(place);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;
    use std::collections::BTreeMap;

    const KINDS: [&str; 4] = ["ClusterRole", "Role", "ClusterRoleBinding", "RoleBinding"];

    fn object(kind: &str, namespace: &str, name: &str, user: &str) -> Value {
        let text = json!({
            "apiVersion": "rbac.authorization.k8s.io/v1", "kind": kind,
            "metadata": {"name": name, "namespace": namespace, "labels": {"user": user}},
            "subjects": [{"kind": "User", "name": user}],
            "roleRef": {"kind": "ClusterRole", "name": "r"},
        });
        let read = ravelin_object::read::json(&text.to_string(), &ravelin_yaml::Limits::STANDARD);
        read.unwrap().value.unwrap()
    }

    proptest! {
        #[test]
        fn following_is_as_good_as_reading_everything(
            writes in prop::collection::vec((0_usize..4, "(a|a-b|b)?", "[xy](-z)?", prop::option::of("[pq]")), 0..40)
        ) {
            let mut followed = Objects::default();
            let mut stored = BTreeMap::new();
            for (kind, namespace, name, written) in &writes {
                let key = (*kind, format!("{namespace}/{name}"));
                let value = object(KINDS[*kind], namespace, name, written.as_deref().unwrap_or_default());
                if written.is_some() {
                    prop_assert_eq!(followed.put(&value), Ok(true));
                    stored.insert(key, value);
                } else {
                    followed.take_out(&value);
                    stored.remove(&key);
                }
            }
            let mut read = Objects::default();
            for value in stored.values() {
                prop_assert_eq!(read.add(value, 0), Ok(true));
            }
            prop_assert_eq!(followed, read);
        }
    }

    #[test]
    fn what_cannot_be_read_grants_nothing() {
        let mut objects = Objects::default();
        let mut role = object("Role", "ns", "r", "u");
        assert_eq!(objects.put(&role), Ok(true));
        role.object_at("metadata").unwrap().set("labels", Value::Int(1));
        assert!(objects.put(&role).is_err());
        assert_eq!(objects, Objects::default());
    }
}
