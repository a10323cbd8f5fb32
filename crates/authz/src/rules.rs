//! What somebody may do, listed: the answer to a SelfSubjectRulesReview.

use crate::User;

/// A rule about resources, as a listing shows it.
///
/// Source: `k8s.io/apiserver/pkg/authorization/authorizer` `ResourceRuleInfo`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ResourceRule {
    /// The verbs; `*` is all of them.
    pub verbs: Vec<String>,
    /// The API groups; `*` is all of them.
    pub api_groups: Vec<String>,
    /// The resources, `*` and `*/sub` included.
    pub resources: Vec<String>,
    /// The names the rule is limited to; none where it is not limited.
    pub resource_names: Vec<String>,
}

/// A rule about paths, as a listing shows it.
///
/// Source: `k8s.io/apiserver/pkg/authorization/authorizer` `NonResourceRuleInfo`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NonResourceRule {
    /// The verbs; `*` is all of them.
    pub verbs: Vec<String>,
    /// The paths, some of them ending in `*`.
    pub non_resource_urls: Vec<String>,
}

/// The rules that hold for a user in a namespace.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rules {
    /// Those about resources.
    pub resource_rules: Vec<ResourceRule>,
    /// Those about paths.
    pub non_resource_rules: Vec<NonResourceRule>,
    /// Whether there may be more that could not be listed.
    pub incomplete: bool,
    /// What went wrong on the way, in upstream's words.
    pub error: Option<String>,
}

/// Something that lists rules.
pub trait RuleResolver {
    /// The rules that hold for the user in the namespace.
    fn rules_for(&self, user: &User, namespace: &str) -> Rules;
}

pub use ravelin_object::errors::aggregated;
