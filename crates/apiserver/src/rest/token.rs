//! Where a list goes on: continue tokens.
//!
//! Source: `k8s.io/apiserver/pkg/storage/continue.go`.

use base64::Engine as _;
use base64::alphabet::URL_SAFE;
use base64::engine::general_purpose::{GeneralPurpose, NO_PAD, URL_SAFE_NO_PAD};
use ravelin_object::Value;
use ravelin_object::status::Status;
use ravelin_store::Revision;

/// As Go reads it: bits behind the last byte do not matter.
const LENIENT: GeneralPurpose = GeneralPurpose::new(&URL_SAFE, NO_PAD.with_decode_allow_trailing_bits(true));

/// A place in a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Continue {
    /// At which revision the list is read.
    pub(crate) revision: Revision,
    /// The first key, relative to the prefix of the list.
    start: String,
}

impl Continue {
    /// The token of the place behind a key.
    pub(crate) fn encode(revision: Revision, last: &str) -> String {
        let last = ravelin_object::json_string(last);
        let last = last.strip_suffix('"').unwrap_or_default();
        let json = format!("{{\"v\":\"meta.k8s.io/v1\",\"rv\":{revision},\"start\":{last}\\u0000\"}}");
        URL_SAFE_NO_PAD.encode(json)
    }

    /// Reads a token.
    ///
    /// # Errors
    /// 400 where it is none.
    pub(crate) fn decode(token: &str) -> Result<Self, Status> {
        let wrong = |why: &str| Status::bad_request(format!("invalid continue token: {why}"));
        let bytes =
            LENIENT.decode(token).map_err(|error| wrong(&format!("continue key is not valid: {error}")))?;
        let value = std::str::from_utf8(&bytes)
            .ok()
            .and_then(|text| ravelin_object::read::json(text, &ravelin_yaml::Limits::STANDARD).ok()?.value)
            .ok_or_else(|| wrong(&format!("continue key is not valid: {}", syntax_error(&bytes))))?;
        let text = |key| value.field(key).and_then(Value::as_str).unwrap_or_default();
        if text("v") != "meta.k8s.io/v1" {
            return Err(wrong("continue key is not valid: server does not recognize this encoded version"));
        }
        let revision = value.field("rv").and_then(Value::as_int).unwrap_or_default();
        if revision == 0 {
            return Err(wrong(
                "continue key is not valid: incorrect encoded start resourceVersion (version meta.k8s.io/v1)",
            ));
        }
        let start = text("start");
        if start.is_empty() {
            return Err(wrong("continue key is not valid: encoded start key empty (version meta.k8s.io/v1)"));
        }
        // Somebody who makes tokens up must not reach outside the list.
        if start.split('/').any(|part| part == "..") {
            return Err(wrong(&format!(
                "continue key is not valid: {}",
                ravelin_object::selector::quoted(start)
            )));
        }
        Ok(Self { revision, start: start.to_owned() })
    }

    /// Behind which key the list goes on, relative to its prefix.
    pub(crate) fn after(&self) -> &str {
        self.start.strip_suffix('\0').unwrap_or(&self.start)
    }
}

/// What Go says of bytes that are no JSON.
fn syntax_error(bytes: &[u8]) -> String {
    ravelin_object::json_syntax::fault(bytes).unwrap_or_else(|| "unexpected end of JSON input".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_upstreams_and_nothing_else_is_one() {
        let token = Continue::encode(470, "ns/p1");
        let text = String::from_utf8(URL_SAFE_NO_PAD.decode(&token).unwrap()).unwrap();
        assert_eq!(text, "{\"v\":\"meta.k8s.io/v1\",\"rv\":470,\"start\":\"ns/p1\\u0000\"}");
        let read = Continue::decode(&token).unwrap();
        assert_eq!((read.revision, read.after()), (470, "ns/p1"));
        assert_eq!(
            Continue::decode("garbage").unwrap_err().message,
            "invalid continue token: continue key is not valid: invalid character '\\u0081' looking for beginning of value"
        );
        let outside = URL_SAFE_NO_PAD.encode("{\"v\":\"meta.k8s.io/v1\",\"rv\":1,\"start\":\"../secrets/\"}");
        assert!(Continue::decode(&outside).is_err());
    }
}
