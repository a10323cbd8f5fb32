//! A continue token that is read leads nowhere else, and reads the same when it is written again.

use ravelin_apiserver::fuzzing::{continue_token, continue_token_of};

/// Takes the bytes for a token, and for the last key of a page.
pub fn run(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    match continue_token(text) {
        Ok((revision, after)) => {
            assert_ne!(revision, 0);
            assert!(!after.split('/').any(|part| part == ".."), "{after:?}");
            again(revision, &after);
        }
        Err(refusal) => {
            assert_eq!(refusal.code, 400);
            assert!(refusal.message.starts_with("invalid continue token"), "{}", refusal.message);
        }
    }
    again(7, text);
}

fn again(revision: i64, last: &str) {
    let read = continue_token(&continue_token_of(revision, last));
    // The place behind a key is the key and a null byte, which makes `..` another name.
    let leads_out = format!("{last}\0").split('/').any(|part| part == "..");
    if leads_out {
        assert!(read.is_err(), "{last:?}");
    } else {
        assert_eq!(read.ok(), Some((revision, last.to_owned())), "{last:?}");
    }
}
