//! Any `Accept` header is understood, and with `*/*` any is served.

use ravelin_apiserver::fuzzing;

/// Takes the bytes for an `Accept` header.
pub fn run(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let (is_routable, outcome) = fuzzing::accept(text);
    match outcome {
        Ok(()) => assert!(is_routable, "{text:?}"),
        Err(refusal) => assert_eq!(refusal.code, 406, "{text:?}"),
    }
    let (is_routable, outcome) = fuzzing::accept(&format!("{text},*/*"));
    assert!(is_routable && outcome.is_ok(), "{text:?}");
}
