//! No header of a request is lost on its way to those who ask who somebody is.

use http::{HeaderMap, HeaderName, HeaderValue};
use ravelin_apiserver::fuzzing;
use ravelin_authn::impersonation::{Modes, wanted_user};

/// Takes the bytes for lines of headers.
pub fn run(data: &[u8]) {
    let mut map = HeaderMap::new();
    for line in data.split(|byte| *byte == b'\n').take(100) {
        let Some(colon) = line.iter().position(|byte| *byte == b':') else { continue };
        let (name, value) = line.split_at(colon);
        let value = value.get(1..).unwrap_or_default().trim_ascii();
        if let (Ok(name), Ok(value)) = (HeaderName::from_bytes(name), HeaderValue::from_bytes(value)) {
            map.append(name, value);
        }
    }
    let mut headers = fuzzing::headers(&map);
    let count: usize = headers.iter().map(|(_, values)| values.len()).sum();
    assert_eq!(count, map.len());
    let first = map.get("impersonate-user").map(|value| !value.is_empty());
    match wanted_user(&mut headers, Modes::All) {
        Ok(None) => assert_ne!(first, Some(true), "{map:?}"),
        Ok(Some(user)) => assert!(!user.name.is_empty() && first == Some(true), "{map:?}"),
        Err(refusal) => assert_eq!(refusal.code, 400),
    }
}
