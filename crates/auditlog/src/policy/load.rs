//! The text of a policy, as the API server's decoders read it.
//!
//! Source: `k8s.io/apimachinery/pkg/runtime/serializer` (json, recognizer, versioning), `k8s.io/apiserver/pkg/audit/scheme.go`.

use super::shape::{self, Mistakes};
use super::{GroupResources, Policy, PolicyError, Rule, validation, yaml_text};
use crate::{Level, Stage, StageSet};
use ravelin_object::selector::quoted;
use ravelin_object::{Map, Value, json_syntax, read};
use ravelin_yaml::Limits;

/// What the text says, before anything is checked.
#[derive(Debug, Default)]
pub(super) struct RawPolicy<'v> {
    pub(super) rules: Vec<RawRule<'v>>,
    pub(super) omit_stages: Vec<&'v str>,
    omit_managed_fields: bool,
}

#[derive(Debug, Default)]
pub(super) struct RawRule<'v> {
    pub(super) level: &'v str,
    users: Vec<&'v str>,
    user_groups: Vec<&'v str>,
    verbs: Vec<&'v str>,
    pub(super) resources: Vec<RawResources<'v>>,
    pub(super) namespaces: Vec<&'v str>,
    pub(super) non_resource_urls: Vec<&'v str>,
    pub(super) omit_stages: Vec<&'v str>,
    omit_managed_fields: Option<bool>,
}

#[derive(Debug, Default)]
pub(super) struct RawResources<'v> {
    pub(super) group: &'v str,
    pub(super) resources: Vec<&'v str>,
    pub(super) resource_names: Vec<&'v str>,
}

const GROUP: &str = "audit.k8s.io";
const INTERNAL: &str = "__internal";
const SCHEME: &str = "pkg/audit/scheme.go:30";
/// Kinds of this group in the scheme beside the policy itself; those without version are among them.
const OTHER_KINDS: [&str; 15] = [
    "APIGroup",
    "APIGroupList",
    "APIResourceList",
    "APIVersions",
    "CreateOptions",
    "DeleteOptions",
    "Event",
    "EventList",
    "GetOptions",
    "ListOptions",
    "PatchOptions",
    "PolicyList",
    "Status",
    "UpdateOptions",
    "WatchEvent",
];

/// Reads a policy and checks it; beside it what strict decoding refuses.
pub(super) fn policy(text: &str) -> Result<(Policy, Option<String>), PolicyError> {
    let read = read_text(text).map_err(PolicyError::Decode)?;
    let kind = Kind::of(&read.value).map_err(PolicyError::Decode)?;
    kind.check(text)?;
    let mut mistakes = Mistakes::default();
    shape::check(&read.value, read.is_json, &mut mistakes);
    if let Some(wrong) = mistakes.wrong_type {
        return Err(PolicyError::Decode(wrong));
    }
    let raw = raw(&read.value);
    let faults = validation::faults(&raw);
    if !faults.is_empty() {
        return Err(PolicyError::Invalid(faults));
    }
    let mut strict = read.repeated;
    strict.extend(mistakes.unknown.iter().map(|path| format!("unknown field {}", quoted(path))));
    let warning = (!strict.is_empty()).then(|| format!("strict decoding error: {}", strict.join(", ")));
    Ok((raw.checked(), warning))
}

struct Text {
    value: Value,
    is_json: bool,
    repeated: Vec<String>,
}

/// JSON where the first character is a brace, otherwise YAML.
fn read_text(text: &str) -> Result<Text, String> {
    let is_json = text.trim_start().starts_with('{');
    let read = if is_json {
        if let Some(fault) = json_syntax::fault(text.as_bytes()) {
            return Err(format!("couldn't get version/kind; json parse error: {fault}"));
        }
        read::json(text, &Limits::STANDARD).map_err(|error| error.to_string())?
    } else {
        read::yaml(text, &Limits::STANDARD).map_err(|error| yaml_text::of(text, &error))?
    };
    let repeated = match read.duplicates {
        0 => Vec::new(),
        count => vec![format!("{count} keys are there twice, of which the last one counts")],
    };
    Ok(Text { value: read.value.unwrap_or(Value::Null), is_json, repeated })
}

/// Group, version and kind, with what is missing filled in from a policy of no version.
struct Kind {
    group: String,
    version: String,
    kind: String,
}

impl Kind {
    fn of(value: &Value) -> Result<Self, String> {
        let [api_version, kind] = type_fields(value)?;
        let (group, version) = match api_version.split('/').collect::<Vec<_>>().as_slice() {
            [version] => ("", *version),
            [group, version] => (*group, *version),
            _ => return Err(format!("unexpected GroupVersion string: {api_version}")),
        };
        let kind = if kind.is_empty() { "Policy" } else { kind };
        let (group, version) = match (group, version) {
            ("" | GROUP, "") => (GROUP, INTERNAL),
            known => known,
        };
        Ok(Self { group: group.to_owned(), version: version.to_owned(), kind: kind.to_owned() })
    }

    /// Whether what is read is a policy of a version there is.
    fn check(&self, text: &str) -> Result<(), PolicyError> {
        let Self { group, version, kind } = self;
        if version.is_empty() {
            return Err(PolicyError::Decode(format!("Object 'apiVersion' is missing in '{text}'")));
        }
        if group == GROUP && (version == "v1" || version == INTERNAL) {
            if kind == "Policy" {
                let unversioned = PolicyError::Version(format!("{GROUP}/{INTERNAL}, Kind=Policy"));
                return if version == "v1" { Ok(()) } else { Err(unversioned) };
            }
            if OTHER_KINDS.contains(&kind.as_str()) {
                let package = if version == "v1" { "v1" } else { "audit" };
                return Err(PolicyError::Decode(format!(
                    "converting ({package}.{kind}) to (audit.Policy): unknown conversion"
                )));
            }
        }
        let kind = quoted(kind);
        Err(PolicyError::Decode(if version == INTERNAL {
            let group = quoted(group);
            format!(
                "no kind {kind} is registered for the internal version of group {group} in scheme \"{SCHEME}\""
            )
        } else {
            let version = if group.is_empty() { version.clone() } else { format!("{group}/{version}") };
            format!("no kind {kind} is registered for version {} in scheme \"{SCHEME}\"", quoted(&version))
        }))
    }
}

/// `apiVersion` and `kind`. Upper and lower case are the same for these keys, and the last one counts.
fn type_fields(value: &Value) -> Result<[&str; 2], String> {
    let fail =
        |what: String| format!("couldn't get version/kind; json parse error: json: cannot unmarshal {what}");
    let mut found = [""; 2];
    let entries = match value {
        Value::Null => return Ok(found),
        Value::Object(map) => map,
        other => {
            let name = shape::name(other);
            return Err(fail(format!(
                "{name} into Go value of type struct {{ APIVersion string \"json:\\\"apiVersion,omitempty\\\"\"; Kind string \"json:\\\"kind,omitempty\\\"\" }}"
            )));
        }
    };
    for (key, value) in Map::iter(entries) {
        let [api_version, kind] = &mut found;
        let (field, place) = match key.to_ascii_lowercase().as_str() {
            "apiversion" => ("apiVersion", api_version),
            "kind" => ("kind", kind),
            _ => continue,
        };
        match value {
            Value::String(text) => *place = text,
            Value::Null => {}
            other => {
                let name = shape::name(other);
                return Err(fail(format!("{name} into Go struct field .{field} of type string")));
            }
        }
    }
    Ok(found)
}

/// The fields of a policy whose types are right.
fn raw(policy: &Value) -> RawPolicy<'_> {
    RawPolicy {
        rules: items(policy, "rules").iter().map(raw_rule).collect(),
        omit_stages: strings(policy, "omitStages"),
        omit_managed_fields: policy.field("omitManagedFields").and_then(Value::as_bool).unwrap_or_default(),
    }
}

fn raw_rule(rule: &Value) -> RawRule<'_> {
    RawRule {
        level: rule.field("level").and_then(Value::as_str).unwrap_or_default(),
        users: strings(rule, "users"),
        user_groups: strings(rule, "userGroups"),
        verbs: strings(rule, "verbs"),
        resources: items(rule, "resources")
            .iter()
            .map(|resources| RawResources {
                group: resources.field("group").and_then(Value::as_str).unwrap_or_default(),
                resources: strings(resources, "resources"),
                resource_names: strings(resources, "resourceNames"),
            })
            .collect(),
        namespaces: strings(rule, "namespaces"),
        non_resource_urls: strings(rule, "nonResourceURLs"),
        omit_stages: strings(rule, "omitStages"),
        omit_managed_fields: rule.field("omitManagedFields").and_then(Value::as_bool),
    }
}

fn items<'v>(holder: &'v Value, key: &str) -> &'v [Value] {
    holder.field(key).and_then(Value::as_array).unwrap_or_default()
}

fn strings<'v>(holder: &'v Value, key: &str) -> Vec<&'v str> {
    items(holder, key).iter().map(|item| item.as_str().unwrap_or_default()).collect()
}

fn owned(list: &[&str]) -> Vec<String> {
    list.iter().map(|item| (*item).to_owned()).collect()
}

fn stages(list: &[&str]) -> StageSet {
    list.iter().filter_map(|name| Stage::named(name)).collect()
}

impl RawPolicy<'_> {
    /// A policy without faults as what it means.
    fn checked(&self) -> Policy {
        let rules = self.rules.iter().map(|rule| Rule {
            level: Level::named(rule.level).unwrap_or_default(),
            users: owned(&rule.users),
            user_groups: owned(&rule.user_groups),
            verbs: owned(&rule.verbs),
            resources: rule
                .resources
                .iter()
                .map(|resources| GroupResources {
                    group: resources.group.to_owned(),
                    resources: owned(&resources.resources),
                    resource_names: owned(&resources.resource_names),
                })
                .collect(),
            namespaces: owned(&rule.namespaces),
            non_resource_urls: owned(&rule.non_resource_urls),
            omit_stages: stages(&rule.omit_stages),
            omit_managed_fields: rule.omit_managed_fields,
        });
        Policy {
            rules: rules.collect(),
            omit_stages: stages(&self.omit_stages),
            omit_managed_fields: self.omit_managed_fields,
        }
    }
}
