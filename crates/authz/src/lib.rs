//! Who may do what: the authorizers of Kubernetes, and questions over them.
//!
//! It decides what `k8s.io/kubernetes/plugin/pkg/auth/authorizer` decides, in the same words. Pure: policies,
//! graphs and requests are values. It must not know files, HTTP or the clock. Start reading at
//! [`Authorizer`]; [`request_info`] turns a method and a URL into [`Attributes`].
#![deny(clippy::disallowed_methods, clippy::disallowed_types)]

pub mod abac;
mod attributes;
pub mod bootstrap;
pub mod config;
pub mod node;
pub mod rbac;
pub mod request_info;
pub mod reviews;
mod rules;
pub mod union;
pub mod webhook;

pub use attributes::{Answer, Attributes, Authorizer, Decision, User};
pub use rules::{NonResourceRule, ResourceRule, RuleResolver, Rules, aggregated};
