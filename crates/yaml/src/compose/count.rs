//! What aliases may cost.

use crate::error::{Error, ErrorKind};
use crate::limits::Limits;
use crate::span::Span;

/// Nodes of a document below which 99% of them may come from aliases.
const SMALL: u64 = 400_000;
/// Nodes of a document above which only 10% of them may.
const LARGE: u64 = 4_000_000;
/// Bytes of a scalar that cost as much as one node.
const BYTES_PER_NODE: usize = 64;

/// Counts nodes as Kubernetes does, and what they cost here.
#[derive(Debug)]
pub(super) struct Count {
    nodes: u64,
    aliased: u64,
    /// An alias that is being resolved without a replay.
    inside: bool,
    budget: usize,
}

impl Count {
    /// The document itself is the first node.
    pub(super) fn new(limits: &Limits) -> Self {
        Self { nodes: 1, aliased: 0, inside: false, budget: limits.alias_nodes }
    }

    pub(super) fn enter_alias(&mut self) {
        self.inside = true;
    }

    pub(super) fn leave_alias(&mut self) {
        self.inside = false;
    }

    /// Counts one node, `aliased` if it is one more copy of itself.
    #[inline]
    pub(super) fn add(&mut self, aliased: bool, bytes: usize, span: Span) -> Result<(), Error> {
        self.nodes += 1;
        if aliased || self.inside {
            self.aliased += 1;
            let cost = 1 + bytes / BYTES_PER_NODE;
            match self.budget.checked_sub(cost) {
                Some(rest) => self.budget = rest,
                None => return Err(excessive(span)),
            }
        }
        if self.aliased > 100 && self.nodes > 1000 && self.share() > allowed_share(self.nodes) {
            return Err(excessive(span));
        }
        Ok(())
    }

    #[expect(
        clippy::cast_precision_loss,
        reason = "the rule is written in floats; counts are far below 2^53"
    )]
    fn share(&self) -> f64 {
        self.aliased as f64 / self.nodes as f64
    }
}

#[expect(clippy::cast_precision_loss, reason = "the rule is written in floats; counts are far below 2^53")]
fn allowed_share(nodes: u64) -> f64 {
    match nodes {
        0..=SMALL => 0.99,
        LARGE.. => 0.10,
        _ => 0.99 - 0.89 * ((nodes - SMALL) as f64 / (LARGE - SMALL) as f64),
    }
}

fn excessive(span: Span) -> Error {
    let offset = usize::try_from(span.start).unwrap_or(usize::MAX);
    Error::new(ErrorKind::ExcessiveAliasing, offset, "found aliases that repeat too much of the document")
}
