//! The groups that being authenticated gives.
//!
//! Source: `k8s.io/apiserver/pkg/authentication/group`.

use crate::{
    ALL_AUTHENTICATED, ALL_UNAUTHENTICATED, ANONYMOUS, Context, Outcome, Request, RequestAuthenticator,
};

/// Adds `system:authenticated` to users that are not anonymous and say nothing about it themselves.
#[derive(Debug)]
pub struct AddAuthenticated<A> {
    authenticator: A,
}

impl<A: RequestAuthenticator> AddAuthenticated<A> {
    /// Adds it to whom `authenticator` knows.
    #[must_use]
    pub fn new(authenticator: A) -> Self {
        Self { authenticator }
    }
}

impl<A: RequestAuthenticator> RequestAuthenticator for AddAuthenticated<A> {
    fn authenticate(&self, request: &mut Request, context: &mut Context<'_>) -> Outcome {
        let mut answer = self.authenticator.authenticate(request, context);
        if let Outcome::Authenticated(response) = &mut answer {
            let user = &mut response.user;
            let says_so = user.is_in(ALL_AUTHENTICATED) || user.is_in(ALL_UNAUTHENTICATED);
            if user.name != ANONYMOUS && !says_so {
                user.groups.push(ALL_AUTHENTICATED.to_owned());
            }
        }
        answer
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Timestamp;
    use crate::objects::Nothing;
    use ravelin_object::user::UserInfo;

    struct Known(UserInfo);

    impl RequestAuthenticator for Known {
        fn authenticate(&self, _: &mut Request, _: &mut Context<'_>) -> Outcome {
            Outcome::user(self.0.clone())
        }
    }

    #[test]
    fn the_group_is_added_where_it_belongs() {
        let groups = |name: &str, groups: &[&str]| {
            let groups = groups.iter().map(|group| (*group).to_owned()).collect();
            let user = UserInfo { name: name.to_owned(), groups, ..UserInfo::default() };
            let mut context = Context::new(Timestamp::from_unix(0), None, &Nothing);
            let answer =
                AddAuthenticated::new(Known(user)).authenticate(&mut Request::default(), &mut context);
            answer.response().unwrap().user.groups.join(" ")
        };
        assert_eq!(groups("a", &["g"]), "g system:authenticated");
        assert_eq!(groups("a", &["system:authenticated", "g"]), "system:authenticated g");
        assert_eq!(groups("a", &["system:unauthenticated"]), "system:unauthenticated");
        assert_eq!(groups("system:anonymous", &["g"]), "g");
    }
}
