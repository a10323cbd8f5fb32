//! Every request for admission has an answer, and the parts of it fit together.

use std::cell::Cell;
use std::sync::Arc;

use ravelin_object::{Value, documents, read};
use ravelin_podsec::admission::{Admission, Lookup, LookupError, Operation, Request, Resource, Response};
use ravelin_podsec::config::{self, PodSecurityConfiguration};
use ravelin_podsec::exemption::{self, Extension};

use crate::LIMITS;

/// Reads the bytes as a stream of documents: a request, as an `AdmissionReview` holds it; a namespace; an extension;
/// a configuration; and pods.
pub fn run(data: &[u8]) {
    let Ok(text) = ravelin_yaml::decode(data) else { return };
    let mut values = documents::split(&text)
        .into_iter()
        .map(|piece| read::yaml(piece.text, &LIMITS).ok().and_then(|read| read.value).unwrap_or(Value::Null));
    let mut next = || values.next().unwrap_or(Value::Null);
    let (review, namespace, extension, configuration) = (next(), next(), next(), next());
    let pods: Vec<Arc<Value>> = values.map(Arc::new).collect();
    let cluster = Cluster { namespace: Arc::new(namespace), pods, asked: Cell::new(0) };
    let extension = exemption::read(&extension).unwrap_or_default();
    let configuration =
        config::read(&configuration).unwrap_or_else(|_| PodSecurityConfiguration::unconfigured());
    let Ok(today) = "2026-06-01".parse() else { return };
    let text = |path: &str| review.dotted(path).and_then(Value::as_str).unwrap_or_default();
    let request = Request {
        operation: Operation::from(text("operation")),
        resource: Resource {
            group: text("resource.group"),
            version: text("resource.version"),
            name: text("resource.resource"),
        },
        kind: Resource { group: text("kind.group"), version: text("kind.version"), name: text("kind.kind") },
        subresource: text("requestSubResource"),
        name: text("name"),
        namespace: text("namespace"),
        user: text("userInfo.username"),
        object: review.field("object"),
        old_object: review.field("oldObject"),
    };
    let answer = |extension: &Extension| {
        let admission = Admission {
            configuration: &configuration,
            extension,
            today,
            newest: ravelin_podsec::Version::NEWEST,
        };
        admission.decide(&request, &cluster)
    };
    let response = answer(&extension);
    assert_eq!(response, answer(&extension), "the same question, the same answer");
    holds(&response, &request);
    let upstream = answer(&Extension::default());
    holds(&upstream, &request);
    if extension.controllers == exemption::Controllers::Warn && upstream.allowed {
        assert!(response.allowed, "exemptions only ever allow more");
    }
}

fn holds(response: &Response, request: &Request<'_>) {
    assert_eq!(response.allowed, response.status.is_none());
    assert!(response.status.as_ref().is_none_or(|status| [400, 403, 422, 500].contains(&status.code)));
    let mut keys: Vec<_> = response.annotations.iter().map(|(key, _)| key).collect();
    keys.sort();
    assert!(keys.windows(2).all(|pair| pair.first() != pair.last()), "{keys:?}");
    for event in &response.events {
        assert!(!event.metric(request, 36).name.is_empty());
    }
}

struct Cluster {
    namespace: Arc<Value>,
    pods: Vec<Arc<Value>>,
    asked: Cell<usize>,
}

impl Lookup for Cluster {
    fn namespace(&self, name: &str) -> Result<Arc<Value>, LookupError> {
        match *self.namespace {
            Value::Null => Err(LookupError(format!("namespaces {name:?} not found"))),
            _ => Ok(self.namespace.clone()),
        }
    }

    fn pods(&self, _: &str) -> Result<Vec<Arc<Value>>, LookupError> {
        self.asked.set(0);
        Ok(self.pods.clone())
    }

    fn expired(&self) -> bool {
        self.asked.set(self.asked.get() + 1);
        self.asked.get() > 3
    }
}
