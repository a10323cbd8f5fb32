//! What the built-in resources of the Kubernetes API are, and what follows from that alone.
//!
//! One table of data ([`Table::builtin`]) says which groups, versions, resources and subresources there are, with their
//! verbs, columns and schemas. From it follow how a body is read and written ([`mod@decode`]), the discovery documents
//! ([`discovery`]) and the OpenAPI documents ([`openapi`]). What a resource means, its defaults and its validation are
//! the business of others; so are custom resources. The crate must not know storage, requests or policies.
//! `cargo xtask resources` writes the data. Start reading at [`Table`].
#![deny(clippy::disallowed_methods, clippy::disallowed_types)]

mod base64;
mod data;
pub mod decode;
pub mod discovery;
pub mod openapi;
pub mod read;
pub mod schemas;
mod table;
pub mod time;
mod types;

pub use schemas::{Schema, SchemaRef, Schemas};
pub use table::{Column, Group, Resource, Subresource, Table, Version};
