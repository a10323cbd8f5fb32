//! `AuthenticationConfiguration`: who may be anonymous, and where. Issuers of others are not understood yet and refused.
//!
//! Source: `k8s.io/apiserver/pkg/apis/apiserver`, `.../validation`.

use crate::anonymous::Anonymous;
use ravelin_object::json_string;
use ravelin_object::selector::quoted;
use ravelin_object::{Decoder, Map, Value, read};
use ravelin_yaml::Limits;

/// Why a configuration is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct ConfigError(String);

/// What a configuration says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AuthenticationConfiguration {
    /// Who may be anonymous; `None`: the file does not say, and `--anonymous-auth` decides.
    pub anonymous: Option<AnonymousConfig>,
}

/// Whether requests may be anonymous.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AnonymousConfig {
    /// Whether any may.
    pub enabled: bool,
    /// The paths of those that may; empty: all.
    pub paths: Vec<String>,
}

impl AnonymousConfig {
    /// The authenticator, if there is to be one.
    #[must_use]
    pub fn authenticator(&self) -> Option<Anonymous> {
        self.enabled.then(|| Anonymous::at(self.paths.clone()))
    }
}

const GROUP: &str = "apiserver.config.k8s.io";
const KIND: &str = "AuthenticationConfiguration";

impl AuthenticationConfiguration {
    /// Reads a configuration in YAML or JSON.
    ///
    /// # Errors
    /// Where it is none, has fields that nobody knows, or has authenticators of tokens of other issuers.
    pub fn load(text: &str) -> Result<Self, ConfigError> {
        Self::read(text).map_err(ConfigError)
    }

    fn read(text: &str) -> Result<Self, String> {
        if text.is_empty() {
            return Err("empty config data".to_owned());
        }
        let is_json = text.trim_start().starts_with('{');
        let read =
            if is_json { read::json(text, &Limits::STANDARD) } else { read::yaml(text, &Limits::STANDARD) };
        let read = read.map_err(|error| error.to_string())?;
        let value = read.value.unwrap_or(Value::Null);
        check_kind(&value)?;
        let mut unknown = Vec::new();
        let known = ["apiVersion", "kind", "jwt", "anonymous"];
        unknown_fields(value.as_object(), "", &known, &mut unknown);
        let anonymous = value.field("anonymous").and_then(Value::as_object);
        unknown_fields(anonymous, "anonymous.", &["enabled", "conditions"], &mut unknown);
        let conditions = value.dotted("anonymous.conditions").and_then(Value::as_array).unwrap_or_default();
        for (index, condition) in conditions.iter().enumerate() {
            let place = format!("anonymous.conditions[{index}].");
            unknown_fields(condition.as_object(), &place, &["path"], &mut unknown);
        }
        if read.duplicates > 0 {
            unknown.insert(0, "a key is there twice".to_owned());
        }
        if !unknown.is_empty() {
            return Err(format!("strict decoding error: {}", unknown.join(", ")));
        }
        match value.field("jwt") {
            None | Some(Value::Null) => {}
            Some(Value::Array(list)) if list.is_empty() => {}
            Some(_) => {
                return Err("jwt: tokens of other issuers are not supported yet; remove the section, or \
                            authenticate them by a webhook"
                    .to_owned());
            }
        }
        let anonymous = decoded(&value)?;
        if let Some(anonymous) = anonymous.as_ref().filter(|anonymous| !anonymous.enabled) {
            let paths: Vec<String> =
                anonymous.paths.iter().map(|path| format!("{{\"Path\":{}}}", json_string(path))).collect();
            if !paths.is_empty() {
                return Err(format!(
                    "anonymous.conditions: Invalid value: [{}]: enabled should be set to true when conditions \
                     are defined",
                    paths.join(",")
                ));
            }
        }
        Ok(Self { anonymous })
    }
}

fn check_kind(value: &Value) -> Result<(), String> {
    let of = |key| value.field(key).and_then(Value::as_str).unwrap_or_default();
    let (version, kind) = (of("apiVersion"), of("kind"));
    let known = ["v1", "v1beta1", "v1alpha1"];
    let is_known =
        version.split_once('/').is_some_and(|(group, version)| group == GROUP && known.contains(&version));
    if kind == KIND && is_known {
        return Ok(());
    }
    let (kind, version) = (quoted(kind), quoted(version));
    Err(format!("no kind {kind} is registered for version {version}; write {KIND} of {GROUP}/v1"))
}

fn unknown_fields(map: Option<&Map>, place: &str, known: &[&str], unknown: &mut Vec<String>) {
    let names = map.iter().flat_map(|map| map.iter().map(|(name, _)| name));
    let strange = names.filter(|name| !known.contains(name));
    unknown.extend(strange.map(|name| format!("unknown field {}", quoted(&format!("{place}{name}")))));
}

fn decoded(value: &Value) -> Result<Option<AnonymousConfig>, String> {
    let mut decoder = Decoder::new(ravelin_diag::FieldPath::root());
    let anonymous = decoder.mapping(Some(value), "anonymous", |decoder, anonymous| {
        let enabled = decoder.boolean(Some(anonymous), "enabled").unwrap_or_default();
        let paths = decoder.mappings(Some(anonymous), "conditions", |decoder, _, condition| {
            decoder.string(condition, "path").unwrap_or_default().to_owned()
        });
        AnonymousConfig { enabled, paths }
    });
    decoder.finish(anonymous).map_err(|errors| errors.first().map(ToString::to_string).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn loaded(text: &str) -> Result<AuthenticationConfiguration, String> {
        let head = "apiVersion: apiserver.config.k8s.io/v1\nkind: AuthenticationConfiguration\n";
        AuthenticationConfiguration::load(&format!("{head}{text}")).map_err(|error| error.to_string())
    }

    #[test]
    fn who_may_be_anonymous_is_read() {
        assert_eq!(loaded("").unwrap().anonymous, None);
        assert_eq!(loaded("jwt: []\n").unwrap().anonymous, None);
        let some = loaded("anonymous: {enabled: true, conditions: [{path: /healthz}]}\n").unwrap().anonymous;
        assert_eq!(some, Some(AnonymousConfig { enabled: true, paths: vec!["/healthz".to_owned()] }));
        let none = loaded("anonymous: {enabled: false}\n").unwrap().anonymous.unwrap();
        assert!(none.authenticator().is_none());
    }

    #[test]
    fn what_is_not_understood_is_refused() {
        let error = |text| loaded(text).unwrap_err();
        assert!(error("jwt: [{issuer: {url: https://i}}]\n").starts_with("jwt: tokens of other issuers"));
        assert!(error("jwt: {}\n").starts_with("jwt: "));
        assert_eq!(
            error("anonymous: {enabled: false, conditions: [{path: /a}]}\n"),
            "anonymous.conditions: Invalid value: [{\"Path\":\"/a\"}]: enabled should be set to true when \
             conditions are defined"
        );
        let text = "anonymous: {enabled: true, conditions: [{paths: /a}]}\nother: 1\n";
        assert_eq!(
            error(text),
            "strict decoding error: unknown field \"other\", unknown field \"anonymous.conditions[0].paths\""
        );
        assert!(error("anonymous: {enabled: 1}\n").contains("enabled"));
        assert!(AuthenticationConfiguration::load("").is_err());
        assert!(AuthenticationConfiguration::load("kind: Pod\napiVersion: v1\n").is_err());
    }
}
