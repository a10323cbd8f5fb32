//! The tokens of service accounts that this server issues.

use crate::codec;
use crate::registry::{Registry, key};
use ravelin_authn::LastUsed;
use ravelin_authn::discovery::Discovery;
use ravelin_authn::keys::SigningKey;
use ravelin_authn::token_request::Issuer;
use ravelin_object::{Map, Value};
use ravelin_store::Write;

/// How long tokens of pods live that live longer than asked for: a year, as upstream has it.
const EXTENDED: i64 = 365 * 24 * 3600;

/// What tokens are issued with.
pub(crate) struct Tokens {
    /// The first issuer.
    pub(crate) issuer: String,
    /// The key that signs; none where no tokens are issued.
    pub(crate) key: Option<SigningKey>,
    /// The longest a token lives, in seconds; 0: as long as asked for.
    pub(crate) max_expiration: i64,
    /// Whether tokens of pods live longer than asked for.
    pub(crate) extend_expiration: bool,
    /// What is published about them.
    pub(crate) discovery: Option<Discovery>,
}

impl Tokens {
    /// The issuer, if there is a key.
    pub(crate) fn issuer<'a>(&'a self, audiences: &'a [String]) -> Option<Issuer<'a>> {
        Some(Issuer {
            issuer: &self.issuer,
            key: self.key.as_ref()?,
            api_audiences: audiences,
            max_expiration: self.max_expiration,
            extend_expiration: self.extend_expiration,
            extended_expiration: EXTENDED,
        })
    }
}

/// Notes the day on which the token of a secret was used, without waiting for it.
///
/// Source: `k8s.io/kubernetes/pkg/serviceaccount/legacy.go` `patchSecretWithLastUsedDate`.
pub(crate) fn note_use(registry: &Registry, used: &LastUsed) {
    let key = key("", "secrets", &used.namespace, &used.name);
    let Ok(Some(entry)) = registry.store.get(&key) else { return };
    let Ok(mut secret) = codec::decode(&entry) else { return };
    if secret.dotted("metadata.uid").and_then(Value::as_str) != Some(used.uid.as_str()) {
        return;
    }
    let labels = secret.dotted("metadata.labels").and_then(Value::as_object);
    let mut labels: Map = labels.cloned().unwrap_or_default();
    labels.set("kubernetes.io/legacy-token-last-used", used.date.as_str().into());
    crate::rest::metadata::set(&mut secret, "labels", labels.into());
    drop(registry.store.submit(Write::update(key, entry.mod_revision, codec::encode(&secret))));
}
