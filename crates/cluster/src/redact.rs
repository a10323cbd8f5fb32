//! One item of a list becomes an object, without what must not be kept.
//!
//! A value of a Secret is never made into a string of ours: the text of an item is cut at its keys, and what stands
//! behind a key that must not be read is passed over in the buffer it came in, which is wiped.

use crate::kinds::Kind;
use compact_str::CompactString;
use ravelin_object::{Map, Value, read};
use ravelin_yaml::Limits;
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

/// How much of an object is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Keep {
    /// All of it.
    All,
    /// Of a Secret or a ConfigMap: metadata, type, and the keys of its data with empty values.
    Keys,
    /// Metadata alone.
    Metadata,
    /// Of a CustomResourceDefinition: everything but the schemas of its versions.
    Definition,
}

/// The annotation in which `kubectl apply` keeps the whole object, values included.
const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// Reads an item of a list of `kind` in `version`. `metadata.managedFields` are always left out.
///
/// # Errors
/// If the item is no mapping, or is nested too deep. The words quote nothing of it.
pub(crate) fn item(
    text: &RawValue,
    kind: &Kind,
    version: &str,
    keep: Keep,
    limits: &Limits,
) -> Result<Value, String> {
    let entries = entries(text)?;
    let said = |key: &str| {
        let found = entries.0.iter().rev().find(|(name, _)| name == key);
        let text = found.and_then(|(_, raw)| serde_json::from_str::<String>(raw.get()).ok());
        text.filter(|text| !text.is_empty() && keep != Keep::Metadata)
    };
    let api_version = said("apiVersion").unwrap_or_else(|| kind.api_version(version));
    let object_kind = said("kind").unwrap_or_else(|| kind.kind.to_owned());
    let mut kept = vec![
        ("apiVersion".into(), Value::String(api_version.into())),
        ("kind".into(), Value::String(object_kind.into())),
    ];
    for (key, raw) in &entries.0 {
        let value = match key.as_str() {
            "apiVersion" | "kind" => None,
            "metadata" => Some(metadata(raw, keep, limits)?),
            "data" | "stringData" | "binaryData" if keep == Keep::Keys => Some(keys(raw)?),
            "type" | "immutable" if keep == Keep::Keys => Some(whole(raw, limits)?),
            "spec" if keep == Keep::Definition => Some(without_schemas(whole(raw, limits)?)),
            _ if matches!(keep, Keep::All | Keep::Definition) => Some(whole(raw, limits)?),
            _ => None,
        };
        if let Some(value) = value {
            kept.push((CompactString::from(key.as_str()), value));
        }
    }
    Ok(Value::Object(Map::from_entries(kept, |_, _| ())))
}

fn metadata(text: &RawValue, keep: Keep, limits: &Limits) -> Result<Value, String> {
    let mut kept = Vec::new();
    for (key, raw) in entries(text)?.0 {
        let value = match key.as_str() {
            "managedFields" => continue,
            "annotations" if matches!(keep, Keep::Keys | Keep::Metadata) => annotations(raw, limits)?,
            _ => whole(raw, limits)?,
        };
        kept.push((CompactString::from(key), value));
    }
    Ok(Value::Object(Map::from_entries(kept, |_, _| ())))
}

/// Annotations of an object that may hold secrets: every key, and the values of those that Kubernetes, Helm,
/// cert-manager and Ravelin write. Others may keep a copy of the object, as `kubectl apply` does.
fn annotations(text: &RawValue, limits: &Limits) -> Result<Value, String> {
    if text.get() == "null" {
        return Ok(Value::Null);
    }
    let mut kept = Vec::new();
    for (key, raw) in entries(text)?.0 {
        let domain = key.split_once('/').map_or("", |(domain, _)| domain);
        let is_known =
            ["kubernetes.io", "k8s.io", "helm.sh", "cert-manager.io", "ravelin.dev"].iter().any(|known| {
                domain.strip_suffix(known).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
            });
        let value = if is_known && key != LAST_APPLIED { whole(raw, limits)? } else { Value::from("") };
        kept.push((CompactString::from(key), value));
    }
    Ok(Value::Object(Map::from_entries(kept, |_, _| ())))
}

/// The keys of a mapping, with empty values.
fn keys(text: &RawValue) -> Result<Value, String> {
    if text.get() == "null" {
        return Ok(Value::Null);
    }
    let names = entries(text)?.0.into_iter().map(|(key, _)| (CompactString::from(key), Value::from("")));
    Ok(Value::Object(Map::from_entries(names.collect(), |_, _| ())))
}

/// The spec of a CustomResourceDefinition without the schemas and columns of its versions.
fn without_schemas(spec: Value) -> Value {
    let Value::Object(mut map) = spec else { return spec };
    if let Some(Value::Array(versions)) = map.remove("versions") {
        let trimmed = versions.into_iter().map(|version| match version {
            Value::Object(mut version) => {
                version.remove("schema");
                version.remove("additionalPrinterColumns");
                Value::Object(version)
            }
            other => other,
        });
        map.set("versions", Value::Array(trimmed.collect()));
    }
    Value::Object(map)
}

fn whole(text: &RawValue, limits: &Limits) -> Result<Value, String> {
    let read = read::json(text.get(), limits).map_err(|error| match error.exceeded {
        Some(_) => "is nested deeper than the limit allows".to_owned(),
        None => "holds something that is no JSON".to_owned(),
    })?;
    Ok(read.value.unwrap_or(Value::Null))
}

fn entries(text: &RawValue) -> Result<Entries<'_>, String> {
    serde_json::from_str(text.get()).map_err(|_| "is no mapping where one is expected".to_owned())
}

/// The keys of a mapping in their order, each with the text behind it.
struct Entries<'t>(Vec<(String, &'t RawValue)>);

impl<'de: 't, 't> Deserialize<'de> for Entries<'t> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Collect;
        impl<'de> Visitor<'de> for Collect {
            type Value = Entries<'de>;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a mapping")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Self::Value, A::Error> {
                let mut entries = Vec::new();
                while let Some(entry) = access.next_entry()? {
                    entries.push(entry);
                }
                Ok(Entries(entries))
            }
        }
        deserializer.deserialize_map(Collect)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kinds;

    const SECRET: &str = r#"{"metadata":{"name":"db","annotations":{
        "kubectl.kubernetes.io/last-applied-configuration":"{\"data\":{\"k\":\"UExBTlRFRA==\"}}",
        "kubernetes.io/service-account.name":"ci","example.com/note":"UExBTlRFRA==","a":"UExBTlRFRA=="},
        "managedFields":[{"manager":"m"}],"labels":{"app":"x"}},
        "data":{"password":"UExBTlRFRA==","user":"UExBTlRFRA==","password":"UExBTlRFRA=="},
        "stringData":{"n":"UExBTlRFRA=="},"type":"Opaque","immutable":true,"future":"UExBTlRFRA=="}"#;

    fn of(text: &str, kind: &str, keep: Keep) -> Result<String, String> {
        let raw: &RawValue = serde_json::from_str(text).unwrap();
        let kind = kinds::find(kind).unwrap();
        item(raw, kind, "v1", keep, &Limits::STANDARD).map(|value| value.to_json().to_string())
    }

    #[test]
    fn of_a_secret_the_keys_are_kept_and_no_value() {
        let text = of(SECRET, "secrets", Keep::Keys).unwrap();
        assert_eq!(
            text,
            r#"{"apiVersion":"v1","data":{"password":"","user":""},"immutable":true,"kind":"Secret","metadata":{"annotations":{"a":"","example.com/note":"","kubectl.kubernetes.io/last-applied-configuration":"","kubernetes.io/service-account.name":"ci"},"labels":{"app":"x"},"name":"db"},"stringData":{"n":""},"type":"Opaque"}"#
        );
        let text = of(SECRET, "secrets", Keep::Metadata).unwrap();
        assert!(
            text.contains(r#""kind":"Secret""#) && !text.contains("password") && !text.contains("UExB"),
            "{text}"
        );
    }

    #[test]
    fn a_secret_of_a_strange_shape_gives_nothing_away() {
        let cases = [
            (r#"{"data":"UExBTlRFRA=="}"#, "is no mapping where one is expected"),
            (r#"{"metadata":"UExBTlRFRA=="}"#, "is no mapping where one is expected"),
            (r#"["UExBTlRFRA=="]"#, "is no mapping where one is expected"),
            (r#"{"metadata":{"annotations":["UExBTlRFRA=="]}}"#, "is no mapping where one is expected"),
        ];
        for (text, expected) in cases {
            assert_eq!(of(text, "secrets", Keep::Keys).unwrap_err(), expected, "{text}");
        }
        let nested =
            of(r#"{"data":{"a":{"b":["UExBTlRFRA=="]},"c":null},"stringData":null}"#, "secrets", Keep::Keys);
        assert!(nested.unwrap().contains(r#""data":{"a":"","c":""}"#));
    }

    #[test]
    fn other_objects_keep_unknown_fields_and_lose_managed_fields() {
        let text =
            r#"{"metadata":{"name":"a","managedFields":[]},"spec":{"future":[1.0,{"x":null}]},"status":{}}"#;
        assert_eq!(
            of(text, "deploy", Keep::All).unwrap(),
            r#"{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"a"},"spec":{"future":[1.0,{"x":null}]},"status":{}}"#
        );
        let definition = r#"{"metadata":{"name":"w"},"spec":{"scope":"Cluster","versions":[{"name":"v1","schema":{"x":1}}]}}"#;
        assert!(of(definition, "crd", Keep::Definition).unwrap().contains(r#""versions":[{"name":"v1"}]"#));
    }
}
