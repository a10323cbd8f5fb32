//! Controllers: whether the pods they are to make would be allowed.

use super::evaluate::{Case, Enforce, Held};
use super::objects::{self, Typed, first};
use super::response::Status;
use super::{Admission, Lookup, Operation, Request, Response};
use crate::Level;
use crate::exemption::{Controllers, Owner};
use ravelin_diag::FieldPath;
use ravelin_object::Value;
use ravelin_object::pod::{Defaulting, Pod};
use ravelin_object::selector::quoted;
use ravelin_object::templates::WORKLOADS;

impl Admission<'_> {
    /// Source: `ValidatePodController`. Upstream never denies; where the extension says so, a controller is
    /// denied whose pods would be, unless an update leaves its pod template as it is.
    pub(super) fn controller(&self, request: &Request<'_>, cluster: &impl Lookup) -> Response {
        if !request.subresource.is_empty() {
            return Response::allowed();
        }
        if let Some(exempt) = self.exempt_request(request) {
            return exempt;
        }
        let no_namespace = |error: &str| {
            let message = format!("failed to lookup namespace {}: {error}", quoted(request.namespace));
            Response::allowed_with_error(message)
        };
        let namespace = match cluster.namespace(request.namespace) {
            Ok(namespace) => namespace,
            Err(error) => return no_namespace(&error.to_string()),
        };
        let held = match Held::of(&namespace, &self.configuration.defaults) {
            Ok(held) => held,
            Err(error) => return no_namespace(&error),
        };
        let is_privileged =
            [held.policy.warn, held.policy.audit].iter().all(|at| at.level == Level::Privileged);
        let may_deny =
            self.extension.controllers == Controllers::Deny && held.policy.enforce.level != Level::Privileged;
        if held.errors.is_empty() && is_privileged && !may_deny {
            return Response::allowed();
        }
        let object = match Typed::of(request.object, &request.kind) {
            Ok(object) => object,
            Err(error) => return Response::allowed_with_error(format!("failed to decode object: {error}")),
        };
        let owner = match objects::metadata(object.as_ref().map_or(&Value::Null, |object| object.value)) {
            Ok(metadata) => metadata.owner,
            Err(error) => return Response::allowed_with_error(format!("failed to decode object: {error}")),
        };
        let template = match object.as_ref().map(template) {
            Some(Ok(Some(template))) => template,
            Some(Ok(None)) => return Response::allowed(),
            Some(Err(error)) => return no_template(&error),
            None => return no_template("unexpected object type: <nil>"),
        };
        let (kind, value) = object.map_or(("", &Value::Null), |object| (object.kind, object.value));
        let enforce =
            if may_deny && changes_template(request, template.value) { Enforce::Yes } else { Enforce::No };
        // What is denied are the pods that it would make; what is said of the template itself is upstream's.
        let defaulting = if enforce == Enforce::Yes { Defaulting::Pod } else { Defaulting::None };
        let pod = match Pod::decode(template.value, template.path, defaulting) {
            Ok(pod) => pod,
            Err(errors) => {
                let error = first(&errors);
                return Response::allowed_with_error(format!("failed to decode object: {error}"));
            }
        };
        let object = Owner { kind, name: objects::name(value) };
        self.evaluate(&Case { request, held: &held, pod: &pod, object, owner, enforce })
    }
}

/// Denied: the object is of a kind that has no place in the request, or cannot be decoded as what it is.
pub(super) fn other_kind(object: &Typed<'_>, undecodable: &str, other: &str) -> Box<Response> {
    let decoded = objects::metadata(object.value).and_then(|_| match template(object) {
        Ok(Some(template)) => {
            let pod = Pod::decode(template.value, template.path, Defaulting::None);
            pod.map(|_| ()).map_err(|errors| first(&errors))
        }
        Ok(None) | Err(_) => Ok(()),
    });
    Box::new(match decoded {
        Ok(()) => Response::denied(Status::bad_request(other), None),
        Err(error) => Response::denied(Status::bad_request(undecodable), Some(error)),
    })
}

fn no_template(error: &str) -> Response {
    Response::allowed_with_error(format!("failed to extract pod template: {error}"))
}

/// A pod template and its place.
struct Template<'r> {
    path: FieldPath,
    value: &'r Value,
}

/// What stands for a template that an object leaves out.
static NO_TEMPLATE: Value = Value::Object(ravelin_object::Map::new());

/// The pod template of an object; nothing where it may have none and has none.
/// Source: `DefaultPodSpecExtractor.ExtractPodSpec`. Only a ReplicationController may go without a template;
/// in the others one that is left out is an empty one.
fn template<'r>(object: &Typed<'r>) -> Result<Option<Template<'r>>, String> {
    if object.is_core("Pod") {
        return Ok(Some(Template { path: FieldPath::root(), value: object.value }));
    }
    let is_it = |(group, kind, _): &&(&str, &str, &str)| *group == object.group() && *kind == object.kind;
    let known = WORKLOADS.iter().take(KNOWN).find(is_it);
    let Some((_, kind, place)) = known else {
        return Err(format!("unexpected object type: {}", object.said()));
    };
    let path = FieldPath::root().dotted(place);
    match object.value.dotted(place) {
        None if *kind == "ReplicationController" => Ok(None),
        None => Ok(Some(Template { path, value: &NO_TEMPLATE })),
        Some(value) => Ok(Some(Template { path, value })),
    }
}

/// How many of [`WORKLOADS`] upstream knows; those behind are of the past.
const KNOWN: usize = 8;

/// Whether a request gives its object another pod template than it had.
fn changes_template(request: &Request<'_>, new: &Value) -> bool {
    if request.operation != Operation::Update {
        return true;
    }
    let old = Typed::of(request.old_object, &request.kind).ok().flatten();
    let old = old.as_ref().and_then(|old| template(old).ok().flatten());
    old.is_none_or(|old| old.value != new)
}
