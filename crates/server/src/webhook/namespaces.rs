//! What is known of namespaces, and how old that is.

use ravelin_object::{Map, Value};
use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;
use tokio::sync::Notify;
use tokio::time::Instant;

/// The namespaces of a cluster as last heard of. Whoever watches them tells it; whoever decides asks it.
#[derive(Debug)]
pub struct Namespaces {
    state: RwLock<State>,
    changed: Notify,
    oldest: Option<Duration>,
}

#[derive(Debug, Default)]
struct State {
    by_name: BTreeMap<String, Arc<Value>>,
    /// When it was last known to be true; nothing before the first list.
    heard: Option<Instant>,
}

/// Why nothing is known of a namespace.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unknown {
    /// There is none of that name. The words are Kubernetes'.
    #[error("namespaces {0:?} not found")]
    Missing(String),
    /// No name was given. The words are those of Kubernetes' client.
    #[error("resource name may not be empty")]
    Nameless,
    /// Nothing has been heard of any.
    #[error("the namespaces of the cluster are not known yet")]
    NotYet,
    /// What was heard is too old.
    #[error("what is known of the namespaces is {age} s old, older than the {allowed} s that are allowed")]
    TooOld {
        /// How old, in seconds.
        age: u64,
        /// How old it may be, in seconds.
        allowed: u64,
    },
}

impl Namespaces {
    /// Nothing heard yet. What is older than `oldest` is not used; without it, nothing grows old.
    #[must_use]
    pub fn new(oldest: Option<Duration>) -> Self {
        Self { state: RwLock::default(), changed: Notify::new(), oldest }
    }

    /// These are all namespaces there are.
    pub fn replace(&self, namespaces: impl IntoIterator<Item = Value>) {
        let by_name = namespaces.into_iter().filter_map(|namespace| named(&namespace)).collect();
        self.change(|state| state.by_name = by_name);
    }

    /// A namespace is there, and is like this.
    pub fn put(&self, namespace: &Value) {
        if let Some((name, namespace)) = named(namespace) {
            self.change(|state| {
                state.by_name.insert(name, namespace);
            });
        }
    }

    /// A namespace is gone.
    pub fn remove(&self, namespace: &Value) {
        if let Some((name, _)) = named(namespace) {
            self.change(|state| {
                state.by_name.remove(&name);
            });
        }
    }

    /// What was heard still holds.
    pub fn confirm(&self) {
        self.change(|_| {});
    }

    fn change(&self, change: impl FnOnce(&mut State)) {
        let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        change(&mut state);
        state.heard = Some(Instant::now());
        drop(state);
        self.changed.notify_waiters();
    }

    /// The namespace of this name: its name and its labels.
    ///
    /// # Errors
    /// If it does not exist as far as is known, or what is known cannot be relied on.
    pub fn find(&self, name: &str) -> Result<Arc<Value>, Unknown> {
        let state = self.state.read().unwrap_or_else(PoisonError::into_inner);
        let age = state.heard.ok_or(Unknown::NotYet)?.elapsed();
        if let Some(allowed) = self.oldest.filter(|oldest| age > *oldest) {
            return Err(Unknown::TooOld { age: age.as_secs(), allowed: allowed.as_secs() });
        }
        if name.is_empty() {
            return Err(Unknown::Nameless);
        }
        state.by_name.get(name).cloned().ok_or_else(|| Unknown::Missing(name.to_owned()))
    }

    /// Waits until there is a namespace of this name, at most until `until`: it may have been made a moment ago, so
    /// that the watch has not brought it yet.
    pub async fn await_name(&self, name: &str, until: Instant) {
        loop {
            // Before the look, so that no change between the look and the wait is missed.
            let changed = self.changed.notified();
            if !matches!(self.find(name), Err(Unknown::Missing(_) | Unknown::NotYet)) {
                return;
            }
            if tokio::time::timeout_at(until, changed).await.is_err() {
                return;
            }
        }
    }

    /// All of them, by name.
    #[must_use]
    pub fn all(&self) -> Vec<(String, Arc<Value>)> {
        let state = self.state.read().unwrap_or_else(PoisonError::into_inner);
        state.by_name.iter().map(|(name, namespace)| (name.clone(), Arc::clone(namespace))).collect()
    }

    /// How long ago it was known to be true; nothing before the first list.
    #[must_use]
    pub fn age(&self) -> Option<Duration> {
        let state = self.state.read().unwrap_or_else(PoisonError::into_inner);
        state.heard.map(|heard| if self.oldest.is_some() { heard.elapsed() } else { Duration::ZERO })
    }

    /// How many there are.
    #[must_use]
    pub fn count(&self) -> usize {
        self.state.read().unwrap_or_else(PoisonError::into_inner).by_name.len()
    }

    /// What keeps it from being relied on.
    #[must_use]
    pub fn fault(&self) -> Option<String> {
        match self.find("") {
            Err(unknown @ (Unknown::NotYet | Unknown::TooOld { .. })) => Some(unknown.to_string()),
            _ => None,
        }
    }
}

/// The name of a namespace, and of the namespace what decisions read: name and labels.
fn named(namespace: &Value) -> Option<(String, Arc<Value>)> {
    let metadata = namespace.field("metadata")?;
    let name = metadata.field("name").and_then(Value::as_str)?;
    let mut slim = Map::new();
    slim.set("name", name.into());
    if let Some(labels) = metadata.field("labels") {
        slim.set("labels", labels.clone());
    }
    let mut object = Map::new();
    object.set("metadata", Value::Object(slim));
    Some((name.to_owned(), Arc::new(Value::Object(object))))
}

#[cfg(test)]
mod tests {
    use super::*;
    use ravelin_object::read;
    use ravelin_yaml::Limits;

    fn namespace(name: &str) -> Value {
        let text = format!("{{metadata: {{name: {name}, uid: x, labels: {{a: b}}}}, status: {{}}}}");
        read::yaml(&text, &Limits::STANDARD).unwrap().value.unwrap()
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_too_old_is_not_used() {
        let namespaces = Namespaces::new(Some(Duration::from_secs(60)));
        assert_eq!(namespaces.find("a"), Err(Unknown::NotYet));
        assert!(namespaces.fault().is_some());
        namespaces.replace([namespace("a"), namespace("b")]);
        let found = namespaces.find("a").unwrap();
        assert_eq!(found.to_json(), serde_json::json!({"metadata": {"name": "a", "labels": {"a": "b"}}}));
        assert_eq!(namespaces.find("c").unwrap_err().to_string(), "namespaces \"c\" not found");
        tokio::time::advance(Duration::from_secs(61)).await;
        assert_eq!(namespaces.find("a"), Err(Unknown::TooOld { age: 61, allowed: 60 }));
        assert!(namespaces.fault().is_some());
        namespaces.confirm();
        assert!(namespaces.find("a").is_ok() && namespaces.fault().is_none());
        namespaces.remove(&namespace("a"));
        assert!(namespaces.find("a").is_err());
    }

    #[tokio::test(start_paused = true)]
    async fn a_namespace_made_a_moment_ago_is_waited_for() {
        let namespaces = Arc::new(Namespaces::new(None));
        namespaces.replace([]);
        let begin = Instant::now();
        namespaces.await_name("a", begin + Duration::from_secs(1)).await;
        assert_eq!(begin.elapsed(), Duration::from_secs(1), "in vain");
        let other = Arc::clone(&namespaces);
        tokio::spawn(async move {
            tokio::time::sleep(Duration::from_millis(20)).await;
            other.put(&namespace("b"));
            other.put(&namespace("a"));
        });
        let begin = Instant::now();
        namespaces.await_name("a", begin + Duration::from_secs(1)).await;
        assert_eq!(begin.elapsed(), Duration::from_millis(20));
        assert!(namespaces.find("a").is_ok());
    }
}
