//! Bodies: bytes to objects of the kind that is expected, with defaults.
//!
//! Source: `k8s.io/apiserver/pkg/endpoints/handlers/rest.go` `transformDecodeError`, `create.go`.

use crate::registry::api_version;
use crate::rest::negotiate::{self, Media};
use crate::rest::query::FieldValidation;
use ravelin_object::Value;
use ravelin_object::selector::quoted;
use ravelin_object::status::Status;
use ravelin_resource::{SchemaRef, Table};
use ravelin_strategy::Kind;

/// How deep bodies may nest.
const DEPTH: usize = 512;

/// What a body is expected to hold.
#[derive(Clone, Copy)]
pub(crate) struct Expected<'a> {
    /// The group, version and kind.
    pub(crate) kind: Kind<'a>,
    /// Its schema, if it has one.
    pub(crate) schema: Option<SchemaRef>,
}

/// Reads a body.
///
/// # Errors
/// 415 for other media types, 400 for what is no such object.
pub(crate) fn object(
    table: &Table,
    expected: Expected<'_>,
    content_type: &str,
    body: &[u8],
    validation: FieldValidation,
    warnings: &mut Vec<String>,
) -> Result<Value, Status> {
    let media = negotiate::media(content_type)?;
    let unrecognized = |why: &str| {
        let why = format!("couldn't get version/kind; json parse error: {why}");
        Status::bad_request(format!(
            "the object provided is unrecognized (must be of type {}): {why} ({})",
            expected.kind.kind,
            summary(body)
        ))
    };
    let (mut value, duplicates) = match media {
        Media::Json => {
            let read = ravelin_resource::read::body(body, DEPTH);
            let read = read.map_err(|error| unrecognized(&error.to_string()))?;
            (read.value, read.duplicates)
        }
        Media::Yaml => (from_yaml(body).map_err(|why| unrecognized(&why))?, Vec::new()),
    };
    if let Some(word) = not_a_mapping(&value) {
        return Err(unrecognized(&format!(
            "json: cannot unmarshal {word} into Go value of type struct {{ APIVersion string \"json:\\\"apiVersion,omitempty\\\"\"; Kind string \"json:\\\"kind,omitempty\\\"\" }}"
        )));
    }
    if value == Value::Null {
        value = Value::Object(ravelin_object::Map::new());
    }
    check_kind(table, expected.kind, &mut value)?;
    decode(table, expected, value, &duplicates, validation, warnings)
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
    let wrong = |why: &str| {
        let (name, version) = (kind.kind, quoted(kind.version));
        Status::bad_request(format!("{name} in version {version} cannot be handled as a {name}: {why}"))
    };
    let decoded = shape(table, expected, value, duplicates).map_err(|why| wrong(&why))?;
    match validation {
        FieldValidation::Ignore => {}
        FieldValidation::Warn => warnings.extend(decoded.1),
        FieldValidation::Strict if decoded.1.is_empty() => {}
        FieldValidation::Strict => {
            return Err(wrong(&format!("strict decoding error: {}", decoded.1.join(", "))));
        }
    }
    let mut object = decoded.0;
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

fn from_yaml(body: &[u8]) -> Result<Value, String> {
    let text = std::str::from_utf8(body).map_err(|_| "yaml: invalid leading UTF-8 octet".to_owned())?;
    let read = ravelin_object::read::yaml(text, &ravelin_yaml::Limits::STANDARD)
        .map_err(|error| error.to_string())?;
    Ok(read.value.unwrap_or(Value::Null))
}

fn not_a_mapping(value: &Value) -> Option<&'static str> {
    match value {
        Value::Object(_) | Value::Null => None,
        Value::Array(_) => Some("array"),
        Value::String(_) => Some("string"),
        Value::Bool(_) => Some("bool"),
        Value::Int(_) | Value::UInt(_) | Value::Float(_) => Some("number"),
    }
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

/// Whether the body says that it is what is expected; what it does not say is filled in.
fn check_kind(table: &Table, expected: Kind<'_>, value: &mut Value) -> Result<(), Status> {
    let text = |key: &str| value.field(key).and_then(Value::as_str).unwrap_or_default().to_owned();
    let wanted = api_version(expected.group, expected.version);
    let (said_version, said_kind) = (text("apiVersion"), text("kind"));
    let version = if said_version.is_empty() { wanted.clone() } else { said_version };
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
        if table.schemas().of_kind(group, short, &kind).is_none() {
            let scheme = "k8s.io/kubernetes/pkg/api/legacyscheme/scheme.go:30";
            return Err(wrong(format!(
                "no kind {} is registered for version {} in scheme {}",
                quoted(&kind),
                quoted(&version),
                quoted(scheme)
            )));
        }
        if kind == expected.kind {
            return Err(Status::bad_request(format!(
                "the API version in the data ({version}) does not match the expected API version ({wanted})"
            )));
        }
        let package = if expected.group.is_empty() {
            "core"
        } else {
            expected.group.split('.').next().unwrap_or_default()
        };
        return Err(wrong(format!(
            "converting ({short}.{kind}) to ({package}.{}): unknown conversion",
            expected.kind
        )));
    }
    if let Some(map) = value.as_object_mut() {
        map.set("kind", kind.into());
        map.set("apiVersion", version.into());
    }
    Ok(())
}
