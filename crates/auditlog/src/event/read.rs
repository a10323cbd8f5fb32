//! Events read back from JSON.
//!
//! Of equal keys the last one counts, unknown ones are passed over, as by Go's decoder. Bodies keep the text they
//! have, so that a log can be read fast and written again without loss.
//!
//! Source: `k8s.io/apiserver/pkg/apis/audit/v1`.

use super::{Event, Level, ObjectReference, Stage, Status, StatusCause, StatusDetails, UserInfo};
use crate::{Body, MicroTime};
use ravelin_object::{Map, Value, read};
use ravelin_yaml::Limits;
use serde::Deserializer as _;
use serde::de::{IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;
use std::collections::BTreeMap;
use std::fmt;

/// Why a text is no event. The text itself is not repeated: it may hold what must not be in an error.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ReadError {
    /// It is not JSON, or no object.
    #[error("expected an event as a JSON object: {0}")]
    Syntax(String),
    /// It is an object of another kind.
    #[error("expected kind `Event` of `audit.k8s.io/v1`, found `{kind}` of `{api_version}`")]
    Kind {
        /// The version that is found.
        api_version: String,
        /// The kind that is found.
        kind: String,
    },
    /// A field is not what it has to be.
    #[error("{field}: expected {expected}")]
    Field {
        /// The field, from the root of the event.
        field: &'static str,
        /// What was expected, in words.
        expected: &'static str,
    },
}

const API_VERSION: &str = "audit.k8s.io/v1";

impl Event {
    /// Reads an event of `audit.k8s.io/v1`: a line of a log, or an item of an `EventList`, which names no kind and
    /// version. Bodies are taken whatever the level says.
    ///
    /// # Errors
    /// What is no JSON object, of another kind or version, or has fields of wrong types, or an unknown level or
    /// stage.
    pub fn read(text: &str) -> Result<Self, ReadError> {
        let fields = raw_fields(text)?;
        let (api_version, kind) = (text_of(&fields, "apiVersion")?, text_of(&fields, "kind")?);
        if !matches!(api_version.as_str(), API_VERSION | "") || !matches!(kind.as_str(), "Event" | "") {
            return Err(ReadError::Kind { api_version, kind });
        }
        let level = text_of(&fields, "level")?;
        let stage = text_of(&fields, "stage")?;
        let metadata = value_of(&fields, "authenticationMetadata")?;
        let constraint = Holder::new("authenticationMetadata", metadata.as_ref())?;
        Ok(Self {
            level: Level::named(&level).ok_or(wrong("level", "a level"))?,
            audit_id: text_of(&fields, "auditID")?,
            stage: Stage::named(&stage).ok_or(wrong("stage", "a stage"))?,
            request_uri: text_of(&fields, "requestURI")?,
            verb: text_of(&fields, "verb")?,
            user: user(&fields, "user")?.unwrap_or_default(),
            impersonated_user: user(&fields, "impersonatedUser")?,
            impersonation_constraint: constraint.text("impersonationConstraint")?,
            source_ips: texts("sourceIPs", value_of(&fields, "sourceIPs")?.as_ref())?,
            user_agent: text_of(&fields, "userAgent")?,
            object_ref: object_ref(&fields)?,
            response_status: status(&fields)?,
            request_object: body(&fields, "requestObject"),
            response_object: body(&fields, "responseObject"),
            request_received: time(&fields, "requestReceivedTimestamp")?,
            stage_time: time(&fields, "stageTimestamp")?,
            annotations: annotations(&fields)?,
        })
    }
}

type Raw<'t> = Vec<(&'static str, &'t RawValue)>;

/// The fields of an event.
const FIELDS: [&str; 18] = [
    "apiVersion",
    "kind",
    "level",
    "auditID",
    "stage",
    "requestURI",
    "verb",
    "user",
    "impersonatedUser",
    "authenticationMetadata",
    "sourceIPs",
    "userAgent",
    "objectRef",
    "responseStatus",
    "requestObject",
    "responseObject",
    "requestReceivedTimestamp",
    "stageTimestamp",
];
const ANNOTATIONS: &str = "annotations";

/// The text of each field there is, of equal ones the last.
fn raw_fields(text: &str) -> Result<Raw<'_>, ReadError> {
    let syntax = |error: serde_json::Error| {
        let full = error.to_string();
        let message = full.split_once(", expected").map_or(full.as_str(), |(message, _)| message);
        // What serde says of a wrong type repeats the value.
        let message = if message.starts_with("invalid type") { "another value" } else { message };
        ReadError::Syntax(message.to_owned())
    };
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let fields = deserializer.deserialize_map(FieldsVisitor).map_err(syntax)?;
    deserializer.end().map_err(syntax)?;
    Ok(fields)
}

struct FieldsVisitor;

impl<'de> Visitor<'de> for FieldsVisitor {
    type Value = Raw<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Raw<'de>, A::Error> {
        let mut found: Raw<'de> = Vec::with_capacity(FIELDS.len());
        while let Some(key) = access.next_key::<std::borrow::Cow<'de, str>>()? {
            let known = FIELDS.iter().chain([&ANNOTATIONS]).find(|field| **field == key);
            let Some(field) = known else {
                access.next_value::<IgnoredAny>()?;
                continue;
            };
            let value = access.next_value::<&RawValue>()?;
            match found.iter_mut().find(|(name, _)| name == field) {
                Some(entry) => entry.1 = value,
                None => found.push((field, value)),
            }
        }
        Ok(found)
    }
}

fn wrong(field: &'static str, expected: &'static str) -> ReadError {
    ReadError::Field { field, expected }
}

fn raw<'t>(fields: &Raw<'t>, field: &str) -> Option<&'t str> {
    fields.iter().find(|(name, _)| *name == field).map(|(_, value)| value.get())
}

/// The value of a field; nothing where it is absent or null.
fn value_of(fields: &Raw<'_>, field: &'static str) -> Result<Option<Value>, ReadError> {
    let Some(text) = raw(fields, field) else { return Ok(None) };
    let read = read::json(text, &Limits::STANDARD)
        .map_err(|_| wrong(field, "a value that is not nested so deep"))?;
    Ok(read.value.filter(|value| *value != Value::Null))
}

fn text_of(fields: &Raw<'_>, field: &'static str) -> Result<String, ReadError> {
    match raw(fields, field) {
        None | Some("null") => Ok(String::new()),
        Some(text) => serde_json::from_str(text).map_err(|_| wrong(field, "a string")),
    }
}

fn time(fields: &Raw<'_>, field: &'static str) -> Result<Option<MicroTime>, ReadError> {
    let text = text_of(fields, field)?;
    if text.is_empty() {
        return Ok(None);
    }
    MicroTime::parse(&text)
        .map(Some)
        .map_err(|_| wrong(field, "a time such as `2006-01-02T15:04:05.000000Z`"))
}

fn body(fields: &Raw<'_>, field: &str) -> Option<Body> {
    raw(fields, field).filter(|text| *text != "null").map(Body::compacted)
}

fn texts(field: &'static str, value: Option<&Value>) -> Result<Vec<String>, ReadError> {
    let Some(value) = value else { return Ok(Vec::new()) };
    let items = value.as_array().ok_or(wrong(field, "a list of strings"))?;
    items.iter().map(|item| text_value(field, item)).collect()
}

fn text_value(field: &'static str, value: &Value) -> Result<String, ReadError> {
    match value {
        Value::Null => Ok(String::new()),
        Value::String(text) => Ok(text.to_string()),
        _ => Err(wrong(field, "a string")),
    }
}

/// An object, or nothing.
struct Holder<'v> {
    field: &'static str,
    map: Option<&'v Map>,
}

impl<'v> Holder<'v> {
    fn new(field: &'static str, value: Option<&'v Value>) -> Result<Self, ReadError> {
        let map = match value {
            None | Some(Value::Null) => None,
            Some(Value::Object(map)) => Some(map),
            Some(_) => return Err(wrong(field, "an object")),
        };
        Ok(Self { field, map })
    }

    fn get(&self, key: &str) -> Option<&'v Value> {
        self.map?.get(key).filter(|value| **value != Value::Null)
    }

    fn text(&self, key: &str) -> Result<String, ReadError> {
        self.get(key).map_or_else(|| Ok(String::new()), |value| text_value(self.field, value))
    }

    fn number(&self, key: &str) -> Result<i32, ReadError> {
        match self.get(key) {
            None => Ok(0),
            Some(Value::Int(number)) => {
                i32::try_from(*number).map_err(|_| wrong(self.field, "an integer of 32 bits"))
            }
            Some(_) => Err(wrong(self.field, "an integer of 32 bits")),
        }
    }
}

fn user(fields: &Raw<'_>, field: &'static str) -> Result<Option<UserInfo>, ReadError> {
    let value = value_of(fields, field)?;
    let holder = Holder::new(field, value.as_ref())?;
    if holder.map.is_none() {
        return Ok(None);
    }
    let mut extra = BTreeMap::new();
    for (key, values) in Holder::new(field, holder.get("extra"))?.map.into_iter().flat_map(Map::iter) {
        extra.insert(key.to_owned(), texts(field, Some(values).filter(|values| **values != Value::Null))?);
    }
    Ok(Some(UserInfo {
        username: holder.text("username")?,
        uid: holder.text("uid")?,
        groups: texts(field, holder.get("groups"))?,
        extra,
    }))
}

fn object_ref(fields: &Raw<'_>) -> Result<Option<ObjectReference>, ReadError> {
    let value = value_of(fields, "objectRef")?;
    let holder = Holder::new("objectRef", value.as_ref())?;
    if holder.map.is_none() {
        return Ok(None);
    }
    Ok(Some(ObjectReference {
        resource: holder.text("resource")?,
        namespace: holder.text("namespace")?,
        name: holder.text("name")?,
        uid: holder.text("uid")?,
        api_group: holder.text("apiGroup")?,
        api_version: holder.text("apiVersion")?,
        resource_version: holder.text("resourceVersion")?,
        subresource: holder.text("subresource")?,
    }))
}

fn status(fields: &Raw<'_>) -> Result<Option<Status>, ReadError> {
    let value = value_of(fields, "responseStatus")?;
    Status::of("responseStatus", value.as_ref())
}

impl Status {
    /// A status as an object has it; nothing where there is none.
    pub(crate) fn of(field: &'static str, value: Option<&Value>) -> Result<Option<Self>, ReadError> {
        let holder = Holder::new(field, value)?;
        if holder.map.is_none() {
            return Ok(None);
        }
        Ok(Some(Self {
            status: holder.text("status")?,
            message: holder.text("message")?,
            reason: holder.text("reason")?,
            details: details(field, holder.get("details"))?,
            code: holder.number("code")?,
        }))
    }
}

fn details(field: &'static str, value: Option<&Value>) -> Result<Option<StatusDetails>, ReadError> {
    let holder = Holder::new(field, value)?;
    if holder.map.is_none() {
        return Ok(None);
    }
    let causes = match holder.get("causes") {
        None => &[],
        Some(causes) => causes.as_array().ok_or(wrong(field, "a list of causes"))?,
    };
    let cause = |value: &Value| {
        let holder = Holder::new(field, Some(value))?;
        let (reason, message, field) =
            (holder.text("reason")?, holder.text("message")?, holder.text("field")?);
        Ok(StatusCause { reason, message, field })
    };
    Ok(Some(StatusDetails {
        name: holder.text("name")?,
        group: holder.text("group")?,
        kind: holder.text("kind")?,
        uid: holder.text("uid")?,
        causes: causes.iter().map(cause).collect::<Result<_, _>>()?,
        retry_after_seconds: holder.number("retryAfterSeconds")?,
    }))
}

fn annotations(fields: &Raw<'_>) -> Result<BTreeMap<String, String>, ReadError> {
    let value = value_of(fields, ANNOTATIONS)?;
    let holder = Holder::new(ANNOTATIONS, value.as_ref())?;
    let entries = holder.map.into_iter().flat_map(Map::iter);
    entries.map(|(key, value)| Ok((key.to_owned(), text_value(ANNOTATIONS, value)?))).collect()
}
