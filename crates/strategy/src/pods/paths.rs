//! Paths of fields in warnings, for pods and for templates of them.

use super::CONTAINERS;
use crate::fields::list;
use ravelin_object::Value;

/// The containers of a spec, each with its path, in upstream's order.
///
/// Source: `k8s.io/kubernetes/pkg/apis/core/pods` `VisitContainersWithPath`.
pub(super) fn containers<'a>(spec: &'a Value, prefix: &'a str) -> impl Iterator<Item = (String, &'a Value)> {
    CONTAINERS.iter().flat_map(move |containers| {
        list(spec, containers)
            .iter()
            .enumerate()
            .map(move |(index, container)| (format!("{prefix}spec.{containers}[{index}]"), container))
    })
}
