//! One request on its way through the stages: what is known of it so far.

use crate::rest::negotiate::{Form, Shape};
use http::{HeaderMap, Method};
use ravelin_auditlog::{MicroTime, Recorder};
use ravelin_authn::UserInfo;
use ravelin_authz::request_info::{RequestInfo, Url};
use ravelin_object::status::Status;
use ravelin_printing::IncludeObject;
use ravelin_server::transport::Peer;
use std::sync::Arc;

/// A request.
pub(crate) struct Exchange {
    /// The method.
    pub(crate) method: Method,
    /// Path and query as they came.
    pub(crate) target: String,
    /// Path and query, understood.
    pub(crate) url: Url,
    /// What the request is about.
    pub(crate) info: RequestInfo,
    /// The headers; identity headers are gone once authentication and impersonation have read them.
    pub(crate) headers: HeaderMap,
    /// Who is at the other end.
    pub(crate) peer: Arc<Peer>,
    /// Who asks; after impersonation, as whom.
    pub(crate) user: UserInfo,
    /// What is recorded.
    pub(crate) recorder: Recorder,
    /// What the client is to be warned of.
    pub(crate) warnings: Vec<String>,
    /// When it came.
    pub(crate) received: MicroTime,
    /// Whether its record ends with the first event: nobody was recognised.
    pub(crate) ends_at_once: bool,
}

impl Exchange {
    /// A header as text; empty where it is absent or no text.
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// What tables hold of the objects in their rows.
    ///
    /// # Errors
    /// 400 for policies there are not, where a table is wanted.
    pub(crate) fn include_object(&self, form: &Form) -> Result<IncludeObject, Status> {
        let asked = IncludeObject::parse(self.url.value("includeObject").unwrap_or_default());
        match asked {
            Err(fault) if matches!(form.shape, Shape::Table(_)) => {
                Err(Status::bad_request(format!("Unable to convert to Table as requested: {fault}")))
            }
            asked => Ok(asked.unwrap_or_default()),
        }
    }

    /// Whether the path itself asks for a watch: `/api/v1/watch/...`.
    pub(crate) fn watches_by_path(&self) -> bool {
        let segments: Vec<&str> = self.info.path.split('/').filter(|part| !part.is_empty()).collect();
        let place = if self.info.api_group.is_empty() { 2 } else { 3 };
        segments.get(place) == Some(&"watch") && self.info.verb == "watch"
    }

    /// Adds a warning, once.
    pub(crate) fn warn(&mut self, text: impl Into<String>) {
        let text = text.into();
        if !text.is_empty() && !self.warnings.contains(&text) {
            self.warnings.push(text);
        }
    }

    /// Whether the answer may last as long as it likes.
    ///
    /// Source: `k8s.io/apiserver/pkg/server/config.go` `LongRunningFunc`.
    pub(crate) fn is_long_running(&self) -> bool {
        let info = &self.info;
        if info.is_resource {
            return matches!(info.verb.as_str(), "watch" | "proxy")
                || matches!(info.subresource.as_str(), "attach" | "exec" | "proxy" | "log" | "portforward");
        }
        info.path.starts_with("/debug/pprof/")
    }
}

impl Exchange {
    /// Records the object that a request carries.
    pub(crate) fn record_request(
        &mut self,
        object: &ravelin_object::Value,
        resource: &ravelin_resource::Resource,
        subresource: &str,
    ) {
        if !self.recorder.is_enabled() {
            return;
        }
        let reference = ravelin_auditlog::ObjectReference {
            resource: resource.plural.to_string(),
            api_group: resource.group.to_string(),
            api_version: resource.version.to_string(),
            subresource: subresource.to_owned(),
            ..ravelin_auditlog::ObjectReference::default()
        };
        self.recorder.request_object(object, &reference);
    }
}
