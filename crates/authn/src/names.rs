//! Names that Kubernetes gives a meaning, and the names of service accounts and nodes.
//!
//! Source: `k8s.io/apiserver/pkg/authentication/user`, `.../serviceaccount`.

use ravelin_object::selector::{dns1123_label_faults, dns1123_subdomain_faults};

/// The user of requests without credentials.
pub const ANONYMOUS: &str = "system:anonymous";
/// The group of everyone who proved who they are.
pub const ALL_AUTHENTICATED: &str = "system:authenticated";
/// The group of everyone who did not.
pub const ALL_UNAUTHENTICATED: &str = "system:unauthenticated";
/// The group that may do everything.
pub const SYSTEM_MASTERS: &str = "system:masters";
/// The group of kubelets.
pub const NODES: &str = "system:nodes";
/// The group of every service account.
pub const ALL_SERVICE_ACCOUNTS: &str = "system:serviceaccounts";
/// The key of a user's `extra` that identifies the credential.
pub const CREDENTIAL_ID: &str = "authentication.kubernetes.io/credential-id";
/// The key of a user's `extra` that names the node of a service account token.
pub(crate) const NODE_NAME: &str = "authentication.kubernetes.io/node-name";

const SERVICE_ACCOUNT: &str = "system:serviceaccount:";
const NODE: &str = "system:node:";

/// The user name of a service account.
pub(crate) fn service_account_user(namespace: &str, name: &str) -> String {
    format!("{SERVICE_ACCOUNT}{namespace}:{name}")
}

/// The groups of a service account.
pub(crate) fn service_account_groups(namespace: &str) -> Vec<String> {
    vec![ALL_SERVICE_ACCOUNTS.to_owned(), format!("{ALL_SERVICE_ACCOUNTS}:{namespace}")]
}

/// The namespace and name of the service account that a user name is of.
pub(crate) fn split_service_account(user: &str) -> Option<(&str, &str)> {
    let (namespace, name) = user.strip_prefix(SERVICE_ACCOUNT)?.split_once(':')?;
    let is_valid = dns1123_label_faults(namespace).is_empty() && dns1123_subdomain_faults(name).is_empty();
    is_valid.then_some((namespace, name))
}

/// The name of the node that a user name is of.
pub(crate) fn node_of(user: &str) -> Option<&str> {
    user.strip_prefix(NODE).filter(|name| dns1123_subdomain_faults(name).is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_service_accounts_are_taken_apart() {
        assert_eq!(split_service_account("system:serviceaccount:ns:a.b"), Some(("ns", "a.b")));
        for wrong in [
            "system:serviceaccount:ns",
            "system:serviceaccount:ns:a:b",
            "system:serviceaccount:N:a",
            "system:serviceaccount:n.s:a",
            "system:serviceaccount::a",
            "system:serviceaccount:ns:",
            "serviceaccount:ns:a",
        ] {
            assert_eq!(split_service_account(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn names_of_nodes_are_taken_apart() {
        assert_eq!(node_of("system:node:n1.example.com"), Some("n1.example.com"));
        assert_eq!(node_of("system:node:"), None);
        assert_eq!(node_of("system:node:N"), None);
        assert_eq!(node_of("system:nodes:n"), None);
    }
}
