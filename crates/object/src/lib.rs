//! Kubernetes vocabulary: bytes to objects, identities, selectors, quantities, and typed views of what a
//! verdict reads.
//!
//! Objects are untyped [`Value`]s; a view such as [`pod::Pod`] decodes from one only what verdicts read,
//! with the types Kubernetes' own decoder insists on. The crate must not know files, namespaces' policies,
//! or any check. Start reading at [`read`].
#![deny(clippy::disallowed_methods, clippy::disallowed_types)]

pub mod calendar;
mod decode;
pub mod documents;
pub mod errors;
pub mod fault;
pub mod identity;
pub mod json_syntax;
mod json_text;
pub mod list;
pub mod pod;
pub mod quantity;
pub mod read;
pub mod resources;
pub mod selector;
pub mod status;
pub mod templates;
pub mod user;
mod value;

pub use decode::{DecodeError, Decoder};
pub use json_text::{append_json, append_member, json_string, json_text};
pub use value::{Map, Value};
