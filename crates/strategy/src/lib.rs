//! What each built-in kind of the Kubernetes API does on its way into the store: defaults, what create and update
//! reset or fill, what field selectors see, and how served versions convert into each other.
//!
//! An object is a [`Value`](ravelin_object::Value) of a served version that has been decoded: unknown fields are gone, types are right,
//! and zero values are written as Go writes them (`status: {}`, `resources: {}`, no empty strings that are
//! omitted). The functions keep that shape. They are pure: time, randomness and the user are arguments.
//!
//! The order on the way in is that of `k8s.io/apiserver/pkg/registry`:
//!
//! 1. decode, then [`set_defaults`], which also does what conversion to the internal version and back does
//!    (`stringData` of a Secret goes into `data` here);
//! 2. name, uid and creation timestamp are filled (a Job's selector is made of its uid), then mutating admission;
//! 3. [`prepare_for_create`] or [`prepare_for_update`] (which starts from the old generation, as `rest.BeforeUpdate`
//!    does), then validation and [`warnings_on_create`] or [`warnings_on_update`];
//! 4. validating admission, the store, and [`as_stored`] on what is read back, which is what is answered.
//!
//! Feature gates stand at their defaults of v1.36. The crate must not know other objects than the one it is given,
//! requests, or validation. Start reading at `rules.rs`, then one file of a kind.
#![deny(clippy::disallowed_methods, clippy::disallowed_types)]

mod admissionregistration;
mod apps;
mod autoscaling;
mod batch;
mod cluster;
mod convert;
mod core;
mod equality;
mod fields;
mod graceful;
mod image;
mod ip;
mod kind;
mod labels;
mod networking;
mod pods;
#[cfg(test)]
mod properties;
mod quantities;
mod resource;
mod rules;
mod scale;
mod storage;
mod stored;

pub use convert::{convert, storage_version};
pub use equality::semantically_equal;
pub use graceful::{Deletion, graceful_delete};
pub use kind::{Context, Kind, Propagation, Traits};
pub use labels::{field_label, selectable_fields};
pub use pods::pod_qos_class;
pub use rules::{
    keep_metadata, normalize, prepare_for_create, prepare_for_update, set_defaults, traits,
    warnings_on_create, warnings_on_update,
};
pub use scale::{ScaleFault, apply_scale, scale};
pub use stored::as_stored;
