//! Evictions: deleting a pod, unless a disruption budget has no room for it.
//!
//! Source: `k8s.io/kubernetes/pkg/registry/core/pod/storage/eviction.go`.

use crate::answer::Answer;
use crate::api::Api;
use crate::exchange::Exchange;
use crate::rest::act::{Act, Target};
use crate::rest::delete;
use crate::rest::deletion::DeleteOptions;
use crate::rest::metadata;
use crate::subresources::body_of;
use bytes::Bytes;
use http::StatusCode;
use ravelin_admit::Operation;
use ravelin_object::selector::{LabelSelector, Labels};
use ravelin_object::status::{Cause, Details, Status};
use ravelin_object::{Map, Value};
use ravelin_resource::Resource;

/// Evicts a pod.
pub(crate) async fn evict(
    api: &Api,
    exchange: &mut Exchange,
    resource: &Resource,
    body: Bytes,
) -> Result<Answer, Status> {
    let info = exchange.info.clone();
    let Some(subresource) = resource.subresource("eviction") else {
        return Err(crate::rest::no_such_resource());
    };
    let (mut object, options) = body_of(api, exchange, resource, Some(subresource), &body)?;
    exchange.record_request(&object, resource, "eviction");
    let said = metadata::text(&object, "name");
    if !said.is_empty() && said != info.name {
        return Err(Status::bad_request("name in URL does not match name in Eviction object"));
    }
    let mut act = Act::of(exchange, options.dry_run);
    let kind = ("policy", "v1", "Eviction");
    let target = Target {
        subresource: "eviction",
        kind: Some(kind),
        ..Target::of(resource, &info.namespace, &info.name)
    };
    let outcome = carry_out(api, &mut act, target, &mut object).await;
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

async fn carry_out(api: &Api, act: &mut Act, target: Target<'_>, object: &mut Value) -> Result<(), Status> {
    act.admit(api, target, Operation::Create, Some(object), None)?;
    let pod = api.registry.stored("", "pods", target.namespace, target.name)?;
    let pod = pod.ok_or_else(|| Status::not_found("", "pods", target.name))?;
    let options = DeleteOptions {
        dry_run: act.dry_run,
        grace: object.dotted("deleteOptions.gracePeriodSeconds").and_then(Value::as_int),
        uid: object.dotted("deleteOptions.preconditions.uid").and_then(Value::as_str).map(str::to_owned),
        ..DeleteOptions::default()
    };
    act.validate(api, target, Operation::Create, Some(object), None)?;
    if !may_go_freely(&pod) {
        take_from_budget(api, act, target.namespace, &pod).await?;
    }
    delete::object(api, act, Target::of(target.resource, target.namespace, target.name), &options).await?;
    Ok(())
}

/// Pods that are over, or have not begun, count for no budget.
fn may_go_freely(pod: &Value) -> bool {
    let phase = pod.dotted("status.phase").and_then(Value::as_str).unwrap_or_default();
    matches!(phase, "Succeeded" | "Failed" | "Pending") || metadata::is_deleting(pod)
}

struct PodLabels<'a>(&'a Value);

impl Labels for PodLabels<'_> {
    fn get(&self, key: &str) -> Option<&str> {
        metadata::get(self.0, "labels")?.field(key)?.as_str()
    }
}

async fn take_from_budget(api: &Api, act: &Act, namespace: &str, pod: &Value) -> Result<(), Status> {
    let all = api.registry.all("policy", "poddisruptionbudgets", Some(namespace))?;
    let mut matching: Vec<Value> = all.into_iter().filter(|budget| selects(budget, pod)).collect();
    if matching.len() > 1 {
        return Err(Status::internal(
            "This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.",
        ));
    }
    let Some(mut budget) = matching.pop() else { return Ok(()) };
    let allowed = budget.dotted("status.disruptionsAllowed").and_then(Value::as_int).unwrap_or_default();
    let observed = budget.dotted("status.observedGeneration").and_then(Value::as_int).unwrap_or_default();
    let generation = metadata::get(&budget, "generation").and_then(Value::as_int).unwrap_or_default();
    let name = metadata::text(&budget, "name").to_owned();
    if observed < generation {
        let why = format!("The disruption budget {name} is still being processed by the server.");
        return Err(too_many(10, &why));
    }
    if allowed <= 0 {
        let number = |path| budget.dotted(path).and_then(Value::as_int).unwrap_or_default();
        let why = format!(
            "The disruption budget {name} needs {} healthy pods and has {} currently",
            number("status.desiredHealthy"),
            number("status.currentHealthy")
        );
        return Err(too_many(0, &why));
    }
    if act.dry_run {
        return Ok(());
    }
    if let Some(status) = budget.object_at("status") {
        status.set("disruptionsAllowed", Value::Int(allowed - 1));
    }
    let revision = metadata::text(&budget, "resourceVersion").parse().unwrap_or_default();
    let key = crate::registry::key("policy", "poddisruptionbudgets", namespace, &name);
    let write = ravelin_store::Write::update(key, revision, crate::codec::encode(&budget));
    api.registry.write(write).await.map(|_| ()).map_err(|_| {
        Status::conflict("policy", "poddisruptionbudgets", &name, crate::rest::replace::MODIFIED)
    })
}

fn selects(budget: &Value, pod: &Value) -> bool {
    let Some(selector) = budget.dotted("spec.selector") else { return false };
    LabelSelector::of_value(selector).to_selector().is_ok_and(|selector| selector.matches(&PodLabels(pod)))
}

/// 429: a budget has no room.
fn too_many(retry: u32, why: &str) -> Status {
    let mut status = Status::new(
        429,
        "TooManyRequests",
        "Cannot evict pod as it would violate the pod's disruption budget.",
    );
    let cause = Cause { reason: "DisruptionBudget".into(), message: why.to_owned(), field: String::new() };
    status.details =
        Some(Box::new(Details { causes: vec![cause], retry_after_seconds: retry, ..Details::default() }));
    status
}
