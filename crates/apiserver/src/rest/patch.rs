//! Patches: JSON patch, merge patch, strategic merge patch.
//!
//! Source: `k8s.io/apiserver/pkg/endpoints/handlers/patch.go`.

use crate::answer::Answer;
use crate::api::Api;
use crate::codec;
use crate::exchange::Exchange;
use crate::registry::{api_version, kind};
use crate::rest::act::{Act, Target};
use crate::rest::body::{self, Expected};
use crate::rest::negotiate::Form;
use crate::rest::query::{FieldValidation, WriteOptions, Writes};
use crate::rest::replace::{self, Conditions};
use crate::rest::update::{check_name, place_of};
use crate::rest::{metadata, rules::Rules, shaped};
use bytes::Bytes;
use http::StatusCode;
use ravelin_object::fault::Fault;
use ravelin_object::status::{Details, Status};
use ravelin_object::{Value, json_text};
use ravelin_patch::{Fields, json, merge, strategic};
use ravelin_resource::{Resource, Table};

/// A patch that has been read.
enum Patch {
    Json(json::Patch),
    Merge(Value),
    Strategic(Value),
}

/// Answers a patch.
pub(crate) async fn patch(
    api: &Api,
    exchange: &mut Exchange,
    resource: &Resource,
    body: Bytes,
    form: &Form,
) -> Result<Answer, Status> {
    let media = exchange.header("content-type").split(';').next().unwrap_or_default().trim().to_owned();
    let options = options_of(exchange, &media)?;
    exchange.recorder.request_patch(&body);
    let info = exchange.info.clone();
    let include = exchange.include_object(form)?;
    let mut act = Act::of(exchange, options.dry_run);
    let place = if resource.namespaced { info.namespace.as_str() } else { place_of(resource, &info.name) };
    let target = Target { subresource: &info.subresource, ..Target::of(resource, place, &info.name) };
    let validation = options.field_validation;
    // What is not there is not patched, whatever the patch: it is read when it is needed, and once.
    let mut patch = None;
    let mut make = |existing: &Value, act: &mut Act| {
        let patch = match &mut patch {
            Some(patch) => patch,
            none => none.insert(read(&media, &body, validation)?),
        };
        let mut patched = apply(&api.registry.table, resource, patch, existing, validation, act)?;
        check_name(&patched, &info.name, "")?;
        metadata::ensure_namespace(resource, &info.namespace, &mut patched)?;
        replace::admitted(api, act, target, patched, existing)
    };
    let replaced = replace::replace(api, &mut act, target, &Conditions::default(), &mut make).await;
    act.report(exchange);
    let object = shaped::object(resource, replaced?.object, &form.shape, include, true)?;
    Ok(Answer::object(StatusCode::OK, object))
}

fn options_of(exchange: &Exchange, media: &str) -> Result<WriteOptions, Status> {
    if media.starts_with("application/apply-patch") {
        WriteOptions::of(&exchange.url, Writes::Apply)?;
        return Err(Status::new(
            415,
            "UnsupportedMediaType",
            "server-side apply is not served here yet: use a merge patch, or kubectl without --server-side",
        ));
    }
    let kinds = [
        "application/json-patch+json",
        "application/merge-patch+json",
        "application/strategic-merge-patch+json",
    ];
    if !kinds.contains(&media) {
        let mut status = Status::new(415, "UnsupportedMediaType", "415: Unsupported Media Type");
        status.details = Some(Box::default());
        return Err(status);
    }
    WriteOptions::of(&exchange.url, Writes::Patch)
}

/// A patch, and what strict decoding says of it.
fn read(media: &str, body: &[u8], validation: FieldValidation) -> Result<(Patch, Vec<String>), Status> {
    let fields = if validation == FieldValidation::Ignore { Fields::Ignored } else { Fields::Checked };
    let (patch, strict) = match media {
        "application/json-patch+json" => {
            let read = json::read(body, fields).map_err(Status::from)?;
            (Patch::Json(read.patch), read.strict)
        }
        "application/merge-patch+json" => {
            let read = merge::read(body, fields).map_err(Status::from)?;
            (Patch::Merge(read.patch), read.strict)
        }
        _ => {
            let read = strategic::read(body, fields).map_err(Status::from)?;
            (Patch::Strategic(read.patch), read.strict)
        }
    };
    Ok((patch, strict))
}

fn apply(
    table: &Table,
    resource: &Resource,
    (patch, doubts): &(Patch, Vec<String>),
    existing: &Value,
    validation: FieldValidation,
    act: &mut Act,
) -> Result<Value, Status> {
    let (patched, shown) = match patch {
        Patch::Json(patch) => {
            let patched = json::apply(existing, patch, &json::Limits::STANDARD).map_err(Status::from)?;
            let shown = json_text(&codec::sorted(patched.clone()));
            (patched, shown)
        }
        Patch::Merge(patch) => {
            let patched = codec::sorted(merge::apply(existing, patch).map_err(Status::from)?);
            let shown = json_text(&patched);
            (patched, shown)
        }
        Patch::Strategic(patch) => {
            let Some(schema) = resource.schema else { return Err(strategic::unsupported().into()) };
            let mut rest = patch.clone();
            let rules = Rules(table.schemas().at(schema));
            let patched = codec::sorted(strategic::apply(existing, &mut rest, &rules).map_err(Status::from)?);
            let shown = ravelin_patch::go_text(&rest);
            (patched, shown)
        }
    };
    let expected = Expected { kind: kind(resource), schema: resource.schema };
    // A strategic patch cannot say that an object is of another kind; the others can, and fail.
    let is_strategic = matches!(patch, Patch::Strategic(_));
    let unfit = if is_strategic { None } else { body::unfit_kind(table, expected.kind, &patched) };
    if let Some(why) = unfit {
        return Err(not_decoded(shown, &why));
    }
    let shaped = if is_strategic {
        body::converted(table, expected, patched)
    } else {
        body::shape(table, expected, patched, &[])
    };
    let (mut object, unknown) = shaped.map_err(|why| not_decoded(shown.clone(), &why))?;
    if let Some(map) = object.as_object_mut() {
        map.set("kind", resource.kind.as_str().into());
        map.set("apiVersion", Value::from(api_version(&resource.group, &resource.version)));
    }
    let strict: Vec<String> = doubts.iter().cloned().chain(unknown).collect();
    match validation {
        FieldValidation::Strict if !strict.is_empty() => {
            return Err(not_decoded(shown, &format!("strict decoding error: {}", strict.join(", "))));
        }
        FieldValidation::Warn => act.warnings.extend(strict),
        _ => {}
    }
    ravelin_strategy::set_defaults(kind(resource), &mut object);
    Ok(object)
}

/// 422: what the patch makes is no object of the kind.
fn not_decoded(shown: String, why: &str) -> Status {
    let fault = Fault::invalid("patch", shown, why);
    let mut status = Status::invalid("", "", "", &[fault]);
    if let Some(details) = &mut status.details {
        **details = Details { causes: std::mem::take(&mut details.causes), ..Details::default() };
    }
    status
}
