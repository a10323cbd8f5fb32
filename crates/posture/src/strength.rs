//! Which rights of a service account make a pod that runs as it worth attacking.

use crate::{Picture, Workload, user};
use ravelin_authz::rbac::Identity;
use ravelin_authz::{Attributes, Authorizer as _, Decision};

/// A right that leads beyond the pod that has it.
struct StrongRight {
    /// What it lets do, after "may".
    means: &'static str,
    verb: &'static str,
    group: &'static str,
    resource: &'static str,
    subresource: &'static str,
    /// Whether it is as strong in a single namespace as in the whole cluster.
    in_namespace: bool,
}

const fn right(
    means: &'static str,
    verb: &'static str,
    group: &'static str,
    resource: &'static str,
    subresource: &'static str,
) -> StrongRight {
    StrongRight { means, verb, group, resource, subresource, in_namespace: false }
}

const fn anywhere(
    means: &'static str,
    verb: &'static str,
    group: &'static str,
    resource: &'static str,
    subresource: &'static str,
) -> StrongRight {
    StrongRight { means, verb, group, resource, subresource, in_namespace: true }
}

const RBAC: &str = "rbac.authorization.k8s.io";
const ADMISSION: &str = "admissionregistration.k8s.io";

/// Strongest first. Source: kubernetes.io, Role Based Access Control Good Practices, privilege escalation risks.
const RIGHTS: &[StrongRight] = &[
    right("do everything", "*", "*", "*", ""),
    right("read all Secrets", "get", "", "secrets", ""),
    right("list all Secrets", "list", "", "secrets", ""),
    right("create pods in every namespace", "create", "", "pods", ""),
    right("create Deployments in every namespace", "create", "apps", "deployments", ""),
    right("create DaemonSets in every namespace", "create", "apps", "daemonsets", ""),
    right("run commands in every pod", "create", "", "pods", "exec"),
    right("add containers to every pod", "patch", "", "pods", "ephemeralcontainers"),
    right("reach every kubelet through `nodes/proxy`", "get", "", "nodes", "proxy"),
    right("request tokens of every service account", "create", "", "serviceaccounts", "token"),
    right("impersonate users", "impersonate", "", "users", ""),
    right("impersonate groups", "impersonate", "", "groups", ""),
    right("impersonate service accounts", "impersonate", "", "serviceaccounts", ""),
    right("write cluster roles beyond its own rights", "escalate", RBAC, "clusterroles", ""),
    right("bind roles beyond its own rights", "bind", RBAC, "clusterroles", ""),
    right("create PersistentVolumes", "create", "", "persistentvolumes", ""),
    right("change mutating webhooks", "create", ADMISSION, "mutatingwebhookconfigurations", ""),
    right("change validating webhooks", "create", ADMISSION, "validatingwebhookconfigurations", ""),
    right("change labels of namespaces", "patch", "", "namespaces", ""),
    anywhere("read Secrets", "list", "", "secrets", ""),
    anywhere("create pods", "create", "", "pods", ""),
    anywhere("run commands in pods", "create", "", "pods", "exec"),
];

/// A strong right that an account has, in words.
pub(crate) struct Strength {
    /// What it may do: `read all Secrets`, `create pods in namespace shop`.
    pub means: String,
    /// The binding that allows it, in upstream's words.
    pub reason: String,
    /// Whether it holds in the whole cluster.
    pub in_cluster: bool,
}

/// The strong rights of a service account, strongest first. A right in the namespace is left out where it holds in
/// the whole cluster.
pub(crate) fn of_account(picture: &Picture<'_>, namespace: &str, name: &str) -> Vec<Strength> {
    let user = user::user(&Identity::ServiceAccount { namespace, name });
    let mut found: Vec<Strength> = Vec::new();
    for right in RIGHTS {
        let place = if right.in_namespace { namespace } else { "" };
        let is_held = |strength: &Strength| strength.in_cluster;
        if right.in_namespace && found.iter().any(is_held) {
            continue;
        }
        let attributes = Attributes {
            user: user.clone(),
            verb: right.verb.to_owned(),
            is_resource: true,
            group: right.group.to_owned(),
            version: "*".to_owned(),
            namespace: place.to_owned(),
            resource: right.resource.to_owned(),
            subresource: right.subresource.to_owned(),
            ..Attributes::default()
        };
        let answer = picture.index().authorize(&attributes);
        if answer.decision != Decision::Allow {
            continue;
        }
        let means = match place {
            "" => right.means.to_owned(),
            place => format!("{} in namespace `{place}`", right.means),
        };
        found.push(Strength { means, reason: answer.reason, in_cluster: place.is_empty() });
        if right.verb == "*" {
            break;
        }
    }
    found
}

/// The strong rights of the service account of a workload; none where its pods get no token.
pub(crate) fn of_workload(picture: &Picture<'_>, workload: &Workload<'_>) -> Vec<Strength> {
    if picture.mounts_token(workload) == Some(false) {
        return Vec::new();
    }
    of_account(picture, workload.namespace, workload.account)
}

/// The strong rights in words: the two strongest, and by which binding.
pub(crate) fn describe(strengths: &[Strength]) -> String {
    let shown: Vec<String> = strengths
        .iter()
        .take(2)
        .map(|strength| {
            // `RBAC: allowed by ClusterRoleBinding "x" of ClusterRole "y" to ServiceAccount "z"`
            let by = strength.reason.trim_start_matches("RBAC: allowed by ");
            let by = by.split_once(" to ").map_or(by, |(binding, _)| binding);
            format!("{} ({by})", strength.means)
        })
        .collect();
    let more = match strengths.len() {
        0..=2 => String::new(),
        count => format!(" and {} more", count - 2),
    };
    format!("{}{more}", shown.join(", "))
}
