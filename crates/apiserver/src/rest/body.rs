//! Bodies: bytes to objects of the kind that is expected, with defaults.
//!
//! Source: `k8s.io/apiserver/pkg/endpoints/handlers/rest.go` `transformDecodeError`, `create.go`.

use crate::exchange::Exchange;
use crate::protobuf;
use crate::registry::api_version;
use crate::rest::negotiate::{self, Media};
use crate::rest::query::FieldValidation;
use ravelin_object::selector::quoted;
use ravelin_object::status::Status;
use ravelin_object::{Value, json_text};
use ravelin_protobuf::{DecodeError, Identity};
use ravelin_resource::{SchemaRef, Table};
use ravelin_strategy::Kind;

/// How deep bodies may nest.
pub(crate) const DEPTH: usize = 512;

/// What a body is expected to hold.
#[derive(Clone, Copy)]
pub(crate) struct Expected<'a> {
    /// The group, version and kind.
    pub(crate) kind: Kind<'a>,
    /// Its schema, if it has one.
    pub(crate) schema: Option<SchemaRef>,
}

/// Reads the body of a request. What is doubtful in it becomes a warning of the answer, even where that is a refusal.
///
/// # Errors
/// 415 for other media types, 400 for what is no such object.
pub(crate) fn received(
    table: &Table,
    exchange: &mut Exchange,
    expected: Expected<'_>,
    body: &[u8],
    validation: FieldValidation,
) -> Result<Value, Status> {
    let mut warnings = Vec::new();
    let object = object(table, expected, exchange.header("content-type"), body, validation, &mut warnings);
    warnings.into_iter().for_each(|warning| exchange.warn(warning));
    object
}

/// Reads a body.
///
/// # Errors
/// 415 for other media types, 400 for what is no such object.
fn object(
    table: &Table,
    expected: Expected<'_>,
    content_type: &str,
    body: &[u8],
    validation: FieldValidation,
    warnings: &mut Vec<String>,
) -> Result<Value, Status> {
    let media = negotiate::media(content_type)?;
    let unrecognizable = |why: &str| {
        Status::bad_request(format!(
            "the object provided is unrecognized (must be of type {}): {why} ({})",
            expected.kind.kind,
            summary(body)
        ))
    };
    let unrecognized =
        |why: &str| unrecognizable(&format!("couldn't get version/kind; json parse error: {why}"));
    // Keys that YAML has twice are told by their lines, and are gone once it is JSON.
    let mut lines = Vec::new();
    let mut read = match media {
        Media::Json => {
            ravelin_resource::read::body(body, DEPTH).map_err(|error| unrecognized(&error.to_string()))?
        }
        Media::Yaml => {
            let (read, repeated) = from_yaml(body).map_err(|why| unrecognizable(&format!("yaml: {why}")))?;
            lines = repeated;
            read
        }
        Media::Protobuf => {
            let value = from_protobuf(table, expected.kind, body)?;
            return decode(table, expected, value, &[], validation, warnings);
        }
    };
    ravelin_resource::read::type_meta(&read.value).map_err(|why| unrecognizable(&why))?;
    if read.value == Value::Null {
        read.value = Value::Object(ravelin_object::Map::new());
    }
    let (api_version, said) = check_kind(table, expected.kind, &read.value)?;
    let kind = expected.kind;
    let decoded = match expected.schema {
        Some(schema) => ravelin_resource::decode::body(table.schemas(), schema, read)
            .map(|decoded| (decoded.value, decoded.strict))
            .map_err(|error| error.to_string()),
        None => Ok((read.value, read.duplicates)),
    };
    let (mut object, mut strict) = decoded.map_err(|why| wrong(kind, &why))?;
    if validation == FieldValidation::Strict && !lines.is_empty() {
        strict.insert(0, format!("yaml: unmarshal errors:\n  {}", lines.join("\n  ")));
    } else {
        strict.splice(..0, lines);
    }
    judge(kind, strict, validation, warnings)?;
    if let Some(map) = object.as_object_mut() {
        map.set("kind", said.into());
        map.set("apiVersion", api_version.into());
    }
    ravelin_strategy::set_defaults(kind, &mut object);
    Ok(object)
}

/// 400: what was sent is no such object.
fn wrong(kind: Kind<'_>, why: &str) -> Status {
    let (name, version) = (kind.kind, quoted(kind.version));
    Status::bad_request(format!("{name} in version {version} cannot be handled as a {name}: {why}"))
}

/// What becomes of fields that are unknown or repeated.
fn judge(
    kind: Kind<'_>,
    strict: Vec<String>,
    validation: FieldValidation,
    warnings: &mut Vec<String>,
) -> Result<(), Status> {
    match validation {
        FieldValidation::Warn => warnings.extend(strict),
        FieldValidation::Strict if !strict.is_empty() => {
            return Err(wrong(kind, &format!("strict decoding error: {}", strict.join(", "))));
        }
        FieldValidation::Ignore | FieldValidation::Strict => {}
    }
    Ok(())
}

/// Gives a value the shape of its kind.
///
/// # Errors
/// 400 where types are wrong, or, if it is to be strict, where fields are unknown or repeated.
pub(crate) fn decode(
    table: &Table,
    expected: Expected<'_>,
    value: Value,
    duplicates: &[String],
    validation: FieldValidation,
    warnings: &mut Vec<String>,
) -> Result<Value, Status> {
    let kind = expected.kind;
    let (mut object, strict) = shape(table, expected, value, duplicates).map_err(|why| wrong(kind, &why))?;
    judge(kind, strict, validation, warnings)?;
    ravelin_strategy::set_defaults(kind, &mut object);
    Ok(object)
}

/// A value in the shape of its kind, and what strict decoding says of it.
pub(crate) fn shape(
    table: &Table,
    expected: Expected<'_>,
    value: Value,
    duplicates: &[String],
) -> Result<(Value, Vec<String>), String> {
    let Some(schema) = expected.schema else { return Ok((value, duplicates.to_vec())) };
    let decoded = ravelin_resource::decode::decode(table.schemas(), schema, value, duplicates)
        .map_err(|error| error.to_string())?;
    Ok((decoded.value, decoded.strict))
}

/// As [`shape`], of what a strategic merge patch made.
pub(crate) fn converted(
    table: &Table,
    expected: Expected<'_>,
    value: Value,
) -> Result<(Value, Vec<String>), String> {
    let Some(schema) = expected.schema else { return Ok((value, Vec::new())) };
    let decoded = ravelin_resource::decode::converted(table.schemas(), schema, value)
        .map_err(|error| error.to_string())?;
    Ok((decoded.value, decoded.strict))
}

/// What YAML holds, and which keys it has twice.
fn from_yaml(body: &[u8]) -> Result<(ravelin_resource::read::Body, Vec<String>), String> {
    let text = std::str::from_utf8(body).map_err(|_| "invalid leading UTF-8 octet".to_owned())?;
    let read = ravelin_object::read::yaml(text, &ravelin_yaml::Limits::STANDARD)
        .map_err(|error| error.to_string())?;
    let json = json_text(&read.value.unwrap_or(Value::Null));
    let body = ravelin_resource::read::body(json.as_bytes(), DEPTH).map_err(|error| error.to_string())?;
    Ok((body, read.repeated))
}

/// An object of the kind that is expected. There are no unknown fields to complain of: protobuf has no strict decoding.
fn from_protobuf(table: &Table, kind: Kind<'_>, body: &[u8]) -> Result<Value, Status> {
    let wanted = api_version(kind.group, kind.version);
    let identity = |api_version: &str, kind: &str| {
        let entries = [("apiVersion", api_version), ("kind", kind)];
        let entries = entries.map(|(key, text)| (key.into(), Value::from(text)));
        Value::Object(ravelin_object::Map::from_unique(entries.into()))
    };
    match protobuf::decode(body, Identity { api_version: &wanted, kind: kind.kind }) {
        Ok(value) => check_kind(table, kind, &value).map(|_| value),
        Err(error @ (DecodeError::EmptyData | DecodeError::NoMagic | DecodeError::EmptyBody)) => {
            Err(Status::bad_request(format!(
                "the object provided is unrecognized (must be of type {}): {error} ({})",
                kind.kind,
                summary(body)
            )))
        }
        Err(error) => {
            if let DecodeError::UnknownKind { api_version, kind: said } = &error {
                check_kind(table, kind, &identity(api_version, said))?;
            }
            Err(wrong(kind, &error.to_string()))
        }
    }
}

/// Whether a version that is not served is one that the scheme of upstream still knows.
fn was_served(group: &str, version: &str, kind: &str) -> bool {
    if group == "authentication.k8s.io" {
        return matches!(
            (kind, version),
            ("TokenReview", "v1beta1") | ("SelfSubjectReview", "v1alpha1" | "v1beta1")
        );
    }
    let versions: &[&str] = match group {
        "admissionregistration.k8s.io"
        | "node.k8s.io"
        | "rbac.authorization.k8s.io"
        | "scheduling.k8s.io"
        | "storage.k8s.io"
        | "certificates.k8s.io" => &["v1alpha1", "v1beta1"],
        "authorization.k8s.io"
        | "batch"
        | "discovery.k8s.io"
        | "events.k8s.io"
        | "extensions"
        | "networking.k8s.io"
        | "policy" => &["v1beta1"],
        "apps" => &["v1beta1", "v1beta2"],
        "coordination.k8s.io" => &["v1alpha2", "v1beta1"],
        "flowcontrol.apiserver.k8s.io" => &["v1beta1", "v1beta2", "v1beta3"],
        "resource.k8s.io" => &["v1alpha3", "v1beta1", "v1beta2"],
        _ => &[],
    };
    versions.contains(&version)
}

/// What of a body a refusal shows.
fn summary(body: &[u8]) -> String {
    let (head, rest) = body.split_at(body.len().min(30));
    let dots = if rest.is_empty() { "" } else { " ..." };
    match body.first() {
        None => "<empty>".to_owned(),
        Some(b'{') => format!("{}{dots}", String::from_utf8_lossy(head)),
        Some(_) => {
            let hex: String = head.iter().map(|byte| format!("{byte:02x}")).collect();
            format!("{hex}{dots}")
        }
    }
}

/// Why a patched object cannot be one of a kind any more: it calls itself another, or of another version.
pub(crate) fn unfit_kind(table: &Table, expected: Kind<'_>, value: &Value) -> Option<String> {
    let text = |key: &str| value.field(key).and_then(Value::as_str).unwrap_or_default();
    let (version, kind) = (text("apiVersion"), text("kind"));
    if version.is_empty()
        || kind.is_empty()
        || (version, kind) == (&api_version(expected.group, expected.version), expected.kind)
    {
        return None;
    }
    let (group, short) = version.split_once('/').unwrap_or(("", version));
    if table.schemas().of_kind(group, short, kind).is_none() {
        return (!was_served(group, short, kind)).then(|| unregistered(kind, version));
    }
    (kind != expected.kind).then(|| unconvertible(short, kind, expected))
}

/// What upstream says of a kind that its scheme does not know.
pub(crate) fn unregistered(kind: &str, version: &str) -> String {
    let scheme = "pkg/runtime/scheme.go:111";
    format!(
        "no kind {} is registered for version {} in scheme {}",
        quoted(kind),
        quoted(version),
        quoted(scheme)
    )
}

/// What upstream says of an object that is of another kind.
fn unconvertible(version: &str, kind: &str, expected: Kind<'_>) -> String {
    format!("converting ({version}.{kind}) to ({}): unknown conversion", internal_name(expected))
}

/// A kind as upstream's program calls its own type: `core.Pod`.
pub(crate) fn internal_name(kind: Kind<'_>) -> String {
    let package = match kind.group {
        "" | "events.k8s.io" => "core",
        group => group.split('.').next().unwrap_or_default(),
    };
    format!("{package}.{}", kind.kind)
}

/// The API version and kind of a body: what it says, or what is expected where it says nothing.
fn check_kind(table: &Table, expected: Kind<'_>, value: &Value) -> Result<(String, String), Status> {
    let text = |key: &str| value.field(key).and_then(Value::as_str).unwrap_or_default().to_owned();
    let wanted = api_version(expected.group, expected.version);
    let (said_version, said_kind) = (text("apiVersion"), text("kind"));
    let is_of_group = said_version.strip_suffix('/').is_some_and(|group| group == expected.group);
    let is_eviction = expected.kind == "Eviction" && said_version == "policy/v1beta1";
    let version =
        if said_version.is_empty() || is_of_group || is_eviction { wanted.clone() } else { said_version };
    let kind = if said_kind.is_empty() { expected.kind.to_owned() } else { said_kind };
    if version != wanted || kind != expected.kind {
        let (group, short) = version.split_once('/').unwrap_or(("", &version));
        let wrong = |why: String| {
            Status::bad_request(format!(
                "{kind} in version {} cannot be handled as a {}: {why}",
                quoted(short),
                expected.kind
            ))
        };
        let schema = table.schemas().of_kind(group, short, &kind);
        if schema.is_none() && !(kind == expected.kind && was_served(group, short, &kind)) {
            return Err(wrong(unregistered(&kind, &version)));
        }
        if kind == expected.kind {
            return Err(Status::bad_request(format!(
                "the API version in the data ({version}) does not match the expected API version ({wanted})"
            )));
        }
        // What is of another kind is decoded as that before anybody sees that it does not fit.
        if let Some(schema) = schema {
            ravelin_resource::decode::decode(table.schemas(), schema, value.clone(), &[])
                .map_err(|error| wrong(error.to_string()))?;
        }
        return Err(wrong(unconvertible(short, &kind, expected)));
    }
    Ok((version, kind))
}
