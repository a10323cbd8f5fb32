//! What is known of a cluster kind by kind, and what is not.

use crate::kinds::{Kind, full_name};
use serde::{Deserialize, Serialize};

/// A kind of which something was read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ReadKind {
    /// The API group; empty for the core group.
    #[serde(default)]
    pub group: String,
    /// The plural: `deployments`.
    pub resource: String,
    /// The version it was read in.
    pub version: String,
    /// The state of the cluster that the last of its lists shows.
    #[serde(default)]
    pub resource_version: String,
    /// How many objects there are.
    pub objects: usize,
}

/// Why something is not known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Reason {
    /// The user may not list it.
    Forbidden,
    /// The cluster does not serve it, so there is nothing of it.
    NotServed,
    /// It could not be read.
    Failed,
    /// It was not asked for.
    NotAsked,
}

/// Something that is not known of a cluster: a kind, in all namespaces or in some.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Unread {
    /// The API group; empty for the core group.
    #[serde(default)]
    pub group: String,
    /// The plural: `deployments`.
    pub resource: String,
    /// Only in these namespaces, where there are any.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub namespaces: Vec<String>,
    /// In all namespaces but these, where there are any.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub all_namespaces_but: Vec<String>,
    /// Why.
    pub reason: Reason,
    /// The same in words, mostly the server's; empty where there is nothing to add.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub message: String,
}

impl Unread {
    pub(crate) fn new(kind: &Kind, reason: Reason, message: impl Into<String>) -> Self {
        Self {
            group: kind.group.to_owned(),
            resource: kind.resource.to_owned(),
            namespaces: Vec::new(),
            all_namespaces_but: Vec::new(),
            reason,
            message: message.into(),
        }
    }

    pub(crate) fn within(self, namespaces: Vec<String>) -> Self {
        Self { namespaces, ..self }
    }

    pub(crate) fn outside(self, namespaces: &[String]) -> Self {
        Self { all_namespaces_but: namespaces.to_vec(), ..self }
    }

    /// Whether it is unknown what there is: everything but a kind that the cluster does not serve.
    #[must_use]
    pub fn is_doubt(&self) -> bool {
        self.reason != Reason::NotServed
    }

    /// Whether it bears on a namespace; an empty name stands for what is in none.
    fn is_about(&self, namespace: &str) -> bool {
        let is_in = |names: &[String]| names.iter().any(|name| name == namespace);
        let is_limited = !self.namespaces.is_empty() || !self.all_namespaces_but.is_empty();
        let is_outside = self.namespaces.is_empty() && !is_in(&self.all_namespaces_but);
        !is_limited || !namespace.is_empty() && (is_in(&self.namespaces) || is_outside)
    }

    /// In words.
    #[must_use]
    pub fn doubt(&self) -> Doubt {
        let name = full_name(&self.group, &self.resource);
        let place = match (self.namespaces.as_slice(), self.all_namespaces_but.as_slice()) {
            ([], []) => String::new(),
            ([], but) => format!(" in namespaces other than {}", few(but)),
            ([one], _) => format!(" in namespace {one}"),
            (some, _) => format!(" in {} namespaces ({})", some.len(), few(some)),
        };
        let why = match self.reason {
            Reason::Forbidden => "forbidden",
            Reason::NotServed => "not served by this cluster",
            Reason::Failed => "could not be read",
            Reason::NotAsked => "not asked for",
        };
        let more = if self.message.is_empty() { String::new() } else { format!(": {}", self.message) };
        Doubt {
            what: format!("{name}{place}"),
            why: format!("{why}{more}"),
            is_chosen: self.reason == Reason::NotAsked,
        }
    }
}

/// Something that is not known, in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Doubt {
    /// What: `secrets in namespace shop`.
    pub what: String,
    /// Why, mostly in the words of the server.
    pub why: String,
    /// Whether whoever read the cluster chose not to know.
    pub is_chosen: bool,
}

impl std::fmt::Display for Doubt {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.what, self.why)
    }
}

fn few(names: &[String]) -> String {
    const SHOWN: usize = 5;
    let shown = names.iter().take(SHOWN).map(String::as_str).collect::<Vec<_>>().join(", ");
    if names.len() > SHOWN { format!("{shown}, ...") } else { shown }
}

/// What is known of each kind, and what is not.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// Of what something was read.
    pub read: Vec<ReadKind>,
    /// What is not known.
    pub unread: Vec<Unread>,
}

impl Account {
    /// What is not known of a kind: one for each cause; empty where everything is known. Where a namespace is
    /// given, what is not known of others is left out; an empty one stands for no namespace at all.
    #[must_use]
    pub fn doubts(&self, kind: &Kind, namespace: Option<&str>) -> Vec<Doubt> {
        let is_it = |group: &str, resource: &str| (group, resource) == (kind.group, kind.resource);
        let unread: Vec<&Unread> =
            self.unread.iter().filter(|unread| is_it(&unread.group, &unread.resource)).collect();
        if unread.is_empty() && !self.read.iter().any(|read| is_it(&read.group, &read.resource)) {
            return vec![Unread::new(kind, Reason::NotAsked, "").doubt()];
        }
        let matters =
            |unread: &&Unread| unread.is_doubt() && namespace.is_none_or(|name| unread.is_about(name));
        unread.into_iter().filter(matters).map(Unread::doubt).collect()
    }
}
