//! The types that Go's decoder insists on, and its words where they do not fit.
//!
//! Source: `sigs.k8s.io/json` (Go `encoding/json`, `decode.go`), `k8s.io/apiserver/pkg/apis/audit/v1`.

use ravelin_object::Value;

/// What does not fit.
#[derive(Debug, Default)]
pub(super) struct Mistakes {
    /// The first value of a wrong type; decoding goes on behind it, but fails with it.
    pub(super) wrong_type: Option<String>,
    /// Fields there are not, as `rules[0].verb`.
    pub(super) unknown: Vec<String>,
}

/// A type of Go.
enum Type {
    /// A string, by the name of its type.
    Text(&'static str),
    Bool,
    /// An integer, by the name of its type.
    Integer(&'static str),
    /// A slice, by the name of its type.
    List(&'static str, &'static Type),
    /// Strings by strings.
    Texts,
    Struct(&'static Struct),
    /// A field whose form is not looked at.
    Any,
}

struct Struct {
    /// As it is named where it is the type of a field: `v1.PolicyRule`.
    type_name: &'static str,
    fields: &'static [(&'static str, Type)],
}

impl Struct {
    /// The name without its package.
    fn name(&self) -> &'static str {
        self.type_name.rsplit_once('.').map_or(self.type_name, |(_, name)| name)
    }
}

const STRING: Type = Type::Text("string");
const STRINGS: Type = Type::List("[]string", &STRING);
const STAGES: Type = Type::List("[]v1.Stage", &Type::Text("v1.Stage"));

static POLICY: Struct = Struct {
    type_name: "v1.Policy",
    fields: &[
        ("kind", STRING),
        ("apiVersion", STRING),
        ("metadata", Type::Struct(&METADATA)),
        ("rules", Type::List("[]v1.PolicyRule", &Type::Struct(&RULE))),
        ("omitStages", STAGES),
        ("omitManagedFields", Type::Bool),
    ],
};

static RULE: Struct = Struct {
    type_name: "v1.PolicyRule",
    fields: &[
        ("level", Type::Text("v1.Level")),
        ("users", STRINGS),
        ("userGroups", STRINGS),
        ("verbs", STRINGS),
        ("resources", Type::List("[]v1.GroupResources", &Type::Struct(&RESOURCES))),
        ("namespaces", STRINGS),
        ("nonResourceURLs", STRINGS),
        ("omitStages", STAGES),
        ("omitManagedFields", Type::Bool),
    ],
};

static RESOURCES: Struct = Struct {
    type_name: "v1.GroupResources",
    fields: &[("group", STRING), ("resources", STRINGS), ("resourceNames", STRINGS)],
};

static METADATA: Struct = Struct {
    type_name: "v1.ObjectMeta",
    fields: &[
        ("name", STRING),
        ("generateName", STRING),
        ("namespace", STRING),
        ("selfLink", STRING),
        ("uid", Type::Text("types.UID")),
        ("resourceVersion", STRING),
        ("generation", Type::Integer("int64")),
        ("creationTimestamp", Type::Any),
        ("deletionTimestamp", Type::Any),
        ("deletionGracePeriodSeconds", Type::Integer("int64")),
        ("labels", Type::Texts),
        ("annotations", Type::Texts),
        ("ownerReferences", Type::Any),
        ("finalizers", STRINGS),
        ("managedFields", Type::Any),
    ],
};

/// The name that Go has for a value.
pub(super) fn name(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "bool",
        Value::Int(_) | Value::UInt(_) | Value::Float(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

/// Looks through a policy. JSON is decoded in the order of the text, YAML in the order of sorted keys, which is how
/// it becomes JSON.
pub(super) fn check(policy: &Value, is_json: bool, mistakes: &mut Mistakes) {
    let mut walk = Walk { is_json, fields: Vec::new(), place: String::new(), mistakes };
    walk.value(policy, &Type::Struct(&POLICY), None);
}

struct Walk<'w> {
    is_json: bool,
    /// The fields on the way here, without indexes.
    fields: Vec<&'static str>,
    /// The way here, with indexes.
    place: String,
    mistakes: &'w mut Mistakes,
}

impl Walk<'_> {
    fn value(&mut self, value: &Value, wanted: &Type, within: Option<&'static Struct>) {
        let type_name = match (wanted, value) {
            (Type::Any, _)
            | (_, Value::Null)
            | (Type::Text(_), Value::String(_))
            | (Type::Bool, Value::Bool(_))
            | (Type::Integer(_), Value::Int(_)) => return,
            (Type::List(_, item), Value::Array(items)) => {
                for (index, value) in items.iter().enumerate() {
                    self.at(&format!("[{index}]"), |walk| walk.value(value, item, within));
                }
                return;
            }
            (Type::Texts, Value::Object(map)) => {
                for (key, value) in map.iter() {
                    self.at(&format!(".{key}"), |walk| walk.value(value, &STRING, within));
                }
                return;
            }
            (Type::Struct(form), Value::Object(map)) => {
                let mut entries: Vec<(&str, &Value)> = map.iter().collect();
                if !self.is_json {
                    entries.sort_by_key(|(key, _)| *key);
                }
                for (key, value) in entries {
                    self.field(key, value, form);
                }
                return;
            }
            (Type::Text(name) | Type::Integer(name) | Type::List(name, _), _) => name,
            (Type::Bool, _) => "bool",
            (Type::Texts, _) => "map[string]string",
            (Type::Struct(form), _) => form.type_name,
        };
        let found = name(value);
        let holder = within.map_or_else(String::new, |form| format!("{}.", form.name()));
        let text = format!(
            "json: cannot unmarshal {found} into Go struct field {holder}{} of type {type_name}",
            self.fields.join(".")
        );
        self.mistakes.wrong_type.get_or_insert(text);
    }

    fn field(&mut self, key: &str, value: &Value, form: &'static Struct) {
        let place = if self.place.is_empty() { key.to_owned() } else { format!(".{key}") };
        let Some((field, wanted)) = form.fields.iter().find(|(field, _)| *field == key) else {
            self.at(&place, |walk| walk.mistakes.unknown.push(walk.place.clone()));
            return;
        };
        self.fields.push(field);
        self.at(&place, |walk| walk.value(value, wanted, Some(form)));
        self.fields.pop();
    }

    fn at(&mut self, place: &str, visit: impl FnOnce(&mut Self)) {
        let length = self.place.len();
        self.place.push_str(place);
        visit(self);
        self.place.truncate(length);
    }
}
