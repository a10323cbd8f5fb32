//! Certificates kept in a Secret.

use super::{ask, text};
use crate::certificates::{Data, Found, Store};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::{Method, StatusCode};
use kube::Client;
use ravelin_object::Value;
use serde_json::json;
use zeroize::Zeroizing;

/// A Secret of type `kubernetes.io/tls`. Writes name the version they are based on, so that of several replicas one
/// wins and the others look again.
pub(crate) struct Secret {
    /// The way to the cluster.
    pub(crate) client: Client,
    /// Its namespace.
    pub(crate) namespace: String,
    /// Its name.
    pub(crate) name: String,
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Secret({}/{})", self.namespace, self.name)
    }
}

impl Secret {
    fn folder(&self) -> String {
        format!("/api/v1/namespaces/{}/secrets", self.namespace)
    }
}

impl Store for Secret {
    async fn load(&self) -> anyhow::Result<Option<Found>> {
        let answer =
            ask(&self.client, Method::GET, &format!("{}/{}", self.folder(), self.name), None).await?;
        if answer.status == StatusCode::NOT_FOUND {
            return Ok(None);
        }
        let secret = answer.success("reading the Secret of certificates")?;
        let mut data = Data::new();
        for (name, value) in
            secret.field("data").and_then(Value::as_object).into_iter().flat_map(|map| map.iter())
        {
            // What is no base64 counts as missing: it is made anew.
            if let Some(value) = value.as_str().and_then(|value| STANDARD.decode(value).ok()) {
                data.insert(name.to_owned(), Zeroizing::new(value));
            }
        }
        Ok(Some(Found { data, version: text(&secret, "metadata.resourceVersion").to_owned() }))
    }

    async fn save(&self, data: &Data, version: Option<&str>) -> anyhow::Result<bool> {
        let encoded: serde_json::Map<String, serde_json::Value> = data
            .iter()
            .map(|(name, value)| (name.clone(), STANDARD.encode(value.as_slice()).into()))
            .collect();
        let mut secret = json!({
            "apiVersion": "v1",
            "kind": "Secret",
            "type": "kubernetes.io/tls",
            "metadata": {
                "name": self.name,
                "namespace": self.namespace,
                "labels": {"app.kubernetes.io/managed-by": "ravelin"},
            },
            "data": encoded,
        });
        let (method, path) = match version {
            None => (Method::POST, self.folder()),
            Some(version) => {
                if let Some(metadata) = secret.get_mut("metadata").and_then(serde_json::Value::as_object_mut)
                {
                    metadata.insert("resourceVersion".to_owned(), version.into());
                }
                (Method::PUT, format!("{}/{}", self.folder(), self.name))
            }
        };
        let body = serde_json::to_vec(&secret)?;
        let answer = ask(&self.client, method, &path, Some(("application/json", body))).await?;
        // Made or changed by another replica in between, or deleted.
        if matches!(answer.status, StatusCode::CONFLICT)
            || (version.is_some() && answer.status == StatusCode::NOT_FOUND)
        {
            return Ok(false);
        }
        answer.success("writing the Secret of certificates").map(|_| true)
    }
}
