//! Events, in both groups that serve them, change nothing on their way, and own nothing.

use crate::kind::Propagation;
use crate::rules::Rules;

/// Source: `k8s.io/kubernetes/pkg/registry/core/event/strategy.go`.
pub(crate) const CORE: Rules = of("");

/// The same, as `events.k8s.io` serves them.
pub(crate) const EVENTS: Rules = of("events.k8s.io");

const fn of(group: &'static str) -> Rules {
    Rules::new(group, "Event").namespaced().created_by_update().propagating(Propagation::Unsupported)
}
