//! The user that a proxy in front names in headers, if the proxy is one to be believed.
//!
//! Source: `k8s.io/apiserver/pkg/authentication/request/headerrequest`.

use crate::encoding::path_unescape;
use crate::headers::Headers;
use crate::x509::{CertPool, verify_client};
use crate::{Context, Outcome, Request, RequestAuthenticator};
use ravelin_object::user::UserInfo;
use std::collections::BTreeMap;

/// Which headers hold what. Names are compared without regard to case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeaderNames {
    /// The user: the first of these that has a value.
    pub user: Vec<String>,
    /// The uid: the first of these that has a value.
    pub uid: Vec<String>,
    /// The groups: every value of all of these.
    pub groups: Vec<String>,
    /// The beginnings of headers with further attributes.
    pub extra_prefixes: Vec<String>,
}

impl HeaderNames {
    /// `X-Remote-User` and its kin, which never reach anything behind authentication.
    #[must_use]
    pub fn standard() -> Self {
        let only = |name: &str| vec![name.to_owned()];
        Self {
            user: only("X-Remote-User"),
            uid: only("X-Remote-Uid"),
            groups: only("X-Remote-Group"),
            extra_prefixes: only("X-Remote-Extra-"),
        }
    }

    /// Names as flags give them, without blanks around them.
    ///
    /// # Errors
    /// Where a name is empty.
    pub fn trimmed(mut self) -> Result<Self, String> {
        for name in self.all_mut() {
            let trimmed = name.trim();
            if trimmed.is_empty() {
                return Err(format!("empty header {}", ravelin_object::selector::quoted(name)));
            }
            *name = trimmed.to_owned();
        }
        Ok(self)
    }

    fn all_mut(&mut self) -> impl Iterator<Item = &mut String> {
        let Self { user, uid, groups, extra_prefixes } = self;
        user.iter_mut().chain(uid).chain(groups).chain(extra_prefixes)
    }

    /// The user that the headers name.
    #[must_use]
    pub fn user_of(&self, headers: &Headers) -> Option<UserInfo> {
        let first = |names: &[String]| {
            let found = names.iter().map(|name| headers.get(name)).find(|value| !value.is_empty());
            found.unwrap_or_default().to_owned()
        };
        let name = first(&self.user);
        if name.is_empty() {
            return None;
        }
        let groups = self.groups.iter().flat_map(|name| headers.all(name));
        let groups = groups.filter(|group| !group.is_empty()).cloned().collect();
        let mut extra: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for prefix in &self.extra_prefixes {
            for (name, values) in headers.iter() {
                if let Some(key) = behind(name, prefix) {
                    extra.entry(extra_key(key)).or_default().extend_from_slice(values);
                }
            }
        }
        Some(UserInfo { name, uid: first(&self.uid), groups, extra })
    }

    /// Removes these headers.
    pub fn clear(&self, headers: &mut Headers) {
        for name in self.user.iter().chain(&self.uid).chain(&self.groups) {
            headers.remove(name);
        }
        headers.retain(|name| !self.extra_prefixes.iter().any(|prefix| behind(name, prefix).is_some()));
    }
}

/// What follows a prefix, whatever its case.
fn behind<'a>(name: &'a str, prefix: &str) -> Option<&'a str> {
    let (start, rest) = name.split_at_checked(prefix.len())?;
    start.eq_ignore_ascii_case(prefix).then_some(rest)
}

/// The key that the rest of a header's name stands for: in small letters, then with percent signs decoded.
pub(crate) fn extra_key(name: &str) -> String {
    path_unescape(&name.to_lowercase())
}

/// Believes the headers of proxies that show a certificate of a certain authority.
#[derive(Clone, Debug)]
pub struct RequestHeader {
    /// Which headers.
    pub names: HeaderNames,
    /// The authorities of proxies.
    pub authorities: CertPool,
    /// The common names that proxies may have; empty: any.
    pub allowed_names: Vec<String>,
}

impl RequestAuthenticator for RequestHeader {
    fn authenticate(&self, request: &mut Request, context: &mut Context<'_>) -> Outcome {
        let [leaf, ..] = request.peer_certificates.as_slice() else { return Outcome::NotMine };
        if let Err(error) = verify_client(&request.peer_certificates, &self.authorities, context.now) {
            return Outcome::failed(error.to_string());
        }
        let name = leaf.common_name();
        if !self.allowed_names.is_empty() && !self.allowed_names.iter().any(|allowed| allowed == name) {
            return Outcome::failed(format!("x509: subject with cn={name} is not in the allowed list"));
        }
        let Some(user) = self.names.user_of(&request.headers) else { return Outcome::NotMine };
        self.names.clear(&mut request.headers);
        Outcome::user(user)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_name_a_user_and_are_cleared() {
        let names = HeaderNames {
            user: vec![" X-Other ".to_owned(), "x-remote-user".to_owned()],
            extra_prefixes: vec!["x-extra-".to_owned(), "X-Remote-Extra-".to_owned()],
            ..HeaderNames::standard()
        };
        let names = names.trimmed().unwrap();
        let mut headers: Headers = [
            ("X-Remote-User", "alice"),
            ("X-Remote-Uid", "7"),
            ("X-Remote-Group", "dev"),
            ("X-Remote-Group", ""),
            ("X-Remote-Group", "ops"),
            ("X-Remote-Extra-Acme.com%2FScopes", "b"),
            ("X-Extra-Acme.com%2fscopes", "a"),
            ("X-Remote-Extra-%zz", ""),
            ("Accept", "x"),
        ]
        .into_iter()
        .collect();
        let user = names.user_of(&headers).unwrap();
        assert_eq!(
            (user.name.as_str(), user.uid.as_str(), user.groups.join(" ")),
            ("alice", "7", "dev ops".to_owned())
        );
        assert_eq!(user.extra["acme.com/scopes"], ["a", "b"]);
        assert_eq!(user.extra["%zz"], [""]);
        names.clear(&mut headers);
        assert_eq!(headers.iter().map(|(name, _)| name).collect::<Vec<_>>(), ["Accept"]);
        assert_eq!(names.user_of(&headers), None);
    }

    #[test]
    fn names_of_headers_are_not_empty() {
        let names = HeaderNames { uid: vec![" ".to_owned()], ..HeaderNames::standard() };
        assert_eq!(names.trimmed().unwrap_err(), "empty header \" \"");
    }
}
