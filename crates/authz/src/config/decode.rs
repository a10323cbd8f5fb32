//! The text of a configuration, before anything is checked.

use super::Duration;
use ravelin_diag::FieldPath;
use ravelin_object::selector::quoted;
use ravelin_object::{Decoder, Map, Value, read};
use ravelin_yaml::Limits;

/// What the text says, with defaults filled in.
#[derive(Debug, Default)]
pub(super) struct Raw {
    pub(super) authorizers: Vec<RawAuthorizer>,
}

#[derive(Debug, Default)]
pub(super) struct RawAuthorizer {
    pub(super) kind: String,
    pub(super) name: String,
    pub(super) webhook: Option<RawWebhook>,
}

#[derive(Debug, Default)]
pub(super) struct RawWebhook {
    pub(super) authorized_ttl: Duration,
    pub(super) cache_authorized: bool,
    pub(super) unauthorized_ttl: Duration,
    pub(super) cache_unauthorized: bool,
    pub(super) timeout: Duration,
    pub(super) review_version: String,
    pub(super) condition_version: String,
    pub(super) failure_policy: String,
    pub(super) connection: String,
    pub(super) kube_config_file: Option<String>,
    pub(super) conditions: Vec<String>,
}

const SCHEME: &str = "pkg/apis/apiserver/load/load.go:32";
const KIND: &str = "AuthorizationConfiguration";

/// Reads a configuration. An empty text is one without authorizers.
pub(super) fn configuration(text: &str) -> Result<Raw, String> {
    if text.is_empty() {
        return Ok(Raw::default());
    }
    let is_json = text.trim_start().starts_with('{');
    let read =
        if is_json { read::json(text, &Limits::STANDARD) } else { read::yaml(text, &Limits::STANDARD) };
    let read = read.map_err(|error| error.to_string())?;
    let value = read.value.unwrap_or(Value::Null);
    check_kind(&value, text)?;
    let mut unknown = Vec::new();
    unknown_fields(&value, &FieldPath::root(), &ROOT, &mut unknown);
    let mut decoder = Decoder::new(FieldPath::root());
    let mut durations = Vec::new();
    let authorizers = decoder.mappings(Some(&value), "authorizers", |decoder, _, item| RawAuthorizer {
        kind: string(decoder, item, "type"),
        name: string(decoder, item, "name"),
        webhook: decoder.mapping(item, "webhook", |decoder, value| webhook(decoder, value, &mut durations)),
    });
    let raw = decoder
        .finish(Raw { authorizers })
        .map_err(|errors| errors.first().map(ToString::to_string).unwrap_or_default())?;
    if let Some(wrong) = durations.first() {
        return Err(wrong.clone());
    }
    if read.duplicates > 0 {
        unknown.insert(0, "a key is there twice".to_owned());
    }
    if unknown.is_empty() { Ok(raw) } else { Err(format!("strict decoding error: {}", unknown.join(", "))) }
}

fn check_kind(value: &Value, text: &str) -> Result<(), String> {
    let of = |key| value.field(key).and_then(Value::as_str).unwrap_or_default();
    let (version, kind) = (of("apiVersion"), of("kind"));
    if kind.is_empty() {
        return Err(format!("Object 'Kind' is missing in '{text}'"));
    }
    if version.is_empty() {
        return Err(format!("Object 'apiVersion' is missing in '{text}'"));
    }
    let known = ["v1", "v1beta1", "v1alpha1"].map(|version| format!("apiserver.config.k8s.io/{version}"));
    if kind == KIND && known.iter().any(|known| known == version) {
        return Ok(());
    }
    let (kind, version) = (quoted(kind), quoted(version));
    Err(format!("no kind {kind} is registered for version {version} in scheme \"{SCHEME}\""))
}

fn webhook(decoder: &mut Decoder, value: &Value, wrong: &mut Vec<String>) -> RawWebhook {
    let item = Some(value);
    let connection = value.field("connectionInfo");
    let mut duration = |decoder: &mut Decoder, key: &str, default: Duration| {
        let text = decoder.string(item, key).unwrap_or("0");
        let read = Duration::parse(text).unwrap_or_else(|error| {
            wrong.push(error.to_string());
            Duration(0)
        });
        if read == Duration(0) { default } else { read }
    };
    RawWebhook {
        authorized_ttl: duration(decoder, "authorizedTTL", Duration::seconds(300)),
        cache_authorized: decoder.boolean(item, "cacheAuthorizedRequests").unwrap_or(true),
        unauthorized_ttl: duration(decoder, "unauthorizedTTL", Duration::seconds(30)),
        cache_unauthorized: decoder.boolean(item, "cacheUnauthorizedRequests").unwrap_or(true),
        timeout: duration(decoder, "timeout", Duration(0)),
        review_version: string(decoder, item, "subjectAccessReviewVersion"),
        condition_version: string(decoder, item, "matchConditionSubjectAccessReviewVersion"),
        failure_policy: string(decoder, item, "failurePolicy"),
        connection: decoder
            .mapping(item, "connectionInfo", |decoder, value| string(decoder, Some(value), "type"))
            .unwrap_or_default(),
        kube_config_file: decoder.string(connection, "kubeConfigFile").map(str::to_owned),
        conditions: decoder
            .mappings(item, "matchConditions", |decoder, _, item| string(decoder, item, "expression")),
    }
}

fn string(decoder: &mut Decoder, holder: Option<&Value>, key: &str) -> String {
    decoder.string(holder, key).unwrap_or_default().to_owned()
}

/// The fields that a mapping may have, each with those within it.
struct Fields(&'static [(&'static str, Option<&'static Fields>)]);

const ROOT: Fields = Fields(&[("apiVersion", None), ("kind", None), ("authorizers", Some(&AUTHORIZER))]);
const AUTHORIZER: Fields = Fields(&[("type", None), ("name", None), ("webhook", Some(&WEBHOOK))]);
const WEBHOOK: Fields = Fields(&[
    ("authorizedTTL", None),
    ("cacheAuthorizedRequests", None),
    ("unauthorizedTTL", None),
    ("cacheUnauthorizedRequests", None),
    ("timeout", None),
    ("subjectAccessReviewVersion", None),
    ("matchConditionSubjectAccessReviewVersion", None),
    ("failurePolicy", None),
    ("connectionInfo", Some(&Fields(&[("type", None), ("kubeConfigFile", None)]))),
    ("matchConditions", Some(&Fields(&[("expression", None)]))),
]);

fn unknown_fields(value: &Value, path: &FieldPath, fields: &Fields, unknown: &mut Vec<String>) {
    if let Some(items) = value.as_array() {
        for (index, item) in items.iter().enumerate() {
            unknown_fields(item, &path.clone().index(index), fields, unknown);
        }
    }
    for (key, value) in value.as_object().into_iter().flat_map(Map::iter) {
        let path = path.clone().key(key);
        match fields.0.iter().find(|(name, _)| *name == key) {
            Some((_, Some(within))) => unknown_fields(value, &path, within, unknown),
            Some((_, None)) => {}
            None => unknown.push(format!("unknown field {}", quoted(&path.to_string()))),
        }
    }
}
