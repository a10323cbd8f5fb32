//! What has to be unguessable or unique: uids, suffixes of names.

use aws_lc_rs::rand::SecureRandom as _;

/// Random bytes. Where the system gives none, nothing can go on, and what is asked for stays zero: it is told.
fn fill<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    if aws_lc_rs::rand::SystemRandom::new().fill(&mut bytes).is_err() {
        tracing::error!("the system gives no random bytes");
    }
    bytes
}

/// A random number.
pub(crate) fn number() -> u32 {
    u32::from_le_bytes(fill())
}

/// A random UUID, version 4.
pub(crate) fn uuid() -> String {
    let bits = (u128::from_le_bytes(fill()) & !(0xf << 76) & !(0x3 << 62)) | (0x4 << 76) | (0x2 << 62);
    let part = |shift: u32, digits: usize| {
        let mask = (1_u128 << (digits * 4)) - 1;
        format!("{:0digits$x}", (bits >> shift) & mask)
    };
    [part(96, 8), part(80, 4), part(64, 4), part(48, 4), part(0, 12)].join("-")
}

/// The characters of generated names: no vowels, nothing that looks like something else.
///
/// Source: `k8s.io/apimachinery/pkg/util/rand`.
const ALPHABET: &[u8; 27] = b"bcdfghjklmnpqrstvwxz2456789";

/// A random suffix of a name.
pub(crate) fn suffix(length: usize) -> String {
    let letters = (0..length).filter_map(|_| {
        let place = usize::try_from(number()).unwrap_or_default() % ALPHABET.len();
        ALPHABET.get(place).copied().map(char::from)
    });
    letters.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uids_are_random_uuids_of_version_4() {
        let uid = uuid();
        let parts: Vec<usize> = uid.split('-').map(str::len).collect();
        assert_eq!(parts, [8, 4, 4, 4, 12], "{uid}");
        assert_eq!(uid.as_bytes()[14], b'4');
        assert!(matches!(uid.as_bytes()[19], b'8' | b'9' | b'a' | b'b'), "{uid}");
        assert_ne!(uid, uuid());
        assert_eq!(suffix(5).len(), 5);
    }
}
