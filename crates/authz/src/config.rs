//! The authorizers an API server is configured with: `AuthorizationConfiguration`.
//!
//! Source: `k8s.io/apiserver/pkg/apis/apiserver`, `k8s.io/kubernetes/pkg/kubeapiserver/authorizer`.

mod decode;
mod duration;
mod validation;

use crate::webhook::{FailurePolicy, ReviewVersion};
use ravelin_object::fault::{Fault, joined};

pub use duration::{Duration, DurationError};

/// Authorizers in the order in which they are asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuthorizationConfiguration {
    /// The authorizers.
    pub authorizers: Vec<ConfiguredAuthorizer>,
}

/// One of the authorizers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfiguredAuthorizer {
    /// Its name, for logs and metrics.
    pub name: String,
    /// What it is.
    pub kind: AuthorizerKind,
}

/// What an authorizer is.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum AuthorizerKind {
    /// Allows everything.
    AlwaysAllow,
    /// Allows nothing.
    AlwaysDeny,
    /// A policy file, which is named elsewhere.
    Abac,
    /// Roles and bindings.
    Rbac,
    /// What kubelets need.
    Node,
    /// A service that is asked.
    Webhook(Webhook),
}

/// How a webhook is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Webhook {
    /// How long the answer to an allowed request is remembered.
    pub authorized_ttl: Duration,
    /// Whether it is.
    pub cache_authorized: bool,
    /// How long the answer to any other request is remembered.
    pub unauthorized_ttl: Duration,
    /// Whether it is.
    pub cache_unauthorized: bool,
    /// How long to wait for an answer.
    pub timeout: Duration,
    /// Which reviews it understands.
    pub review_version: ReviewVersion,
    /// What to answer when it cannot be asked.
    pub failure_policy: FailurePolicy,
    /// How it is reached.
    pub connection: Connection,
}

/// How a webhook is reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Connection {
    /// By the configuration of the pod that the server is.
    InCluster,
    /// By a kubeconfig file, an absolute path. That it is a regular file is for whoever reads it to see.
    KubeConfigFile(String),
}

/// Why a configuration is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// It cannot be read.
    #[error("failed to load AuthorizationConfiguration from file: {0}")]
    Load(String),
    /// It is not valid, in upstream's words.
    #[error("{}", joined(.0))]
    Invalid(Vec<Fault>),
    /// Its names or types do not fit this server, in upstream's words.
    #[error("{0}")]
    Unfit(String),
    /// It needs CEL, which is not evaluated here. To leave conditions out would ask the webhook about requests it is
    /// not meant to see.
    #[error(
        "authorizers[{index}].matchConditions: match conditions are CEL expressions, which are not supported yet"
    )]
    MatchConditions {
        /// Which of the authorizers has the conditions.
        index: usize,
    },
}

impl AuthorizationConfiguration {
    /// Reads and validates a configuration, YAML or JSON. `required` are the types that must not be missing, because
    /// the server was started with them.
    ///
    /// # Errors
    /// A configuration that an API server refuses, or one with match conditions.
    pub fn load(text: &str, required: &[&str]) -> Result<Self, ConfigError> {
        let raw = decode::configuration(text).map_err(ConfigError::Load)?;
        let faults = validation::faults(&raw);
        if !faults.is_empty() {
            return Err(ConfigError::Invalid(faults));
        }
        validation::fits(&raw, required).map_err(ConfigError::Unfit)?;
        validation::checked(raw)
    }
}

#[cfg(test)]
mod tests;
