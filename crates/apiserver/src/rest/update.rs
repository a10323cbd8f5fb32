//! Updates: `PUT` of an object or a subresource of its kind.
//!
//! Source: `k8s.io/apiserver/pkg/endpoints/handlers/update.go`.

use crate::answer::Answer;
use crate::api::Api;
use crate::exchange::Exchange;
use crate::registry::kind;
use crate::rest::act::{Act, Target};
use crate::rest::body::{self, Expected};
use crate::rest::metadata::{self, Dedup};
use crate::rest::negotiate::Form;
use crate::rest::query::{WriteOptions, Writes};
use crate::rest::replace::{self, Conditions};
use crate::rest::shaped;
use bytes::Bytes;
use http::StatusCode;
use ravelin_object::Value;
use ravelin_object::status::Status;
use ravelin_resource::Resource;

/// Answers an update.
pub(crate) async fn update(
    api: &Api,
    exchange: &mut Exchange,
    resource: &Resource,
    body: Bytes,
    form: &Form,
) -> Result<Answer, Status> {
    let options = WriteOptions::of(&exchange.url, Writes::Update)?;
    let expected = Expected { kind: kind(resource), schema: resource.schema };
    let mut object =
        body::received(&api.registry.table, exchange, expected, &body, options.field_validation)?;
    let info = exchange.info.clone();
    exchange.record_request(&object, resource, &info.subresource);
    metadata::ensure_namespace(resource, &info.namespace, &mut object)?;
    check_name(&object, &info.name, &info.namespace)?;
    let include = exchange.include_object(form)?;
    let mut act = Act::of(exchange, options.dry_run);
    metadata::dedup_owners(&mut object, Dedup::Before, &mut act.warnings);
    let place = if resource.namespaced { info.namespace.as_str() } else { place_of(resource, &info.name) };
    let target = Target { subresource: &info.subresource, ..Target::of(resource, place, &info.name) };
    let uid = Some(metadata::text(&object, "uid")).filter(|uid| !uid.is_empty()).map(str::to_owned);
    let conditions = Conditions { uid, may_create: true };
    let mut make =
        |existing: &Value, act: &mut Act| replace::admitted(api, act, target, object.clone(), existing);
    let replaced = replace::replace(api, &mut act, target, &conditions, &mut make).await;
    act.report(exchange);
    let replaced = replaced?;
    let code = if replaced.created { StatusCode::CREATED } else { StatusCode::OK };
    Ok(Answer::object(code, shaped::object(resource, replaced.object, &form.shape, include, true)?))
}

/// The namespace that admission sees: a namespace is in itself.
pub(crate) fn place_of<'n>(resource: &Resource, name: &'n str) -> &'n str {
    if resource.group.is_empty() && resource.plural == "namespaces" { name } else { "" }
}

/// Whether an object is the one that the path names.
///
/// # Errors
/// 400 where it is not.
pub(crate) fn check_name(object: &Value, name: &str, namespace: &str) -> Result<(), Status> {
    let said = metadata::text(object, "name");
    if said.is_empty() {
        return Err(Status::bad_request(format!(
            "the name of the object ({name} based on URL) was undeterminable: name must be provided"
        )));
    }
    if said != name {
        return Err(Status::bad_request(format!(
            "the name of the object ({said}) does not match the name on the URL ({name})"
        )));
    }
    let said = metadata::text(object, "namespace");
    if !namespace.is_empty() && !said.is_empty() && said != namespace {
        return Err(Status::bad_request(format!(
            "the namespace of the object ({said}) does not match the namespace on the request ({namespace})"
        )));
    }
    Ok(())
}
