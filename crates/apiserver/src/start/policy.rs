//! The default policy, reconciled with what is stored.

use crate::codec;
use crate::registry::{Registry, key, refused};
use crate::rest::metadata;
use crate::{clock, random};
use ravelin_authz::bootstrap::{Version, objects};
use ravelin_authz::rbac::covers::covers;
use ravelin_authz::rbac::{ClusterRole, PolicyRule, Role};
use ravelin_object::identity::Identity;
use ravelin_object::status::Status;
use ravelin_object::{Map, Value};
use ravelin_store::{Condition, Entry, Write};

const GROUP: &str = "rbac.authorization.k8s.io";
/// The annotation that says whether an object of the default policy is kept up.
const AUTOUPDATE: &str = "rbac.authorization.kubernetes.io/autoupdate";

/// The writes that bring the default policy up to date.
pub(super) fn writes(registry: &Registry) -> Result<Vec<Write>, Status> {
    let mut writes = Vec::new();
    for wanted in objects(Version::LATEST) {
        let Some(id) = Identity::of(&wanted) else { continue };
        let plural = match id.kind.as_str() {
            "ClusterRole" => "clusterroles",
            "ClusterRoleBinding" => "clusterrolebindings",
            "Role" => "roles",
            _ => "rolebindings",
        };
        let key = key(GROUP, plural, &id.namespace, &id.name);
        let entry = registry.store.get(&key).map_err(|error| refused(&error))?;
        match entry {
            None => writes.push(Write::create(key, codec::encode(&fresh(wanted)))),
            Some(entry) => writes.extend(changed(&entry, &wanted)?),
        }
    }
    Ok(writes)
}

/// A new object. Aggregated roles have no rules of their own: the controller fills them.
fn fresh(mut wanted: Value) -> Value {
    metadata::set(&mut wanted, "uid", random::uuid().into());
    metadata::set(&mut wanted, "creationTimestamp", clock::rfc3339().into());
    let is_aggregated = wanted.field("aggregationRule").is_some();
    let is_role = wanted.field("roleRef").is_none();
    if let Some(map) = wanted.as_object_mut() {
        if is_aggregated {
            map.set("rules", Value::Null);
        } else if is_role && map.get("rules").is_none() {
            map.set("rules", Value::Array(Vec::new()));
        }
    }
    wanted
}

/// The writes that give an object back what it lacks.
fn changed(entry: &Entry, wanted: &Value) -> Result<Vec<Write>, Status> {
    let mut object = codec::decode(entry)?;
    let says =
        metadata::get(&object, "annotations").and_then(|map| map.field(AUTOUPDATE)).and_then(Value::as_str);
    if says == Some("false") {
        return Ok(Vec::new());
    }
    if wanted.field("roleRef").is_some() && object.field("roleRef") != wanted.field("roleRef") {
        let again = Write {
            expires: None,
            ..Write::create(entry.key.as_ref(), codec::encode(&fresh(wanted.clone())))
        };
        return Ok(vec![Write::delete(entry.key.as_ref(), Condition::At(entry.mod_revision)), again]);
    }
    let before = object.clone();
    for key in ["labels", "annotations"] {
        add_missing(&mut object, wanted, key);
    }
    if wanted.field("aggregationRule").is_none() {
        add_rules(&mut object, wanted);
    }
    add_subjects(&mut object, wanted);
    if object == before {
        return Ok(Vec::new());
    }
    Ok(vec![Write::update(entry.key.as_ref(), entry.mod_revision, codec::encode(&object))])
}

fn add_missing(object: &mut Value, wanted: &Value, key: &'static str) {
    let Some(wanted) = metadata::get(wanted, key).and_then(Value::as_object) else { return };
    let mut map: Map = metadata::get(object, key).and_then(Value::as_object).cloned().unwrap_or_default();
    for (name, value) in wanted.iter() {
        map.set(name, value.clone());
    }
    metadata::set(object, key, map.into());
}

fn rules_of(object: &Value) -> Vec<PolicyRule> {
    let is_role = object.field("kind").and_then(Value::as_str) == Some("Role");
    if is_role {
        Role::decode(object, 0).map(|role| role.rules).unwrap_or_default()
    } else {
        ClusterRole::decode(object, 0).map(|role| role.rules).unwrap_or_default()
    }
}

fn add_rules(object: &mut Value, wanted: &Value) {
    if wanted.field("rules").is_none() {
        return;
    }
    let (held, wanted) = (rules_of(object), rules_of(wanted));
    let held: Vec<&PolicyRule> = held.iter().collect();
    let (_, missing) = covers(&held, &wanted);
    if missing.is_empty() {
        return;
    }
    let Some(map) = object.as_object_mut() else { return };
    let mut rules = map.get("rules").and_then(Value::as_array).unwrap_or_default().to_vec();
    rules.extend(missing.iter().map(rule_value));
    map.set("rules", rules.into());
}

/// A rule as the API writes it.
pub(crate) fn rule_value(rule: &PolicyRule) -> Value {
    let mut map = Map::new();
    let lists = [
        ("verbs", &rule.verbs),
        ("apiGroups", &rule.api_groups),
        ("resources", &rule.resources),
        ("resourceNames", &rule.resource_names),
        ("nonResourceURLs", &rule.non_resource_urls),
    ];
    for (key, list) in lists {
        if !list.is_empty() || key == "verbs" {
            let list: Vec<Value> = list.iter().map(|text| text.as_str().into()).collect();
            map.set(key, list.into());
        }
    }
    map.into()
}

fn add_subjects(object: &mut Value, wanted: &Value) {
    let Some(wanted) = wanted.field("subjects").and_then(Value::as_array) else { return };
    let Some(map) = object.as_object_mut() else { return };
    let mut subjects = map.get("subjects").and_then(Value::as_array).unwrap_or_default().to_vec();
    let same =
        |a: &Value, b: &Value| ["kind", "name", "namespace"].iter().all(|key| a.field(key) == b.field(key));
    let missing: Vec<Value> =
        wanted.iter().filter(|subject| !subjects.iter().any(|held| same(held, subject))).cloned().collect();
    if !missing.is_empty() {
        subjects.extend(missing);
        map.set("subjects", subjects.into());
    }
}
