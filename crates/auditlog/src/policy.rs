//! Which level a request is recorded at.
//!
//! Source: `k8s.io/apiserver/pkg/audit/policy` (`checker.go`, `reader.go`), `pkg/apis/audit`.

mod load;
mod shape;
mod validation;
mod yaml_text;

use crate::{Level, StageSet};
use ravelin_object::fault::{Fault, joined};

/// An audit policy: rules, of which the first that matches decides.
///
/// Source: `audit.k8s.io/v1` `Policy`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Policy {
    /// The rules, in the order in which they are tried.
    pub rules: Vec<Rule>,
    /// Stages no event is written for, whichever rule matches.
    pub omit_stages: StageSet,
    /// Whether managed fields are left out of bodies, where the rule does not say.
    pub omit_managed_fields: bool,
}

/// A rule: which requests it is for, and how they are recorded. What is empty does not narrow.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rule {
    /// The level.
    pub level: Level,
    /// The users it is for, by exact name. A request without a user matches no rule that names some.
    pub users: Vec<String>,
    /// The groups it is for: one of the user's must be among them.
    pub user_groups: Vec<String>,
    /// The verbs it is for, exactly; `*` is no wildcard.
    pub verbs: Vec<String>,
    /// The resources it is for. With these or namespaces the rule is for requests about resources only.
    pub resources: Vec<GroupResources>,
    /// The namespaces it is for; the empty one is that of resources without namespace.
    pub namespaces: Vec<String>,
    /// The paths it is for: `*`, an exact one, or a beginning followed by `*`.
    pub non_resource_urls: Vec<String>,
    /// Stages no event is written for, beside those of the policy.
    pub omit_stages: StageSet,
    /// Whether managed fields are left out of bodies; nothing where the policy decides.
    pub omit_managed_fields: Option<bool>,
}

/// Resources of a group.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GroupResources {
    /// The API group; empty for the core group, `*` for any.
    pub group: String,
    /// `pods`, `pods/log`, `pods/*` (pods and all their subresources), `*/status`, or `*`; none for all.
    pub resources: Vec<String>,
    /// Names of objects, exactly. With these, requests that name no object do not match.
    pub resource_names: Vec<String>,
}

/// A request as a policy sees it, before any impersonation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Attributes<'a> {
    /// The name of the user; nothing where authentication failed.
    pub user: Option<&'a str>,
    /// The groups of the user.
    pub groups: &'a [String],
    /// The verb: `get`, `list`, ...; for paths the lower-case method.
    pub verb: &'a str,
    /// Whether a resource is asked for, rather than a path.
    pub is_resource: bool,
    /// The API group; empty for the core group.
    pub group: &'a str,
    /// The namespace; empty where none.
    pub namespace: &'a str,
    /// The resource, in the plural.
    pub resource: &'a str,
    /// The subresource; empty where none.
    pub subresource: &'a str,
    /// The name of the object; empty where none is asked for.
    pub name: &'a str,
    /// The path; for requests that are not about a resource.
    pub path: &'a str,
}

/// How a request is recorded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AuditConfig {
    /// The level.
    pub level: Level,
    /// Stages no event is written for.
    pub omit_stages: StageSet,
    /// Whether managed fields are left out of bodies.
    pub omit_managed_fields: bool,
}

/// A policy as a file has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parsed {
    /// The policy.
    pub policy: Policy,
    /// What strict decoding refuses, in upstream's words: an API server logs it and goes on without it.
    pub warning: Option<String>,
}

/// Why a policy is refused, in upstream's words; a host adds `: from file <path>`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PolicyError {
    /// It cannot be read.
    #[error("failed decoding: {0}")]
    Decode(String),
    /// It does not say which version it is, or one without policies.
    #[error("unknown group version field {0} in policy")]
    Version(String),
    /// It is not valid.
    #[error("{}", joined(.0))]
    Invalid(Vec<Fault>),
    /// It has no rule.
    #[error("loaded illegal policy with 0 rules")]
    Empty,
}

impl Policy {
    /// Reads a policy, YAML or JSON, and checks it. Unknown fields and repeated keys are a warning, not an error,
    /// as in an API server.
    ///
    /// # Errors
    /// A policy that an API server refuses.
    pub fn load(text: &str) -> Result<Parsed, PolicyError> {
        let (policy, warning) = load::policy(text)?;
        if policy.rules.is_empty() {
            return Err(PolicyError::Empty);
        }
        Ok(Parsed { policy, warning })
    }

    /// How a request is recorded: as the first rule that matches says, and not at all where none does.
    #[must_use]
    pub fn evaluate(&self, request: &Attributes<'_>) -> AuditConfig {
        match self.rules.iter().find(|rule| rule.matches(request)) {
            Some(rule) => AuditConfig {
                level: rule.level,
                omit_stages: self.omit_stages.union(rule.omit_stages),
                omit_managed_fields: rule.omit_managed_fields.unwrap_or(self.omit_managed_fields),
            },
            None => AuditConfig {
                level: Level::None,
                omit_stages: self.omit_stages,
                omit_managed_fields: self.omit_managed_fields,
            },
        }
    }
}

impl Rule {
    /// Whether the rule is for the request.
    #[must_use]
    pub fn matches(&self, request: &Attributes<'_>) -> bool {
        if !self.users.is_empty() && !request.user.is_some_and(|user| contains(&self.users, user)) {
            return false;
        }
        let groups = if request.user.is_some() { request.groups } else { &[] };
        let is_member = || groups.iter().any(|group| contains(&self.user_groups, group));
        if !self.user_groups.is_empty() && !is_member() {
            return false;
        }
        if !self.verbs.is_empty() && !contains(&self.verbs, request.verb) {
            return false;
        }
        if !self.namespaces.is_empty() || !self.resources.is_empty() {
            return request.is_resource && self.covers(request);
        }
        self.non_resource_urls.is_empty()
            || (!request.is_resource
                && self.non_resource_urls.iter().any(|pattern| covers_path(pattern, request.path)))
    }

    fn covers(&self, request: &Attributes<'_>) -> bool {
        let in_namespace = self.namespaces.is_empty() || contains(&self.namespaces, request.namespace);
        let covered = || self.resources.iter().any(|resources| resources.covers(request));
        in_namespace && (self.resources.is_empty() || covered())
    }
}

impl GroupResources {
    fn covers(&self, request: &Attributes<'_>) -> bool {
        if self.group != request.group && self.group != "*" {
            return false;
        }
        let is_named = || self.resource_names.is_empty() || contains(&self.resource_names, request.name);
        self.resources.is_empty()
            || (is_named() && self.resources.iter().any(|pattern| covers_resource(pattern, request)))
    }
}

fn covers_resource(pattern: &str, request: &Attributes<'_>) -> bool {
    if pattern == "*" {
        return true;
    }
    let is_exact = match (request.subresource, pattern.strip_prefix(request.resource)) {
        ("", Some(rest)) => rest.is_empty(),
        (subresource, Some(rest)) => rest.strip_prefix('/') == Some(subresource),
        (_, None) => false,
    };
    let is_any_with_subresource =
        || !request.subresource.is_empty() && pattern.strip_prefix("*/") == Some(request.subresource);
    is_exact || is_any_with_subresource() || pattern.strip_suffix("/*") == Some(request.resource)
}

fn covers_path(pattern: &str, path: &str) -> bool {
    pattern == "*"
        || pattern == path
        || (pattern.ends_with('*') && path.starts_with(pattern.trim_end_matches('*')))
}

fn contains(list: &[String], text: &str) -> bool {
    list.iter().any(|item| item == text)
}

#[cfg(test)]
mod tests;
