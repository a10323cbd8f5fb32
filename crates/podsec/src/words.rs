//! The turns of phrase that upstream's details are made of.

use ravelin_object::pod::Container;
use std::collections::BTreeSet;

/// `"a", "b"`: each quoted, as upstream's `joinQuote` does it (no escaping).
pub(crate) fn join_quoted<'a>(items: impl IntoIterator<Item = &'a str>) -> String {
    items.into_iter().map(|item| format!("\"{item}\"")).collect::<Vec<_>>().join(", ")
}

/// The singular for exactly one, the plural otherwise.
pub(crate) fn pluralize<'a>(singular: &'a str, plural: &'a str, count: usize) -> &'a str {
    if count == 1 { singular } else { plural }
}

/// `container "a"` or `containers "a", "b"`.
pub(crate) fn containers(names: &[&str]) -> String {
    format!("{} {}", pluralize("container", "containers", names.len()), join_quoted(names.iter().copied()))
}

/// The subjects of a detail: `pod` if the pod's own setting is bad, then the containers.
pub(crate) fn subjects(pod: bool, names: &[&str]) -> String {
    match (pod, names.is_empty()) {
        (true, true) => "pod".to_owned(),
        (true, false) => format!("pod and {}", containers(names)),
        (false, _) => containers(names),
    }
}

/// The items without repeats, sorted bytewise.
pub(crate) fn sorted_set<'a>(items: impl IntoIterator<Item = &'a str>) -> BTreeSet<&'a str> {
    items.into_iter().collect()
}

/// How messages for people name a container: its name, or its place where it has none.
pub(crate) fn container_name(container: &Container<'_>) -> String {
    if container.name.is_empty() {
        format!("container {}[{}]", container.kind.field(), container.index)
    } else {
        format!("container `{}`", container.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn phrases() {
        assert_eq!(containers(&["a"]), "container \"a\"");
        assert_eq!(containers(&["a", "b"]), "containers \"a\", \"b\"");
        assert_eq!(subjects(true, &["a", "b"]), "pod and containers \"a\", \"b\"");
        assert_eq!(subjects(true, &[]), "pod");
    }
}
