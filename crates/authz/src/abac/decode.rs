//! A line of the file: version and kind, then the policy in that version, then its conversion.
//!
//! Source: `k8s.io/apimachinery/pkg/runtime/serializer` `UniversalDecoder`, `k8s.io/kubernetes/pkg/apis/abac`.

use super::shape::Shape;
use super::{Policy, json};
use ravelin_object::read;
use ravelin_object::selector::quoted;
use ravelin_yaml::Limits;

/// A policy of a line.
pub(super) struct Decoded {
    pub(super) policy: Policy,
    /// Whether the line names no version that is known.
    pub(super) unversioned: bool,
}

const GROUP: &str = "abac.authorization.kubernetes.io";
const SCHEME: &str = "pkg/apis/abac/register.go:33";
const AUTHENTICATED: &str = "system:authenticated";

/// The versions that exist. Each names its fields in its own way.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Version {
    V0,
    V1Beta1,
    Internal,
}

/// Decodes a line.
pub(super) fn policy(line: &[u8]) -> Result<Decoded, String> {
    let shape = read_line(line)?;
    let (group, version, kind) = type_of(&shape)?;
    if kind == "Policy"
        && group == GROUP
        && let Some(known) = known(&version)
    {
        return Ok(Decoded { policy: fields(&shape, known)?.converted(known), unversioned: false });
    }
    // Without a version that is known the line is taken for one of v0, as far as what it does say lets it.
    let kind = if kind.is_empty() { "Policy".to_owned() } else { kind };
    let (group, version) = match (group.as_str(), version.as_str()) {
        ("" | GROUP, "") => (GROUP.to_owned(), "v0".to_owned()),
        _ => (group, version),
    };
    if version.is_empty() {
        return Err(format!("Object 'apiVersion' is missing in '{}'", String::from_utf8_lossy(line)));
    }
    let known = known(&version).filter(|_| group == GROUP && kind == "Policy");
    match known {
        Some(Version::V0) => {
            let policy = fields(&shape, Version::V0)?.converted(Version::V0);
            Ok(Decoded { policy, unversioned: true })
        }
        Some(other) => {
            fields(&shape, other)?;
            let from = if other == Version::Internal { "abac.Policy" } else { "v1beta1.Policy" };
            Err(format!("converting ({from}) to (v0.Policy): unknown conversion"))
        }
        None => Err(not_registered(&group, &version, &kind)),
    }
}

fn known(version: &str) -> Option<Version> {
    match version {
        "v0" => Some(Version::V0),
        "v1beta1" => Some(Version::V1Beta1),
        "__internal" => Some(Version::Internal),
        _ => None,
    }
}

fn not_registered(group: &str, version: &str, kind: &str) -> String {
    let kind = quoted(kind);
    if version == "__internal" {
        let group = quoted(group);
        return format!(
            "no kind {kind} is registered for the internal version of group {group} in scheme \"{SCHEME}\""
        );
    }
    let version = if group.is_empty() { version.to_owned() } else { format!("{group}/{version}") };
    let version = quoted(&version);
    format!("no kind {kind} is registered for version {version} in scheme \"{SCHEME}\"")
}

/// JSON where the first character is a brace, otherwise YAML.
fn read_line(line: &[u8]) -> Result<Shape, String> {
    if String::from_utf8_lossy(line).trim_start().starts_with('{') {
        return json::read(line)
            .map_err(|error| format!("couldn't get version/kind; json parse error: {error}"));
    }
    let text = std::str::from_utf8(line).map_err(|_| "yaml: invalid UTF-8".to_owned())?;
    if text.chars().any(is_control) {
        return Err("yaml: control characters are not allowed".to_owned());
    }
    let read = read::yaml(text, &Limits::STANDARD).map_err(|error| format!("yaml: {error}"))?;
    Ok(read.value.map_or(Shape::Null, |value| Shape::of(&value, 2)))
}

/// Whether YAML has no place for the character.
fn is_control(character: char) -> bool {
    !matches!(character, '\t' | '\n' | '\r' | ' '..='~' | '\u{85}' | '\u{a0}'..='\u{fffd}' | '\u{10000}'..)
}

/// Group, version and kind. Upper and lower case are the same for their keys, and only for them.
fn type_of(shape: &Shape) -> Result<(String, String, String), String> {
    let fail = |what: &str| {
        Err(format!("couldn't get version/kind; json parse error: json: cannot unmarshal {what}"))
    };
    let (mut api_version, mut kind) = (String::new(), String::new());
    let entries = match shape {
        Shape::Object(entries) => entries.as_slice(),
        Shape::Null => &[],
        other => {
            return fail(&format!(
                "{} into Go value of type struct {{ APIVersion string \"json:\\\"apiVersion,omitempty\\\"\"; Kind string \"json:\\\"kind,omitempty\\\"\" }}",
                other.name()
            ));
        }
    };
    for (key, value) in entries {
        let (field, target) = match folded(key).as_str() {
            "apiversion" => ("apiVersion", &mut api_version),
            "kind" => ("kind", &mut kind),
            _ => continue,
        };
        match value {
            Shape::String(text) => text.clone_into(target),
            Shape::Null => {}
            other => return fail(&format!("{} into Go struct field .{field} of type string", other.name())),
        }
    }
    let (group, version) = match api_version.split('/').collect::<Vec<_>>().as_slice() {
        [version] => (String::new(), (*version).to_owned()),
        [group, version] => ((*group).to_owned(), (*version).to_owned()),
        _ => return Err(format!("unexpected GroupVersion string: {api_version}")),
    };
    Ok((group, version, kind))
}

/// A key as Go folds it: the Kelvin sign and the long s are letters of ASCII.
fn folded(key: &str) -> String {
    key.chars()
        .map(|character| match character {
            '\u{212a}' => 'k',
            'ſ' => 's',
            other => other.to_ascii_lowercase(),
        })
        .collect()
}

impl Version {
    /// The key under which the fields stand; nothing where they stand in the object itself.
    fn spec(self) -> Option<(&'static str, &'static str)> {
        match self {
            Self::V0 => None,
            Self::V1Beta1 => Some(("spec", "v1beta1.PolicySpec")),
            Self::Internal => Some(("Spec", "abac.PolicySpec")),
        }
    }

    fn place<'p>(self, policy: &'p mut Policy, key: &str) -> Option<Place<'p>> {
        let key = match (self, key) {
            (Self::V0, "apiGroup" | "nonResourcePath") => return None,
            (Self::V0 | Self::V1Beta1, key) => key,
            (Self::Internal, "User") => "user",
            (Self::Internal, "Group") => "group",
            (Self::Internal, "Readonly") => "readonly",
            (Self::Internal, "APIGroup") => "apiGroup",
            (Self::Internal, "Resource") => "resource",
            (Self::Internal, "Namespace") => "namespace",
            (Self::Internal, "NonResourcePath") => "nonResourcePath",
            (Self::Internal, _) => return None,
        };
        Some(match key {
            "user" => Place::Text(&mut policy.user),
            "group" => Place::Text(&mut policy.group),
            "readonly" => Place::Flag(&mut policy.readonly),
            "apiGroup" => Place::Text(&mut policy.api_group),
            "resource" => Place::Text(&mut policy.resource),
            "namespace" => Place::Text(&mut policy.namespace),
            "nonResourcePath" => Place::Text(&mut policy.non_resource_path),
            _ => return None,
        })
    }
}

/// Where a field goes.
enum Place<'p> {
    Text(&'p mut String),
    Flag(&'p mut bool),
}

impl Place<'_> {
    fn fill(self, value: &Shape, field: &str) -> Result<(), String> {
        let kind = match (self, value) {
            (_, Shape::Null) => return Ok(()),
            (Self::Text(place), Shape::String(text)) => {
                text.clone_into(place);
                return Ok(());
            }
            (Self::Flag(place), Shape::Bool(value)) => {
                *place = *value;
                return Ok(());
            }
            (Self::Text(_), _) => "string",
            (Self::Flag(_), _) => "bool",
        };
        Err(cannot_unmarshal(value, field, kind))
    }
}

fn cannot_unmarshal(value: &Shape, field: &str, kind: &str) -> String {
    format!("json: cannot unmarshal {} into Go struct field {field} of type {kind}", value.name())
}

/// The fields of a policy, in the order of the text.
fn fields(shape: &Shape, version: Version) -> Result<Policy, String> {
    let mut policy = Policy::default();
    let Shape::Object(entries) = shape else { return Ok(policy) };
    for (key, value) in entries {
        let Some((spec, kind)) = version.spec() else {
            if let Some(place) = version.place(&mut policy, key) {
                place.fill(value, &format!("Policy.{key}"))?;
            }
            continue;
        };
        if key != spec {
            continue;
        }
        match value {
            Shape::Object(entries) => {
                for (key, value) in entries {
                    if let Some(place) = version.place(&mut policy, key) {
                        place.fill(value, &format!("PolicySpec.{spec}.{key}"))?;
                    }
                }
            }
            Shape::Null => {}
            other => return Err(cannot_unmarshal(other, &format!("Policy.{spec}"), kind)),
        }
    }
    Ok(policy)
}

impl Policy {
    /// What the policy of a version means today.
    fn converted(mut self, version: Version) -> Self {
        if version == Version::Internal {
            return self;
        }
        let anybody = self.user == "*" || self.group == "*";
        let nobody_named = self.user.is_empty() && self.group.is_empty();
        if anybody || (version == Version::V0 && nobody_named) {
            AUTHENTICATED.clone_into(&mut self.group);
            self.user.clear();
        }
        if version == Version::V0 {
            if self.namespace.is_empty() && self.resource.is_empty() {
                "*".clone_into(&mut self.non_resource_path);
            }
            for field in [&mut self.namespace, &mut self.resource] {
                if field.is_empty() {
                    "*".clone_into(field);
                }
            }
            "*".clone_into(&mut self.api_group);
        }
        self
    }
}
