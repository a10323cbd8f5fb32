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
use ravelin_object::status::Status;
use ravelin_resource::Resource;

/// Answers a request to connect.
pub(crate) fn connect(api: &Api, exchange: &mut Exchange, resource: &Resource) -> Result<Answer, Status> {
    let info = exchange.info.clone();
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
