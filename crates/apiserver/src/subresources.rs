//! What is no plain object: reviews, tokens, evictions, bindings, scales, and connections to nodes.

mod binding;
mod connect;
mod eviction;
mod reviews;
mod scale;
mod token;

use crate::answer::{Answer, Body};
use crate::api::Api;
use crate::exchange::Exchange;
use crate::registry::kind;
use crate::rest;
use crate::rest::body::{self, Expected};
use crate::rest::negotiate::{Form, Shape, Shapes};
use crate::rest::query::{WriteOptions, Writes};
use bytes::Bytes;
use ravelin_object::Value;
use ravelin_object::status::Status;
use ravelin_printing::IncludeObject;
use ravelin_resource::{Resource, Subresource};
use ravelin_strategy::Kind;
use std::sync::Arc;

/// Whether a resource, or a subresource of it, has a way of its own.
pub(crate) fn is_special(resource: &Resource, subresource: &str) -> bool {
    if !subresource.is_empty() {
        return matches!(
            subresource,
            "token" | "eviction" | "binding" | "scale" | "log" | "exec" | "attach" | "portforward" | "proxy"
        );
    }
    matches!(
        (resource.group.as_str(), resource.plural.as_str()),
        ("", "bindings" | "componentstatuses") | ("authentication.k8s.io" | "authorization.k8s.io", _)
    )
}

/// Answers a request about such a thing.
pub(crate) async fn serve(
    api: &Arc<Api>,
    exchange: &mut Exchange,
    resource: &Resource,
    body: Bytes,
) -> Result<Answer, Status> {
    let info = exchange.info.clone();
    let known = match resource.subresource(&info.subresource) {
        Some(subresource) => subresource.has_verb(&info.verb) || info.subresource == "proxy",
        None => resource.has_verb(&info.verb),
    };
    if resource.namespaced && info.namespace.is_empty() {
        return Err(rest::no_such_resource());
    }
    if info.subresource.is_empty() && info.parts.len() > 1 && !resource.has_verb("get") {
        return Err(rest::no_such_resource());
    }
    if !known || exchange.method == http::Method::HEAD {
        return Err(rest::no_such_verb());
    }
    rest::check_accept(exchange)?;
    let has_table = matches!(info.subresource.as_str(), "scale") || resource.plural == "componentstatuses";
    let form = rest::form(exchange, if has_table { Shapes::All } else { Shapes::Untabled })?;
    let answer = match (resource.plural.as_str(), info.subresource.as_str()) {
        (_, "token") => token::issue(api, exchange, resource, &body),
        (_, "eviction") => eviction::evict(api, exchange, resource, body).await,
        (_, "binding") | ("bindings", "") => binding::bind(api, exchange, &body).await,
        (_, "scale") => scale::scale(api, exchange, resource, &body).await,
        ("componentstatuses", "") => reviews::component_statuses(exchange, resource, &form),
        (_, "") => reviews::review(api, exchange, resource, &body),
        _ => connect::connect(api, exchange, resource),
    }?;
    shaped(answer, resource, &form).map(|answer| form.apply(answer))
}

/// An answer about an object as its metadata, if that is asked for. Outcomes and lists stay what they are.
fn shaped(mut answer: Answer, resource: &Resource, form: &Form) -> Result<Answer, Status> {
    if matches!(form.shape, Shape::Metadata(_) | Shape::MetadataList(_))
        && let Body::Object(object) = &mut answer.body
        && object.field("kind").and_then(Value::as_str).is_some_and(|kind| kind == resource.kind)
    {
        let whole = std::mem::replace(object, Value::Null);
        *object = rest::shaped::object(resource, whole, &form.shape, IncludeObject::default(), true)?;
    }
    Ok(answer)
}

/// Reads the body of a create below an object: of the subresource's own kind, where it has one.
pub(crate) fn body_of(
    api: &Api,
    exchange: &mut Exchange,
    resource: &Resource,
    subresource: Option<&Subresource>,
    body: &[u8],
) -> Result<(Value, WriteOptions), Status> {
    let writes = if exchange.info.verb == "create" { Writes::Create } else { Writes::Update };
    let options = WriteOptions::of(&exchange.url, writes)?;
    let kind = subresource.map_or_else(|| kind(resource), |subresource| kind_of(resource, subresource));
    let table = &api.registry.table;
    let expected = Expected { kind, schema: table.schemas().of_kind(kind.group, kind.version, kind.kind) };
    let mut object = body::received(table, exchange, expected, body, options.field_validation)?;
    // The uid of a binding below a pod is that of the pod.
    if writes == Writes::Create && exchange.info.subresource != "binding" {
        rest::metadata::wipe(&mut object);
    }
    Ok((object, options))
}

/// The kind of what is sent to a subresource.
pub(crate) fn kind_of<'a>(resource: &'a Resource, subresource: &'a Subresource) -> Kind<'a> {
    if subresource.version.is_empty() {
        return Kind { group: &resource.group, version: &resource.version, kind: &subresource.kind };
    }
    Kind { group: &subresource.group, version: &subresource.version, kind: &subresource.kind }
}
