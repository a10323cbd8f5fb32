//! Scales of workloads.
//!
//! Source: `k8s.io/kubernetes/pkg/registry/apps/deployment/storage/storage.go` `ScaleREST`.

use crate::answer::Answer;
use crate::api::Api;
use crate::codec;
use crate::exchange::Exchange;
use crate::registry::kind;
use crate::rest::act::{Act, Target};
use crate::rest::negotiate;
use crate::rest::query::{FieldValidation, WriteOptions, Writes};
use crate::rest::replace::{self, Conditions, MODIFIED, conflict};
use crate::rest::update::check_name;
use crate::rest::{body, metadata};
use crate::subresources::body_of;
use http::StatusCode;
use ravelin_admit::Operation;
use ravelin_object::Value;
use ravelin_object::fault::Fault;
use ravelin_object::status::Status;
use ravelin_patch::{Fields, json, merge, strategic};
use ravelin_resource::Resource;
use ravelin_strategy::{Kind, ScaleFault};

/// The kind of scales.
const SCALE: Kind<'static> = Kind { group: "autoscaling", version: "v1", kind: "Scale" };

/// Answers a request about a scale.
pub(crate) async fn scale(
    api: &Api,
    exchange: &mut Exchange,
    resource: &Resource,
    body: &[u8],
) -> Result<Answer, Status> {
    let info = exchange.info.clone();
    if info.verb == "get" {
        let entry = api.registry.entry(&resource.group, &resource.plural, &info.namespace, &info.name)?;
        let entry = entry.ok_or_else(|| Status::not_found(&resource.group, &resource.plural, &info.name))?;
        return Ok(Answer::object(StatusCode::OK, of(resource, &codec::decode(&entry)?)?));
    }
    let (wanted, options) = match info.verb.as_str() {
        "update" => {
            let (mut object, options) =
                body_of(api, exchange, resource, resource.subresource("scale"), body)?;
            metadata::ensure_namespace(resource, &info.namespace, &mut object)?;
            check_name(&object, &info.name, "")?;
            exchange.record_request(&object, resource, "scale");
            (Wanted::Whole(object), options)
        }
        _ => {
            exchange.recorder.request_patch(body);
            let options = WriteOptions::of(&exchange.url, Writes::Patch)?;
            (Wanted::Patch(patch(exchange.header("content-type"), body)?), options)
        }
    };
    let mut act = Act::of(exchange, options.dry_run);
    let target = Target {
        subresource: "scale",
        kind: Some((SCALE.group, SCALE.version, SCALE.kind)),
        ..Target::of(resource, &info.namespace, &info.name)
    };
    let replaced = replace(api, &mut act, target, &wanted, options.field_validation).await;
    act.report(exchange);
    Ok(Answer::object(StatusCode::OK, of(resource, &replaced?)?))
}

/// What is sent.
enum Wanted {
    Whole(Value),
    Patch(Patch),
}

enum Patch {
    Json(json::Patch),
    Merge(Value),
}

fn patch(media: &str, body: &[u8]) -> Result<Patch, Status> {
    match media.split(';').next().unwrap_or_default().trim() {
        "application/json-patch+json" => {
            Ok(Patch::Json(json::read(body, Fields::Ignored).map_err(Status::from)?.patch))
        }
        "application/merge-patch+json" => {
            Ok(Patch::Merge(merge::read(body, Fields::Ignored).map_err(Status::from)?.patch))
        }
        // A scale has no lists: merging it strategically is merging it.
        "application/strategic-merge-patch+json" => {
            Ok(Patch::Merge(strategic::read(body, Fields::Ignored).map_err(Status::from)?.patch))
        }
        _ => Err(negotiate::media("?").err().unwrap_or_else(crate::rest::no_such_verb)),
    }
}

fn of(resource: &Resource, object: &Value) -> Result<Value, Status> {
    ravelin_strategy::scale(kind(resource), object).ok_or_else(|| Status::internal("this has no scale"))
}

async fn replace(
    api: &Api,
    act: &mut Act,
    target: Target<'_>,
    wanted: &Wanted,
    validation: FieldValidation,
) -> Result<Value, Status> {
    let resource = target.resource;
    let mut make = |existing: &Value, act: &mut Act| {
        let old = of(resource, existing)?;
        let mut new = match wanted {
            Wanted::Whole(object) => object.clone(),
            Wanted::Patch(patch) => patched(api, &old, patch, validation, act)?,
        };
        metadata::ensure_namespace(resource, target.namespace, &mut new)?;
        check_name(&new, target.name, "")?;
        act.admit(api, target, Operation::Update, Some(&mut new), Some(&old))?;
        let said = metadata::text(&new, "resourceVersion");
        if !said.is_empty() && said != metadata::text(existing, "resourceVersion") {
            return Err(conflict(target, MODIFIED));
        }
        let uid = metadata::text(&new, "uid");
        if !uid.is_empty() && uid != metadata::text(existing, "uid") {
            return Err(another(act, target, wanted, uid, metadata::text(existing, "uid")));
        }
        let replicas = new.dotted("spec.replicas").and_then(Value::as_int).unwrap_or_default();
        if replicas < 0 {
            let why = "must be greater than or equal to 0";
            let fault = Fault::invalid("spec.replicas", replicas, why);
            return Err(Status::invalid("autoscaling", "Scale", target.name, &[fault]));
        }
        act.validate(api, target, Operation::Update, Some(&new), Some(&old))?;
        let mut object = existing.clone();
        ravelin_strategy::apply_scale(kind(resource), &mut object, &new).map_err(|fault| match fault {
            ScaleFault::Precondition(why) => conflict(target, &why),
            _ => Status::internal("this has no scale"),
        })?;
        Ok(object)
    };
    // Admission has seen the scale; the object behind it is nobody's request.
    let whole = Target::of(resource, target.namespace, target.name);
    let replaced = replace::replace_quietly(api, act, whole, &Conditions::default(), &mut make).await?;
    Ok(replaced.object)
}

/// 409: the scale is one of an object that is gone.
fn another(act: &Act, target: Target<'_>, wanted: &Wanted, uid: &str, found: &str) -> Status {
    let resource = target.resource;
    let why = replace::precondition("UID", uid, found);
    if matches!(wanted, Wanted::Patch(_)) {
        let what = format!("{}/scale", resource.plural);
        return Status::conflict(&resource.group, &what, target.name, &why);
    }
    let key = crate::registry::key(&resource.group, &resource.plural, target.namespace, target.name);
    conflict(target, &replace::invalid_object(act, &key, &why))
}

fn patched(
    api: &Api,
    old: &Value,
    patch: &Patch,
    validation: FieldValidation,
    act: &mut Act,
) -> Result<Value, Status> {
    let patched = match patch {
        Patch::Json(patch) => json::apply(old, patch, &json::Limits::STANDARD).map_err(Status::from)?,
        Patch::Merge(patch) => merge::apply(old, patch).map_err(Status::from)?,
    };
    let table = &api.registry.table;
    let schema = table.schemas().of_kind(SCALE.group, SCALE.version, SCALE.kind);
    let expected = body::Expected { kind: SCALE, schema };
    body::decode(table, expected, patched, &[], validation, &mut act.warnings)
}
