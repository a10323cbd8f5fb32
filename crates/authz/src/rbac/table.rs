//! Hash tables whose keys are short texts and numbers.

use std::collections::HashMap;
use std::hash::{BuildHasher, Hasher, RandomState};

/// A hash table.
///
/// Most of a decision is looking words up, and the hash of the standard library is half of that. Names come from
/// whoever may write bindings, so the hash has a secret, drawn anew for each table.
pub(super) type Table<K, V> = HashMap<K, V, Secret>;

/// The secret of a table.
#[derive(Clone, Copy, Debug)]
pub(super) struct Secret(u64);

impl Default for Secret {
    fn default() -> Self {
        Self(RandomState::new().hash_one(0_u8))
    }
}

impl BuildHasher for Secret {
    type Hasher = Folding;

    fn build_hasher(&self) -> Folding {
        Folding(self.0)
    }
}

/// Multiplies word by word and folds the product, as wyhash does.
#[derive(Clone, Copy, Debug)]
pub(super) struct Folding(u64);

/// Digits of the golden ratio and of pi.
const MULTIPLIER: u64 = 0x9e37_79b9_7f4a_7c15;
const LAST: u64 = 0x2437_54f6_08c5_9a13;

impl Folding {
    #[inline]
    fn add(&mut self, word: u64) {
        self.0 = fold(self.0 ^ word, MULTIPLIER);
    }
}

#[inline]
fn fold(left: u64, right: u64) -> u64 {
    let product = u128::from(left) * u128::from(right);
    #[expect(clippy::cast_possible_truncation, reason = "both halves are wanted")]
    let halves = (product as u64, (product >> 64) as u64);
    halves.0 ^ halves.1
}

impl Hasher for Folding {
    #[inline]
    fn write(&mut self, bytes: &[u8]) {
        let (words, rest) = bytes.as_chunks::<8>();
        for word in words {
            self.add(u64::from_le_bytes(*word));
        }
        // What overlaps here is told apart by the length.
        let last = match (rest.first_chunk::<4>(), rest.last_chunk::<4>()) {
            (Some(first), Some(last)) => {
                u64::from(u32::from_le_bytes(*first)) << 32 | u64::from(u32::from_le_bytes(*last))
            }
            _ => rest.iter().fold(0, |word, byte| word << 8 | u64::from(*byte)),
        };
        self.add(last);
        self.add(bytes.len() as u64);
    }

    #[inline]
    fn write_u8(&mut self, word: u8) {
        // The end of a text: the length is mixed in already.
        if word != 0xff {
            self.add(u64::from(word));
        }
    }

    #[inline]
    fn write_u32(&mut self, word: u32) {
        self.add(u64::from(word));
    }

    #[inline]
    fn write_u64(&mut self, word: u64) {
        self.add(word);
    }

    #[inline]
    fn write_usize(&mut self, word: usize) {
        self.add(word as u64);
    }

    #[inline]
    fn write_isize(&mut self, word: isize) {
        self.add(word.cast_unsigned() as u64);
    }

    #[inline]
    fn finish(&self) -> u64 {
        fold(self.0, LAST)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn texts_of_all_lengths_spread() {
        let secret = Secret::default();
        let texts: Vec<String> = (0..50_000).map(|n| format!("{}{n}", "x".repeat(n % 20))).collect();
        let hashes: BTreeSet<u64> = texts.iter().map(|text| secret.hash_one(text.as_str())).collect();
        assert_eq!(hashes.len(), texts.len());
        for shift in [0, 57] {
            let buckets: BTreeSet<u64> = hashes.iter().map(|hash| hash >> shift & 0x7f).collect();
            assert_eq!(buckets.len(), 128);
        }
    }

    #[test]
    fn each_table_has_its_secret() {
        assert_ne!(Secret::default().hash_one("x"), Secret::default().hash_one("x"));
    }
}
