//! What tokens refer to: the facts about service accounts, secrets, pods and nodes that authentication reads.

use crate::Timestamp;
use std::collections::BTreeMap;
use std::fmt;
use zeroize::Zeroizing;

/// A look-up that could not be made; an object that is not there is no such case.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct LookupError(pub String);

/// Where objects are looked up. `Ok(None)` is an object that is not there.
pub trait Objects {
    /// A service account.
    ///
    /// # Errors
    /// Where nobody can tell whether there is one.
    fn service_account(&self, namespace: &str, name: &str) -> Result<Option<ServiceAccount>, LookupError>;
    /// A secret.
    ///
    /// # Errors
    /// Where nobody can tell whether there is one.
    fn secret(&self, namespace: &str, name: &str) -> Result<Option<Secret>, LookupError>;
    /// A pod.
    ///
    /// # Errors
    /// Where nobody can tell whether there is one.
    fn pod(&self, namespace: &str, name: &str) -> Result<Option<Pod>, LookupError>;
    /// A node.
    ///
    /// # Errors
    /// Where nobody can tell whether there is one.
    fn node(&self, name: &str) -> Result<Option<Node>, LookupError>;
}

/// A place without objects.
#[derive(Clone, Copy, Debug, Default)]
pub struct Nothing;

impl Objects for Nothing {
    fn service_account(&self, _: &str, _: &str) -> Result<Option<ServiceAccount>, LookupError> {
        Ok(None)
    }
    fn secret(&self, _: &str, _: &str) -> Result<Option<Secret>, LookupError> {
        Ok(None)
    }
    fn pod(&self, _: &str, _: &str) -> Result<Option<Pod>, LookupError> {
        Ok(None)
    }
    fn node(&self, _: &str) -> Result<Option<Node>, LookupError> {
        Ok(None)
    }
}

/// What is read of a service account.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ServiceAccount {
    /// `metadata.uid`.
    pub uid: String,
    /// `metadata.deletionTimestamp`.
    pub deletion: Option<Timestamp>,
    /// The names in `secrets`.
    pub secrets: Vec<String>,
}

/// What is read of a pod.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pod {
    /// `metadata.uid`.
    pub uid: String,
    /// `metadata.deletionTimestamp`.
    pub deletion: Option<Timestamp>,
    /// `spec.serviceAccountName`.
    pub service_account_name: String,
    /// `spec.nodeName`; empty before the pod is bound.
    pub node_name: String,
}

/// What is read of a node.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Node {
    /// `metadata.uid`.
    pub uid: String,
    /// `metadata.deletionTimestamp`.
    pub deletion: Option<Timestamp>,
}

/// What is read of a secret. Its data is wiped when dropped, and never shown.
#[derive(Clone, Default)]
pub struct Secret {
    /// `metadata.name`.
    pub name: String,
    /// `metadata.namespace`.
    pub namespace: String,
    /// `metadata.uid`.
    pub uid: String,
    /// `metadata.deletionTimestamp`.
    pub deletion: Option<Timestamp>,
    /// `metadata.labels`.
    pub labels: BTreeMap<String, String>,
    /// `type`.
    pub kind: String,
    /// `data`, decoded. `None` is a secret that has none, which is not the same as an empty mapping.
    pub data: Option<BTreeMap<String, Zeroizing<Vec<u8>>>>,
}

impl Secret {
    /// The bytes under a key; empty where there are none.
    pub(crate) fn bytes(&self, key: &str) -> &[u8] {
        self.data.as_ref().and_then(|data| data.get(key)).map_or(&[], |bytes| bytes.as_slice())
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let keys: Vec<&String> = self.data.iter().flat_map(BTreeMap::keys).collect();
        f.debug_struct("Secret")
            .field("namespace", &self.namespace)
            .field("name", &self.name)
            .field("uid", &self.uid)
            .field("kind", &self.kind)
            .field("keys", &keys)
            .finish_non_exhaustive()
    }
}

/// The words for an object that is not there.
pub(crate) fn not_found(resource: &str, name: &str) -> String {
    format!("{resource} {} not found", ravelin_object::selector::quoted(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_data_of_a_secret_is_not_shown() {
        let data = BTreeMap::from([("token".to_owned(), Zeroizing::new(b"hush-hush".to_vec()))]);
        let secret = Secret { data: Some(data), ..Secret::default() };
        let shown = format!("{secret:?}");
        assert!(shown.contains("token") && !shown.contains("hush"), "{shown}");
        assert_eq!(secret.bytes("token"), b"hush-hush");
        assert_eq!(secret.bytes("other"), b"");
    }
}
