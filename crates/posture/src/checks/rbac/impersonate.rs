use super::prelude::*;
use crate::escalation::{Target, gain};
use crate::rights::{Held, MASTERS};
use ravelin_authz::Attributes;
use ravelin_authz::rbac::{Grant, Identity, PolicyRule, Scope};
use std::collections::BTreeSet;

declare_check! {
    /// Subject may act as others
    ///
    /// A subject may impersonate users, groups or service accounts. The message names the one with which it
    /// gains most; that a request is refused to the subject and allowed to the other was asked of the
    /// authorizer. A right to impersonate groups, uids or extra attributes alone, without anybody to
    /// impersonate with them, gives nothing and is reported as mild. Constrained impersonation (Kubernetes
    /// 1.36: `impersonate:user-info` and the like) gives only the verbs that are held as `impersonate-on:`.
    ///
    /// ## Why
    /// Whoever impersonates another has all rights of the other, and only the audit log tells them apart.
    /// With the group `system:masters` that is everything, past RBAC.
    ///
    /// ## Restricted fields
    /// - rules of roles that are bound: `verbs`, `resources`, `resourceNames`
    ///
    /// ## Allowed values
    /// Users, groups and service accounts that are named in `resourceNames` and hold no more than the
    /// subject.
    ///
    /// ```yaml,fails
    /// apiVersion: rbac.authorization.k8s.io/v1
    /// kind: ClusterRole
    /// metadata: {name: agent}
    /// rules:
    ///   - {apiGroups: [""], resources: [users, groups], verbs: [impersonate]}
    /// ---
    /// apiVersion: rbac.authorization.k8s.io/v1
    /// kind: ClusterRoleBinding
    /// metadata: {name: agent}
    /// roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: agent}
    /// subjects:
    ///   - {kind: ServiceAccount, name: agent, namespace: tools}
    /// ```
    ///
    /// ```yaml,passes
    /// apiVersion: rbac.authorization.k8s.io/v1
    /// kind: ClusterRole
    /// metadata: {name: agent}
    /// rules:
    ///   - {apiGroups: [""], resources: [users, groups], verbs: [get]}
    /// ---
    /// apiVersion: rbac.authorization.k8s.io/v1
    /// kind: ClusterRoleBinding
    /// metadata: {name: agent}
    /// roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: agent}
    /// subjects:
    ///   - {kind: ServiceAccount, name: agent, namespace: tools}
    /// ```
    ///
    /// ## Remedy
    /// Name who may be impersonated in `resourceNames`, for users and for groups.
    pub Impersonate {
        id: "rbac/impersonate",
        severity: Severity::Low,
        confidence: Confidence::High,
        applies_to: "bindings",
        since: "0.2.0",
        sources: &[
            Source::Inspired("kubernetes.io/docs/concepts/security/rbac-good-practices (Impersonate verb)"),
            Source::Inspired("kubernetes.io/docs/reference/access-authn-authz/user-impersonation"),
            Source::Inspired("CIS Kubernetes Benchmark 5.1.8"),
        ],
    }
}

impl PostureCheck for Impersonate {
    fn run(&self, picture: &Picture<'_>, notes: &mut Notes) {
        let whole = held(picture, &[&[USERS, ACCOUNTS_IN]]);
        for held in &whole {
            as_others(picture, held, notes);
        }
        let add_ons = held(picture, &[&[GROUPS]]);
        for held in add_ons.into_iter().chain(by_rule(picture, &is_attribute)) {
            if whole.iter().all(|known| known.identity != held.identity) {
                let what = "may impersonate groups or attributes, but nobody with them, so that it gains nothing by it,";
                held.report(notes, Severity::Info, what);
            }
        }
        constrained(picture, notes);
    }
}

const USERS: Right = cluster(&["impersonate"], "", "users");
const GROUPS: Right = cluster(&["impersonate"], "", "groups");
const ACCOUNTS_IN: Right = namespaced(&["impersonate"], "", "serviceaccounts");

/// The group of constrained impersonation.
const GROUP: &str = "authentication.k8s.io";

/// What a subject gains that may impersonate users or service accounts.
fn as_others(picture: &Picture<'_>, held: &Held<'_>, notes: &mut Notes) {
    let index = picture.index();
    let what = "may act as other users or service accounts";
    if index.allows(&GROUPS.request(&held.user, "impersonate", "", MASTERS)) {
        let further = format!("with the group `{MASTERS}` too, and so do everything in the whole cluster");
        held.report_with(notes, Severity::Critical, what, &further);
        return;
    }
    let may = |target: &&Target| may_become(picture, held, target, Some(USERS), Some(ACCOUNTS_IN));
    // Users and groups are of the cluster: who may impersonate in a namespace reaches its service accounts only.
    let is_wide = held.scopes.contains(&Scope::Cluster);
    let (users, groups) = if is_wide {
        (picture.targets().everybody().iter().collect(), group_targets(picture, held))
    } else {
        (picture.targets().accounts(&held.scopes), Vec::new())
    };
    let of_users = gain(index, &held.user, users.into_iter().filter(may), &|_| true);
    let of_groups = gain(index, &held.user, &groups, &|_| true);
    let best = match (of_users, of_groups) {
        (Some(user), Some(group)) if group.worth > user.worth => Some(group),
        (None, group) => group,
        (user, _) => user,
    };
    match best {
        Some(gain) => {
            held.report_with(notes, gain.worth.severity(), what, &format!("such as {}", gain.text()));
        }
        None if held.names(0).is_none() => held.report(notes, Impersonate::META.severity, what),
        None => {}
    }
}

/// Whether the holder may impersonate somebody: by the right to users, or by that to service accounts.
fn may_become(
    picture: &Picture<'_>,
    held: &Held<'_>,
    target: &Target,
    users: Option<Right>,
    accounts: Option<Right>,
) -> bool {
    let (right, namespace, name) = match &target.account {
        Some((namespace, name)) => (accounts, namespace.as_str(), name.as_str()),
        None => (users, "", target.user.name.as_str()),
    };
    let Some(right) = right else { return false };
    right.verbs.iter().any(|verb| picture.index().allows(&right.request(&held.user, verb, namespace, name)))
}

/// The groups that bindings name and that the holder may impersonate, besides somebody.
fn group_targets(picture: &Picture<'_>, held: &Held<'_>) -> Vec<Target> {
    let index = picture.index();
    let mut groups: BTreeSet<&str> = BTreeSet::new();
    for binding in index.policy().all_bindings() {
        let subjects = binding.subjects().iter().filter(|subject| subject.kind == "Group");
        groups.extend(subjects.map(|subject| subject.name.as_str()));
    }
    let may = |group: &&str| index.allows(&GROUPS.request(&held.user, "impersonate", "", group));
    let mut targets: Vec<Target> = groups
        .into_iter()
        .filter(may)
        .map(|group| Target::of_group(index, &Identity::Group(group)))
        .collect();
    targets.sort_by_key(|target| std::cmp::Reverse(target.worth()));
    targets
}

/// Constrained impersonation: a right to the other, and verbs to use on their behalf.
fn constrained(picture: &Picture<'_>, notes: &mut Notes) {
    let is_mode = |rule: &PolicyRule, mode: &str| {
        rule.verbs.iter().any(|verb| verb.strip_prefix("impersonate:") == Some(mode))
            && rule.api_groups.iter().any(|group| group == GROUP || group == "*")
    };
    for (mode, users, accounts) in MODES {
        let is_wanted = |_: &Grant<'_>, rule: &PolicyRule| is_mode(rule, mode);
        for held in by_rule(picture, &is_wanted) {
            let index = picture.index();
            let may_ask = |request: &Attributes| {
                let verb = format!("impersonate-on:{mode}:{}", request.verb);
                index.allows(&Attributes { user: held.user.clone(), verb, ..request.clone() })
            };
            let may = |target: &&Target| may_become(picture, &held, target, users, accounts);
            let targets = picture.targets().everybody().iter().filter(may);
            let what = format!("may act as others by `impersonate:{mode}`");
            match gain(index, &held.user, targets, &may_ask) {
                Some(gain) => {
                    let further = format!("such as {}", gain.text());
                    held.report_with(notes, gain.worth.severity(), &what, &further);
                }
                None => held.report(
                    notes,
                    Severity::Info,
                    &format!("{what}, which is not known to gain anything,"),
                ),
            }
        }
    }
}

/// Whether a rule is about impersonating uids or extra attributes.
fn is_attribute(_: &Grant<'_>, rule: &PolicyRule) -> bool {
    let is_ours = rule.api_groups.iter().any(|group| group == GROUP);
    let is_attribute = |resource: &str| resource == "uids" || resource.starts_with("userextras/");
    is_ours
        && rule.verbs.iter().any(|verb| verb == "impersonate" || verb == "*")
        && rule.resources.iter().any(|resource| is_attribute(resource))
}

/// A mode, and the rights to users and to service accounts that belong to it.
/// Source: `k8s.io/apiserver/pkg/endpoints/filters/impersonation`.
const MODES: [(&str, Option<Right>, Option<Right>); 4] = [
    ("user-info", Some(namespaced(&["impersonate:user-info"], GROUP, "users")), None),
    ("serviceaccount", None, Some(namespaced(&["impersonate:serviceaccount"], GROUP, "serviceaccounts"))),
    ("arbitrary-node", None, None),
    ("associated-node", None, None),
];

#[cfg(test)]
mod tests {
    use super::*;

    fn severity(rules: &str) -> (Severity, String) {
        let mut found = of_rules(rules);
        assert_eq!(found.len(), 1, "{found:?}");
        let found = found.remove(0);
        (found.severity, found.message)
    }

    fn of_rules(rules: &str) -> Vec<crate::Found> {
        let text = format!(
            "apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {{name: a}}
rules: [{rules}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {{name: a}}
roleRef: {{kind: ClusterRole, name: a}}
subjects: [{{kind: User, name: jane}}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {{name: strong}}
roleRef: {{kind: ClusterRole, name: cluster-admin}}
subjects: [{{kind: User, name: strong}}, {{kind: Group, name: ops}}]
"
        );
        crate::testing::notes(&Impersonate, &text).found
    }

    const WEAK: &str = "{apiGroups: [''], resources: [users], resourceNames: [weak], verbs: [impersonate]}";

    #[test]
    fn names_decide_what_is_gained() {
        assert!(of_rules(WEAK).is_empty());
        let (worst, message) = severity(&WEAK.replace("weak", "weak, strong"));
        assert_eq!(worst, Severity::Critical);
        assert!(
            message.starts_with(
                "`user:jane` may act as other users or service accounts in the whole cluster, such as `user:strong`, \
                 which may do everything in the whole cluster: "
            ),
            "{message}"
        );
    }

    #[test]
    fn groups_need_somebody_to_be_in_them() {
        let groups = "{apiGroups: [''], resources: [groups], verbs: [impersonate], resourceNames: [NAME]}";
        assert_eq!(severity(&groups.replace("NAME", "'system:masters'")).0, Severity::Info);
        let (worst, message) = severity(&format!("{WEAK}, {}", groups.replace("NAME", "'system:masters'")));
        assert_eq!(worst, Severity::Critical);
        assert!(message.contains("`system:masters`"));
        let (worst, message) = severity(&format!("{WEAK}, {}", groups.replace("NAME", "ops")));
        assert_eq!(worst, Severity::Critical);
        assert!(message.contains("`group:ops`"), "{message}");
        assert!(of_rules(&format!("{WEAK}, {}", groups.replace("NAME", "dev"))).is_empty());
    }

    #[test]
    fn constrained_impersonation_gains_the_verbs_that_are_held() {
        let who =
            "{apiGroups: [authentication.k8s.io], resources: [users], verbs: ['impersonate:user-info']}";
        assert_eq!(severity(who).0, Severity::Info);
        let on = ", {apiGroups: ['*'], resources: ['*'], verbs: ['impersonate-on:user-info:*']}";
        assert_eq!(severity(&format!("{who}{on}")).0, Severity::Critical);
    }
}
