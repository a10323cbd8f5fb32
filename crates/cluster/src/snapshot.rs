//! A snapshot: what was read of a cluster, as a List that kubectl and every reader of manifests understand.
//!
//! One object a line, in the order of kinds, namespaces and names, so that two snapshots can be compared. The first
//! item is the record: an object of the kind [`KIND`] that says when and of which cluster, and what could not be
//! read, so that nobody takes its absence for a fact later.

use crate::read::{Account, Cluster, Secrets};
use ravelin_object::Value;
use ravelin_object::identity::Identity;
use serde::{Deserialize, Serialize};
use std::io::{self, Write};

/// The group of the record.
pub const GROUP: &str = "ravelin.dev";

/// The version of the record.
pub const API_VERSION: &str = "ravelin.dev/v1";

/// The kind of the record.
pub const KIND: &str = "Snapshot";

/// What a snapshot says of itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Record {
    /// When the reading began: RFC 3339, in UTC.
    pub taken_at: String,
    /// The version of Ravelin that wrote it.
    pub ravelin_version: String,
    /// The version of the cluster: `v1.36.0`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub server_version: Option<String>,
    /// What tells the cluster from all others: the uid of its namespace kube-system.
    #[serde(rename = "clusterUID", default, skip_serializing_if = "Option::is_none")]
    pub cluster_uid: Option<String>,
    /// The namespaces it is limited to; all where empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub namespaces: Vec<String>,
    /// How much of Secrets is in it.
    pub secrets: Secrets,
    /// Whether the values of ConfigMaps are in it, not only their keys.
    #[serde(default)]
    pub config_values: bool,
    /// What is known of each kind.
    #[serde(flatten)]
    pub account: Account,
}

impl Record {
    /// Whether an object is a record.
    #[must_use]
    pub fn is(identity: &Identity) -> bool {
        identity.is(GROUP, KIND)
    }

    /// The record of a cluster that was read at `taken_at`.
    #[must_use]
    pub fn of(cluster: &Cluster, taken_at: &str) -> Self {
        Self {
            taken_at: taken_at.to_owned(),
            ravelin_version: env!("CARGO_PKG_VERSION").to_owned(),
            server_version: cluster.version.clone(),
            cluster_uid: cluster.uid.clone(),
            namespaces: cluster.namespaces.clone(),
            secrets: cluster.secrets,
            config_values: cluster.config_values,
            account: cluster.account.clone(),
        }
    }

    /// Reads the record of a snapshot.
    ///
    /// # Errors
    /// If it is of a format that this version does not know.
    pub fn read(value: &Value) -> Result<Self, String> {
        if value.field("apiVersion").and_then(Value::as_str) != Some(API_VERSION) {
            return Err(format!("a snapshot of another format; this version reads {API_VERSION}"));
        }
        serde_json::from_value(value.to_json())
            .map_err(|error| format!("the record of the snapshot cannot be read: {error}"))
    }

    fn to_json(&self) -> serde_json::Result<serde_json::Value> {
        let mut value = serde_json::to_value(self)?;
        if let Some(map) = value.as_object_mut() {
            let name = self.cluster_uid.as_deref().unwrap_or("cluster");
            map.insert("apiVersion".to_owned(), API_VERSION.into());
            map.insert("kind".to_owned(), KIND.into());
            map.insert("metadata".to_owned(), serde_json::json!({"name": name}));
        }
        Ok(value)
    }
}

/// Writes the snapshot of a cluster that was read at `taken_at` (RFC 3339).
///
/// # Errors
/// If `out` fails.
pub fn write(cluster: &Cluster, taken_at: &str, out: &mut dyn Write) -> io::Result<()> {
    let record = Record::of(cluster, taken_at).to_json()?;
    writeln!(
        out,
        "{{\"apiVersion\":\"v1\",\"kind\":\"List\",\"metadata\":{{\"resourceVersion\":\"\"}},\"items\":["
    )?;
    write!(out, "{record}")?;
    for object in &cluster.objects {
        write!(out, ",\n{}", object.to_json())?;
    }
    writeln!(out, "\n]}}")
}
