//! `AdmissionReview` of `admission.k8s.io/v1`: what an API server asks a webhook, and the answer to it.
//!
//! Statuses and texts of what is refused are those of the webhook of upstream,
//! `k8s.io/pod-security-admission/cmd/webhook/server/server.go` v0.36 (`HandleValidate`). Known differences:
//! only JSON is read, where upstream's decoder also takes YAML and protobuf under the same content type; nesting is
//! bounded by [`LIMITS`]; and a review without a request, on which upstream breaks off the connection, is answered with
//! the 500 that it meant to answer with.

mod encode;
mod kinds;

pub use encode::encode;

use ravelin_diag::FieldPath;
use ravelin_object::{Decoder, Map, Value, read};
use ravelin_podsec::admission::{Operation, Request, Resource};
use ravelin_yaml::Limits;
use std::borrow::Cow;

/// The size in bytes that the body of a request must stay below.
pub const BODY_LIMIT: usize = 3 * 1024 * 1024;

/// How deep a review may be nested. Go's decoder of JSON allows 10,000; no object of a kind that is judged comes near
/// even this.
pub const LIMITS: Limits = Limits { depth: 512, alias_nodes: 0 };

/// Why bytes are no review: the status and the words of the answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The status of HTTP.
    pub status: u16,
    /// The text of the body, without its last newline.
    pub message: String,
}

impl Refusal {
    /// 400 with these words.
    fn bad(message: impl Into<String>) -> Self {
        Self { status: 400, message: message.into() }
    }

    /// No body was sent.
    #[must_use]
    pub fn empty() -> Self {
        Self::bad("request body is empty")
    }

    /// The body could not be read to its end.
    #[must_use]
    pub fn broken() -> Self {
        Self::bad("unable to read the body from the incoming request")
    }

    /// The body reaches the limit.
    #[must_use]
    pub fn too_large() -> Self {
        Self { status: 413, message: format!("request entity is too large; limit is {BODY_LIMIT} bytes") }
    }

    /// Something went wrong that is nobody's fault but ours.
    #[must_use]
    pub fn internal() -> Self {
        Self { status: 500, message: "internal server error".to_owned() }
    }

    fn undecodable() -> Self {
        Self::bad("unable to decode the request")
    }
}

/// A review that was asked for.
#[derive(Clone, Debug, PartialEq)]
pub struct Review {
    request: Value,
}

/// Reads a review from the body of a request and its content type.
///
/// # Errors
/// What to answer instead of a review.
pub fn decode(content_type: Option<&[u8]>, body: &[u8], limits: &Limits) -> Result<Review, Refusal> {
    if body.len() >= BODY_LIMIT {
        return Err(Refusal::too_large());
    }
    if content_type != Some(b"application/json") {
        return Err(Refusal::bad("unable to process a request with a non-json content type"));
    }
    let text = String::from_utf8_lossy(body);
    let read = read::json(&text, limits).map_err(|_| Refusal::undecodable())?;
    let mut review = match read.value {
        Some(Value::Object(review)) => review,
        None | Some(Value::Null) => return Err(Refusal::internal()),
        Some(_) => return Err(Refusal::undecodable()),
    };
    check_kind(&review)?;
    if !matches!(review.get("response"), None | Some(Value::Null | Value::Object(_))) {
        return Err(Refusal::undecodable());
    }
    let request = review.remove("request").filter(|request| *request != Value::Null);
    let request = request.ok_or_else(Refusal::internal)?;
    check_types(&request).map_err(|()| Refusal::undecodable())?;
    Ok(Review { request })
}

/// Demands that it says of itself that it is a review, or says nothing.
/// Source: `k8s.io/apimachinery/pkg/runtime/serializer/json` (`gvkWithDefaults`).
fn check_kind(review: &Map) -> Result<(), Refusal> {
    let text = |key: &str| match review.get(key) {
        None | Some(Value::Null) => Ok(""),
        Some(Value::String(text)) => Ok(text.as_str()),
        Some(_) => Err(Refusal::undecodable()),
    };
    let (version, kind) = (text("apiVersion")?, text("kind")?);
    let version = if matches!(version, "" | "/") { "admission.k8s.io/v1" } else { version };
    let kind = if kind.is_empty() { "AdmissionReview" } else { kind };
    match (version, kind) {
        ("admission.k8s.io/v1", "AdmissionReview") => Ok(()),
        // Kinds that the decoder of upstream's webhook knows are named, others are not.
        _ if kinds::is_known(version, kind) => {
            let (group, version) = version.split_once('/').unwrap_or(("", version));
            Err(Refusal::bad(format!("unexpected AdmissionReview kind: {group}/{version}, Kind={kind}")))
        }
        _ => Err(Refusal::undecodable()),
    }
}

/// Demands that every field of the request has the type that Kubernetes' decoder insists on.
/// Source: `k8s.io/api/admission/v1/types.go` (`AdmissionRequest`).
fn check_types(request: &Value) -> Result<(), ()> {
    if request.as_object().is_none() {
        return Err(());
    }
    let mut decoder = Decoder::new(FieldPath::root());
    let holder = Some(request);
    for key in ["uid", "subResource", "requestSubResource", "name", "namespace", "operation"] {
        decoder.string(holder, key);
    }
    for (key, last) in
        [("kind", "kind"), ("resource", "resource"), ("requestKind", "kind"), ("requestResource", "resource")]
    {
        decoder.mapping(holder, key, |decoder, value| {
            for key in ["group", "version", last] {
                decoder.string(Some(value), key);
            }
        });
    }
    decoder.boolean(holder, "dryRun");
    decoder.mapping(holder, "userInfo", |decoder, user| {
        decoder.string(Some(user), "username");
        decoder.string(Some(user), "uid");
        decoder.strings(Some(user), "groups");
        decoder.mapping(Some(user), "extra", |decoder, extra| {
            for (key, _) in extra.as_object().into_iter().flat_map(Map::iter) {
                decoder.strings(Some(extra), key);
            }
        });
    });
    decoder.finish(()).map_err(|_| ())
}

impl Review {
    /// The id of the request, which the answer repeats.
    #[must_use]
    pub fn uid(&self) -> &str {
        self.text("uid")
    }

    /// Whether the API server will not keep the result.
    #[must_use]
    pub fn is_dry_run(&self) -> bool {
        self.request.field("dryRun").and_then(Value::as_bool).unwrap_or_default()
    }

    /// The request as Pod Security is asked it.
    #[must_use]
    pub fn request(&self) -> Request<'_> {
        Request {
            operation: Operation::from(self.text("operation")),
            resource: self.resource("resource", "resource"),
            kind: self.resource("kind", "kind"),
            // Upstream reads what was asked for, not what it was converted to (`api/attributes.go`).
            subresource: self.text("requestSubResource"),
            name: self.text("name"),
            namespace: self.text("namespace"),
            user: self.dotted("userInfo.username"),
            object: self.request.field("object"),
            old_object: self.request.field("oldObject"),
        }
    }

    /// Namespace and name as they should be logged: cut, since they are a stranger's.
    #[must_use]
    pub fn place(&self) -> Cow<'_, str> {
        let (namespace, name) = (self.text("namespace"), self.text("name"));
        match (namespace.is_empty(), name.len() + namespace.len() < 400) {
            (_, false) => "(a name too long to log)".into(),
            (true, true) => name.into(),
            (false, true) => format!("{namespace}/{name}").into(),
        }
    }

    fn text(&self, key: &str) -> &str {
        self.request.field(key).and_then(Value::as_str).unwrap_or_default()
    }

    fn dotted(&self, keys: &str) -> &str {
        self.request.dotted(keys).and_then(Value::as_str).unwrap_or_default()
    }

    fn resource(&self, key: &str, last: &str) -> Resource<'_> {
        let holder = self.request.field(key);
        let text =
            |key| holder.and_then(|holder| holder.field(key)).and_then(Value::as_str).unwrap_or_default();
        Resource { group: text("group"), version: text("version"), name: text(last) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const JSON: Option<&[u8]> = Some(b"application/json");

    fn refusal(body: &str) -> (u16, String) {
        let refusal = decode(JSON, body.as_bytes(), &LIMITS).unwrap_err();
        (refusal.status, refusal.message)
    }

    #[test]
    fn a_review_is_read() {
        let body = r#"{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","request":{"uid":"u","dryRun":true,
            "kind":{"group":"","version":"v1","kind":"Pod"},"resource":{"group":"","version":"v1","resource":"pods"},
            "subResource":"x","requestSubResource":"ephemeralcontainers","name":"a","namespace":"b","operation":"UPDATE",
            "userInfo":{"username":"c","groups":["d"],"extra":{"e":["f"]}},"object":{"x":1},"oldObject":null}}"#;
        let review = decode(JSON, body.as_bytes(), &LIMITS).unwrap();
        let request = review.request();
        assert_eq!((review.uid(), review.is_dry_run(), review.place().as_ref()), ("u", true, "b/a"));
        assert_eq!(request.operation, Operation::Update);
        assert_eq!(request.resource, Resource { group: "", version: "v1", name: "pods" });
        assert_eq!(request.kind.name, "Pod");
        assert_eq!((request.subresource, request.user), ("ephemeralcontainers", "c"));
        assert!(request.object.is_some() && request.old_object.is_none());
    }

    #[test]
    fn what_says_nothing_of_itself_is_a_review() {
        for head in [
            "",
            r#""kind":"AdmissionReview","#,
            r#""apiVersion":"admission.k8s.io/v1","#,
            r#""apiVersion":"/","#,
        ] {
            let body = format!(r#"{{{head}"request":{{}}}}"#);
            assert!(decode(JSON, body.as_bytes(), &LIMITS).is_ok(), "{head}");
        }
    }

    #[test]
    fn what_is_no_review_is_refused_in_the_words_of_upstream() {
        let undecodable = (400, "unable to decode the request".to_owned());
        let unexpected = |kind: &str| (400, format!("unexpected AdmissionReview kind: {kind}"));
        let deep = format!(r#"{{"request":{}1{}}}"#, "[".repeat(20_000), "]".repeat(20_000));
        for (body, wanted) in [
            ("", &undecodable),
            ("nonsense", &undecodable),
            (r#"{"request":{},"response":5}"#, &undecodable),
            ("[]", &undecodable),
            (r#"{"request":{}"#, &undecodable),
            (r#"{"request":{}} x"#, &undecodable),
            (r#"{"kind":1}"#, &undecodable),
            (r#"{"kind":"Pod"}"#, &undecodable),
            (r#"{"apiVersion":"v1"}"#, &undecodable),
            (r#"{"apiVersion":"admission.k8s.io/v1beta1","kind":"AdmissionReview"}"#, &undecodable),
            (r#"{"apiVersion":"example.com/v1","kind":"Pod"}"#, &undecodable),
            (r#"{"apiVersion":"v1","kind":"Pod"}"#, &unexpected("/v1, Kind=Pod")),
            (r#"{"apiVersion":"apps/v1","kind":"Deployment"}"#, &unexpected("apps/v1, Kind=Deployment")),
            (r#"{"request":[]}"#, &undecodable),
            (r#"{"request":{"uid":1}}"#, &undecodable),
            (r#"{"request":{"dryRun":"yes"}}"#, &undecodable),
            (r#"{"request":{"resource":"pods"}}"#, &undecodable),
            (r#"{"request":{"userInfo":{"extra":{"a":"b"}}}}"#, &undecodable),
            (deep.as_str(), &undecodable),
            ("{}", &(500, "internal server error".to_owned())),
            ("null", &(500, "internal server error".to_owned())),
            (r#"{"request":null}"#, &(500, "internal server error".to_owned())),
        ] {
            assert_eq!(refusal(body), *wanted, "{}", body.chars().take(100).collect::<String>());
        }
    }

    #[test]
    fn the_content_type_is_exact_and_looked_at_after_the_size() {
        for content_type in
            [None, Some(&b"application/json; charset=utf-8"[..]), Some(b"text/plain"), Some(b"")]
        {
            let refusal = decode(content_type, b"{}", &LIMITS).unwrap_err();
            assert_eq!(refusal, Refusal::bad("unable to process a request with a non-json content type"));
        }
        let refusal = decode(None, &vec![b' '; BODY_LIMIT], &LIMITS).unwrap_err();
        assert_eq!(
            (refusal.status, refusal.message.as_str()),
            (413, "request entity is too large; limit is 3145728 bytes")
        );
    }

    #[test]
    fn bytes_that_are_no_text_are_read_as_go_reads_them() {
        let mut body = br#"{"request":{"uid":"a"#.to_vec();
        body.extend([0xff]);
        body.extend(br#""}}"#);
        assert_eq!(decode(JSON, &body, &LIMITS).unwrap().uid(), "a\u{fffd}");
    }
}
