//! Whatever a webhook is sent: it answers, the same twice, with the id of the request, and readably.

use ravelin_object::Value;
use ravelin_podsec::admission::{Admission, Lookup, LookupError};
use ravelin_podsec::config::PodSecurityConfiguration;
use ravelin_podsec::exemption::Extension;
use ravelin_wire::admission_review::{LIMITS, decode, encode};
use std::sync::Arc;

/// Sends the bytes as the body of a review.
pub fn run(data: &[u8]) {
    let decoded = decode(Some(b"application/json"), data, &LIMITS);
    assert_eq!(decoded, decode(Some(b"application/json"), data, &LIMITS), "decoding twice");
    let review = match decoded {
        Ok(review) => review,
        Err(refusal) => {
            assert!(
                [400, 413, 500].contains(&refusal.status) && !refusal.message.contains('\n'),
                "{refusal:?}"
            );
            return;
        }
    };
    let (configuration, extension) = (PodSecurityConfiguration::unconfigured(), Extension::default());
    let Ok(today) = "2026-01-01".parse() else { return };
    let admission = Admission {
        configuration: &configuration,
        extension: &extension,
        today,
        newest: ravelin_podsec::Version::NEWEST,
    };
    let response = admission.decide(&review.request(), &Cluster);
    assert_eq!(response, admission.decide(&review.request(), &Cluster), "deciding twice");
    assert_eq!(response.allowed, response.status.is_none(), "a denial says why: {response:?}");
    let answer = encode(review.uid(), &response);
    let answer: Result<serde_json::Value, _> = serde_json::from_slice(&answer);
    let Ok(answer) = answer else { panic!("an answer that is no JSON: {answer:?}") };
    let field = |path: &str| answer.pointer(path).cloned().unwrap_or_default();
    assert_eq!(field("/response/uid"), review.uid(), "the id");
    assert_eq!(field("/response/allowed"), response.allowed, "the verdict");
}

/// Every namespace enforces the restricted level and holds a pod that breaks it.
struct Cluster;

impl Lookup for Cluster {
    fn namespace(&self, name: &str) -> Result<Arc<Value>, LookupError> {
        if name.is_empty() {
            return Err(LookupError("resource name may not be empty".to_owned()));
        }
        value("{metadata: {labels: {pod-security.kubernetes.io/enforce: restricted}}}")
    }

    fn pods(&self, _: &str) -> Result<Vec<Arc<Value>>, LookupError> {
        let pod = value("{metadata: {name: a}, spec: {hostPID: true, containers: [{name: c, image: i}]}}")?;
        Ok(vec![pod])
    }

    fn expired(&self) -> bool {
        false
    }
}

fn value(text: &str) -> Result<Arc<Value>, LookupError> {
    let read =
        ravelin_object::read::yaml(text, &crate::LIMITS).map_err(|error| LookupError(error.to_string()))?;
    Ok(Arc::new(read.value.unwrap_or(Value::Null)))
}
