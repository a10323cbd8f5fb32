//! Evictions: deleting a pod, unless a disruption budget has no room for it.
//!
//! Source: `k8s.io/kubernetes/pkg/registry/core/pod/storage/eviction.go`.

use crate::answer::Answer;
use crate::api::Api;
use crate::clock;
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
    metadata::ensure_namespace(resource, &info.namespace, &mut object)?;
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
    if metadata::text(object, "name") != target.name {
        return Err(Status::bad_request("name in URL does not match name in Eviction object"));
    }
    let options = options(act, object)?;
    let pod = api.registry.stored("", "pods", target.namespace, target.name)?;
    let pod = pod.ok_or_else(|| Status::not_found("", "pods", target.name))?;
    act.validate(api, target, Operation::Create, Some(object), None)?;
    if !may_go_freely(&pod) {
        take_from_budget(api, act, target.namespace, &pod).await?;
    }
    let options = options.checked(Vec::new())?;
    delete::object(api, act, Target::of(target.resource, target.namespace, target.name), &options).await?;
    Ok(())
}

/// How the pod is to be deleted. A dry run is one wherever it is asked for.
fn options(act: &mut Act, object: &Value) -> Result<DeleteOptions, Status> {
    let Some(given) = object.field("deleteOptions").filter(|given| **given != Value::Null) else {
        return Ok(DeleteOptions { dry_run: act.dry_run, ..DeleteOptions::default() });
    };
    let runs = given.field("dryRun").and_then(Value::as_array).unwrap_or_default();
    let runs: Vec<&str> = runs.iter().filter_map(Value::as_str).collect();
    if act.dry_run && !runs.is_empty() && runs != ["All"] {
        let runs = runs.join(" ");
        let why = format!("Non-matching dry-run options in request and content: [All] and [{runs}]");
        return Err(Status::plain(&why));
    }
    act.dry_run |= !runs.is_empty();
    Ok(DeleteOptions { dry_run: act.dry_run, ..DeleteOptions::within(given) })
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
        return Err(Status::plain(
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
        let (desired, current) = (number("status.desiredHealthy"), number("status.currentHealthy"));
        let why = if current <= desired {
            format!("The disruption budget {name} needs {desired} healthy pods and has {current} currently")
        } else {
            format!("The disruption budget {name} does not allow evicting pods currently")
        };
        return Err(too_many(0, &why));
    }
    if act.dry_run {
        return Ok(());
    }
    if let Some(status) = budget.object_at("status") {
        take(status, allowed - 1, observed, metadata::text(pod, "name"));
    }
    let revision = metadata::text(&budget, "resourceVersion").parse().unwrap_or_default();
    let key = crate::registry::key("policy", "poddisruptionbudgets", namespace, &name);
    let write = ravelin_store::Write::update(key, revision, crate::codec::encode(&budget));
    api.registry.write(write).await.map(|_| ()).map_err(|_| {
        Status::conflict("policy", "poddisruptionbudgets", &name, crate::rest::replace::MODIFIED)
    })
}

/// Notes in the status of a budget that a pod goes, and how many more may.
fn take(status: &mut Map, left: i64, generation: i64, pod: &str) {
    let now = Value::from(clock::rfc3339());
    status.set("disruptionsAllowed", Value::Int(left));
    let pods = status.get("disruptedPods").and_then(Value::as_object);
    let mut pods = pods.cloned().unwrap_or_default();
    pods.set(pod, now.clone());
    status.set("disruptedPods", pods.into());
    if left > 0 {
        return;
    }
    let mut conditions =
        status.get("conditions").and_then(Value::as_array).map(<[Value]>::to_vec).unwrap_or_default();
    let is_it = |item: &Value| item.field("type").and_then(Value::as_str) == Some("DisruptionAllowed");
    let before = conditions.iter().find(|item| is_it(item)).cloned();
    let since = before
        .filter(|item| item.field("status").and_then(Value::as_str) == Some("False"))
        .and_then(|item| item.field("lastTransitionTime").cloned());
    let mut condition = Map::new();
    condition.set("type", "DisruptionAllowed".into());
    condition.set("status", "False".into());
    condition.set("observedGeneration", Value::Int(generation));
    condition.set("lastTransitionTime", since.unwrap_or(now));
    condition.set("reason", "InsufficientPods".into());
    condition.set("message", "".into());
    match conditions.iter_mut().find(|item| is_it(item)) {
        Some(place) => *place = condition.into(),
        None => conditions.push(condition.into()),
    }
    status.set("conditions", conditions.into());
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
