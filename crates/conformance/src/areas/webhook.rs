//! The webhook of Pod Security: what bytes it is sent, and what it answers.

use std::sync::Arc;

use ravelin_object::Value as Object;
use ravelin_podsec::admission::{Admission, Lookup, LookupError};
use ravelin_podsec::config::PodSecurityConfiguration;
use ravelin_podsec::exemption::Extension;
use ravelin_wire::admission_review::{LIMITS, decode, encode};
use ravelin_yaml::Limits;
use serde_json::{Value, json};

use super::Area;
use crate::record::{Difference, Fields};

/// Records `{contentType, body, status, response | text}`. There are the namespaces `restricted`, `baseline` and
/// `plain`, which enforce what they are called.
pub(super) struct Webhook;

impl Area for Webhook {
    fn compare(&mut self, record: &Value) -> Vec<Difference> {
        Fields::compared(record, found)
    }
}

fn found(fields: &mut Fields) -> Result<Value, Difference> {
    let content_type: Option<String> = fields.take("contentType")?;
    let body: String = fields.take("body")?;
    let review = match decode(content_type.as_deref().map(str::as_bytes), body.as_bytes(), &LIMITS) {
        Ok(review) => review,
        Err(refusal) => {
            return Ok(json!({ "status": refusal.status, "text": format!("{}\n", refusal.message) }));
        }
    };
    let (configuration, extension) = (PodSecurityConfiguration::unconfigured(), Extension::default());
    let today = "2026-01-01".parse().map_err(|error| Difference::form("today", "a day", error))?;
    let admission = Admission {
        configuration: &configuration,
        extension: &extension,
        today,
        newest: ravelin_podsec::Version::NEWEST,
    };
    let answer = encode(review.uid(), &admission.decide(&review.request(), &Cluster));
    let answer: Value =
        serde_json::from_slice(&answer).map_err(|error| Difference::form("response", "an object", error))?;
    Ok(json!({ "status": 200, "response": answer.get("response") }))
}

struct Cluster;

impl Lookup for Cluster {
    fn namespace(&self, name: &str) -> Result<Arc<Object>, LookupError> {
        let labels = match name {
            "restricted" | "baseline" => format!("pod-security.kubernetes.io/enforce: {name}"),
            "plain" => String::new(),
            "" => return Err(LookupError("resource name may not be empty".to_owned())),
            _ => return Err(LookupError(format!("namespaces {name:?} not found"))),
        };
        let text = format!("metadata: {{name: {name}, labels: {{{labels}}}}}");
        let read = ravelin_object::read::yaml(&text, &Limits::STANDARD);
        let value = read.ok().and_then(|read| read.value);
        value.map(Arc::new).ok_or_else(|| LookupError("no namespace".to_owned()))
    }

    fn pods(&self, _: &str) -> Result<Vec<Arc<Object>>, LookupError> {
        Ok(Vec::new())
    }

    fn expired(&self) -> bool {
        false
    }
}
