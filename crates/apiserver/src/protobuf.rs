//! Objects of requests and answers as protobuf.
//!
//! Source: `k8s.io/apimachinery/pkg/runtime/serializer/protobuf`, `k8s.io/apiserver/pkg/endpoints/handlers/watch.go`.

use ravelin_object::Value;
use ravelin_protobuf::{DecodeError, Identity, Limits, Messages};
use std::sync::LazyLock;

/// The messages, which are the same for every server.
static MESSAGES: LazyLock<Messages> = LazyLock::new(Messages::builtin);

/// An envelope as an object; what it does not say that it is, it is as `expected`.
///
/// The size of bodies is limited where they are read.
pub(crate) fn decode(bytes: &[u8], expected: Identity<'_>) -> Result<Value, DecodeError> {
    let limits = Limits { bytes: usize::MAX, ..Limits::STANDARD };
    ravelin_protobuf::decode_as(&MESSAGES, bytes, Some(expected), limits)
}

/// The envelope of an object or a list; nothing where its kind has no message.
pub(crate) fn encode(object: &Value) -> Option<Vec<u8>> {
    let text = |key: &str| object.field(key).and_then(Value::as_str);
    // The documents of discovery of the core group do not say of which version they are.
    let (api_version, kind) = (text("apiVersion").unwrap_or_default(), text("kind")?);
    let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
    ravelin_protobuf::encode(&MESSAGES, group, version, kind, object)
}

/// Appends the frame of an event. What has no message ends up as nothing: the media type was not to be chosen for it.
pub(crate) fn append_event(out: &mut Vec<u8>, kind: &str, object: &Value) {
    match encode(object) {
        Some(envelope) => out.extend_from_slice(&ravelin_protobuf::encode_watch_event(kind, &envelope)),
        None => tracing::error!(event = kind, "an object of a watch cannot be written as protobuf"),
    }
}
