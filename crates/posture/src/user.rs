//! The user that a subject of a binding is when it asks.

use ravelin_authz::User;
use ravelin_authz::rbac::Identity;

/// The group of whoever is authenticated.
const AUTHENTICATED: &str = "system:authenticated";

/// A subject as a user, with the groups it is sure to have. Somebody in a group is a user without a name.
pub(crate) fn user(identity: &Identity<'_>) -> User {
    match *identity {
        Identity::User("system:anonymous") | Identity::Group("system:unauthenticated") => User {
            name: "system:anonymous".to_owned(),
            groups: vec!["system:unauthenticated".to_owned()],
            ..User::default()
        },
        Identity::User(name) => {
            User { name: name.to_owned(), groups: vec![AUTHENTICATED.to_owned()], ..User::default() }
        }
        Identity::Group(name) => {
            User { groups: vec![name.to_owned(), AUTHENTICATED.to_owned()], ..User::default() }
        }
        Identity::ServiceAccount { namespace, name } => User {
            name: format!("system:serviceaccount:{namespace}:{name}"),
            groups: vec![
                "system:serviceaccounts".to_owned(),
                format!("system:serviceaccounts:{namespace}"),
                AUTHENTICATED.to_owned(),
            ],
            ..User::default()
        },
    }
}
