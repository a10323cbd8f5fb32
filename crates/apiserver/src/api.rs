//! A server with everything it is made of. Requests share one.

use crate::allocator::Allocator;
use crate::audit::Audit;
use crate::authorizers::Authorizers;
use crate::counts::Counts;
use crate::registry::Registry;
use crate::rest::act::{Act, Target};
use crate::tokens::Tokens;
use arc_swap::ArcSwap;
use ravelin_authn::chain::Chain;
use ravelin_authn::impersonation::Mode;
use ravelin_authz::{Attributes, Decision};
use ravelin_object::status::Status;
use ravelin_server::transport::Traffic;
use ravelin_server::transport::life::Life;
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};
use tokio::sync::Semaphore;

/// A server.
pub struct Api {
    /// The objects.
    pub(crate) registry: Registry,
    /// Who is who. It changes with the files of authorities.
    pub(crate) authenticators: ArcSwap<Chain>,
    /// What tokens and requests must be for.
    pub(crate) audiences: Vec<String>,
    /// Who may do what.
    pub(crate) authorizers: Authorizers,
    /// What is changed and refused on the way in.
    pub(crate) admission: ravelin_admit::Chain,
    /// What is wrong with objects.
    pub(crate) validation: ravelin_validation::Settings,
    /// What is recorded, and where.
    pub(crate) audit: Audit,
    /// Tokens of service accounts.
    pub(crate) tokens: Tokens,
    /// Whether namespaces get their service account `default` from this server.
    pub(crate) makes_accounts: bool,
    /// Addresses and ports of services.
    pub(crate) allocator: Allocator,
    /// What has been counted.
    pub(crate) counts: Arc<Counts>,
    /// Connections.
    pub(crate) traffic: Arc<Traffic>,
    /// Whether the server goes on.
    pub(crate) life: Life,
    /// Whether everything that is there from the start has been written.
    pub(crate) is_started: AtomicBool,
    /// Room for requests that read.
    pub(crate) reads: Arc<Semaphore>,
    /// Room for requests that write.
    pub(crate) writes: Arc<Semaphore>,
    /// How each user was impersonated last, and when.
    pub(crate) impersonations: parking_lot::Mutex<HashMap<String, (Mode, Instant)>>,
    /// How long a request may take.
    pub(crate) request_timeout: Duration,
    /// The most bytes of a body.
    pub(crate) body_limit: usize,
    /// Where schemas are, once somebody has asked.
    pub(crate) schema_index: std::sync::OnceLock<ravelin_object::Value>,
    /// What the server says of its version.
    pub(crate) version: crate::paths::VersionInfo,
}

impl Api {
    /// Whether somebody who updates what is not there may create it.
    ///
    /// Source: `k8s.io/apiserver/pkg/endpoints/handlers/create.go` `withAuthorization`.
    pub(crate) fn authorize_creation(&self, act: &Act, target: Target<'_>) -> Result<(), Status> {
        let resource = target.resource;
        let attributes = Attributes {
            user: act.user.clone(),
            verb: "create".to_owned(),
            is_resource: true,
            group: resource.group.to_string(),
            version: resource.version.to_string(),
            namespace: target.namespace.to_owned(),
            resource: resource.plural.to_string(),
            name: target.name.to_owned(),
            ..Attributes::default()
        };
        let answer = self.authorizers.authorize(&attributes);
        if answer.decision == Decision::Allow {
            return Ok(());
        }
        Err(crate::pipeline::authorization::refusal(&attributes, &answer))
    }
}

impl std::fmt::Debug for Api {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Api").finish_non_exhaustive()
    }
}
