//! Headers that name a user are all removed once they are understood.

use ravelin_authn::headers::Headers;
use ravelin_authn::impersonation::{Modes, wanted_user};
use ravelin_authn::request_header::HeaderNames;

/// Takes the bytes for lines of headers.
pub fn run(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let headers: Headers = text.lines().filter_map(|line| line.split_once(": ")).collect();
    for modes in [Modes::All, Modes::LegacyOnly] {
        let mut left = headers.clone();
        match wanted_user(&mut left, modes) {
            Ok(Some(user)) => {
                assert!(!user.name.is_empty());
                assert!(!left.iter().any(|(name, _)| name.starts_with("Impersonate-Extra-")));
                assert_eq!(wanted_user(&mut left, modes), Ok(None));
            }
            Ok(None) => assert_eq!(left, headers),
            Err(refusal) => assert_eq!(refusal.code, 400),
        }
    }
    let names = HeaderNames::standard();
    let mut left = headers;
    let user = names.user_of(&left);
    assert!(user.is_none_or(|user| !user.name.is_empty()));
    names.clear(&mut left);
    assert_eq!(names.user_of(&left), None);
}
