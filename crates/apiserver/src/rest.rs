//! The API itself: what each verb does to the objects of a resource.
//!
//! A request arrives here when it is known who asks, and that they may. Start reading at [`serve`].

pub(crate) mod act;
pub(crate) mod body;
pub(crate) mod create;
pub(crate) mod delete;
pub(crate) mod deletion;
pub(crate) mod faults;
pub(crate) mod guard;
pub(crate) mod metadata;
pub(crate) mod negotiate;
pub(crate) mod patch;
pub(crate) mod query;
pub(crate) mod read;
pub(crate) mod replace;
pub(crate) mod rules;
pub(crate) mod selection;
pub(crate) mod shaped;
pub(crate) mod table;
pub(crate) mod token;
pub(crate) mod update;
pub(crate) mod watch;

use crate::answer::Answer;
use crate::api::Api;
use crate::exchange::Exchange;
use crate::subresources;
use bytes::Bytes;
use negotiate::{Form, Shapes};
use ravelin_object::selector::path_segment_faults;
use ravelin_object::status::Status;
use ravelin_resource::Resource;
use std::sync::Arc;

/// 404: there is no such resource, or nothing at this place of it.
pub(crate) fn no_such_resource() -> Status {
    let mut status = Status::new(404, "NotFound", "the server could not find the requested resource");
    status.details = Some(Box::default());
    status
}

/// 405: the resource does not do this.
pub(crate) fn no_such_verb() -> Status {
    let mut status = Status::new(
        405,
        "MethodNotAllowed",
        "the server does not allow this method on the requested resource",
    );
    status.details = Some(Box::default());
    status
}

/// Answers a request about a resource.
pub(crate) async fn serve(api: &Arc<Api>, exchange: &mut Exchange, body: Bytes) -> Result<Answer, Status> {
    let info = exchange.info.clone();
    if api.registry.table.group(&info.api_group).is_none() {
        return Ok(crate::paths::no_page());
    }
    let resource = api
        .registry
        .table
        .resource(&info.api_group, &info.api_version, &info.resource)
        .ok_or_else(no_such_resource)?;
    check_place(exchange, resource)?;
    if !info.subresource.is_empty() && resource.subresource(&info.subresource).is_none() {
        return Err(no_such_resource());
    }
    // Nothing lies below a subresource, but what a proxy is asked for.
    if info.parts.len() > 3 && info.subresource != "proxy" {
        return Err(no_such_resource());
    }
    if subresources::is_special(resource, &info.subresource) {
        return subresources::serve(api, exchange, resource, body).await;
    }
    if resource.group.is_empty() && resource.plural == "endpoints" {
        exchange.warn("v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice");
    }
    check_verb(exchange, resource)?;
    check_accept(exchange)?;
    check_segments(&info)?;
    let form = form(exchange, Shapes::All)?;
    let answer = match info.verb.as_str() {
        "get" => read::get(api, exchange, resource, &form),
        "list" => read::list(api, exchange, resource, &form),
        "watch" => watch::watch(api, exchange, resource, &form),
        "create" => create::create(api, exchange, resource, body, &form).await,
        "update" => update::update(api, exchange, resource, body, &form).await,
        "patch" => patch::patch(api, exchange, resource, body, &form).await,
        "delete" => delete::delete(api, exchange, resource, body, &form).await,
        "deletecollection" => delete::collection(api, exchange, resource, body, &form).await,
        _ => Err(no_such_verb()),
    };
    answer.map(|answer| form.apply(answer))
}

/// The form in which the answer is wanted, of those there are.
pub(crate) fn form(exchange: &Exchange, shapes: Shapes) -> Result<Form, Status> {
    let pretty = exchange.url.value("pretty");
    negotiate::form(exchange.header("accept"), pretty, exchange.header("user-agent"), shapes)
}

/// Whether the router has an answer of a type that is accepted.
pub(crate) fn check_accept(exchange: &Exchange) -> Result<(), Status> {
    let can_be_watched = matches!(exchange.info.verb.as_str(), "list" | "watch");
    negotiate::unroutable(exchange.header("accept"), can_be_watched).map_or(Ok(()), Err)
}

/// Whether objects of the resource can be where the path says.
fn check_place(exchange: &Exchange, resource: &Resource) -> Result<(), Status> {
    let info = &exchange.info;
    let is_itself = info.resource == "namespaces" && info.api_group.is_empty();
    let has_namespace = !info.namespace.is_empty() && !is_itself;
    if has_namespace && !resource.namespaced {
        return Err(no_such_resource());
    }
    if is_itself && !info.namespace.is_empty() && info.namespace != info.name {
        return Err(no_such_resource());
    }
    if resource.namespaced && !has_namespace && has_name_in_path(exchange) {
        return Err(no_such_resource());
    }
    Ok(())
}

/// Whether the namespace and the name can be parts of a key.
///
/// Source: `k8s.io/apimachinery/pkg/api/validation/path` `IsValidPathSegmentName`,
/// `k8s.io/apiserver/pkg/storage/etcd3` `prepareKey`.
fn check_segments(info: &ravelin_authz::request_info::RequestInfo) -> Result<(), Status> {
    if matches!(info.verb.as_str(), "get" | "update" | "patch" | "delete")
        && let Some(why) = path_segment_faults(&info.name).first()
    {
        let name = ravelin_object::selector::quoted(&info.name);
        return Err(Status::bad_request(format!("Name parameter invalid: {name}: {why}")));
    }
    if matches!(info.namespace.as_str(), "." | "..") {
        let key = ravelin_object::selector::quoted(&format!("/{}/{}", info.resource, info.namespace));
        return Err(Status::new(500, "", format!("invalid key: {key}")));
    }
    Ok(())
}

/// Whether the path, and not a selector, names the object.
fn has_name_in_path(exchange: &Exchange) -> bool {
    exchange.info.parts.len() > 1
}

fn check_verb(exchange: &Exchange, resource: &Resource) -> Result<(), Status> {
    let info = &exchange.info;
    let verb = info.verb.as_str();
    let is_item = has_name_in_path(exchange);
    let fits = match verb {
        "create" => !is_item && (!resource.namespaced || !info.namespace.is_empty()),
        "deletecollection" => !is_item && (!resource.namespaced || !info.namespace.is_empty()),
        "list" => !is_item,
        "watch" => !is_item || exchange.watches_by_path(),
        "get" | "update" | "patch" | "delete" => is_item,
        _ => false,
    };
    let known = match resource.subresource(&info.subresource) {
        Some(subresource) => subresource.has_verb(verb),
        None => resource.has_verb(verb),
    };
    let is_watched_by_path = exchange.watches_by_path() && exchange.method != http::Method::GET;
    if fits && known && !is_watched_by_path && exchange.method != http::Method::HEAD {
        Ok(())
    } else {
        Err(no_such_verb())
    }
}
