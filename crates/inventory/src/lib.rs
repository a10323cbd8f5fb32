//! An immutable picture of a set of objects, with its indexes, and what is *unknown* in it.
//!
//! Engines judge objects in the light of others: a pod by the labels of its namespace. They ask the
//! inventory and never fetch. What it does not hold is unknown, and never counts as satisfied. Start
//! reading at [`Inventory`].
#![deny(clippy::disallowed_methods, clippy::disallowed_types)]

use ravelin_object::Value;
use ravelin_object::identity::Identity;
use std::collections::BTreeMap;

/// Which object of an inventory: its place in [`Inventory::objects`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ObjectId(u32);

impl ObjectId {
    /// The place in [`Inventory::objects`].
    #[must_use]
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// An object of an inventory.
#[derive(Clone, Debug, PartialEq)]
pub struct Object {
    /// Which object it is.
    pub identity: Identity,
    /// What it holds.
    pub value: Value,
    /// Where it came from, as whoever made the inventory counts; engines do not read it.
    pub origin: u32,
}

/// What is known of the namespace an object is in.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum NamespaceFacts<'a> {
    /// The object does not say where it goes: whoever applies it decides.
    Unnamed,
    /// The inventory does not hold the namespace, so its labels are unknown.
    Unknown(&'a str),
    /// The namespace, as the last object of its name gives it.
    Known(&'a str, &'a Value),
}

impl<'a> NamespaceFacts<'a> {
    /// The name of the namespace, where there is one.
    #[must_use]
    pub fn name(&self) -> Option<&'a str> {
        match self {
            Self::Unnamed => None,
            Self::Unknown(name) | Self::Known(name, _) => Some(name),
        }
    }
}

/// An immutable picture of a set of objects, in the order they were given.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Inventory {
    objects: Vec<Object>,
    namespaces: BTreeMap<String, ObjectId>,
}

impl Inventory {
    /// The picture of these objects. Of several namespaces with one name the last counts, as it would
    /// after applying them in order.
    #[must_use]
    pub fn new(objects: Vec<Object>) -> Self {
        let namespaces = objects
            .iter()
            .zip(0..)
            .filter(|(object, _)| object.identity.is("", "Namespace") && !object.identity.name.is_empty())
            .map(|(object, index)| (object.identity.name.clone(), ObjectId(index)))
            .collect();
        Self { objects, namespaces }
    }

    /// Every object, in the order given.
    #[must_use]
    pub fn objects(&self) -> &[Object] {
        &self.objects
    }

    /// The ids of every object, in the order given.
    pub fn ids(&self) -> impl ExactSizeIterator<Item = ObjectId> + use<> {
        (0..u32::try_from(self.objects.len()).unwrap_or(u32::MAX)).map(ObjectId)
    }

    /// An object.
    #[must_use]
    pub fn object(&self, id: ObjectId) -> Option<&Object> {
        self.objects.get(id.index())
    }

    /// What is known of the namespace named `name`; an empty name is none.
    #[must_use]
    pub fn namespace<'a>(&'a self, name: &'a str) -> NamespaceFacts<'a> {
        if name.is_empty() {
            return NamespaceFacts::Unnamed;
        }
        match self.namespaces.get(name).and_then(|id| self.object(*id)) {
            Some(namespace) => NamespaceFacts::Known(name, &namespace.value),
            None => NamespaceFacts::Unknown(name),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn namespace(name: &str, origin: u32) -> Object {
        let identity = Identity {
            api_version: "v1".to_owned(),
            kind: "Namespace".to_owned(),
            name: name.to_owned(),
            ..Identity::default()
        };
        Object { identity, value: Value::Int(i64::from(origin)), origin }
    }

    #[test]
    fn the_last_namespace_of_a_name_counts() {
        let inventory = Inventory::new(vec![namespace("a", 1), namespace("b", 2), namespace("a", 3)]);
        assert_eq!(inventory.namespace("a"), NamespaceFacts::Known("a", &Value::Int(3)));
        assert_eq!(inventory.namespace("c"), NamespaceFacts::Unknown("c"));
        assert_eq!(inventory.namespace(""), NamespaceFacts::Unnamed);
        assert_eq!(inventory.ids().len(), 3);
    }
}
