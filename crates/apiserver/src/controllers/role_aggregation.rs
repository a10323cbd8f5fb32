//! Aggregated cluster roles have the rules of the roles that their selectors select.
//!
//! Source: `k8s.io/kubernetes/pkg/controller/clusterroleaggregation`.

use super::queue::{Outcome, Queue};
use super::{Change, Observer, edit, outcome};
use crate::api::Api;
use crate::codec;
use crate::registry::{key, prefix, refused};
use crate::rest::act::Target;
use crate::rest::metadata;
use compact_str::CompactString;
use parking_lot::Mutex;
use ravelin_authz::rbac::{ClusterRole, PolicyRule, aggregation};
use ravelin_object::selector::Selector;
use ravelin_object::status::Status;
use ravelin_object::{Map, Value};
use ravelin_store::{Entry, Range};
use std::sync::Arc;

const NAME: &str = "clusterrole-aggregation-controller";
const GROUP: &str = "rbac.authorization.k8s.io";
const PLURAL: &str = "clusterroles";
/// How many times as long as it works it rests.
const REST: u32 = 5;

/// The loop. Its one item is all roles.
pub(super) struct RoleAggregation {
    api: Arc<Api>,
    queue: Queue<()>,
    /// The selectors of aggregated roles as they were last: which roles could matter.
    selectors: Mutex<Vec<Selector>>,
}

impl RoleAggregation {
    pub(super) fn new(api: &Arc<Api>) -> Arc<Self> {
        Arc::new(Self { api: Arc::clone(api), queue: Queue::new(), selectors: Mutex::default() })
    }

    /// Looks at what waits.
    pub(super) async fn settle(&self) {
        self.queue.work_off(NAME, 1, |()| self.look_at()).await;
    }

    pub(super) async fn run(self: Arc<Self>) {
        self.queue.work(NAME, 1, REST, |()| self.look_at()).await;
    }

    async fn look_at(&self) -> Outcome {
        outcome(self.aggregate().await)
    }

    /// Writes every aggregated role whose rules are not those that it comes to have in the end.
    async fn aggregate(&self) -> Result<(), Status> {
        let Some(resource) = self.api.registry.table.resource(GROUP, "v1", PLURAL) else { return Ok(()) };
        // Objects are many times as large as what is read of them: one at a time.
        let (mut before, mut uids) = (Vec::new(), Vec::new());
        let prefix = prefix(GROUP, PLURAL);
        let page = self.api.registry.store.range(&Range::of(&prefix)).map_err(|error| refused(&error))?;
        for entry in &page.entries {
            let object = codec::decode(entry)?;
            if let Ok(role) = ClusterRole::decode(&object, 0) {
                before.push(role);
                uids.push(metadata::text(&object, "uid").to_owned());
            }
        }
        *self.selectors.lock() = before
            .iter()
            .flat_map(|role| role.aggregation.iter().flatten())
            .filter_map(|selector| selector.to_selector().ok())
            .collect();
        let mut after = before.clone();
        for unreadable in aggregation::aggregate(&mut after) {
            tracing::warn!(controller = NAME, %unreadable, "rules stay as they are");
        }
        let roles = before.iter().zip(&after).zip(&uids);
        for ((_, role), uid) in roles.filter(|((before, after), _)| before.rules != after.rules) {
            let name = role.metadata.name.as_str();
            let rules = Value::Array(role.rules.iter().map(rule).collect());
            edit(&self.api, Target::of(resource, "", name), uid, &mut |object| {
                if let Some(object) = object.as_object_mut() {
                    object.set("rules", rules.clone());
                }
            })
            .await?;
        }
        Ok(())
    }

    /// Whether what a role was or is matters to an aggregated one.
    fn matters(&self, entry: &Entry) -> bool {
        if memchr::memmem::find(&entry.value, b"\"aggregationRule\"").is_some() {
            return true;
        }
        if memchr::memmem::find(&entry.value, b"\"labels\"").is_none() {
            return false;
        }
        let Ok(object) = codec::decode(entry) else { return true };
        let labels = metadata::get(&object, "labels").and_then(Value::as_object);
        let labels: Vec<(&str, &str)> = labels
            .into_iter()
            .flat_map(Map::iter)
            .map(|(key, value)| (key, value.as_str().unwrap_or_default()))
            .collect();
        self.selectors.lock().iter().any(|selector| selector.matches(&labels))
    }
}

/// A rule as the API writes it.
fn rule(rule: &PolicyRule) -> Value {
    let mut map = Map::new();
    let texts = |list: &[CompactString]| Value::Array(list.iter().map(|text| text.as_str().into()).collect());
    map.set("verbs", texts(&rule.verbs));
    for (key, list) in [
        ("apiGroups", &rule.api_groups),
        ("resources", &rule.resources),
        ("resourceNames", &rule.resource_names),
        ("nonResourceURLs", &rule.non_resource_urls),
    ] {
        if !list.is_empty() {
            map.set(key, texts(list));
        }
    }
    map.into()
}

impl Observer for RoleAggregation {
    fn begin(&self) {
        self.queue.add(());
    }

    fn observe(&self, change: &Change<'_>) {
        if change.folder != PLURAL || **change.key != *key(GROUP, PLURAL, "", change.name) {
            return;
        }
        if change.current.into_iter().chain(change.previous).any(|entry| self.matters(entry)) {
            self.queue.add(());
        }
    }
}
