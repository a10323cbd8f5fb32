//! How much of what is read.

/// Bounds on what one run reads. What exceeds one is accounted for as failed, never dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The size of a file, in bytes.
    pub file_size: u64,
    /// How deep mappings and sequences nest.
    pub depth: usize,
    /// How many nodes the aliases of one document may expand to.
    pub alias_nodes: usize,
    /// How many documents one file may hold.
    pub documents: usize,
}

impl Limits {
    /// Enough for everything people write by hand or generate, little enough for a shared runner.
    pub const STANDARD: Self =
        Self { file_size: 64 << 20, depth: 256, alias_nodes: 1_000_000, documents: 100_000 };

    /// The deepest nesting that may be asked for: what the stack of a thread bears.
    pub const MAX_DEPTH: usize = 1_000;

    /// The bounds of one document.
    #[must_use]
    pub fn of_document(&self) -> ravelin_yaml::Limits {
        ravelin_yaml::Limits { depth: self.depth.min(Self::MAX_DEPTH), alias_nodes: self.alias_nodes }
    }
}
