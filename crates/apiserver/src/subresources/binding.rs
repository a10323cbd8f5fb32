//! Bindings: a scheduler says on which node a pod is to run.
//!
//! Source: `k8s.io/kubernetes/pkg/registry/core/pod/storage/storage.go` `BindingREST`.

use crate::answer::Answer;
use crate::api::Api;
use crate::clock;
use crate::codec;
use crate::exchange::Exchange;
use crate::registry::key;
use crate::rest::act::{Act, Target};
use crate::rest::metadata;
use crate::rest::replace::{MODIFIED, invalid_object, precondition};
use crate::subresources::body_of;
use http::StatusCode;
use ravelin_admit::Operation;
use ravelin_object::fault::{Fault, joined};
use ravelin_object::status::Status;
use ravelin_object::{Map, Value};
use ravelin_store::{StoreError, Write};

/// Binds a pod to a node.
pub(crate) async fn bind(api: &Api, exchange: &mut Exchange, body: &[u8]) -> Result<Answer, Status> {
    let info = exchange.info.clone();
    let table = &api.registry.table;
    let pods = table.resource("", "v1", "pods").ok_or_else(crate::rest::no_such_resource)?;
    let subresource = pods.subresource("binding");
    let (mut object, options) = body_of(api, exchange, pods, subresource, body)?;
    exchange.record_request(&object, pods, &info.subresource);
    metadata::ensure_namespace(pods, &info.namespace, &mut object)?;
    let said = metadata::text(&object, "name").to_owned();
    let name = if info.subresource.is_empty() { said.clone() } else { info.name.clone() };
    let check_name = || match said == name {
        false => Err(Status::bad_request("name in URL does not match name in Binding object")),
        true if name.is_empty() => Err(Status::bad_request("Name parameter required.")),
        true => Ok(()),
    };
    let mut act = Act::of(exchange, options.dry_run);
    let asked = if info.subresource.is_empty() {
        table.resource("", "v1", "bindings").ok_or_else(crate::rest::no_such_resource)?
    } else {
        pods
    };
    let target = Target {
        subresource: &info.subresource,
        kind: Some(("", "v1", "Binding")),
        ..Target::of(asked, &info.namespace, &name)
    };
    let admitted = act
        .admit(api, target, Operation::Create, Some(&mut object), None)
        .and_then(|()| check_name())
        .and_then(|()| act.validate(api, target, Operation::Create, Some(&object), None));
    let outcome = match admitted {
        Ok(()) => assign(api, &act, target, &object).await,
        Err(status) => Err(status),
    };
    act.report(exchange);
    outcome?;
    let mut status = Map::new();
    status.set("kind", "Status".into());
    status.set("apiVersion", "v1".into());
    status.set("metadata", Map::new().into());
    status.set("status", "Success".into());
    status.set("code", Value::Int(201));
    Ok(Answer::object(StatusCode::CREATED, status.into()))
}

async fn assign(api: &Api, act: &Act, target: Target<'_>, binding: &Value) -> Result<(), Status> {
    let text = |path: &str| binding.dotted(path).and_then(Value::as_str).unwrap_or_default();
    let (kind, node) = (text("target.kind"), text("target.name"));
    let mut faults = Vec::new();
    if !matches!(kind, "" | "Node") {
        faults.push(Fault::not_supported("target.kind", kind, &["Node", "<empty>"]));
    }
    if node.is_empty() {
        faults.push(Fault::required("target.name", ""));
    }
    if !faults.is_empty() {
        return Err(Status::plain(&joined(&faults)));
    }
    let key = key("", "pods", target.namespace, target.name);
    loop {
        let entry = api.registry.store.get(&key).map_err(|error| crate::registry::refused(&error))?;
        let entry = entry.ok_or_else(|| Status::not_found("", "pods", target.name))?;
        let mut pod = codec::decode(&entry)?;
        check_preconditions(act, target, binding, &pod)?;
        check(target.name, &pod)?;
        apply(&mut pod, binding, node);
        if act.dry_run {
            return Ok(());
        }
        let write = Write::update(key.as_str(), entry.mod_revision, codec::encode(&pod));
        match api.registry.write(write).await {
            Ok(_) => return Ok(()),
            Err(StoreError::Conflict { .. }) => {}
            Err(StoreError::NotFound) => return Err(conflict(target.name, MODIFIED)),
            Err(error) => return Err(crate::registry::refused(&error)),
        }
    }
}

/// Whether the pod is the one that a binding means, if it says so.
fn check_preconditions(act: &Act, target: Target<'_>, binding: &Value, pod: &Value) -> Result<(), Status> {
    for (field, name) in [("uid", "UID"), ("resourceVersion", "ResourceVersion")] {
        let (wanted, found) = (metadata::text(binding, field), metadata::text(pod, field));
        if wanted.is_empty() || wanted == found {
            continue;
        }
        let key = key("", "pods", target.namespace, target.name);
        let why = invalid_object(act, &key, &precondition(name, wanted, found));
        return Err(Status::conflict("", "pods", target.name, &why));
    }
    Ok(())
}

fn conflict(name: &str, why: &str) -> Status {
    Status::conflict("", "pods/binding", name, why)
}

fn check(name: &str, pod: &Value) -> Result<(), Status> {
    if metadata::is_deleting(pod) {
        return Err(conflict(name, &format!("pod {name} is being deleted, cannot be assigned to a host")));
    }
    let node = pod.dotted("spec.nodeName").and_then(Value::as_str).unwrap_or_default();
    if !node.is_empty() {
        return Err(conflict(name, &format!("pod {name} is already assigned to node \"{node}\"")));
    }
    let gates = pod.dotted("spec.schedulingGates").and_then(Value::as_array).unwrap_or_default();
    if !gates.is_empty() {
        return Err(conflict(name, &format!("pod {name} has non-empty .spec.schedulingGates")));
    }
    Ok(())
}

fn apply(pod: &mut Value, binding: &Value, node: &str) {
    if let Some(spec) = pod.object_at("spec") {
        spec.set("nodeName", node.into());
    }
    for field in ["annotations", "labels"] {
        if let Some(given) = metadata::get(binding, field).and_then(Value::as_object) {
            let mut all = metadata::get(pod, field).and_then(Value::as_object).cloned().unwrap_or_default();
            for (key, value) in given.iter() {
                all.set(key, value.clone());
            }
            metadata::set(pod, field, all.into());
        }
    }
    let mut condition = Map::new();
    condition.set("type", "PodScheduled".into());
    condition.set("status", "True".into());
    condition.set("lastProbeTime", Value::Null);
    condition.set("lastTransitionTime", clock::rfc3339().into());
    let Some(status) = pod.object_at("status") else { return };
    let mut conditions =
        status.get("conditions").and_then(Value::as_array).map(<[Value]>::to_vec).unwrap_or_default();
    conditions.retain(|item| item.field("type").and_then(Value::as_str) != Some("PodScheduled"));
    conditions.push(condition.into());
    status.set("conditions", conditions.into());
}
