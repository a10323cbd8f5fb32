//! The same choices in every run.

/// Marsaglia's xorshift.
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    /// A number below `limit`.
    pub(crate) fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % limit as u64) as usize
    }

    /// Whether something happens that does once in so many times.
    pub(crate) fn once_in(&mut self, times: usize) -> bool {
        self.below(times) == 0
    }

    /// One of several.
    pub(crate) fn of<'a>(&mut self, choices: &[&'a str]) -> &'a str {
        choices[self.below(choices.len())]
    }

    /// One to `most` of several, each at most once, in their order.
    pub(crate) fn some(&mut self, choices: &[&str], most: usize) -> Vec<String> {
        let count = 1 + self.below(most);
        let mut places: Vec<usize> = (0..count).map(|_| self.below(choices.len())).collect();
        places.sort_unstable();
        places.dedup();
        places.into_iter().map(|place| choices[place].to_owned()).collect()
    }
}
