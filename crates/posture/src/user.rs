//! The user that a subject of a binding is when it asks.

use ravelin_authz::User;
use ravelin_authz::rbac::Identity;

/// The group that everybody is in who has proved who they are.
pub(crate) const AUTHENTICATED: &str = "system:authenticated";
/// The group of those who have not.
pub(crate) const UNAUTHENTICATED: &str = "system:unauthenticated";
/// The group of all service accounts; those of a namespace are in the group with `:` and its name behind.
pub(crate) const ACCOUNTS: &str = "system:serviceaccounts";

/// The user that a subject is: with the groups that every such user is in. Of a group, some member.
pub(crate) fn user(identity: &Identity<'_>) -> User {
    let accounts_in = |namespace: &str| vec![ACCOUNTS.to_owned(), format!("{ACCOUNTS}:{namespace}")];
    let (name, mut groups) = match identity {
        Identity::ServiceAccount { namespace, name } => {
            (format!("system:serviceaccount:{namespace}:{name}"), accounts_in(namespace))
        }
        Identity::User(name) => match name.strip_prefix("system:serviceaccount:") {
            Some(account) => {
                let namespace = account.split_once(':').map_or(account, |(namespace, _)| namespace);
                ((*name).to_owned(), accounts_in(namespace))
            }
            None if name.starts_with("system:node:") => ((*name).to_owned(), vec!["system:nodes".to_owned()]),
            None if *name == "system:anonymous" => ((*name).to_owned(), vec![UNAUTHENTICATED.to_owned()]),
            None => ((*name).to_owned(), Vec::new()),
        },
        Identity::Group(group) => {
            let mut groups = vec![(*group).to_owned()];
            if group.strip_prefix(ACCOUNTS).is_some_and(|rest| rest.starts_with(':')) {
                groups.push(ACCOUNTS.to_owned());
            }
            // No user has a name with a control character.
            ("\u{0}".to_owned(), groups)
        }
    };
    if !groups.iter().any(|group| group == UNAUTHENTICATED || group == AUTHENTICATED) {
        groups.push(AUTHENTICATED.to_owned());
    }
    User { name, groups, ..User::default() }
}
