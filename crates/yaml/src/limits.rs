//! Budgets: how deep and how repetitive a text may be before it is refused.

/// What a text may cost. Exceeding a budget is an [`Error`](crate::Error), never a crash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Collections that may be open inside one another, aliases expanded. More is
    /// [`DepthExceeded`](crate::ErrorKind::DepthExceeded). Kubernetes itself gives up at 10,000.
    pub depth: usize,
    /// Nodes that aliases may add to one document, where a scalar counts one more for every 64 bytes of it.
    /// More is [`ExcessiveAliasing`](crate::ErrorKind::ExcessiveAliasing), as is a text that breaks the rule
    /// Kubernetes has for the share of aliased nodes, whatever this number is.
    pub alias_nodes: usize,
}

impl Limits {
    /// Depth 512, and as many aliased nodes as Kubernetes allows for a document of fewer than four million
    /// nodes (400,000).
    pub const STANDARD: Self = Self { depth: 512, alias_nodes: 400_000 };
}
