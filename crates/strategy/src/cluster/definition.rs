//! Definitions of custom resources: names that follow from others, and the versions that have been stored.

use crate::fields::{
    default, default_text, empty, is_nil, list, object, remove, set, set_generation, struct_at, text,
};
use crate::kind::Context;
use crate::rules::{Rules, count_spec, keep_spec, keep_status};
use ravelin_object::Value;
use ravelin_object::selector::quoted;

/// Source: `k8s.io/apiextensions-apiserver/pkg/registry/customresourcedefinition/strategy.go`.
pub(crate) const RULES: Rules = Rules {
    defaults,
    normalize,
    create,
    update,
    subresources: &[("status", keep_spec)],
    warn_on_create: |definition| format_warnings(definition, &Value::Null),
    warn_on_update: |subresource, definition, old| {
        if subresource.is_empty() { format_warnings(definition, old) } else { Vec::new() }
    },
    ..Rules::new("apiextensions.k8s.io", "CustomResourceDefinition").updated_conditionally()
};

/// Source: `k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1/defaults.go`.
fn defaults(definition: &mut Value) {
    if let Some(spec) = struct_at(definition, "spec") {
        if let Some(names) = struct_at(spec, "names") {
            let kind = text(names, "kind").to_owned();
            if !kind.is_empty() {
                default_text(names, "singular", &kind.to_lowercase());
                default_text(names, "listKind", &format!("{kind}List"));
            }
        }
        default(spec, "conversion", object([("strategy", Value::from("None"))]));
        if let Some(service) = crate::fields::at_mut(spec, "conversion.webhook.clientConfig.service") {
            default(service, "port", 443);
        }
    }
    if list(definition, "status.storedVersions").is_empty() {
        store(definition);
    }
}

/// A conversion webhook that says nothing is none.
fn normalize(definition: &mut Value) {
    let Some(conversion) = crate::fields::at_mut(definition, "spec.conversion") else { return };
    if !is_nil(conversion, "webhook")
        && is_nil(conversion, "webhook.clientConfig")
        && is_nil(conversion, "webhook.conversionReviewVersions")
    {
        remove(conversion, "webhook");
    }
}

/// The version that is stored is among those that have been.
fn store(definition: &mut Value) {
    let stored =
        list(definition, "spec.versions").iter().find(|version| crate::fields::flag(version, "storage"));
    let Some(name) = stored.map(|version| Value::from(text(version, "name"))) else { return };
    let Some(status) = struct_at(definition, "status") else { return };
    let mut versions = list(status, "storedVersions").to_vec();
    if !versions.contains(&name) {
        versions.push(name);
        set(status, "storedVersions", versions);
    }
}

fn create(definition: &mut Value, _: &mut Context<'_>) {
    let names = object([("plural", Value::from("")), ("kind", Value::from(""))]);
    set(
        definition,
        "status",
        object([("conditions", Value::Null), ("acceptedNames", names), ("storedVersions", Value::Null)]),
    );
    set_generation(definition, 1);
    store(definition);
}

fn update(definition: &mut Value, old: &Value, _: &mut Context<'_>) {
    keep_status(definition, old);
    count_spec(definition, old);
    store(definition);
}

/// Formats of texts that no version knows, one time each place where they stand, in versions whose schemas differ;
/// those that the old definition has are left out.
fn format_warnings(definition: &Value, old: &Value) -> Vec<String> {
    let known = formats(old);
    formats(definition)
        .into_iter()
        .filter(|format| !known.contains(format))
        .map(|format| format!("unrecognized format {}", quoted(&format)))
        .collect()
}

fn formats(definition: &Value) -> Vec<String> {
    let versions = list(definition, "spec.versions");
    let mut found = Vec::new();
    // Schemas that are all alike are one schema, as they are in the internal version.
    let first = versions.first().and_then(|version| version.field("schema"));
    let are_alike = versions.iter().all(|version| version.field("schema") == first);
    for version in versions.iter().take(if are_alike { 1 } else { versions.len() }) {
        if let Some(schema) = version.dotted("schema.openAPIV3Schema") {
            formats_of(schema, &mut found);
        }
    }
    found
}

fn formats_of(schema: &Value, found: &mut Vec<String>) {
    let format = text(schema, "format");
    let is_known = match text(schema, "type") {
        "" | "string" => FORMATS.contains(&format.replace('-', "").as_str()),
        "integer" => matches!(format, "int32" | "int64"),
        "number" => matches!(format, "float" | "double"),
        _ => false,
    };
    if !format.is_empty() && !is_known {
        found.push(format.to_owned());
    }
    let nothing = empty();
    for key in ["items", "not", "additionalProperties", "additionalItems"] {
        match schema.field(key).unwrap_or(&nothing) {
            Value::Array(schemas) => schemas.iter().for_each(|schema| formats_of(schema, found)),
            schema => {
                if schema.as_object().is_some_and(|schema| !schema.is_empty()) {
                    formats_of(schema, found);
                }
            }
        }
    }
    for key in ["allOf", "anyOf", "oneOf"] {
        list(schema, key).iter().for_each(|schema| formats_of(schema, found));
    }
    for key in ["properties", "patternProperties", "definitions"] {
        crate::fields::entries(schema, key).for_each(|(_, schema)| formats_of(schema, found));
    }
}

/// The formats that v1.36 knows, without their hyphens.
///
/// Source: `k8s.io/apiextensions-apiserver/pkg/apiserver/validation/formats.go`.
const FORMATS: &[&str] = &[
    "bsonobjectid",
    "uri",
    "email",
    "hostname",
    "ipv4",
    "ipv6",
    "cidr",
    "mac",
    "uuid",
    "uuid3",
    "uuid4",
    "uuid5",
    "isbn",
    "isbn10",
    "isbn13",
    "creditcard",
    "ssn",
    "hexcolor",
    "rgbcolor",
    "byte",
    "password",
    "date",
    "duration",
    "datetime",
    "k8sshortname",
    "k8slongname",
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fields::testing::value;
    use crate::kind::Kind;
    use crate::rules::testing::{created, updated};

    const DEFINITION: Kind<'_> =
        Kind { group: "apiextensions.k8s.io", version: "v1", kind: "CustomResourceDefinition" };

    #[test]
    fn names_and_versions_follow() {
        assert_eq!(
            created(
                DEFINITION,
                r#"{"metadata":{},"spec":{"names":{"plural":"widgets","kind":"Widget"},"versions":[{"name":"v1","storage":true}]},
                "status":{"storedVersions":["v0"]}}"#
            )
            .to_json(),
            value(
                r#"{"metadata":{"generation":1},"spec":{"names":{"plural":"widgets","kind":"Widget","singular":"widget",
                "listKind":"WidgetList"},"versions":[{"name":"v1","storage":true}],"conversion":{"strategy":"None"}},
                "status":{"conditions":null,"acceptedNames":{"plural":"","kind":""},"storedVersions":["v1"]}}"#
            )
            .to_json()
        );
    }

    #[test]
    fn a_new_stored_version_is_added() {
        let old = r#"{"metadata":{"generation":1},"spec":{},"status":{"storedVersions":["v1"]}}"#;
        let new = r#"{"metadata":{},"spec":{"versions":[{"name":"v2","storage":true}]},"status":{}}"#;
        let definition = updated(DEFINITION, None, new, old);
        assert_eq!(definition.field("status"), Some(&value(r#"{"storedVersions":["v1","v2"]}"#)));
        assert_eq!(crate::fields::generation(&definition), 2);
    }

    #[test]
    fn unknown_formats_are_named_once() {
        let with = |format: &str| {
            value(&format!(
                r#"{{"spec":{{"versions":[{{"schema":{{"openAPIV3Schema":{{"properties":{{"a":{{"type":"string","format":"{format}"}}}}}}}}}}]}}}}"#
            ))
        };
        assert_eq!(format_warnings(&with("what"), &Value::Null), ["unrecognized format \"what\""]);
        assert_eq!(format_warnings(&with("date-time"), &Value::Null), Vec::<String>::new());
        assert_eq!(format_warnings(&with("what"), &with("what")), Vec::<String>::new());
    }
}
