//! Connections to pods, services and nodes: there is nothing here to connect to.
//!
//! Upstream asks the kubelet of the pod's node. No kubelet belongs to this server; what it says of a pod without a
//! node holds for all.
//!
//! Source: `k8s.io/kubernetes/pkg/registry/core/pod/strategy.go` `LogLocation`, `streamLocation`.

use crate::answer::Answer;
use crate::api::Api;
use crate::exchange::Exchange;
use crate::rest::act::{Act, Target};
use http::StatusCode;
use ravelin_admit::Operation;
use ravelin_object::Value;
use ravelin_object::fault::Fault;
use ravelin_object::status::Status;
use ravelin_resource::Resource;

/// Answers a request to connect.
pub(crate) fn connect(api: &Api, exchange: &mut Exchange, resource: &Resource) -> Result<Answer, Status> {
    let info = exchange.info.clone();
    if info.subresource == "log" {
        check_log_options(exchange)?;
    }
    let object = api.registry.stored(&resource.group, &resource.plural, &info.namespace, &info.name)?;
    let object = object.ok_or_else(|| Status::not_found(&resource.group, &resource.plural, &info.name))?;
    if info.subresource != "log" {
        let mut act = Act::of(exchange, false);
        let target =
            Target { subresource: &info.subresource, ..Target::of(resource, &info.namespace, &info.name) };
        let admitted = act
            .admit(api, target, Operation::Connect, None, None)
            .and_then(|()| act.validate(api, target, Operation::Connect, None, None));
        act.report(exchange);
        admitted?;
    }
    if matches!(info.subresource.as_str(), "log" | "exec" | "attach") {
        check_container(exchange, &object)?;
    }
    let node = object.dotted("spec.nodeName").and_then(Value::as_str).unwrap_or_default();
    if resource.plural == "pods" && info.subresource == "log" && node.is_empty() {
        // A pod that has not begun has logged nothing.
        return Ok(Answer::text(StatusCode::NO_CONTENT, "", ""));
    }
    if resource.plural == "pods" && info.subresource == "proxy" {
        return Err(Status::bad_request("address not allowed"));
    }
    if resource.plural == "pods" && node.is_empty() {
        return Err(Status::bad_request(format!("pod {} does not have a host assigned", info.name)));
    }
    let why = "no connections are made to nodes by this server";
    Err(Status::new(503, "ServiceUnavailable", why))
}

/// Source: `k8s.io/kubernetes/pkg/apis/core/validation` `ValidatePodLogOptions`.
fn check_log_options(exchange: &Exchange) -> Result<(), Status> {
    let mut faults = Vec::new();
    let mut number = |name: &str, least: i64, why: &str| -> Result<Option<i64>, Status> {
        let found = crate::rest::query::number(&exchange.url, name)?;
        if let Some(number) = found.filter(|number| *number < least) {
            faults.push(Fault::invalid(name, number, why));
        }
        Ok(found)
    };
    number("tailLines", 0, "must be greater than or equal to 0")?;
    number("limitBytes", 1, "must be greater than 0")?;
    number("sinceSeconds", 1, "must be greater than 0")?;
    if faults.is_empty() {
        return Ok(());
    }
    Err(Status::invalid("", "PodLogOptions", &exchange.info.name, &faults))
}

/// Whether the container that is asked for is one of the pod, or the only one there is.
///
/// Source: `k8s.io/kubernetes/pkg/registry/core/pod/strategy.go` `validateContainer`.
fn check_container(exchange: &Exchange, pod: &Value) -> Result<(), Status> {
    let names = |list: &str| -> Vec<&str> {
        let containers = pod.dotted("spec").and_then(|spec| spec.field(list)).and_then(Value::as_array);
        let names = containers.unwrap_or_default().iter();
        names.filter_map(|container| container.field("name").and_then(Value::as_str)).collect()
    };
    let (main, init, later) = (names("containers"), names("initContainers"), names("ephemeralContainers"));
    let pod_name = &exchange.info.name;
    let asked = exchange.url.value("container").unwrap_or_default();
    if !asked.is_empty() {
        if [&main, &init, &later].iter().any(|names| names.contains(&asked)) {
            return Ok(());
        }
        return Err(Status::bad_request(format!("container {asked} is not valid for pod {pod_name}")));
    }
    if main.len() == 1 {
        return Ok(());
    }
    let all: Vec<&str> = [init, main, later].concat();
    Err(Status::bad_request(format!(
        "a container name must be specified for pod {pod_name}, choose one of: [{}]",
        all.join(" ")
    )))
}
