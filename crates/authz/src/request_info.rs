//! What a request is about: a method and a URL become [`RequestInfo`], and with a user [`Attributes`].
//!
//! Source: `k8s.io/apiserver/pkg/endpoints/request` `RequestInfoFactory`, with the prefixes `api` and `apis`, and
//! `pkg/endpoints/filters` `GetAuthorizerAttributes`; gates at their defaults since 1.32.

mod list_options;
mod url;

use crate::{Attributes, User};
use list_options::ListOptions;
use ravelin_object::selector::{FieldSelector, Selector, path_segment_faults};

pub use url::{Url, UrlError};

/// What a request is about.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RequestInfo {
    /// Whether it is about a resource, rather than a path.
    pub is_resource: bool,
    /// The path, decoded.
    pub path: String,
    /// The verb: `get`, `list`, ...; for paths the lower-case method.
    pub verb: String,
    /// `api` or `apis`; empty for paths.
    pub api_prefix: String,
    /// The API group; empty for the core group.
    pub api_group: String,
    /// The API version.
    pub api_version: String,
    /// The namespace; empty where none is named.
    pub namespace: String,
    /// The resource, in the plural.
    pub resource: String,
    /// The subresource; empty where none.
    pub subresource: String,
    /// The name of the object: from the path, or for a list or watch from its field selector.
    pub name: String,
    /// The segments from the resource on.
    pub parts: Vec<String>,
    /// The field selector as written; only for verbs that honour one.
    pub field_selector: String,
    /// The label selector as written; only for verbs that honour one.
    pub label_selector: String,
}

/// Why a path cannot be understood.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RequestInfoError {
    /// A special verb with nothing behind it.
    #[error("unable to determine kind and namespace from url, {url}")]
    NothingAfterVerb {
        /// The URL, as Go prints it.
        url: String,
    },
}

/// Whether a verb changes nothing.
///
/// Source: `k8s.io/apiserver/pkg/authorization/authorizer` `AttributesRecord.IsReadOnly`.
#[must_use]
pub fn is_read_only(verb: &str) -> bool {
    matches!(verb, "get" | "list" | "watch")
}

impl RequestInfo {
    /// What a request is about. Beside an error stands what was known up to it.
    #[must_use]
    pub fn of(method: &str, url: &Url) -> (Self, Option<RequestInfoError>) {
        let mut info = Self { path: url.path().to_owned(), verb: method.to_lowercase(), ..Self::default() };
        let segments = segments(url.path());
        let Some(rest) = info.take_prefix(&segments) else { return (info, None) };
        let (verb, by_path, rest) = match rest {
            [special @ ("proxy" | "watch")] => {
                let _ = special;
                return (info, Some(RequestInfoError::NothingAfterVerb { url: url.to_string() }));
            }
            [special @ ("proxy" | "watch"), rest @ ..] => (*special, true, rest),
            rest => (verb_of(method), false, rest),
        };
        verb.clone_into(&mut info.verb);
        info.take_parts(rest);
        if info.name.is_empty() && info.verb == "get" {
            info.become_list_or_watch(url);
        }
        if info.name.is_empty() && info.verb == "delete" {
            "deletecollection".clone_into(&mut info.verb);
        }
        if !by_path && matches!(info.verb.as_str(), "list" | "watch" | "deletecollection") {
            url.value("fieldSelector").unwrap_or_default().clone_into(&mut info.field_selector);
            url.value("labelSelector").unwrap_or_default().clone_into(&mut info.label_selector);
        }
        (info, None)
    }

    /// What authorizers see of the request when the user makes it.
    #[must_use]
    pub fn attributes(&self, user: User) -> Attributes {
        let mut attributes = Attributes {
            user,
            verb: self.verb.clone(),
            is_resource: self.is_resource,
            group: self.api_group.clone(),
            version: self.api_version.clone(),
            namespace: self.namespace.clone(),
            resource: self.resource.clone(),
            subresource: self.subresource.clone(),
            name: self.name.clone(),
            path: self.path.clone(),
            ..Attributes::default()
        };
        if !self.field_selector.is_empty() {
            match FieldSelector::parse(&self.field_selector) {
                Ok(selector) => attributes.field_requirements = selector.requirements().to_vec(),
                Err(error) => attributes.field_selector_error = Some(error.to_string()),
            }
        }
        if !self.label_selector.is_empty() {
            match Selector::parse(&self.label_selector) {
                Ok(selector) => {
                    attributes.label_requirements = selector.requirements().unwrap_or_default().to_vec();
                }
                Err(error) => attributes.label_selector_error = Some(error.to_string()),
            }
        }
        attributes
    }

    /// Takes prefix, group and version off; nothing where the request is not about a resource.
    fn take_prefix<'s, 'p>(&mut self, segments: &'s [&'p str]) -> Option<&'s [&'p str]> {
        let (prefix, group, version, rest) = match segments {
            [prefix @ "api", version, rest @ ..] => (prefix, "", version, rest),
            [prefix @ "apis", group, version, rest @ ..] => (prefix, *group, version, rest),
            _ => {
                self.note_prefix(segments);
                return None;
            }
        };
        if rest.is_empty() {
            self.note_prefix(segments);
            return None;
        }
        self.is_resource = true;
        (*prefix).clone_into(&mut self.api_prefix);
        group.clone_into(&mut self.api_group);
        (*version).clone_into(&mut self.api_version);
        Some(rest)
    }

    /// A path of a group that is too short for a resource still names its prefix.
    fn note_prefix(&mut self, segments: &[&str]) {
        if let [prefix @ ("api" | "apis"), _, _, ..] = segments {
            (*prefix).clone_into(&mut self.api_prefix);
        }
    }

    fn take_parts(&mut self, mut parts: &[&str]) {
        if let ["namespaces", namespace, rest @ ..] = parts {
            (*namespace).clone_into(&mut self.namespace);
            if rest.first().is_some_and(|next| !matches!(*next, "status" | "finalize")) {
                parts = rest;
            }
        }
        self.parts = parts.iter().map(|part| (*part).to_owned()).collect();
        let mut parts = parts.iter().copied();
        parts.next().unwrap_or_default().clone_into(&mut self.resource);
        parts.next().unwrap_or_default().clone_into(&mut self.name);
        if self.verb != "proxy" {
            parts.next().unwrap_or_default().clone_into(&mut self.subresource);
        }
    }

    /// A `get` without a name lists or watches; one name that its field selector asks for is the name.
    fn become_list_or_watch(&mut self, url: &Url) {
        let options = ListOptions::of(url);
        if options.watch { "watch" } else { "list" }.clone_into(&mut self.verb);
        if let Some(name) = options.name.filter(|name| path_segment_faults(name).is_empty()) {
            self.name = name;
        }
    }
}

/// The segments of a path, without slashes at its ends; inner ones may be empty.
fn segments(path: &str) -> Vec<&str> {
    let path = path.trim_matches('/');
    if path.is_empty() { Vec::new() } else { path.split('/').collect() }
}

fn verb_of(method: &str) -> &'static str {
    match method {
        "POST" => "create",
        "GET" | "HEAD" => "get",
        "PUT" => "update",
        "PATCH" => "patch",
        "DELETE" => "delete",
        _ => "",
    }
}

#[cfg(test)]
mod tests;
