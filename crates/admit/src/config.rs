//! `AdmissionConfiguration`: which plugin is configured how (`--admission-control-config-file`).
//!
//! Source: `k8s.io/apiserver/pkg/admission/config.go`, `k8s.io/apiserver/pkg/apis/apiserver/v1`.

use crate::Error;
use ravelin_object::identity::Identity;
use ravelin_object::{Map, Value, read};
use ravelin_yaml::Limits;
use std::collections::BTreeMap;

/// How the plugins are configured.
#[derive(Clone, Debug, PartialEq)]
pub struct Configuration {
    /// The configuration of each plugin that has one, by its name.
    pub plugins: BTreeMap<String, Value>,
    /// For how long a pod stays on a node that is not ready, in seconds
    /// (`--default-not-ready-toleration-seconds`).
    pub not_ready_toleration_seconds: i64,
    /// For how long a pod stays on a node that cannot be reached, in seconds
    /// (`--default-unreachable-toleration-seconds`).
    pub unreachable_toleration_seconds: i64,
}

impl Default for Configuration {
    /// No plugin is configured.
    fn default() -> Self {
        Self {
            plugins: BTreeMap::new(),
            not_ready_toleration_seconds: 300,
            unreachable_toleration_seconds: 300,
        }
    }
}

/// The versions in which an API server reads an `AdmissionConfiguration`.
const VERSIONS: [&str; 2] = ["apiserver.config.k8s.io/v1", "apiserver.k8s.io/v1alpha1"];

impl Configuration {
    /// Reads the text of an `AdmissionConfiguration`. `file` reads the files that it names, as they are named; paths
    /// are relative to the directory of the configuration.
    ///
    /// # Errors
    /// A text that is no such configuration, unknown fields and wrong types, and files that cannot be read.
    pub fn load(text: &str, file: &mut dyn FnMut(&str) -> Result<String, String>) -> Result<Self, Error> {
        let value = read_strictly(text)?;
        let mut configuration = Self::default();
        let identity = Identity::of(&value).unwrap_or_default();
        if identity.kind != "AdmissionConfiguration" || !VERSIONS.contains(&identity.api_version.as_str()) {
            let legacy = legacy(&value).ok_or_else(|| {
                let why = "expected kind AdmissionConfiguration of apiserver.config.k8s.io/v1";
                fault(&format!("{why}, found {:?} of {:?}", identity.kind, identity.api_version))
            })?;
            for name in legacy {
                configuration.plugins.insert((*name).to_owned(), value.clone());
            }
            return Ok(configuration);
        }
        known(&value, "", &["apiVersion", "kind", "plugins"])?;
        for (index, plugin) in sequence(&value, "plugins")?.iter().enumerate() {
            let path = format!("plugins[{index}]");
            known(plugin, &path, &["name", "path", "configuration"])?;
            let name = string(plugin, &path, "name")?;
            let given = match (plugin.field("configuration"), string(plugin, &path, "path")?) {
                (Some(given), _) => given.clone(),
                (None, "") => continue,
                (None, path) => {
                    let text = file(path).map_err(|why| fault(&format!("cannot read {path:?}: {why}")))?;
                    // What a plugin's own file looks like is the plugin's to say.
                    value_of(&text)?
                }
            };
            // Of several entries for a plugin the first counts.
            configuration.plugins.entry(name.to_owned()).or_insert(given);
        }
        Ok(configuration)
    }
}

/// The plugins whose own configuration an API server takes in the place of an `AdmissionConfiguration`.
fn legacy(value: &Value) -> Option<&'static [&'static str]> {
    let has = |key| value.as_object().is_some_and(|map| map.get(key).is_some());
    let is_legacy = has("imagePolicy") || has("podNodeSelectorPluginConfig");
    is_legacy.then_some(&["ImagePolicyWebhook", "PodNodeSelector"])
}

fn fault(why: &str) -> Error {
    Error::Configuration(why.to_owned())
}

fn value_of(text: &str) -> Result<Value, Error> {
    let read = read::yaml(text, &Limits::STANDARD).map_err(|error| fault(&error.to_string()))?;
    Ok(read.value.unwrap_or(Value::Null))
}

fn read_strictly(text: &str) -> Result<Value, Error> {
    let read = read::yaml(text, &Limits::STANDARD).map_err(|error| fault(&error.to_string()))?;
    if read.duplicates > 0 {
        return Err(fault("a key appears twice in its mapping"));
    }
    Ok(read.value.unwrap_or(Value::Null))
}

/// Refuses what is no mapping, and keys that are not among `keys`.
///
/// # Errors
/// The first such key.
pub(crate) fn known(value: &Value, path: &str, keys: &[&str]) -> Result<(), Error> {
    let Some(map) = value.as_object() else {
        let path = if path.is_empty() { "the configuration" } else { path };
        return Err(fault(&format!("{path}: expected a mapping, found {}", value.describe())));
    };
    match map.iter().map(|(key, _)| key).find(|key| !keys.contains(key)) {
        Some(key) => Err(fault(&format!("strict decoding error: unknown field {:?}", joined(path, key)))),
        None => Ok(()),
    }
}

/// A text field; empty where it is absent.
///
/// # Errors
/// Another type.
pub(crate) fn string<'a>(value: &'a Value, path: &str, key: &str) -> Result<&'a str, Error> {
    match value.field(key) {
        None => Ok(""),
        Some(Value::String(text)) => Ok(text),
        Some(other) => Err(wrong(path, key, "a string", other)),
    }
}

/// An integer field of 32 bits; 0 where it is absent.
///
/// # Errors
/// Another type.
pub(crate) fn integer(value: &Value, path: &str, key: &str) -> Result<i32, Error> {
    match value.field(key) {
        None => Ok(0),
        Some(other) => other
            .as_int()
            .and_then(|number| i32::try_from(number).ok())
            .ok_or_else(|| wrong(path, key, "an integer of 32 bits", other)),
    }
}

/// A sequence field; empty where it is absent.
///
/// # Errors
/// Another type.
pub(crate) fn sequence<'a>(value: &'a Value, key: &str) -> Result<&'a [Value], Error> {
    match value.field(key) {
        None => Ok(&[]),
        Some(Value::Array(items)) => Ok(items),
        Some(other) => Err(wrong("", key, "a sequence", other)),
    }
}

fn wrong(path: &str, key: &str, expected: &str, found: &Value) -> Error {
    fault(&format!("{}: expected {expected}, found {}", joined(path, key), found.describe()))
}

fn joined(path: &str, key: &str) -> String {
    if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") }
}

/// The configuration of a plugin, if it is of one of the versions and `kinds`; nothing where there is none.
///
/// # Errors
/// Another kind or version, and keys that are not among `keys`.
pub(crate) fn of_kind<'c>(
    configuration: &'c Configuration,
    plugin: &'static str,
    kinds: &[(&str, &str)],
    keys: &[&str],
) -> Result<Option<&'c Value>, Error> {
    let Some(value) = configuration.plugins.get(plugin) else { return Ok(None) };
    let identity = Identity::of(value).unwrap_or_default();
    if !kinds.contains(&(identity.api_version.as_str(), identity.kind.as_str())) {
        let known: Vec<String> = kinds.iter().map(|(version, kind)| format!("{kind} of {version}")).collect();
        let known = known.join(" or ");
        let why = format!("expected kind {known}, found {:?} of {:?}", identity.kind, identity.api_version);
        return Err(Error::Plugin { plugin, why });
    }
    let keys: Vec<&str> = ["apiVersion", "kind"].iter().chain(keys).copied().collect();
    known(value, "", &keys).map_err(|error| named(plugin, error))?;
    Ok(Some(value))
}

/// A fault of a configuration, said of the plugin that it is for.
pub(crate) fn named(plugin: &'static str, error: Error) -> Error {
    match error {
        Error::Configuration(why) => Error::Plugin { plugin, why },
        other => other,
    }
}

/// The entries of a mapping whose values are texts. Others are left out.
pub(crate) fn text_entries(map: &Map) -> BTreeMap<String, String> {
    map.iter().filter_map(|(key, value)| Some((key.to_owned(), value.as_str()?.to_owned()))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(text: &str) -> Result<Configuration, String> {
        let mut file = |path: &str| match path {
            "sel.yaml" => Ok("podNodeSelectorPluginConfig: {ns: a=b}".to_owned()),
            _ => Err("no such file".to_owned()),
        };
        Configuration::load(text, &mut file).map_err(|error| error.to_string())
    }

    const HEAD: &str = "apiVersion: apiserver.config.k8s.io/v1\nkind: AdmissionConfiguration\n";

    #[test]
    fn plugins_are_configured_inline_and_by_files() {
        let text = "plugins:\n- {name: PodNodeSelector, path: sel.yaml}\n- {name: A, configuration: {x: 1}}\n\
                    - {name: A, configuration: {x: 2}}\n- {name: B}\n";
        let loaded = load(&format!("{HEAD}{text}")).unwrap();
        let names: Vec<&String> = loaded.plugins.keys().collect();
        assert_eq!(names, ["A", "PodNodeSelector"]);
        assert_eq!(loaded.plugins["A"].field("x"), Some(&Value::Int(1)));
        assert!(loaded.plugins["PodNodeSelector"].field("podNodeSelectorPluginConfig").is_some());
        let legacy = load("podNodeSelectorPluginConfig: {ns: a=b}").unwrap();
        assert!(legacy.plugins.contains_key("PodNodeSelector"));
    }

    #[test]
    fn what_is_wrong_is_said() {
        let cases = [
            (format!("{HEAD}plugin: []"), "strict decoding error: unknown field \"plugin\""),
            (
                format!("{HEAD}plugins: [{{name: 1}}]"),
                "plugins[0].name: expected a string, found the integer 1",
            ),
            (format!("{HEAD}plugins: {{}}"), "plugins: expected a sequence, found a mapping"),
            (
                format!("{HEAD}plugins: [{{name: A, nam: B}}]"),
                "strict decoding error: unknown field \"plugins[0].nam\"",
            ),
            (format!("{HEAD}plugins: [{{name: A, path: x}}]"), "cannot read \"x\": no such file"),
            (
                "kind: X".to_owned(),
                "expected kind AdmissionConfiguration of apiserver.config.k8s.io/v1, found \"\" of \"\"",
            ),
        ];
        for (text, why) in cases {
            assert_eq!(load(&text).unwrap_err(), format!("failed to read plugin config: {why}"));
        }
    }
}
