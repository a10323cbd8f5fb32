//! Objects of requests, as the decoder of upstream's webhook reads them.
//!
//! Source: `k8s.io/apimachinery/pkg/runtime/serializer/json` with the kinds that
//! `k8s.io/pod-security-admission/cmd/webhook/server/scheme.go` registers.

use super::Resource;
use crate::exemption::Owner;
use ravelin_diag::FieldPath;
use ravelin_object::pod::decode_controller;
use ravelin_object::{DecodeError, Decoder, Value};
use std::borrow::Cow;

/// An object with its kind.
#[derive(Clone, Debug)]
pub(super) struct Typed<'r> {
    /// Group and version, as written: `apps/v1`.
    pub(super) api_version: Cow<'r, str>,
    /// The kind.
    pub(super) kind: &'r str,
    /// The object.
    pub(super) value: &'r Value,
    /// The version and the kind that it says itself; empty where the request says them.
    said: (&'r str, &'r str),
}

impl<'r> Typed<'r> {
    /// The object of a request; nothing where there is none. What it does not say of its kind, the request says.
    pub(super) fn of(object: Option<&'r Value>, kind: &Resource<'r>) -> Result<Option<Self>, String> {
        let Some(value) = object.filter(|value| **value != Value::Null) else { return Ok(None) };
        if value.as_object().is_none() {
            return Err(format!(
                "couldn't get version/kind; json parse error: expected a mapping, found {}",
                value.describe()
            ));
        }
        let mut decoder = Decoder::new(FieldPath::root());
        let api_version = decoder.string(Some(value), "apiVersion").unwrap_or_default();
        let own_kind = decoder.string(Some(value), "kind").unwrap_or_default();
        decoder
            .finish(())
            .map_err(|errors| format!("couldn't get version/kind; json parse error: {}", first(&errors)))?;
        if api_version.matches('/').count() > 1 {
            return Err(format!("unexpected GroupVersion string: {api_version}"));
        }
        let said = (api_version, own_kind);
        let api_version = match (api_version, kind.group) {
            ("" | "/", "") => Cow::Borrowed(kind.version),
            ("" | "/", group) => Cow::Owned(format!("{group}/{}", kind.version)),
            (own, _) => Cow::Borrowed(own),
        };
        let kind = if own_kind.is_empty() { kind.name } else { own_kind };
        if kind.is_empty() {
            return Err("Object 'Kind' is missing".to_owned());
        }
        if !REGISTERED.contains(&api_version.as_ref()) {
            return Err(format!("no kind \"{kind}\" is registered for version \"{api_version}\""));
        }
        Ok(Some(Self { api_version, kind, value, said }))
    }

    /// Whether it is of a kind of the core group.
    pub(super) fn is_core(&self, kind: &str) -> bool {
        self.api_version == "v1" && self.kind == kind
    }

    /// What the object says it is, as Go prints it: `apps/v1, Kind=Deployment`.
    pub(super) fn said(&self) -> String {
        let (api_version, kind) = self.said;
        let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
        format!("{group}/{version}, Kind={kind}")
    }

    /// The API group.
    pub(super) fn group(&self) -> &str {
        self.api_version.split_once('/').map_or("", |(group, _)| group)
    }
}

/// The versions in which upstream knows kinds.
const REGISTERED: [&str; 4] = ["v1", "apps/v1", "batch/v1", "admission.k8s.io/v1"];

/// What an object says of itself.
#[derive(Default)]
pub(super) struct Metadata<'r> {
    pub(super) labels: Vec<(&'r str, &'r str)>,
    pub(super) owner: Option<Owner<'r>>,
}

/// The metadata of an object, or why it cannot be decoded.
pub(super) fn metadata(object: &Value) -> Result<Metadata<'_>, String> {
    let mut decoder = Decoder::new(FieldPath::root());
    let metadata = decoder.mapping(Some(object), "metadata", |decoder, metadata| {
        let metadata = Some(metadata);
        decoder.string(metadata, "name");
        decoder.string(metadata, "namespace");
        decoder.string_map(metadata, "annotations");
        let labels = decoder.string_map(metadata, "labels");
        let owner = decode_controller(decoder, metadata);
        Metadata { labels, owner: owner.map(|owner| Owner { kind: owner.kind, name: owner.name }) }
    });
    decoder.finish(metadata.unwrap_or_default()).map_err(|errors| first(&errors))
}

/// The labels of an object.
pub(super) fn labels(object: &Value) -> Result<Vec<(&str, &str)>, String> {
    metadata(object).map(|metadata| metadata.labels)
}

/// The name of an object; empty where it has none.
pub(super) fn name(object: &Value) -> &str {
    object.dotted("metadata.name").and_then(Value::as_str).unwrap_or_default()
}

/// The first of several errors, which is the one that upstream tells.
pub(super) fn first(errors: &[DecodeError]) -> String {
    errors.first().map(ToString::to_string).unwrap_or_default()
}
