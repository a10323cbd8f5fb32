//! A name for a finding that survives moved lines and renamed files.

use sha2::{Digest, Sha256};

/// The fingerprint of a finding, 32 hexadecimal digits: the same parts give the same fingerprint in
/// every run and version. Parts are length-prefixed, so `["ab", "c"]` and `["a", "bc"]` differ.
///
/// Callers pass the check's id, the identity of the object, a path without positions, and an ordinal
/// where all of that is equal; never line numbers, file names or message texts.
#[must_use]
pub fn fingerprint(parts: &[&str]) -> String {
    let mut hasher = Sha256::new();
    hasher.update(b"ravelin/fingerprint/v1");
    for part in parts {
        hasher.update((part.len() as u64).to_be_bytes());
        hasher.update(part.as_bytes());
    }
    let mut text = String::with_capacity(32);
    for byte in hasher.finalize().iter().take(16) {
        text.push(char::from_digit(u32::from(byte >> 4), 16).unwrap_or('0'));
        text.push(char::from_digit(u32::from(byte & 15), 16).unwrap_or('0'));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_do_not_run_together_and_the_value_is_pinned() {
        assert_ne!(fingerprint(&["ab", "c"]), fingerprint(&["a", "bc"]));
        // Pinned: a change of this value would orphan every baseline file in the field.
        assert_eq!(
            fingerprint(&["pss/host-namespaces", "v1/Pod/shop/web"]),
            "56855f61d4e0f525ef68c3aa01a4be93"
        );
    }
}
