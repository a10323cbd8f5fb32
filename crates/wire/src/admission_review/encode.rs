//! Answers to reviews, as bytes.

use ravelin_podsec::admission::{Details, Response, Status};
use serde::Serialize;
use std::collections::BTreeMap;

/// The bytes of the answer to the review with this id.
///
/// Unlike upstream's, the answer does not repeat the request; an API server reads the response alone.
#[must_use]
pub fn encode(uid: &str, response: &Response) -> Vec<u8> {
    let annotations = response.annotations.iter().map(|(key, value)| (*key, value.as_str())).collect();
    let review = WireReview {
        kind: "AdmissionReview",
        api_version: "admission.k8s.io/v1",
        response: WireResponse {
            uid,
            allowed: response.allowed,
            status: response.status.as_ref().map(WireStatus::of),
            audit_annotations: annotations,
            warnings: &response.warnings,
        },
    };
    // Strings and numbers into memory: nothing that could fail.
    let mut bytes = serde_json::to_vec(&review).unwrap_or_default();
    bytes.push(b'\n');
    bytes
}

#[derive(Serialize)]
struct WireReview<'a> {
    kind: &'static str,
    #[serde(rename = "apiVersion")]
    api_version: &'static str,
    response: WireResponse<'a>,
}

#[derive(Serialize)]
struct WireResponse<'a> {
    uid: &'a str,
    allowed: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<WireStatus<'a>>,
    #[serde(rename = "auditAnnotations", skip_serializing_if = "BTreeMap::is_empty")]
    audit_annotations: BTreeMap<&'static str, &'a str>,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    warnings: &'a [String],
}

#[derive(Serialize)]
struct WireStatus<'a> {
    metadata: Empty,
    status: &'static str,
    message: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    reason: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    details: Option<WireDetails<'a>>,
    code: u16,
}

#[derive(Serialize)]
struct Empty {}

#[derive(Serialize)]
struct WireDetails<'a> {
    #[serde(skip_serializing_if = "str::is_empty")]
    name: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    group: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    kind: &'a str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    causes: Vec<WireCause<'a>>,
}

#[derive(Serialize)]
struct WireCause<'a> {
    #[serde(skip_serializing_if = "str::is_empty")]
    reason: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    message: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    field: &'a str,
}

impl<'a> WireStatus<'a> {
    fn of(status: &'a Status) -> Self {
        Self {
            metadata: Empty {},
            status: "Failure",
            message: &status.message,
            reason: status.reason,
            details: status.details.as_ref().map(WireDetails::of),
            code: status.code,
        }
    }
}

impl<'a> WireDetails<'a> {
    fn of(details: &'a Details) -> Self {
        let causes = details.causes.iter().map(|cause| WireCause {
            reason: cause.reason,
            message: &cause.message,
            field: &cause.field,
        });
        Self { name: &details.name, group: &details.group, kind: &details.kind, causes: causes.collect() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ravelin_podsec::admission::Cause;

    #[test]
    fn an_answer_is_what_an_api_server_reads() {
        let allowed = String::from_utf8(encode("u", &Response::allowed())).unwrap();
        assert_eq!(
            allowed,
            "{\"kind\":\"AdmissionReview\",\"apiVersion\":\"admission.k8s.io/v1\",\
             \"response\":{\"uid\":\"u\",\"allowed\":true}}\n"
        );
        let denied = Response {
            allowed: false,
            status: Some(Status {
                code: 422,
                reason: "Invalid",
                message: "no \"x\"".to_owned(),
                details: Some(Details {
                    name: "a".to_owned(),
                    kind: "Namespace".to_owned(),
                    causes: vec![Cause {
                        reason: "FieldValueInvalid",
                        message: "m".to_owned(),
                        field: "f".to_owned(),
                    }],
                    ..Details::default()
                }),
            }),
            warnings: vec!["w".to_owned()],
            annotations: vec![("error", "e".to_owned()), ("audit-violations", "v".to_owned())],
            ..Response::allowed()
        };
        let value: serde_json::Value = serde_json::from_slice(&encode("u", &denied)).unwrap();
        assert_eq!(
            value["response"],
            serde_json::json!({
                "uid": "u", "allowed": false, "warnings": ["w"],
                "auditAnnotations": {"error": "e", "audit-violations": "v"},
                "status": {
                    "metadata": {}, "status": "Failure", "message": "no \"x\"", "reason": "Invalid", "code": 422,
                    "details": {"name": "a", "kind": "Namespace",
                        "causes": [{"reason": "FieldValueInvalid", "message": "m", "field": "f"}]},
                },
            })
        );
    }
}
