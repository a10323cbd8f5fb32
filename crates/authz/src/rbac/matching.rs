//! Whether a rule allows a request.

use super::objects::PolicyRule;
use crate::Attributes;
use compact_str::CompactString;

/// Whether the rule allows the request. The API version does not matter.
///
/// Source: `k8s.io/kubernetes/plugin/pkg/auth/authorizer/rbac` `RuleAllows`.
#[must_use]
pub fn rule_allows(rule: &PolicyRule, request: &Attributes) -> bool {
    if !has_or_all(&rule.verbs, &request.verb) {
        return false;
    }
    if !request.is_resource {
        return rule.non_resource_urls.iter().any(|pattern| path_matches(pattern, &request.path));
    }
    has_or_all(&rule.api_groups, &request.group)
        && rule
            .resources
            .iter()
            .any(|pattern| resource_matches(pattern, &request.resource, &request.subresource))
        && (rule.resource_names.is_empty() || rule.resource_names.iter().any(|name| *name == request.name))
}

fn has_or_all(patterns: &[CompactString], asked: &str) -> bool {
    patterns.iter().any(|pattern| pattern == "*" || pattern == asked)
}

/// `*`, the resource itself, its subresource, or `*/subresource`. What looks like `resource/*` has no meaning.
fn resource_matches(pattern: &str, resource: &str, subresource: &str) -> bool {
    if pattern == "*" {
        return true;
    }
    if subresource.is_empty() {
        return pattern == resource;
    }
    let of_resource = pattern.strip_prefix(resource).and_then(|rest| rest.strip_prefix('/'));
    of_resource == Some(subresource) || pattern.strip_prefix("*/") == Some(subresource)
}

/// The path itself, or one that starts with what is in front of the trailing `*`s.
pub(super) fn path_matches(pattern: &str, path: &str) -> bool {
    pattern == path || (pattern.ends_with('*') && path.starts_with(pattern.trim_end_matches('*')))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn resources() {
        for (pattern, resource, subresource, matches) in [
            ("*", "pods", "log", true),
            ("pods", "pods", "", true),
            ("pods", "pods", "log", false),
            ("pods/log", "pods", "log", true),
            ("pods/log", "pods", "", false),
            ("*/log", "pods", "log", true),
            ("*/log", "log", "", false),
            ("pods/*", "pods", "log", false),
            ("pods/*", "pods", "", false),
            ("*/", "pods", "", false),
            ("pods/", "pods", "", false),
            ("a/b/c", "a", "b/c", true),
            ("a/b/c", "a/b", "c", true),
            ("*/*", "pods", "log", false),
        ] {
            assert_eq!(
                resource_matches(pattern, resource, subresource),
                matches,
                "{pattern} {resource}/{subresource}"
            );
        }
    }

    #[test]
    fn paths() {
        for (pattern, path, matches) in [
            ("*", "/x", true),
            ("/x", "/x", true),
            ("/x", "/x/", false),
            ("/x/*", "/x", false),
            ("/x/*", "/x/", true),
            ("/x**", "/xy", true),
            ("/*/y", "/x/y", false),
            ("", "", true),
        ] {
            assert_eq!(path_matches(pattern, path), matches, "{pattern} {path}");
        }
    }
}
