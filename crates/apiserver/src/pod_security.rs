//! The admission plugin `PodSecurity`: the engine of `ravelin-podsec` over the store.
//!
//! Source: `k8s.io/kubernetes/plugin/pkg/admission/security/podsecurity/admission.go`.

use crate::clock;
use ravelin_admit::{Attributes, Cluster, Context, Operation, Plugin};
use ravelin_object::Value;
use ravelin_object::status::{Cause, Details, Status};
use ravelin_podsec::admission::{
    self, ANNOTATION_PREFIX, Admission, Lookup, LookupError, Request, Resource, has_pod_spec,
};
use ravelin_podsec::config::PodSecurityConfiguration;
use ravelin_podsec::exemption::Extension;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How long existing pods are judged when the labels of a namespace change.
const EXISTING: Duration = Duration::from_secs(1);

/// The plugin.
pub(crate) struct PodSecurity {
    /// What is decided by.
    pub(crate) configuration: PodSecurityConfiguration,
    /// What is decided by beyond upstream: nothing.
    pub(crate) extension: Extension,
    /// The minor that is served: later versions of the policy are judged as that.
    pub(crate) newest: u64,
}

impl Plugin for PodSecurity {
    fn name(&self) -> &'static str {
        "PodSecurity"
    }

    fn handles(&self, operation: Operation) -> bool {
        matches!(operation, Operation::Create | Operation::Update)
    }

    fn is_mutating(&self) -> bool {
        false
    }

    fn is_validating(&self) -> bool {
        true
    }

    fn validate(
        &self,
        attributes: &Attributes<'_>,
        object: Option<&Value>,
        old: Option<&Value>,
        context: &mut Context<'_>,
    ) -> Result<(), Status> {
        let (group, resource) = (attributes.group, attributes.resource);
        let is_namespace = group.is_empty() && resource == "namespaces";
        if !is_namespace && !has_pod_spec(group, resource) {
            return Ok(());
        }
        let Some(today) = clock::day() else { return Err(Status::internal("the clock cannot be read")) };
        let admission = Admission {
            configuration: &self.configuration,
            extension: &self.extension,
            today,
            newest: self.newest,
        };
        let request = Request {
            operation: attributes.operation.as_str().into(),
            resource: Resource { group, version: attributes.version, name: resource },
            kind: Resource {
                group: attributes.kind_group,
                version: attributes.kind_version,
                name: attributes.kind,
            },
            subresource: attributes.subresource,
            name: attributes.name,
            namespace: attributes.namespace,
            user: &attributes.user.name,
            object,
            old_object: old,
        };
        let seen = Seen { cluster: context.cluster, until: Instant::now() + EXISTING };
        let response = admission.decide(&request, &seen);
        context.warnings.extend(response.warnings.iter().cloned());
        let annotations = response.annotations.iter();
        context
            .annotations
            .extend(annotations.map(|(key, value)| (format!("{ANNOTATION_PREFIX}{key}"), value.clone())));
        if response.allowed { Ok(()) } else { Err(refusal(attributes, response.status.as_ref())) }
    }
}

/// A denial as the server answers with it.
fn refusal(attributes: &Attributes<'_>, status: Option<&admission::Status>) -> Status {
    let why = "Not allowed by PodSecurity";
    let mut refusal = Status::forbidden(attributes.group, attributes.resource, attributes.name, why);
    let Some(status) = status else { return refusal };
    refusal.code = status.code;
    refusal.reason = status.reason.into();
    refusal.message.clone_from(&status.message);
    if let Some(details) = &status.details {
        let cause = |cause: &admission::Cause| Cause {
            reason: cause.reason.into(),
            message: cause.message.clone(),
            field: cause.field.clone(),
        };
        refusal.details = Some(Box::new(Details {
            name: details.name.clone(),
            group: details.group.clone(),
            kind: details.kind.clone(),
            causes: details.causes.iter().map(cause).collect(),
            ..Details::default()
        }));
    }
    refusal
}

/// What the engine looks at.
struct Seen<'a> {
    cluster: &'a dyn Cluster,
    until: Instant,
}

impl Lookup for Seen<'_> {
    fn namespace(&self, name: &str) -> Result<Arc<Value>, LookupError> {
        match self.cluster.get("", "namespaces", "", name) {
            Ok(Some(namespace)) => Ok(namespace),
            Ok(None) => Err(LookupError(format!("namespaces \"{name}\" not found"))),
            Err(error) => Err(LookupError(error.to_string())),
        }
    }

    fn pods(&self, namespace: &str) -> Result<Vec<Arc<Value>>, LookupError> {
        self.cluster.list("", "pods", Some(namespace)).map_err(|error| LookupError(error.to_string()))
    }

    fn expired(&self) -> bool {
        Instant::now() >= self.until
    }
}
