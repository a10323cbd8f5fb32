//! Which messages there are: the fields of every built-in kind, with their numbers and their names in JSON.
//!
//! The data is written by `cargo xtask resources` from the tags of Go's types. It has one kind or message a line:
//!
//! ```text
//! kind apps/v1 Deployment io.k8s.api.apps.v1.Deployment
//! kind * DeleteOptions io.k8s.apimachinery.pkg.apis.meta.v1.DeleteOptions
//! message io.k8s.api.core.v1.Volume struct 1:name:string 2::.VolumeSource
//! message io.k8s.api.core.v1.ConfigMap struct 4:immutable?:*bool 2:data?:map[]string
//! message io.k8s.api.authorization.v1.ExtraValue list string
//! message io.k8s.apimachinery.pkg.api.resource.Quantity own
//! ```
//!
//! A kind of every group and version has a star. A field is its number, its name in JSON, with `?` for `omitempty` and
//! `!` for `omitzero`, and its type, where a leading dot stands for the package of the message; one without a name is a
//! message whose fields are, in JSON, those of the message around it. `own` messages have JSON of their own.

use crate::own::Own;
use std::collections::BTreeMap;

const DATA: &str = include_str!("data/messages.txt");

/// The messages of the built-in kinds.
#[derive(Clone, Debug)]
pub struct Messages {
    nodes: Vec<Message>,
    /// By group version (`apps/v1`, or `*`) and kind.
    kinds: BTreeMap<(&'static str, &'static str), MessageRef>,
    schema: Option<MessageRef>,
}

/// A message in [`Messages`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct MessageRef(usize);

/// What a message is.
#[derive(Clone, Debug)]
pub(crate) enum Message {
    Struct(Struct),
    /// A list that is a message of its own: its items are the field 1.
    List(Type),
    Own(Own),
}

/// A message with fields.
#[derive(Clone, Debug)]
pub(crate) struct Struct {
    /// In the order of Go's type.
    pub(crate) fields: Vec<Field>,
    /// Places in `fields`, by number.
    pub(crate) order: Vec<(u32, usize)>,
}

/// A field.
#[derive(Clone, Debug)]
pub(crate) struct Field {
    pub(crate) number: u32,
    /// Its name in JSON; empty where its fields are those of the message around it.
    pub(crate) key: &'static str,
    pub(crate) omit_empty: bool,
    pub(crate) omit_zero: bool,
    pub(crate) of: Type,
}

/// The type of a field.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Type {
    Bool,
    Int32,
    Int64,
    Double,
    Text,
    Bytes,
    Message(MessageRef),
    Pointer(Box<Self>),
    List(Box<Self>),
    /// A mapping with string keys.
    Map(Box<Self>),
}

impl Messages {
    /// The messages of Kubernetes v1.36.
    #[must_use]
    pub fn builtin() -> Self {
        Self::parse(DATA)
    }

    /// Whether objects of a kind can be written as protobuf.
    #[must_use]
    pub fn has(&self, group: &str, version: &str, kind: &str) -> bool {
        self.of_kind(&api_version(group, version), kind).is_some()
    }

    /// The message of a kind.
    pub(crate) fn of_kind(&self, api_version: &str, kind: &str) -> Option<MessageRef> {
        self.kinds.get(&(api_version, kind)).or_else(|| self.kinds.get(&("*", kind))).copied()
    }

    pub(crate) fn at(&self, at: MessageRef) -> &Message {
        // INVARIANT: references are made by `parse` only, of places that it fills.
        const NONE: &Message = &Message::Struct(Struct { fields: Vec::new(), order: Vec::new() });
        self.nodes.get(at.0).unwrap_or(NONE)
    }

    /// The message of schemas, which own messages of custom resource definitions are made of.
    pub(crate) const fn schema(&self) -> Option<MessageRef> {
        self.schema
    }

    fn parse(text: &'static str) -> Self {
        let lines = || text.lines().filter_map(|line| line.strip_prefix("message ")?.split_once(' '));
        let names: BTreeMap<&str, MessageRef> =
            lines().enumerate().map(|(place, (name, _))| (name, MessageRef(place))).collect();
        let nodes = lines().map(|(name, body)| message(&names, name, body)).collect();
        let kinds = text.lines().filter_map(|line| {
            let mut words = line.strip_prefix("kind ")?.split(' ');
            let key = (words.next()?, words.next()?);
            Some((key, *names.get(words.next()?)?))
        });
        let schema = "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaProps";
        Self { nodes, kinds: kinds.collect(), schema: names.get(schema).copied() }
    }
}

/// As objects say their group and version.
pub(crate) fn api_version(group: &str, version: &str) -> String {
    if group.is_empty() { version.to_owned() } else { format!("{group}/{version}") }
}

fn message(names: &BTreeMap<&str, MessageRef>, name: &str, body: &'static str) -> Message {
    let package = name.rsplit_once('.').map_or("", |(package, _)| package);
    match body.split_once(' ') {
        Some(("list", item)) => Message::List(of(names, package, item)),
        Some((_, fields)) => {
            let fields: Vec<Field> =
                fields.split(' ').filter_map(|text| field(names, package, text)).collect();
            let mut order: Vec<(u32, usize)> =
                fields.iter().enumerate().map(|(place, field)| (field.number, place)).collect();
            order.sort_unstable();
            Message::Struct(Struct { fields, order })
        }
        None => Own::named(name)
            .map_or(Message::Struct(Struct { fields: Vec::new(), order: Vec::new() }), Message::Own),
    }
}

fn field(names: &BTreeMap<&str, MessageRef>, package: &str, text: &'static str) -> Option<Field> {
    let (number, rest) = text.split_once(':')?;
    let (marked, kind) = rest.split_once(':')?;
    let key = marked.trim_end_matches(['?', '!']);
    let marks = marked.strip_prefix(key)?;
    Some(Field {
        number: number.parse().ok()?,
        key,
        omit_empty: marks.contains('?'),
        omit_zero: marks.contains('!'),
        of: of(names, package, kind),
    })
}

fn of(names: &BTreeMap<&str, MessageRef>, package: &str, text: &str) -> Type {
    let boxed = |inner: &str| Box::new(of(names, package, inner));
    match text {
        "bool" => return Type::Bool,
        "int32" => return Type::Int32,
        "int64" => return Type::Int64,
        "float64" => return Type::Double,
        "string" => return Type::Text,
        "[]uint8" => return Type::Bytes,
        _ => {}
    }
    if let Some(inner) = text.strip_prefix('*') {
        return Type::Pointer(boxed(inner));
    }
    if let Some(inner) = text.strip_prefix("[]") {
        return Type::List(boxed(inner));
    }
    if let Some(inner) = text.strip_prefix("map[]") {
        return Type::Map(boxed(inner));
    }
    let full = if text.starts_with('.') { format!("{package}{text}") } else { text.to_owned() };
    // INVARIANT: the data names all messages it refers to; a test holds that.
    Type::Message(names.get(full.as_str()).copied().unwrap_or(MessageRef(usize::MAX)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_message_and_field_is_understood() {
        let messages = Messages::builtin();
        assert_eq!(messages.nodes.len(), DATA.lines().filter(|line| line.starts_with("message ")).count());
        assert_eq!(messages.kinds.len(), DATA.lines().filter(|line| line.starts_with("kind ")).count());
        assert!(messages.schema.is_some());
        for (line, node) in DATA.lines().filter(|line| line.starts_with("message ")).zip(&messages.nodes) {
            let fields: Vec<&Type> = match node {
                Message::Struct(known) => {
                    assert_eq!(known.fields.len(), line.split(' ').skip(3).count(), "{line}");
                    assert!(known.order.windows(2).all(|two| two[0].0 < two[1].0), "{line}");
                    known.fields.iter().map(|field| &field.of).collect()
                }
                Message::List(item) => vec![item],
                Message::Own(_) => Vec::new(),
            };
            for mut of in fields {
                while let Type::Pointer(inner) | Type::List(inner) | Type::Map(inner) = of {
                    of = inner;
                }
                assert_ne!(*of, Type::Message(MessageRef(usize::MAX)), "{line}");
            }
        }
    }

    #[test]
    fn kinds_are_found() {
        let messages = Messages::builtin();
        for (group, version, kind) in [
            ("", "v1", "Pod"),
            ("", "v1", "PodList"),
            ("", "v1", "Status"),
            ("apps", "v1", "Deployment"),
            ("apps", "v1", "DeleteOptions"),
            ("meta.k8s.io", "v1", "PartialObjectMetadataList"),
            ("apiextensions.k8s.io", "v1", "CustomResourceDefinition"),
            ("apiregistration.k8s.io", "v1", "APIService"),
        ] {
            assert!(messages.has(group, version, kind), "{group}/{version} {kind}");
        }
        for (group, version, kind) in
            [("", "v1", "pods"), ("a.b", "v1", "Pod"), ("meta.k8s.io", "v1", "Table")]
        {
            assert!(!messages.has(group, version, kind), "{group}/{version} {kind}");
        }
    }

    /// The API server of [`ravelin_resource`] can serve all that it serves to a client that speaks protobuf alone.
    #[test]
    fn every_resource_has_a_message() {
        let messages = Messages::builtin();
        for group in ravelin_resource::Table::builtin().groups() {
            for version in &group.versions {
                for resource in &version.resources {
                    for kind in [resource.kind.to_string(), format!("{}List", resource.kind)] {
                        let is_review = kind.contains("Review") || kind == "BindingList";
                        let has = messages.has(&group.name, &version.name, &kind);
                        assert!(has || is_review, "{}/{} {kind}", group.name, version.name);
                    }
                }
            }
        }
    }
}
