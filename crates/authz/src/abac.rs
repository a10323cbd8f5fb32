//! Attribute-based access control: a file of policies, one on each line.
//!
//! Source: `k8s.io/kubernetes/pkg/auth/authorizer/abac`.

mod decode;
mod json;
mod shape;

use crate::request_info::is_read_only;
use crate::{
    Answer, Attributes, Authorizer, Decision, NonResourceRule, ResourceRule, RuleResolver, Rules, User,
};
use std::fmt;

/// One policy, as it counts after conversion from the version it was written in.
///
/// Source: `k8s.io/kubernetes/pkg/apis/abac` `PolicySpec`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Policy {
    /// The user it is for; empty for any.
    pub user: String,
    /// The group it is for; empty for any. A policy for no user and no group is for nobody.
    pub group: String,
    /// Whether it allows nothing but reading.
    pub readonly: bool,
    /// The API group, or `*`.
    pub api_group: String,
    /// The resource, or `*`.
    pub resource: String,
    /// The namespace, or `*`.
    pub namespace: String,
    /// The path, `*`, or a beginning followed by `*`.
    pub non_resource_path: String,
}

/// The policies of a file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PolicyFile {
    /// In the order of the file.
    pub policies: Vec<Policy>,
    /// How many lines carry no version that is known.
    pub unversioned: usize,
}

/// Why a policy file does not load.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoadError {
    path: String,
    line: Option<(usize, String)>,
    reason: String,
}

impl LoadError {
    /// The line that cannot be read, counted from 1; nothing where a line is too long.
    #[must_use]
    pub fn line(&self) -> Option<usize> {
        self.line.as_ref().map(|(number, _)| *number)
    }
}

impl fmt::Display for LoadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "error reading policy file {}", self.path)?;
        if let Some((number, text)) = &self.line {
            write!(f, ", line {number}: {text}")?;
        }
        write!(f, ": {}", self.reason)
    }
}

impl std::error::Error for LoadError {}

impl PolicyFile {
    /// How long a line may be, in bytes, without its end.
    const LONGEST_LINE: usize = 64 * 1024 - 1;

    /// Reads a file. `path` is only for messages.
    ///
    /// # Errors
    /// The first line that is no policy, or is too long.
    pub fn load(path: &str, content: &[u8]) -> Result<Self, LoadError> {
        let mut file = Self::default();
        let body = content.strip_suffix(b"\n").unwrap_or(content);
        if content.is_empty() {
            return Ok(file);
        }
        for (index, line) in body.split(|byte| *byte == b'\n').enumerate() {
            if line.len() > Self::LONGEST_LINE {
                let reason = "bufio.Scanner: token too long".to_owned();
                return Err(LoadError { path: path.to_owned(), line: None, reason });
            }
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            let text = String::from_utf8_lossy(line);
            if text.trim().is_empty() || text.trim_start().starts_with('#') {
                continue;
            }
            let decoded = decode::policy(line).map_err(|reason| LoadError {
                path: path.to_owned(),
                line: Some((index + 1, text.into_owned())),
                reason,
            })?;
            file.unversioned += usize::from(decoded.unversioned);
            file.policies.push(decoded.policy);
        }
        Ok(file)
    }
}

impl Authorizer for PolicyFile {
    fn authorize(&self, attributes: &Attributes) -> Answer {
        if self.policies.iter().any(|policy| policy.allows(attributes)) {
            Answer { decision: Decision::Allow, reason: String::new(), error: None }
        } else {
            let reason = "No policy matched.".to_owned();
            Answer { decision: Decision::NoOpinion, reason, error: None }
        }
    }
}

impl RuleResolver for PolicyFile {
    fn rules_for(&self, user: &User, namespace: &str) -> Rules {
        let mut rules = Rules::default();
        for policy in &self.policies {
            if !policy.is_for(user) || !is_or_any(&policy.namespace, namespace) {
                continue;
            }
            if !policy.resource.is_empty() {
                rules.resource_rules.push(ResourceRule {
                    verbs: policy.verbs(),
                    api_groups: vec![policy.api_group.clone()],
                    resources: vec![policy.resource.clone()],
                    resource_names: Vec::new(),
                });
            }
            if !policy.non_resource_path.is_empty() {
                rules.non_resource_rules.push(NonResourceRule {
                    verbs: policy.verbs(),
                    non_resource_urls: vec![policy.non_resource_path.clone()],
                });
            }
        }
        rules
    }
}

impl Policy {
    /// Whether the policy allows the request.
    #[must_use]
    pub fn allows(&self, attributes: &Attributes) -> bool {
        self.is_for(&attributes.user)
            && (!self.readonly || is_read_only(&attributes.verb))
            && if attributes.is_resource {
                self.covers(attributes)
            } else {
                self.covers_path(&attributes.path)
            }
    }

    /// Whether the policy is for the user: both of user and group must fit where both are named.
    #[must_use]
    pub fn is_for(&self, user: &User) -> bool {
        let user_fits = || is_or_any(&self.user, &user.name);
        let group_fits = || self.group == "*" || user.is_in(&self.group);
        match (self.user.is_empty(), self.group.is_empty()) {
            (true, true) => false,
            (false, true) => user_fits(),
            (true, false) => group_fits(),
            (false, false) => user_fits() && group_fits(),
        }
    }

    fn covers(&self, attributes: &Attributes) -> bool {
        is_or_any(&self.namespace, &attributes.namespace)
            && is_or_any(&self.resource, &attributes.resource)
            && is_or_any(&self.api_group, &attributes.group)
    }

    fn covers_path(&self, path: &str) -> bool {
        is_or_any(&self.non_resource_path, path)
            || (self.non_resource_path.ends_with('*')
                && path.starts_with(self.non_resource_path.trim_end_matches('*')))
    }

    fn verbs(&self) -> Vec<String> {
        let verbs: &[&str] = if self.readonly { &["get", "list", "watch"] } else { &["*"] };
        verbs.iter().map(|verb| (*verb).to_owned()).collect()
    }
}

fn is_or_any(pattern: &str, text: &str) -> bool {
    pattern == "*" || pattern == text
}

#[cfg(test)]
mod tests;
