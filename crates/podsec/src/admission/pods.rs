//! Pods: whether what their namespace enforces allows them.

use super::controllers::other_kind;
use super::evaluate::{Case, Enforce, Held};
use super::objects::{Typed, first};
use super::response::{Event, Status};
use super::{Admission, Lookup, Operation, Request, Response};
use crate::LevelVersion;
use crate::exemption::Owner;
use ravelin_diag::{FieldPath, Mode};
use ravelin_object::Value;
use ravelin_object::pod::{Container, ContainerKind, Defaulting, Pod};
use ravelin_object::selector::quoted;

/// The subresources of a pod that cannot change what is judged. Any other is judged as the pod that it holds.
const IGNORED_SUBRESOURCES: [&str; 8] =
    ["exec", "attach", "binding", "eviction", "log", "portforward", "proxy", "status"];

impl Admission<'_> {
    /// Source: `ValidatePod`.
    pub(super) fn pod(&self, request: &Request<'_>, cluster: &impl Lookup) -> Response {
        if IGNORED_SUBRESOURCES.contains(&request.subresource) {
            return Response::allowed();
        }
        if let Some(exempt) = self.exempt_request(request) {
            return exempt;
        }
        let fatal = |response: Response| response.counted(Event::Error { fatal: true });
        let namespace = match cluster.namespace(request.namespace) {
            Ok(namespace) => namespace,
            Err(error) => return fatal(no_namespace(request, &error.to_string())),
        };
        let held = match Held::of(&namespace, &self.configuration.defaults) {
            Ok(held) => held,
            Err(error) => return fatal(no_namespace(request, &error)),
        };
        if held.errors.is_empty() && held.policy.is_fully_privileged() {
            let at = held.policy.enforce;
            let event = Event::Evaluation { allowed: true, at, mode: Mode::Enforce };
            let enforced = LevelVersion::PRIVILEGED.to_string();
            return Response::allowed().annotated("enforce-policy", enforced).counted(event);
        }
        let pod = match pod_of(request.object, request, "failed to decode object", "failed to decode pod") {
            Ok(pod) => pod,
            Err(denied) => return fatal(*denied),
        };
        if request.operation == Operation::Update {
            let of_old = ["failed to decode old object", "failed to decode old pod"];
            let old = match pod_of(request.old_object, request, of_old[0], of_old[1]) {
                Ok(old) => old,
                Err(denied) => return fatal(*denied),
            };
            if !is_significant(&pod, &old) {
                return Response::allowed();
            }
        }
        let name = if pod.name.is_empty() { request.name } else { pod.name };
        let owner = pod.controller.map(|owner| Owner { kind: owner.kind, name: owner.name });
        let object = Owner { kind: "Pod", name };
        self.evaluate(&Case { request, held: &held, pod: &pod, object, owner, enforce: Enforce::Yes })
    }

    /// The answer where the namespace or the user is exempt.
    pub(super) fn exempt_request(&self, request: &Request<'_>) -> Option<Response> {
        if self.exempts_namespace(request.namespace) {
            return Some(Response::exempt("namespace"));
        }
        self.exempts_user(request.user).then(|| Response::exempt("user"))
    }
}

/// Denied: what a pod is held to is not known.
fn no_namespace(request: &Request<'_>, error: &str) -> Response {
    let message = format!("failed to lookup namespace {}", quoted(request.namespace));
    Response::denied(Status::internal(&message), Some(error.to_owned()))
}

fn pod_of<'r>(
    object: Option<&'r Value>,
    request: &Request<'r>,
    undecodable: &str,
    other: &str,
) -> Result<Pod<'r>, Box<Response>> {
    let denied = |message: &str, error| Box::new(Response::denied(Status::bad_request(message), error));
    let typed = Typed::of(object, &request.kind).map_err(|error| denied(undecodable, Some(error)))?;
    let typed = match typed {
        Some(typed) if typed.is_core("Pod") => typed,
        Some(typed) => return Err(other_kind(&typed, undecodable, other)),
        None => return Err(denied(other, None)),
    };
    Pod::decode(typed.value, FieldPath::root(), Defaulting::None)
        .map_err(|errors| denied(undecodable, Some(first(&errors))))
}

/// Whether an update changes something that is judged: containers come or go, or an image changes.
/// Source: `isSignificantPodUpdate`.
fn is_significant(new: &Pod<'_>, old: &Pod<'_>) -> bool {
    let of = |pod: &Pod<'_>, kind| pod.containers.iter().filter(move |c| c.kind == kind).count();
    for kind in [ContainerKind::Regular, ContainerKind::Init] {
        if of(new, kind) != of(old, kind) {
            return true;
        }
    }
    new.containers.iter().any(|container| {
        let is_same = |other: &&Container<'_>| {
            other.kind == container.kind
                && match container.kind {
                    ContainerKind::Ephemeral => other.name == container.name,
                    ContainerKind::Regular | ContainerKind::Init => other.index == container.index,
                }
        };
        old.containers.iter().find(is_same).is_none_or(|other| other.image != container.image)
    })
}
