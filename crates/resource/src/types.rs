//! Go's types behind the schemas: what `encoding/json` sees of them when it reads and writes an object.
//!
//! The published schemas do not say which fields are pointers, which are left out when they are empty, what a type is
//! called in an error, or in which embedded struct a field is; Go's types do. The data has one named type a line:
//!
//! ```text
//! io.k8s.api.core.v1.Volume struct name:string VolumeSource/hostPath?:*.HostPathVolumeSource
//! io.k8s.api.core.v1.PullPolicy string
//! io.k8s.apimachinery.pkg.api.resource.Quantity own
//! ```
//!
//! A field is its name in JSON behind the embedded structs that it is in, `?` for `omitempty`, `!` for `omitzero`, and
//! its type, where a leading dot stands for the package of the struct. `own` types read and write themselves.

use std::collections::BTreeMap;

/// A type in [`Types`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct TypeRef(u32);

/// All types.
#[derive(Debug)]
pub(crate) struct Types {
    nodes: Vec<Type>,
    names: BTreeMap<String, TypeRef>,
}

/// A type.
#[derive(Debug)]
pub(crate) struct Type {
    /// As Go prints it: `v1.PodSpec`, `[]v1.Container`.
    pub(crate) text: String,
    pub(crate) shape: Shape,
}

/// How a type is read and written.
#[derive(Debug)]
pub(crate) enum Shape {
    Bool,
    /// An integer of so many bits.
    Int(u32),
    /// An unsigned integer of so many bits.
    UInt(u32),
    Float,
    Text,
    Bytes,
    List(TypeRef),
    /// A mapping with string keys.
    Map(TypeRef),
    Pointer(TypeRef),
    Struct(Vec<Field>),
    Own(Own),
    /// Anything.
    Any,
}

/// The types that read and write themselves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Own {
    Quantity,
    Time,
    MicroTime,
    IntOrString,
    /// `RawExtension`, `FieldsV1` and `JSON`: kept as they are.
    Raw,
    SchemaOrBool,
    SchemaOrArray,
    SchemaOrStrings,
}

/// A field of a struct.
#[derive(Debug)]
pub(crate) struct Field {
    /// Its name in JSON.
    pub(crate) key: &'static str,
    /// The embedded structs that it is in, outermost first.
    pub(crate) through: Vec<&'static str>,
    pub(crate) omit_empty: bool,
    pub(crate) omit_zero: bool,
    pub(crate) of: TypeRef,
}

/// The schema of schemas, which types that read themselves are made of.
pub(crate) const JSON_SCHEMA: &str =
    "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaProps";

impl Types {
    pub(crate) fn parse(text: &'static str) -> Self {
        let mut types = Self { nodes: Vec::new(), names: BTreeMap::new() };
        for (name, _) in text.lines().filter_map(|line| line.split_once(' ')) {
            let (package, own) = name.rsplit_once('.').unwrap_or_default();
            let (_, package) = package.rsplit_once('.').unwrap_or_default();
            let at = types.push(format!("{package}.{own}"), Shape::Any);
            types.names.insert(name.to_owned(), at);
        }
        for (name, body) in text.lines().filter_map(|line| line.split_once(' ')) {
            let (package, _) = name.rsplit_once('.').unwrap_or_default();
            let shape = types.shape(package, name, body);
            let at = types.named(name);
            if let Some(node) = at.and_then(|at| types.nodes.get_mut(at.0 as usize)) {
                node.shape = shape;
            }
        }
        types
    }

    /// The type of a name, as schemas are named.
    pub(crate) fn named(&self, name: &str) -> Option<TypeRef> {
        self.names.get(name).copied()
    }

    pub(crate) fn at(&self, at: TypeRef) -> &Type {
        const NONE: &Type = &Type { text: String::new(), shape: Shape::Any };
        self.nodes.get(at.0 as usize).unwrap_or(NONE)
    }

    /// The fields of a struct of a name; none where there is no such struct.
    pub(crate) fn fields(&self, name: &str) -> &[Field] {
        match self.named(name).map(|at| &self.at(at).shape) {
            Some(Shape::Struct(fields)) => fields,
            _ => &[],
        }
    }

    fn push(&mut self, text: String, shape: Shape) -> TypeRef {
        // INVARIANT: the data has some thousands of types.
        let at = TypeRef(u32::try_from(self.nodes.len()).unwrap_or(u32::MAX));
        self.nodes.push(Type { text, shape });
        at
    }

    fn shape(&mut self, package: &str, name: &str, body: &'static str) -> Shape {
        match body.split_once(' ').map_or(body, |(kind, _)| kind) {
            "struct" => {
                let fields = body.split(' ').skip(1).filter_map(|field| self.field(package, field));
                Shape::Struct(fields.collect())
            }
            "own" => own(name),
            other => self.composed(package, other),
        }
    }

    fn field(&mut self, package: &str, text: &'static str) -> Option<Field> {
        let (key, of) = text.split_once(':')?;
        let of = self.reference(package, of);
        let plain = key.trim_end_matches(['?', '!']);
        let marks = key.strip_prefix(plain).unwrap_or_default();
        let mut through: Vec<&'static str> = plain.split('/').collect();
        let key = through.pop()?;
        Some(Field { key, through, omit_empty: marks.contains('?'), omit_zero: marks.contains('!'), of })
    }

    /// The type that a text refers to: one with a name, or one made for it.
    fn reference(&mut self, package: &str, text: &str) -> TypeRef {
        let full = if text.starts_with('.') { format!("{package}{text}") } else { text.to_owned() };
        if let Some(at) = self.named(&full) {
            return at;
        }
        let composed = self.composed(package, text);
        let text = self.composed_text(text, &composed);
        self.push(text, composed)
    }

    /// The shape of a type without a name: `[]string`, `map[string].Quantity`, `*int64`, `bool`.
    fn composed(&mut self, package: &str, text: &str) -> Shape {
        if text == "[]uint8" {
            return Shape::Bytes;
        }
        if let Some(item) = text.strip_prefix("[]") {
            return Shape::List(self.reference(package, item));
        }
        if let Some(target) = text.strip_prefix('*') {
            return Shape::Pointer(self.reference(package, target));
        }
        if let Some((_, value)) = text.strip_prefix("map[").and_then(|rest| rest.split_once(']')) {
            return Shape::Map(self.reference(package, value));
        }
        match text {
            "bool" => Shape::Bool,
            "string" => Shape::Text,
            "int" | "int64" => Shape::Int(64),
            "int32" => Shape::Int(32),
            "int16" => Shape::Int(16),
            "int8" => Shape::Int(8),
            "uint" | "uint64" => Shape::UInt(64),
            "uint32" => Shape::UInt(32),
            "uint16" => Shape::UInt(16),
            "uint8" => Shape::UInt(8),
            "float32" | "float64" => Shape::Float,
            _ => Shape::Any,
        }
    }

    /// How Go prints a type without a name.
    fn composed_text(&self, text: &str, shape: &Shape) -> String {
        match shape {
            Shape::List(item) => format!("[]{}", self.at(*item).text),
            Shape::Pointer(target) => format!("*{}", self.at(*target).text),
            Shape::Map(value) => {
                let key = text.strip_prefix("map[").and_then(|rest| rest.split_once(']'));
                let key = key.map_or("string", |(key, _)| key);
                // `.ResourceName` of core, or a full name: the package's last part and the name.
                let key = match key.rsplit_once('.') {
                    None => key.to_owned(),
                    Some((package, name)) => {
                        format!("{}.{name}", package.rsplit_once('.').map_or("v1", |(_, last)| last))
                    }
                };
                format!("map[{key}]{}", self.at(*value).text)
            }
            _ => text.to_owned(),
        }
    }

    /// Every type, for tests.
    #[cfg(test)]
    pub(crate) fn all(&self) -> &[Type] {
        &self.nodes
    }
}

fn own(name: &str) -> Shape {
    match name.rsplit_once('.').map_or(name, |(_, name)| name) {
        "Quantity" => Shape::Own(Own::Quantity),
        "Time" => Shape::Own(Own::Time),
        "MicroTime" => Shape::Own(Own::MicroTime),
        "IntOrString" => Shape::Own(Own::IntOrString),
        "RawExtension" | "FieldsV1" | "JSON" => Shape::Own(Own::Raw),
        "JSONSchemaPropsOrBool" => Shape::Own(Own::SchemaOrBool),
        "JSONSchemaPropsOrArray" => Shape::Own(Own::SchemaOrArray),
        "JSONSchemaPropsOrStringArray" => Shape::Own(Own::SchemaOrStrings),
        _ => Shape::Any,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_type_is_understood() {
        let types = Types::parse(crate::data::TYPES);
        for node in types.all() {
            assert!(!matches!(node.shape, Shape::Any), "{}", node.text);
        }
    }

    #[test]
    fn types_read_as_go_prints_them() {
        let types = Types::parse(crate::data::TYPES);
        let texts: Vec<&str> = types.all().iter().map(|node| node.text.as_str()).collect();
        for text in [
            "v1.PodSpec",
            "[]v1.Container",
            "map[string]string",
            "[]uint8",
            "v1.ResourceList",
            "map[v1.ResourceName]v1.ClaimResourceStatus",
            "map[string]v1.ExtraValue",
            "intstr.IntOrString",
            "map[v1.QualifiedName]resource.Quantity",
        ] {
            assert!(texts.contains(&text), "{text}");
        }
    }

    #[test]
    fn fields_know_what_go_knows() {
        let types = Types::parse(crate::data::TYPES);
        let volume = types.at(types.named("io.k8s.api.core.v1.Volume").unwrap());
        let Shape::Struct(fields) = &volume.shape else { panic!("{volume:?}") };
        let path = fields.iter().find(|field| field.key == "hostPath").unwrap();
        assert_eq!(path.through, ["VolumeSource"]);
        assert!(path.omit_empty && !path.omit_zero);
        assert!(matches!(types.at(path.of).shape, Shape::Pointer(_)));
    }
}
