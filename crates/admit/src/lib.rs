//! Admission plugins and their chain: what an API server changes in a request before it is stored, and what it refuses.
//!
//! It decides what the plugins of kube-apiserver v1.36 decide, in the same words. Objects are values in the version of
//! the request, after its defaults; what a plugin has to look up it asks a [`Cluster`] for, and the time and random
//! numbers come with the [`Context`]. Plugins that are not of this room, such as Pod Security and webhooks, are given to
//! the [`Chain`] from outside and take their place in the order. It must not know files, sockets, clocks or the store.
//! Start reading at [`Chain`]; each plugin is one file in `plugins/`.
#![deny(clippy::disallowed_methods, clippy::disallowed_types)]

mod attributes;
mod chain;
mod cluster;
pub mod config;
mod fields;
mod order;
mod plugin;
pub mod plugins;
mod pod;
pub mod quota;
mod resources;
mod signers;
mod state;
mod tolerations;

pub use attributes::{Attributes, Operation};
pub use chain::Chain;
pub use cluster::{Answer, Cluster, LookupError, Mapping, Question, WriteError};
pub use order::{DEFAULT_ON, Enabled, INERT, ORDER, enabled};
pub use plugin::{Context, Error, Plugin, Reinvocation};
pub use resources::ResourceList;
