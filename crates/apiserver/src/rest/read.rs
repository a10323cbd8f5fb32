//! Reading one object, and lists of objects.

use crate::answer::Answer;
use crate::api::Api;
use crate::codec;
use crate::exchange::Exchange;
use crate::registry::{Registry, api_version, key, prefix, refused};
use crate::rest::negotiate::{Form, Shape};
use crate::rest::query::ListOptions;
use crate::rest::selection::Selection;
use crate::rest::shaped::{self, ListFacts};
use crate::rest::token::Continue;
use bytes::Bytes;
use http::StatusCode;
use ravelin_object::status::{Cause, Details, Status};
use ravelin_object::{Value, json_text};
use ravelin_resource::Resource;
use ravelin_store::{Entry, Page, Range, Revision, StoreError};

/// Answers with one object.
pub(crate) fn get(
    api: &Api,
    exchange: &Exchange,
    resource: &Resource,
    form: &Form,
) -> Result<Answer, Status> {
    let info = &exchange.info;
    if super::query::flag(&exchange.url, "export") {
        return Err(Status::bad_request(
            "the export parameter, deprecated since v1.14, is no longer supported",
        ));
    }
    let version = exchange.url.value("resourceVersion").unwrap_or_default();
    not_older_than(api, version, |why| Status::plain(&why))?;
    let namespace = if resource.namespaced { info.namespace.as_str() } else { "" };
    let key = key(&resource.group, &resource.plural, namespace, &info.name);
    let entry = api.registry.store.get(&key).map_err(|error| refused(&error))?;
    let entry = entry.ok_or_else(|| Status::not_found(&resource.group, &resource.plural, &info.name))?;
    if form.shape == Shape::Object && Registry::is_stored_version(resource) {
        return Ok(Answer::encoded(StatusCode::OK, codec::answer(&entry)));
    }
    let object = api.registry.decoded(resource, &entry)?;
    let include = exchange.include_object(form)?;
    Ok(Answer::object(StatusCode::OK, shaped::object(resource, object, &form.shape, include, true)?))
}

/// The revision a resource version stands for; 0 for none.
pub(crate) fn revision(text: &str) -> Result<Revision, String> {
    if text.is_empty() {
        return Ok(0);
    }
    text.parse::<u64>().ok().and_then(|number| Revision::try_from(number).ok()).ok_or_else(|| {
        let quoted = ravelin_object::selector::quoted(text);
        format!(
            "resourceVersion: Invalid value: {quoted}: strconv.ParseUint: parsing {quoted}: invalid syntax"
        )
    })
}

fn not_older_than(api: &Api, version: &str, wrong: impl Fn(String) -> Status) -> Result<Revision, Status> {
    let wanted = revision(version).map_err(wrong)?;
    let current = api.registry.store.revision();
    if wanted > current { Err(too_new(wanted, current)) } else { Ok(wanted) }
}

/// 504: a resource version that is not there yet.
pub(crate) fn too_new(wanted: Revision, current: Revision) -> Status {
    let message = format!("Timeout: Too large resource version: {wanted}, current: {current}");
    let mut status = Status::new(504, "Timeout", message);
    let cause = Cause {
        reason: "ResourceVersionTooLarge".into(),
        message: "Too large resource version".to_owned(),
        field: String::new(),
    };
    status.details =
        Some(Box::new(Details { causes: vec![cause], retry_after_seconds: 1, ..Details::default() }));
    status
}

/// 410: a resource version that is forgotten.
pub(crate) fn expired(message: &str) -> Status {
    Status::new(410, "Expired", message)
}

/// A list that is to be answered.
struct Wanted<'a> {
    resource: &'a Resource,
    selection: &'a Selection,
    prefix: String,
    limit: usize,
    after: Option<String>,
    at: Option<Revision>,
}

/// Answers with a list.
pub(crate) fn list(
    api: &Api,
    exchange: &Exchange,
    resource: &Resource,
    form: &Form,
) -> Result<Answer, Status> {
    let options = ListOptions::of(&exchange.url)?;
    options.validate()?;
    let selection = Selection::of(resource, &options.label_selector, &options.field_selector)?;
    let wanted = wanted(api, exchange, resource, &options, &selection)?;
    let found = find(api, &wanted)?;
    let facts = facts(&wanted, &found);
    if form.shape == Shape::Object && Registry::is_stored_version(resource) {
        return Ok(Answer::encoded(StatusCode::OK, joined(resource, &facts, &found.entries)));
    }
    let items: Result<Vec<Value>, Status> =
        found.entries.iter().map(|entry| api.registry.decoded(resource, entry)).collect();
    let include = exchange.include_object(form)?;
    Ok(Answer::object(StatusCode::OK, shaped::list(resource, items?, &facts, &form.shape, include)?))
}

fn wanted<'a>(
    api: &Api,
    exchange: &Exchange,
    resource: &'a Resource,
    options: &ListOptions,
    selection: &'a Selection,
) -> Result<Wanted<'a>, Status> {
    let mut all = prefix(&resource.group, &resource.plural);
    if !exchange.info.namespace.is_empty() && resource.namespaced {
        all.push_str(&exchange.info.namespace);
        all.push('/');
    }
    let limit = usize::try_from(options.limit).unwrap_or_default();
    let mut wanted = Wanted { resource, selection, prefix: all, limit, after: None, at: None };
    let version = options.resource_version.as_str();
    if !options.continue_token.is_empty() {
        if !version.is_empty() && version != "0" {
            return Err(Status::bad_request(
                "specifying resource version is not allowed when using continue",
            ));
        }
        let token = Continue::decode(&options.continue_token)?;
        wanted.after = Some(format!("{}{}", wanted.prefix, token.after()));
        wanted.at = (token.revision > 0).then_some(token.revision);
        return Ok(wanted);
    }
    let wrong = |why: String| Status::bad_request(format!("invalid resource version: {why}"));
    let revision = not_older_than(api, version, wrong)?;
    let is_exact = match options.resource_version_match.as_str() {
        "Exact" => true,
        "NotOlderThan" => false,
        _ => revision > 0 && options.limit > 0,
    };
    wanted.at = (is_exact && revision > 0).then_some(revision);
    if version == "0" {
        // What is served from memory, whatever its age, is not cut into pages.
        wanted.limit = 0;
    }
    Ok(wanted)
}

/// What was found.
struct Found {
    entries: Vec<Entry>,
    revision: Revision,
    /// The last key that was looked at, if something follows it.
    last: Option<String>,
    /// How many follow, where that is known.
    remaining: Option<u64>,
}

fn find(api: &Api, wanted: &Wanted<'_>) -> Result<Found, Status> {
    if let Some(name) = wanted.selection.name.as_deref()
        && let Some(found) = find_named(api, wanted, name)?
    {
        return Ok(found);
    }
    let is_filtered = !wanted.selection.is_empty();
    let mut found = Found { entries: Vec::new(), revision: 0, last: None, remaining: None };
    let mut after = wanted.after.clone();
    let mut at = wanted.at;
    loop {
        // With a selector a page of the store is larger than the page that is wanted, so that few pages are read.
        let limit = if is_filtered && wanted.limit > 0 { wanted.limit.max(500) } else { wanted.limit };
        let range = Range { prefix: &wanted.prefix, after: after.as_deref(), limit, at };
        let page = api.registry.store.range(&range).map_err(|error| range_error(wanted, &error))?;
        at = Some(page.revision);
        found.revision = page.revision;
        let follow = page.remaining;
        if !is_filtered {
            found.last = last_key(&page).filter(|_| follow > 0);
            found.remaining = (follow > 0).then_some(follow);
            found.entries = page.entries;
            return Ok(found);
        }
        let count = page.entries.len();
        after = last_key(&page);
        for (index, entry) in page.entries.into_iter().enumerate() {
            let object = api.registry.decoded(wanted.resource, &entry)?;
            if !wanted.selection.matches(wanted.resource, &object) {
                continue;
            }
            let key = entry.key.to_string();
            found.entries.push(entry);
            if wanted.limit > 0 && found.entries.len() == wanted.limit {
                found.last = (follow > 0 || index + 1 < count).then_some(key);
                return Ok(found);
            }
        }
        if follow == 0 || limit == 0 {
            return Ok(found);
        }
    }
}

/// The one object of a name, where the place is known.
fn find_named(api: &Api, wanted: &Wanted<'_>, name: &str) -> Result<Option<Found>, Status> {
    let root = prefix(&wanted.resource.group, &wanted.resource.plural);
    let has_place = !wanted.resource.namespaced || wanted.prefix.len() > root.len();
    if wanted.at.is_some() || wanted.after.is_some() || !has_place {
        return Ok(None);
    }
    let store = &api.registry.store;
    let revision = store.revision();
    let entry = store.get(&format!("{}{name}", wanted.prefix)).map_err(|error| refused(&error))?;
    let revision = entry.as_ref().map_or(revision, |entry| revision.max(entry.mod_revision));
    let mut entries = Vec::new();
    if let Some(entry) = entry {
        let is_wanted = wanted.selection.selects_all() && wanted.selection.namespace.is_none() || {
            let object = api.registry.decoded(wanted.resource, &entry)?;
            wanted.selection.matches(wanted.resource, &object)
        };
        if is_wanted {
            entries.push(entry);
        }
    }
    Ok(Some(Found { entries, revision, last: None, remaining: None }))
}

fn last_key(page: &Page) -> Option<String> {
    page.entries.last().map(|entry| entry.key.to_string())
}

fn range_error(wanted: &Wanted<'_>, error: &StoreError) -> Status {
    match error {
        StoreError::Compacted { .. } if wanted.after.is_some() => expired(
            "The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter.",
        ),
        StoreError::Compacted { .. } => expired("The resourceVersion for the provided list is too old."),
        StoreError::Future { requested, current } => too_new(*requested, *current),
        other => refused(other),
    }
}

fn facts(wanted: &Wanted<'_>, found: &Found) -> ListFacts {
    let token = found.last.as_ref().and_then(|key| key.strip_prefix(wanted.prefix.as_str()));
    ListFacts {
        resource_version: found.revision.max(1).to_string(),
        continue_token: token.map(|last| Continue::encode(found.revision, last)).unwrap_or_default(),
        remaining: found.remaining,
    }
}

/// A list of what is stored, without decoding any of it.
fn joined(resource: &Resource, facts: &ListFacts, entries: &[Entry]) -> Bytes {
    let size: usize = entries.iter().map(|entry| entry.value.len() + 40).sum();
    let mut out = Vec::with_capacity(size + 256);
    let head = format!(
        "{{\"kind\":\"{}List\",\"apiVersion\":\"{}\",\"metadata\":{},\"items\":[",
        resource.kind,
        api_version(&resource.group, &resource.version),
        json_text(&facts.metadata().into())
    );
    out.extend_from_slice(head.as_bytes());
    for (index, entry) in entries.iter().enumerate() {
        if index > 0 {
            out.push(b',');
        }
        codec::append_item(&mut out, &entry.value, entry.mod_revision);
    }
    out.extend_from_slice(b"]}");
    Bytes::from(out)
}
