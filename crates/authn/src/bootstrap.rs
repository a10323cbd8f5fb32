//! Whose token a bootstrap token is: `abcdef.0123456789abcdef`, kept in a secret of `kube-system`.
//!
//! Source: `k8s.io/kubernetes/plugin/pkg/auth/authenticator/token/bootstrap`, `k8s.io/cluster-bootstrap`. A token that
//! is no good is not this authenticator's; there are no errors.

use crate::objects::Secret;
use crate::{Context, Outcome, Timestamp, TokenAuthenticator};
use ravelin_object::user::UserInfo;
use std::collections::BTreeSet;
use subtle::ConstantTimeEq;

const NAMESPACE: &str = "kube-system";
const TYPE: &str = "bootstrap.kubernetes.io/token";
const GROUP: &str = "system:bootstrappers";
const GROUP_PREFIX: &str = "system:bootstrappers:";

/// Authenticates bootstrap tokens by the secrets of `kube-system`.
#[derive(Clone, Copy, Debug, Default)]
pub struct BootstrapTokens;

impl TokenAuthenticator for BootstrapTokens {
    fn authenticate_token(&self, token: &str, context: &mut Context<'_>) -> Outcome {
        let Some((id, proof)) = parts(token) else { return Outcome::NotMine };
        let found = match context.objects.secret(NAMESPACE, &format!("bootstrap-token-{id}")) {
            Ok(found) => found,
            Err(error) => return Outcome::failed(error.to_string()),
        };
        let user = found.and_then(|secret| user_of(&secret, id, proof, context.now));
        user.map_or(Outcome::NotMine, Outcome::user)
    }
}

/// The id and the secret part of a token of the right form.
fn parts(token: &str) -> Option<(&str, &str)> {
    let (id, proof) = token.split_once('.')?;
    let is_made_of = |text: &str, length: usize| text.len() == length && text.bytes().all(is_letter);
    (is_made_of(id, 6) && is_made_of(proof, 16)).then_some((id, proof))
}

const fn is_letter(byte: u8) -> bool {
    byte.is_ascii_lowercase() || byte.is_ascii_digit()
}

fn user_of(secret: &Secret, id: &str, proof: &str, now: Timestamp) -> Option<UserInfo> {
    let is_theirs = secret.deletion.is_none()
        && secret.kind == TYPE
        && secret.data.is_some()
        && bool::from(secret.bytes("token-secret").ct_eq(proof.as_bytes()))
        && secret.bytes("token-id") == id.as_bytes()
        && !is_expired(secret.bytes("expiration"), now)
        && secret.bytes("usage-bootstrap-authentication") == b"true";
    if !is_theirs {
        return None;
    }
    let groups = groups(secret.bytes("auth-extra-groups"))?;
    Some(UserInfo { name: format!("system:bootstrap:{id}"), groups, ..UserInfo::default() })
}

/// Whether the time has come; a time that cannot be read has.
fn is_expired(expiration: &[u8], now: Timestamp) -> bool {
    if expiration.is_empty() {
        return false;
    }
    let end = std::str::from_utf8(expiration).ok().and_then(Timestamp::parse_rfc3339);
    end.is_none_or(|end| end <= now)
}

/// The groups, sorted, each once; nothing if one of them is not for bootstrap tokens.
fn groups(extra: &[u8]) -> Option<Vec<String>> {
    let mut groups = BTreeSet::from([GROUP.to_owned()]);
    if !extra.is_empty() {
        for group in std::str::from_utf8(extra).ok()?.split(',') {
            groups.insert(is_bootstrap_group(group).then(|| group.to_owned())?);
        }
    }
    Some(groups.into_iter().collect())
}

/// `\Asystem:bootstrappers:[a-z0-9:-]{0,255}[a-z0-9]\z`.
fn is_bootstrap_group(group: &str) -> bool {
    let Some(rest) = group.strip_prefix(GROUP_PREFIX) else { return false };
    let Some((last, before)) = rest.as_bytes().split_last() else { return false };
    let is_inner = |byte: &u8| is_letter(*byte) || matches!(byte, b':' | b'-');
    before.len() <= 255 && before.iter().all(is_inner) && is_letter(*last)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::objects::{LookupError, Node, Objects, Pod, ServiceAccount};
    use std::collections::BTreeMap;
    use zeroize::Zeroizing;

    struct One(Secret);

    impl Objects for One {
        fn service_account(&self, _: &str, _: &str) -> Result<Option<ServiceAccount>, LookupError> {
            Ok(None)
        }
        fn secret(&self, namespace: &str, name: &str) -> Result<Option<Secret>, LookupError> {
            let is_it = namespace == "kube-system" && name == self.0.name;
            Ok(is_it.then(|| self.0.clone()))
        }
        fn pod(&self, _: &str, _: &str) -> Result<Option<Pod>, LookupError> {
            Ok(None)
        }
        fn node(&self, _: &str) -> Result<Option<Node>, LookupError> {
            Ok(None)
        }
    }

    fn secret(changes: &[(&str, &str)]) -> Secret {
        let mut data = BTreeMap::new();
        let usual = [
            ("token-id", "abcdef"),
            ("token-secret", "0123456789abcdef"),
            ("usage-bootstrap-authentication", "true"),
        ];
        for (key, value) in usual.iter().chain(changes) {
            data.insert((*key).to_owned(), Zeroizing::new(value.as_bytes().to_vec()));
        }
        let name = "bootstrap-token-abcdef".to_owned();
        Secret { name, kind: TYPE.to_owned(), data: Some(data), ..Secret::default() }
    }

    fn groups_of(secret: Secret, token: &str) -> Option<Vec<String>> {
        let objects = One(secret);
        let mut context = Context::new(Timestamp::from_unix(1_772_366_400), None, &objects);
        let answer = BootstrapTokens.authenticate_token(token, &mut context);
        answer.response().map(|response| response.user.groups.clone())
    }

    #[test]
    fn a_token_is_good_as_long_as_its_secret_says_so() {
        const TOKEN: &str = "abcdef.0123456789abcdef";
        let accepted = |changes: &[(&str, &str)]| groups_of(secret(changes), TOKEN).is_some();
        assert_eq!(groups_of(secret(&[]), TOKEN), Some(vec![GROUP.to_owned()]));
        assert!(accepted(&[("expiration", "2026-03-01T12:00:01Z")]));
        assert!(accepted(&[("auth-extra-groups", "system:bootstrappers:a:b-c")]));
        for changes in [
            ("expiration", "2026-03-01T12:00:00Z"),
            ("expiration", "soon"),
            ("token-id", "abcdeg"),
            ("token-secret", "0123456789abcdee"),
            ("token-secret", ""),
            ("usage-bootstrap-authentication", "True"),
            ("auth-extra-groups", "system:masters"),
            ("auth-extra-groups", "system:bootstrappers:a,"),
            ("auth-extra-groups", "system:bootstrappers:a-"),
            ("auth-extra-groups", "system:bootstrappers:\u{e9}"),
        ] {
            assert!(!accepted(&[changes]), "{changes:?}");
        }
        for token in
            ["abcdef.0123456789abcdeF", "abcdef", "abcdef.0123456789abcdef ", "abcdef0123456789abcdef"]
        {
            assert_eq!(groups_of(secret(&[]), token), None, "{token}");
        }
        let deleting = Secret { deletion: Some(Timestamp::from_unix(0)), ..secret(&[]) };
        let other = Secret { kind: "Opaque".to_owned(), ..secret(&[]) };
        let bare = Secret { data: None, ..secret(&[]) };
        for secret in [deleting, other, bare] {
            assert_eq!(groups_of(secret, TOKEN), None);
        }
    }

    #[test]
    fn groups_are_a_set() {
        let extra = "system:bootstrappers:b,system:bootstrappers:a,system:bootstrappers:b";
        let groups = groups(extra.as_bytes()).unwrap();
        assert_eq!(groups, [GROUP, "system:bootstrappers:a", "system:bootstrappers:b"]);
        let long = format!("{GROUP_PREFIX}{}", "a".repeat(257));
        assert!(!is_bootstrap_group(&long));
        assert!(is_bootstrap_group(long.strip_suffix('a').unwrap()));
    }
}
