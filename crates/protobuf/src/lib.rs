//! How built-in objects of the Kubernetes API are written as protobuf, and read.
//!
//! Clients that speak `application/vnd.kubernetes.protobuf` send and expect an envelope: four bytes of magic, then a
//! `runtime.Unknown` that says `apiVersion` and `kind` and holds the message. [`encode`] makes one of an object as JSON
//! has it, byte for byte as upstream does; [`decode`] makes the object of one, in the shape in which Go writes it as JSON.
//! [`encode_watch_event`] frames an envelope for a watch. Which messages there are is data ([`Messages`]); custom
//! resources have none. The crate must not know requests, storage, defaults or validation. Start reading at [`Messages`].
//!
//! Source: `k8s.io/apimachinery/pkg/runtime/serializer/protobuf`; the generated `Marshal` and `Unmarshal` of
//! `k8s.io/api`, `k8s.io/apimachinery`, `k8s.io/apiextensions-apiserver` and `k8s.io/kube-aggregator`.
#![deny(clippy::disallowed_methods, clippy::disallowed_types)]

mod decode;
mod encode;
mod messages;
mod own;
mod wire;

pub use decode::{DecodeError, Identity, Limits, decode, decode_as};
pub use encode::{encode, encode_watch_event};
pub use messages::Messages;

/// The media type of envelopes.
pub const MEDIA_TYPE: &str = "application/vnd.kubernetes.protobuf";

/// The media type of a stream of [`encode_watch_event`]'s frames.
pub const WATCH_MEDIA_TYPE: &str = "application/vnd.kubernetes.protobuf;stream=watch";

/// What every envelope begins with.
pub const MAGIC: &[u8; 4] = b"k8s\0";
