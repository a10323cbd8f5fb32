//! A version of a key as it is on the disk.
//!
//! A checksum of the rest (4 bytes), the length of the key (4), the revision at which the key was created (8), when it
//! expires (8, 0 for never), 1 for a value or 0 for a deletion (1), the key, the value; numbers little-endian. The
//! revision of the version is the key of the record.

use crate::backup::checksum;
use crate::state::Version;
use crate::{Event, Revision};
use bytes::Bytes;
use std::sync::Arc;

const HEAD: usize = 25;

/// The record of an event.
pub(super) fn encode(event: &Event) -> Vec<u8> {
    let (created, expires, value) = match &event.current {
        Some(entry) => (entry.create_revision, entry.expires.unwrap_or(0), Some(&entry.value)),
        None => (0, 0, None),
    };
    encode_parts(&event.key, created, expires, value.map(|value| &**value))
}

/// The record of a version by its parts.
pub(super) fn encode_parts(key: &str, created: Revision, expires: u64, value: Option<&[u8]>) -> Vec<u8> {
    let mut out = Vec::with_capacity(HEAD + key.len() + value.map_or(0, <[u8]>::len));
    out.extend_from_slice(&[0; 4]);
    out.extend_from_slice(&u32::try_from(key.len()).unwrap_or(u32::MAX).to_le_bytes());
    out.extend_from_slice(&created.to_le_bytes());
    out.extend_from_slice(&expires.to_le_bytes());
    out.push(u8::from(value.is_some()));
    out.extend_from_slice(key.as_bytes());
    out.extend_from_slice(value.unwrap_or_default());
    let sum = checksum(out.get(4..).unwrap_or_default()).to_le_bytes();
    for (place, byte) in out.iter_mut().zip(sum) {
        *place = byte;
    }
    out
}

/// Reads a record of a revision; nothing if it is damaged.
pub(super) fn decode(revision: Revision, record: &[u8]) -> Option<(Arc<str>, Version)> {
    let (sum, rest) = record.split_first_chunk::<4>()?;
    if u32::from_le_bytes(*sum) != checksum(rest) {
        return None;
    }
    let (length, rest) = rest.split_first_chunk::<4>()?;
    let (created, rest) = rest.split_first_chunk::<8>()?;
    let (expires, rest) = rest.split_first_chunk::<8>()?;
    let (has_value, rest) = rest.split_first()?;
    let (key, value) = rest.split_at_checked(usize::try_from(u32::from_le_bytes(*length)).ok()?)?;
    let expires = u64::from_le_bytes(*expires);
    let version = Version {
        mod_revision: revision,
        create_revision: Revision::from_le_bytes(*created),
        expires: (expires > 0).then_some(expires),
        value: (*has_value == 1).then(|| Bytes::copy_from_slice(value)),
    };
    Some((std::str::from_utf8(key).ok()?.into(), version))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_read_as_they_were_written_or_not_at_all() {
        for value in [None, Some(&b""[..]), Some(b"v\0")] {
            let record = encode_parts("/a/é", 3, 9, value);
            let (key, version) = decode(7, &record).unwrap();
            assert_eq!((&*key, version.mod_revision, version.create_revision), ("/a/é", 7, 3));
            assert_eq!((version.expires, version.value.as_deref()), (Some(9), value));
            for place in 0..record.len() {
                let mut damaged = record.clone();
                damaged[place] ^= 0x10;
                assert!(decode(7, &damaged).is_none(), "{place}");
                assert!(decode(7, &record[..place]).is_none(), "{place}");
            }
        }
    }
}
