//! The API access-control pipeline as a server: what the Kubernetes documentation draws as a diagram, stage by stage.
//!
//! A request comes over TLS, somebody is recognised, they may or may not, admission changes and judges what they send,
//! it is validated and stored, and all along it is recorded. Engines decide; this crate carries bytes, time and the
//! store to them. Start reading at [`run`], then `pipeline.rs`, whose folder holds one file for each stage, then
//! `rest.rs`.

mod allocator;
mod answer;
mod api;
pub mod audit;
mod authorizers;
mod clock;
mod cluster;
mod codec;
pub mod config;
mod controllers;
mod counts;
mod exchange;
#[doc(hidden)]
pub mod fuzzing;
mod paths;
mod pipeline;
mod pki;
mod pod_security;
mod protobuf;
mod random;
mod registry;
mod rest;
mod server;
mod start;
mod subresources;
mod tokens;
mod yaml;

pub use allocator::Cidr;
pub use api::Api;
pub use config::Config;
pub use server::{Bound, run};
