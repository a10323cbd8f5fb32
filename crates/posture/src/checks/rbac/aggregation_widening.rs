use super::prelude::*;
use crate::escalation::{Worth, worth};
use ravelin_authz::rbac::covers::atoms;
use ravelin_authz::rbac::escalation::described;
use ravelin_authz::rbac::{AnyRole, PolicyRule};
use ravelin_diag::FieldPath;

declare_check! {
    /// Label gives dangerous rights to everybody with `view`, `edit` or `admin`
    ///
    /// A cluster role has a label by which Kubernetes adds its rules to `view`, `edit` or `admin`, and
    /// rules that these roles do not have for good reason.
    ///
    /// ## Why
    /// Everybody who is bound to such a role gets the rules at once, in every namespace where they are
    /// bound, and no binding shows it. `view` leaves out Secrets, as tokens of service accounts are among
    /// them; none of the three may write nodes, webhooks or quotas.
    ///
    /// ## Restricted fields
    /// - `metadata.labels` and `rules` of ClusterRoles
    ///
    /// ## Allowed values
    /// Rules on your own custom resources: reading them for `view`, writing them for `edit` and `admin`.
    ///
    /// ```yaml,fails
    /// apiVersion: rbac.authorization.k8s.io/v1
    /// kind: ClusterRole
    /// metadata: {name: agent, labels: {rbac.authorization.k8s.io/aggregate-to-view: "true"}}
    /// rules:
    ///   - {apiGroups: [""], resources: [secrets], verbs: [get]}
    /// ```
    ///
    /// ```yaml,passes
    /// apiVersion: rbac.authorization.k8s.io/v1
    /// kind: ClusterRole
    /// metadata: {name: agent, labels: {rbac.authorization.k8s.io/aggregate-to-view: "true"}}
    /// rules:
    ///   - {apiGroups: [example.com], resources: [shops], verbs: [get]}
    /// ```
    ///
    /// ## Remedy
    /// Take the label off, and bind the role to those who need it.
    pub AggregationWidening {
        id: "rbac/aggregation-widening",
        severity: Severity::High,
        confidence: Confidence::High,
        applies_to: "bindings",
        since: "0.2.0",
        sources: &[
            Source::Inspired("kubernetes.io/docs/reference/access-authn-authz/rbac (Aggregated ClusterRoles, User-facing roles)"),
        ],
    }
}

impl PostureCheck for AggregationWidening {
    fn run(&self, picture: &Picture<'_>, notes: &mut Notes) {
        let policy = picture.index().policy().objects();
        for role in &policy.cluster_roles {
            let Some(object) = picture.object_of(role.metadata.origin) else { continue };
            if picture.is_default_role(&AnyRole::Cluster(role)) {
                continue;
            }
            for (label, value) in &role.metadata.labels {
                let Some(to) = label.strip_prefix(LABEL).filter(|_| value == "true") else { continue };
                if !matches!(to, "admin" | "edit" | "view") {
                    continue;
                }
                let mut all = role.rules.iter().flat_map(|rule| atoms(rule).take(512));
                let Some(atom) = all.find(|atom| is_too_much(to, atom)) else { continue };
                let message = format!(
                    "everybody with `{to}` gets {} by the label of ClusterRole `{}`",
                    described(&atom),
                    role.metadata.name
                );
                let path = FieldPath::root().dotted("metadata.labels").key(label.clone());
                notes.add(object, path, Anchor::Key, message);
            }
        }
    }
}

const LABEL: &str = "rbac.authorization.k8s.io/aggregate-to-";

/// Whether a right is none that Kubernetes would give the role: for `view` whatever is dangerous, for the others what
/// reaches beyond a namespace.
fn is_too_much(to: &str, atom: &PolicyRule) -> bool {
    if to == "view" {
        return worth(atom, true) >= Worth::Dangerous;
    }
    let is = |list: &[_], words: &[&str]| list.iter().any(|item: &_| words.iter().any(|word| *item == *word));
    let is_role = is(&atom.resources, &["roles", "clusterroles", "*"]);
    is_role
        && is(&atom.verbs, &["escalate", "bind", "*"])
        && is(&atom.api_groups, &["rbac.authorization.k8s.io", "*"])
        || is(&atom.resources, &["users", "groups"]) && is(&atom.verbs, &["impersonate", "*"])
        || is(&atom.verbs, &["*"]) && is(&atom.resources, &["*"]) && is(&atom.api_groups, &["*", ""])
}
