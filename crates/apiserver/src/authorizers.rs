//! The authorizers over the store: what they know is what is stored, at every moment.
//!
//! Each holds a watcher. Before it answers it looks whether something has been written since, and if so takes that
//! in: an answer is never older than the last write that was acknowledged. Nobody waits for a cache.

use crate::codec;
use crate::registry::prefix;
use arc_swap::ArcSwap;
use parking_lot::Mutex;
use ravelin_authz::node::{Gates, Graph, NodeAuthorizer};
use ravelin_authz::rbac::{Index, Objects, Policy, PolicyRule};
use ravelin_authz::union::{Mode, Union};
use ravelin_authz::{Answer, Attributes, Authorizer, RuleResolver, Rules, User};
use ravelin_store::{Entry, Event, Range, Start, Store, Watcher};
use std::sync::Arc;

/// All authorizers of a server.
pub(crate) struct Authorizers {
    union: Union,
    /// Roles and bindings, for the guard of what is written; there whether or not they authorize.
    pub(crate) rbac: Option<Arc<LiveRbac>>,
}

impl Authorizers {
    /// The authorizers in their order.
    pub(crate) fn new(modes: Vec<Box<dyn Mode + Send + Sync>>, rbac: Option<Arc<LiveRbac>>) -> Self {
        Self { union: Union::of_server(modes), rbac }
    }

    /// The decision about a request.
    pub(crate) fn authorize(&self, attributes: &Attributes) -> Answer {
        self.union.authorize(attributes)
    }

    /// All of them as one.
    pub(crate) const fn union(&self) -> &Union {
        &self.union
    }
}

/// What has been written under some prefixes since somebody asked last.
struct News {
    store: Arc<dyn Store>,
    prefixes: Vec<String>,
    watchers: Vec<Watcher>,
}

/// Whether something is new.
enum Since {
    /// Nothing.
    Nothing,
    /// These writes.
    Events(Vec<Arc<Event>>),
    /// What is known no longer holds: everything has to be read again.
    Everything,
}

impl News {
    fn new(store: Arc<dyn Store>, prefixes: Vec<String>) -> Self {
        Self { store, prefixes, watchers: Vec::new() }
    }

    /// Whether something has been written. After [`Since::Everything`] watching has begun, and what is read from then
    /// on is complete.
    fn since(&mut self) -> Since {
        if self.watchers.len() < self.prefixes.len() {
            self.watchers.clear();
            let revision = self.store.revision();
            let watch = |prefix: &String| self.store.watch(prefix, Start::After(revision)).ok();
            self.watchers = self.prefixes.iter().filter_map(watch).collect();
            return Since::Everything;
        }
        let mut events = Vec::new();
        let mut is_broken = false;
        for watcher in &mut self.watchers {
            while let Some(next) = watcher.try_next() {
                match next {
                    Ok(event) => events.push(event),
                    Err(error) => {
                        tracing::debug!(%error, "an authorizer reads everything again");
                        is_broken = true;
                        break;
                    }
                }
            }
        }
        if is_broken {
            self.watchers.clear();
            return self.since();
        }
        if events.is_empty() { Since::Nothing } else { Since::Events(events) }
    }
}

/// Roles and bindings as they are stored.
pub(crate) struct LiveRbac {
    store: Arc<dyn Store>,
    news: Mutex<News>,
    index: ArcSwap<Index>,
}

const UNREADABLE: &str = "a role or binding cannot be read and grants nothing";
/// The resources of RBAC.
const RBAC: [&str; 4] = ["clusterroles", "clusterrolebindings", "roles", "rolebindings"];

impl LiveRbac {
    /// The roles and bindings of a store.
    pub(crate) fn new(store: &Arc<dyn Store>) -> Self {
        let prefixes = RBAC.iter().map(|plural| prefix("rbac.authorization.k8s.io", plural)).collect();
        Self {
            store: Arc::clone(store),
            news: Mutex::new(News::new(Arc::clone(store), prefixes)),
            index: ArcSwap::default(),
        }
    }

    /// Roles and bindings as they are now.
    pub(crate) fn current(&self) -> Arc<Index> {
        let mut news = self.news.lock();
        let objects = match news.since() {
            Since::Nothing => return self.index.load_full(),
            Since::Events(events) => self.followed(&events),
            Since::Everything => self.read(),
        };
        let index = Arc::new(Index::new(Policy::new(objects)));
        self.index.store(Arc::clone(&index));
        index
    }

    /// What is known, with what has been written since.
    fn followed(&self, events: &[Arc<Event>]) -> Objects {
        let mut objects = self.index.load().policy().objects().clone();
        for event in events {
            let decode = |entry: &Entry| codec::decode(entry).ok();
            if let Some(old) = event.previous.as_ref().and_then(decode) {
                objects.take_out(&old);
            }
            if let Some(new) = event.current.as_ref().and_then(decode)
                && objects.put(&new).is_err()
            {
                tracing::warn!(key = %event.key, "{UNREADABLE}");
            }
        }
        objects
    }

    fn read(&self) -> Objects {
        let mut objects = Objects::default();
        for plural in RBAC {
            let prefix = prefix("rbac.authorization.k8s.io", plural);
            let Ok(page) = self.store.range(&Range::of(&prefix)) else { continue };
            for entry in &page.entries {
                let Ok(object) = codec::decode(entry) else { continue };
                if objects.add(&object, 0).is_err() {
                    tracing::warn!(key = %entry.key, "{UNREADABLE}");
                }
            }
        }
        objects
    }
}

/// The mode `RBAC`.
pub(crate) struct Rbac(pub(crate) Arc<LiveRbac>);

impl Authorizer for Rbac {
    fn authorize(&self, attributes: &Attributes) -> Answer {
        self.0.current().authorize(attributes)
    }
}

impl RuleResolver for Rbac {
    fn rules_for(&self, user: &User, namespace: &str) -> Rules {
        self.0.current().rules_for(user, namespace)
    }
}

/// The mode `Node`.
pub(crate) struct LiveNodes {
    store: Arc<dyn Store>,
    state: Mutex<(News, NodeAuthorizer)>,
}

/// What the graph of nodes is made of.
const GRAPH: [(&str, &str); 5] = [
    ("", "pods"),
    ("", "persistentvolumes"),
    ("storage.k8s.io", "volumeattachments"),
    ("resource.k8s.io", "resourceslices"),
    ("certificates.k8s.io", "podcertificaterequests"),
];

impl LiveNodes {
    /// The nodes of a store. `rules` is what every node may do.
    pub(crate) fn new(store: &Arc<dyn Store>, rules: Vec<PolicyRule>) -> Self {
        let prefixes = GRAPH.iter().map(|(group, plural)| prefix(group, plural)).collect();
        let news = News::new(Arc::clone(store), prefixes);
        let nodes = NodeAuthorizer { graph: Graph::new(), rules, gates: Gates::STANDARD };
        Self { store: Arc::clone(store), state: Mutex::new((news, nodes)) }
    }

    fn catch_up(&self, news: &mut News, graph: &mut Graph) {
        match news.since() {
            Since::Nothing => {}
            Since::Events(events) => events.iter().for_each(|event| take_in(graph, event)),
            Since::Everything => {
                *graph = Graph::new();
                for (group, plural) in GRAPH {
                    let prefix = prefix(group, plural);
                    let Ok(page) = self.store.range(&Range::of(&prefix)) else { continue };
                    for object in page.entries.iter().filter_map(|entry| codec::decode(entry).ok()) {
                        graph.add(&object);
                    }
                }
            }
        }
    }
}

fn take_in(graph: &mut Graph, event: &Event) {
    let decode = |entry: &Entry| codec::decode(entry).ok();
    let old = event.previous.as_ref().and_then(decode);
    let new = event.current.as_ref().and_then(decode);
    match (old, new) {
        (Some(old), Some(new)) if event.key.starts_with("/registry/pods/") => graph.update_pod(&old, &new),
        (_, Some(new)) => {
            graph.add(&new);
        }
        (Some(old), None) => {
            graph.remove(&old);
        }
        (None, None) => {}
    }
}

impl Authorizer for LiveNodes {
    fn authorize(&self, attributes: &Attributes) -> Answer {
        let mut state = self.state.lock();
        let (news, nodes) = &mut *state;
        if ravelin_authz::node::node_of(&attributes.user).is_some() {
            self.catch_up(news, &mut nodes.graph);
        }
        nodes.authorize(attributes)
    }
}

impl RuleResolver for LiveNodes {
    fn rules_for(&self, user: &User, namespace: &str) -> Rules {
        self.state.lock().1.rules_for(user, namespace)
    }
}
