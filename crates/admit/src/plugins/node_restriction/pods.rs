//! What a kubelet does with pods.

use super::{Request, owners};
use crate::fields::{annotation, items, text, texts};
use crate::pod::{MIRROR, api_reference};
use crate::{LookupError, Operation};
use ravelin_object::Value;
use ravelin_object::selector::quoted;
use ravelin_object::status::Status;
use std::sync::Arc;

pub(super) fn judge(request: &Request<'_>) -> Result<(), Status> {
    match request.attributes.subresource {
        "" => whole(request),
        "status" => status(request),
        "eviction" => eviction(request),
        other => {
            let other = quoted(other);
            let why = format!("unexpected pod subresource {other}, only 'status' and 'eviction' are allowed");
            Err(request.refused(&why))
        }
    }
}

fn whole(request: &Request<'_>) -> Result<(), Status> {
    let node = quoted(request.node);
    match request.attributes.operation {
        Operation::Create => creation(request),
        Operation::Delete => {
            let pod = existing(request, request.attributes.name)?;
            if text(&pod, "spec.nodeName") == request.node {
                return Ok(());
            }
            let why = format!("node {node} can only delete pods with spec.nodeName set to itself");
            Err(request.refused(&why))
        }
        other => {
            let other = quoted(other.as_str());
            let why =
                format!("unexpected operation {other}, node {node} can only create and delete mirror pods");
            Err(request.refused(&why))
        }
    }
}

/// The pod of a name.
pub(super) fn existing(request: &Request<'_>, name: &str) -> Result<Arc<Value>, Status> {
    let found = request.cluster.get("", "pods", request.attributes.namespace, name);
    let found = found.map_err(|LookupError(why)| request.refused(&why))?;
    found.ok_or_else(|| Status::not_found("", "pod", name))
}

fn creation(request: &Request<'_>) -> Result<(), Status> {
    let (pod, node) = (request.new_object()?, quoted(request.node));
    if annotation(pod, MIRROR).is_none() {
        let annotation = quoted(MIRROR);
        let why =
            format!("pod does not have {annotation} annotation, node {node} can only create mirror pods");
        return Err(request.refused(&why));
    }
    if text(pod, "spec.nodeName") != request.node {
        let why = format!("node {node} can only create pods with spec.nodeName set to itself");
        return Err(request.refused(&why));
    }
    owner(request, pod)?;
    match api_reference(pod) {
        Ok(None) => Ok(()),
        Ok(Some(what)) => {
            Err(request.refused(&format!("node {node} can not create pods that reference {what}")))
        }
        Err(why) => Err(request.refused(&format!("error checking mirror pod for API references: {why}"))),
    }
}

/// Refuses a pod of which the node is not the one owner.
fn owner(request: &Request<'_>, pod: &Value) -> Result<(), Status> {
    let node = quoted(request.node);
    let owners = owners(pod);
    let [owner] = owners.as_slice() else {
        let which = if owners.is_empty() { "an" } else { "a single" };
        let why = format!("node {node} can only create pods with {which} owner reference set to itself");
        return Err(request.refused(&why));
    };
    if owner.api_version != "v1" || owner.kind != "Node" || owner.name != request.node {
        let why = format!("node {node} can only create pods with an owner reference set to itself");
        return Err(request.refused(&why));
    }
    if owner.controller != Some(true) {
        let why = format!("node {node} can only create pods with a controller owner reference set to itself");
        return Err(request.refused(&why));
    }
    if owner.blocks == Some(true) {
        let why = format!("node {node} must not set blockOwnerDeletion on an owner reference");
        return Err(request.refused(&why));
    }
    let name = request.node;
    let found = request.cluster.get("", "nodes", "", name).map_err(|LookupError(why)| {
        request.refused(&format!("error looking up node {name} to verify uid: {why}"))
    })?;
    let found = found.ok_or_else(|| Status::not_found("", "node", name))?;
    let uid = text(&found, "metadata.uid");
    if owner.uid == uid {
        return Ok(());
    }
    Err(request.refused(&format!("node {name} UID mismatch: expected {} got {uid}", owner.uid)))
}

fn status(request: &Request<'_>) -> Result<(), Status> {
    if request.attributes.operation != Operation::Update {
        let operation = quoted(request.attributes.operation.as_str());
        return Err(request.refused(&format!("unexpected operation {operation}")));
    }
    let (old, node) = (request.old_object()?, quoted(request.node));
    if text(old, "spec.nodeName") != request.node {
        let why = format!("node {node} can only update pod status for pods with spec.nodeName set to itself");
        return Err(request.refused(&why));
    }
    let new = request.new_object()?;
    if texts(old, "metadata.labels") != texts(new, "metadata.labels") {
        return Err(request.refused(&format!("node {node} cannot update labels through pod status")));
    }
    if claims(old) != claims(new) {
        return Err(request.refused(&format!("node {node} cannot update resource claim statues")));
    }
    if extended_claim(old) != extended_claim(new) {
        let why = format!("node {node} cannot update extended resource claim status");
        return Err(request.refused(&why));
    }
    Ok(())
}

/// The claims of a pod by name.
fn claims(pod: &Value) -> Vec<(&str, Option<&str>)> {
    let statuses = items(pod, "status.resourceClaimStatuses").iter();
    let claim =
        |status| (text(status, "name"), Value::field(status, "resourceClaimName").and_then(Value::as_str));
    statuses.map(claim).collect()
}

/// The claim of a pod for extended resources, and which container has which request of it.
fn extended_claim(pod: &Value) -> Option<(&str, Vec<[&str; 3]>)> {
    let status = pod.dotted("status.extendedResourceClaimStatus")?;
    let mapping = |one| ["containerName", "resourceName", "requestName"].map(|key| text(one, key));
    Some((text(status, "resourceClaimName"), items(status, "requestMappings").iter().map(mapping).collect()))
}

fn eviction(request: &Request<'_>) -> Result<(), Status> {
    if request.attributes.operation != Operation::Create {
        return Err(
            request.refused(&format!("unexpected operation {}", request.attributes.operation.as_str()))
        );
    }
    let names = [request.attributes.name, text(request.new_object()?, "metadata.name")];
    let Some(name) = names.into_iter().find(|name| !name.is_empty()) else {
        return Err(request.refused("could not determine pod from request data"));
    };
    if text(existing(request, name)?.as_ref(), "spec.nodeName") == request.node {
        return Ok(());
    }
    let why = format!("node {} can only evict pods with spec.nodeName set to itself", request.node);
    Err(request.refused(&why))
}
