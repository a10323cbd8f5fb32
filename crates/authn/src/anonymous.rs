//! Requests without credentials.
//!
//! Source: `k8s.io/apiserver/pkg/authentication/request/anonymous`.

use crate::{ALL_UNAUTHENTICATED, ANONYMOUS, Context, Outcome, Request, RequestAuthenticator, Response};
use ravelin_object::user::UserInfo;

/// Takes requests for anonymous ones: all of them, or those for certain paths.
#[derive(Clone, Debug, Default)]
pub struct Anonymous {
    paths: Vec<String>,
}

impl Anonymous {
    /// Every request may be anonymous.
    #[must_use]
    pub const fn everywhere() -> Self {
        Self { paths: Vec::new() }
    }

    /// Only requests for exactly these paths may; where there are none, all.
    #[must_use]
    pub const fn at(paths: Vec<String>) -> Self {
        Self { paths }
    }
}

impl RequestAuthenticator for Anonymous {
    fn authenticate(&self, request: &mut Request, context: &mut Context<'_>) -> Outcome {
        if !self.paths.is_empty() && !self.paths.contains(&request.path) {
            return Outcome::NotMine;
        }
        let user = UserInfo {
            name: ANONYMOUS.to_owned(),
            groups: vec![ALL_UNAUTHENTICATED.to_owned()],
            ..UserInfo::default()
        };
        let audiences = context.audiences.unwrap_or_default().to_vec();
        Outcome::Authenticated(Box::new(Response { user, audiences }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Timestamp;
    use crate::objects::Nothing;

    #[test]
    fn conditions_are_exact_paths() {
        let is_anonymous = |anonymous: &Anonymous, path: &str| {
            let mut request = Request { path: path.to_owned(), ..Request::default() };
            let mut context = Context::new(Timestamp::from_unix(0), None, &Nothing);
            anonymous.authenticate(&mut request, &mut context).response().is_some()
        };
        let some = Anonymous::at(vec!["/healthz".to_owned()]);
        assert!(is_anonymous(&Anonymous::everywhere(), "/api"));
        assert!(is_anonymous(&some, "/healthz"));
        assert!(!is_anonymous(&some, "/healthz/"));
        assert!(!is_anonymous(&some, "/api"));
    }
}
