use super::*;
use ravelin_object::json_text;
use ravelin_object::read as json;

/// A type: a structure of fields, a list, a map, or a scalar.
#[derive(Clone, Copy)]
enum Type {
    Structure(&'static str, &'static [(&'static str, Field)]),
    List(&'static Type),
    Map(&'static Type),
    Scalar,
}

#[derive(Clone, Copy)]
struct Field {
    of: Type,
    strategies: &'static [&'static str],
    key: Option<&'static str>,
}

const fn field(of: Type) -> Field {
    Field { of, strategies: &[], key: None }
}

const PORT: Type = Type::Structure("Port", &[("port", field(Type::Scalar)), ("name", field(Type::Scalar))]);
const CONTAINER: Type = Type::Structure(
    "Container",
    &[
        ("name", field(Type::Scalar)),
        ("image", field(Type::Scalar)),
        ("args", field(Type::List(&Type::Scalar))),
        ("ports", Field { of: Type::List(&PORT), strategies: &["merge"], key: Some("port") }),
    ],
);
const STRATEGY: Type =
    Type::Structure("Strategy", &[("type", field(Type::Scalar)), ("rolling", field(Type::Scalar))]);
const ROOT: Type = Type::Structure(
    "Root",
    &[
        ("labels", field(Type::Map(&Type::Scalar))),
        ("nested", field(Type::Map(&Type::Map(&Type::Scalar)))),
        ("containers", Field { of: Type::List(&CONTAINER), strategies: &["merge"], key: Some("name") }),
        ("finalizers", Field { of: Type::List(&Type::Scalar), strategies: &["merge"], key: None }),
        ("tolerations", field(Type::List(&CONTAINER))),
        ("keyless", Field { of: Type::List(&CONTAINER), strategies: &["merge"], key: None }),
        ("strategy", Field { of: STRATEGY, strategies: &["retainKeys"], key: None }),
        ("replaced", Field { of: STRATEGY, strategies: &["replace"], key: None }),
        ("odd", Field { of: STRATEGY, strategies: &["a", "b"], key: None }),
    ],
);

impl MergeRules for Field {
    fn property(&self, name: &str) -> Option<Self> {
        match self.of {
            Type::Structure(_, fields) => {
                fields.iter().find(|(key, _)| *key == name).map(|(_, field)| *field)
            }
            _ => None,
        }
    }

    fn element(&self) -> Option<Self> {
        match self.of {
            Type::List(of) | Type::Map(of) => Some(field(*of)),
            _ => None,
        }
    }

    fn strategies(&self) -> Vec<&str> {
        self.strategies.to_vec()
    }

    fn merge_key(&self) -> Option<&str> {
        self.key
    }

    fn type_name(&self) -> &str {
        match self.of {
            Type::Structure(name, _) => name,
            _ => "",
        }
    }
}

fn value(text: &str) -> Value {
    json::json(text, &ravelin_yaml::Limits::STANDARD).unwrap().value.unwrap()
}

fn patched(target: &str, patch: &str) -> Result<String, PatchError> {
    let mut patch = read(patch.as_bytes(), Fields::Checked)?.patch;
    apply(&value(target), &mut patch, &field(ROOT)).map(|value| json_text(&value))
}

#[test]
fn patches_merge() {
    let containers =
        r#"{"containers":[{"name":"a","image":"1"},{"name":"b","image":"2"},{"name":"c","image":"3"}]}"#;
    let cases = [
        (r#"{"labels":{"a":"1"}}"#, r#"{"labels":{"b":"2","a":null}}"#, r#"{"labels":{"b":"2"}}"#),
        (r#"{"labels":{"a":"1"}}"#, r#"{"labels":null,"x":null}"#, "{}"),
        ("{}", r#"{"labels":{"a":null,"b":"1"}}"#, r#"{"labels":{"b":"1"}}"#),
        (r#"{"labels":{"a":"1"}}"#, r#"{"labels":{"$patch":"replace","b":"2"}}"#, r#"{"labels":{"b":"2"}}"#),
        (r#"{"labels":{"a":"1"}}"#, r#"{"labels":{"$patch":"delete"}}"#, r#"{"labels":{}}"#),
        (r#"{"finalizers":["a","b"]}"#, r#"{"finalizers":["c","a"]}"#, r#"{"finalizers":["c","a","b"]}"#),
        (
            r#"{"finalizers":["a","b"]}"#,
            r#"{"$deleteFromPrimitiveList/finalizers":["a"]}"#,
            r#"{"finalizers":["b"]}"#,
        ),
        (
            r#"{"finalizers":["a","b"]}"#,
            r#"{"$setElementOrder/finalizers":["b","a","c"],"finalizers":["c"]}"#,
            r#"{"finalizers":["b","a","c"]}"#,
        ),
        (
            r#"{"tolerations":[{"name":"a"}]}"#,
            r#"{"tolerations":[{"name":"b"}]}"#,
            r#"{"tolerations":[{"name":"b"}]}"#,
        ),
        (
            containers,
            r#"{"containers":[{"name":"d","image":null},{"name":"b","image":"9"}]}"#,
            r#"{"containers":[{"image":null,"name":"d"},{"name":"a","image":"1"},{"name":"b","image":"9"},{"name":"c","image":"3"}]}"#,
        ),
        (
            containers,
            r#"{"containers":[{"name":"b","$patch":"delete"}]}"#,
            r#"{"containers":[{"name":"a","image":"1"},{"name":"c","image":"3"}]}"#,
        ),
        (
            containers,
            r#"{"containers":[{"name":"z"},{"$patch":"replace"}]}"#,
            r#"{"containers":[{"name":"z"}]}"#,
        ),
        (
            containers,
            r#"{"$setElementOrder/containers":[{"name":"c"},{"name":"a"}]}"#,
            r#"{"containers":[{"name":"b","image":"2"},{"name":"c","image":"3"},{"name":"a","image":"1"}]}"#,
        ),
        (
            containers,
            r#"{"$setElementOrder/containers":[{"name":"d"},{"name":"c"}],"containers":[{"name":"a","$patch":"delete"},{"name":"b","$patch":"delete"},{"name":"d"}]}"#,
            r#"{"containers":[{"name":"d"},{"name":"c","image":"3"}]}"#,
        ),
        (
            r#"{"strategy":{"type":"A","rolling":1}}"#,
            r#"{"strategy":{"$retainKeys":["type"],"type":"B"}}"#,
            r#"{"strategy":{"type":"B"}}"#,
        ),
        (
            r#"{"replaced":{"type":"A","rolling":1}}"#,
            r#"{"replaced":{"type":"B"}}"#,
            r#"{"replaced":{"type":"B"}}"#,
        ),
        (r#"{"labels":{}}"#, "null", r#"{"labels":{}}"#),
        (
            "{}",
            r#"{"containers":[{"name":"a","$patch":"delete"},{"name":"b"}]}"#,
            r#"{"containers":[{"name":"b"}]}"#,
        ),
    ];
    for (target, patch, expected) in cases {
        assert_eq!(patched(target, patch).as_deref(), Ok(expected), "{target} {patch}");
    }
}

#[test]
fn what_does_not_apply_is_said() {
    let target = r#"{"labels":{"a":"1"},"nested":{"a":{}},"containers":[{"name":"a"}],"finalizers":["a"],"keyless":[{"name":"a"}],"odd":{},"lost":{}}"#;
    let cases = [
        (r#"{"labels":{"$patch":"merge"}}"#, 500, "unknown patch type: merge in map: map[$patch:merge]"),
        (r#"{"labels":{"$patch":1}}"#, 500, "unknown patch type: %!s(int64=1) in map: map[$patch:1]"),
        (
            r#"{"containers":[{"image":"x"}]}"#,
            500,
            "map: map[image:x] does not contain declared merge key: name",
        ),
        (
            r#"{"containers":[{"$patch":"delete"}]}"#,
            500,
            "map: map[$patch:delete] does not contain declared merge key: name",
        ),
        (r#"{"containers":[{"$patch":"merge"}]}"#, 500, "merging lists cannot yet be specified in the patch"),
        (r#"{"containers":["x"]}"#, 500, "list element types are not identical: [[map[name:a]] [x]]"),
        (r#"{"finalizers":[null]}"#, 500, "list element types are not identical: [[a] [<nil>]]"),
        (r#"{"finalizers":[["a"]]}"#, 500, "list element types are not identical: [[a] [[a]]]"),
        (r#"{"keyless":[{"name":"a"}]}"#, 500, "cannot merge lists without merge key for struct"),
        (r#"{"odd":{"a":1}}"#, 500, "unexpected patch strategy: [a b]"),
        (r#"{"lost":{}}"#, 500, "unable to find api field in struct Root for the json field \"lost\""),
        (
            r#"{"nested":{"a":{}}}"#,
            500,
            "merging an object in json but data type is not struct, instead is: map",
        ),
        (r#"{"labels":{"$retainKeys":["b"],"a":"2"}}"#, 400, "invalid patch format of retainKeys"),
        (r#"{"$deleteFromPrimitiveListfinalizers":["a"]}"#, 400, "invalid patch format of primitive list"),
        (r#"{"$setElementOrder":["a"]}"#, 400, "invalid patch format of setElementOrder list"),
        (r#"{"$setElementOrder/finalizers":"a"}"#, 500, "expected a []interface {}, but received a string"),
        (
            r#"{"$setElementOrder/finalizers":["b"],"finalizers":["c"]}"#,
            500,
            "The order in patch list:\n[c]\n doesn't match $setElementOrder list:\n[b]\n",
        ),
        ("[]", 400, "json: cannot unmarshal array into Go value of type map[string]interface {}"),
    ];
    for (patch, code, words) in cases {
        let error = patched(target, patch).unwrap_err();
        assert_eq!((error.to_status().code, error.to_string().as_str()), (code, words), "{patch}");
    }
    let lists = patched(r#"{"finalizers":[]}"#, r#"{"finalizers":[["a"]]}"#).unwrap_err();
    assert_eq!(lists, PatchError::Unfit("lists of lists are not supported".to_owned()));
    assert_eq!(unsupported().to_status().code, 400);
}

#[test]
fn what_is_left_of_a_patch_is_shown() {
    let text = r#"{"$setElementOrder/finalizers":["a"],"finalizers":["a"],"labels":{"b":"1"},"strategy":{"$retainKeys":["type"],"type":"x"},
        "containers":[{"$patch":"delete","name":"a"},{"name":"b","ports":[{"$patch":"delete","port":1}]}]}"#;
    let mut patch = read(text.as_bytes(), Fields::Checked).unwrap().patch;
    apply(&value(r#"{"strategy":{}}"#), &mut patch, &field(ROOT)).unwrap();
    let shown = "map[containers:[map[$patch:delete name:a] map[name:b ports:[]]] labels:map[b:1] strategy:map[type:x]]";
    assert_eq!(crate::go_text(&patch), shown);
}

#[test]
fn many_items_are_merged_quickly() {
    let items = |count: usize, key: &str| {
        let items: Vec<String> = (0..count).map(|n| format!(r#"{{"name":"{n}","{key}":"x"}}"#)).collect();
        format!(r#"{{"containers":[{}]}}"#, items.join(","))
    };
    let merged = patched(&items(5_000, "image"), &items(5_000, "tag")).unwrap();
    assert_eq!(merged.matches(r#""image":"x","tag":"x""#).count(), 5_000);
}
