//! Resource quotas: what an object uses, which quota it counts for, and how much of a quota is used.
//!
//! [`usage`], [`matches()`] and [`recalculated`] are for the controller that keeps the status of quotas; the plugin
//! `ResourceQuota` judges requests with the same rules.
//!
//! Source: `k8s.io/kubernetes/pkg/quota/v1/evaluator/core`, `k8s.io/apiserver/pkg/quota/v1`.

mod claims;
pub(crate) mod evaluator;
pub(crate) mod scope;

use crate::fields::text;
use crate::resources::{self, ResourceList, list};
use crate::{Cluster, LookupError};
use evaluator::Evaluator;
use ravelin_object::errors::aggregated;
use ravelin_object::{Map, Value};
use std::collections::BTreeSet;
use std::time::Duration;

/// What usage depends on besides the object.
#[derive(Clone, Copy)]
pub struct World<'w> {
    /// The time since 1970: pods whose deletion is overdue use nothing.
    pub now: Duration,
    /// Where pods of claims and classes of devices are looked up.
    pub cluster: &'w dyn Cluster,
}

/// What an object of a resource uses, by the names that quotas use.
#[must_use]
pub fn usage(group: &str, resource: &str, object: &Value, world: World<'_>) -> ResourceList {
    Evaluator::of(group, resource).usage(object, world)
}

/// Whether an object of a resource counts for a quota: by what `status.hard` limits, and by its scopes.
///
/// # Errors
/// A scope of the quota that cannot be understood.
pub fn matches(
    quota: &Value,
    group: &str,
    resource: &str,
    object: &Value,
    world: World<'_>,
) -> Result<bool, String> {
    let evaluator = Evaluator::of(group, resource);
    let hard: Vec<String> = list(quota.dotted("status.hard")).into_keys().collect();
    matches_names(quota, &hard, &evaluator, object, world)
}

/// Whether an object counts for a quota that limits these names.
pub(crate) fn matches_names(
    quota: &Value,
    hard: &[String],
    evaluator: &Evaluator<'_>,
    object: &Value,
    world: World<'_>,
) -> Result<bool, String> {
    let is_limited = !evaluator.matching(hard, world).is_empty();
    let mut is_in_scope = true;
    for scope in scope::of_quota(quota) {
        is_in_scope &= evaluator.is_in_scope(&scope, object)?;
    }
    Ok(is_limited && is_in_scope)
}

/// What the status of a quota is to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recalculated {
    /// `status.hard`: what the spec limits.
    pub hard: ResourceList,
    /// `status.used`: how much of that is used. What could not be counted is as it was.
    pub used: ResourceList,
    /// Whether that is another status than the quota has.
    pub changed: bool,
    /// What could not be counted, and why.
    pub error: Option<String>,
}

impl Recalculated {
    /// The status as the API writes it.
    #[must_use]
    pub fn to_value(&self) -> Value {
        crate::fields::mapping([
            ("hard", Value::Object(to_map(&self.hard))),
            ("used", Value::Object(to_map(&self.used))),
        ])
    }
}

/// Amounts as the API writes them.
#[must_use]
pub fn to_map(amounts: &ResourceList) -> Map {
    amounts.iter().map(|(name, amount)| (name.as_str().into(), amount.to_string().into())).collect()
}

/// Counts what all objects of the namespace of a quota use of what it limits.
///
/// Source: `k8s.io/kubernetes/pkg/controller/resourcequota` `syncResourceQuota`, `k8s.io/apiserver/pkg/quota/v1`
/// `CalculateUsage`.
#[must_use]
pub fn recalculated(quota: &Value, world: World<'_>) -> Recalculated {
    let hard = list(quota.dotted("spec.hard"));
    let (old_hard, old_used) = (list(quota.dotted("status.hard")), list(quota.dotted("status.used")));
    let names: Vec<String> = hard.keys().cloned().collect();
    let (mut counted, mut failed, mut errors) = (ResourceList::new(), BTreeSet::new(), Vec::new());
    for (group, resource) in evaluator::tracked(&names) {
        let evaluator = Evaluator::of(&group, &resource);
        let names = evaluator.matching(&names, world);
        if names.is_empty() {
            continue;
        }
        match total(quota, &evaluator, &names, world) {
            Ok(total) => resources::add(&mut counted, &total),
            Err(why) => {
                errors.push(why);
                failed.extend(names);
            }
        }
    }
    let mut used = old_used.clone();
    used.extend(counted.into_iter().filter(|(name, _)| !failed.contains(name)));
    used.retain(|name, _| hard.contains_key(name));
    let changed = quota.field("status").is_none() || hard != old_hard || used != old_used;
    Recalculated { hard, used, changed, error: aggregated(errors) }
}

/// What the objects of a resource use of the names of a quota.
fn total(
    quota: &Value,
    evaluator: &Evaluator<'_>,
    names: &BTreeSet<String>,
    world: World<'_>,
) -> Result<ResourceList, String> {
    let namespace = text(quota, "metadata.namespace");
    let (group, resource) = evaluator.group_resource();
    let objects = world.cluster.list(group, resource, Some(namespace));
    let objects = objects.map_err(|LookupError(why)| format!("failed to list content: {why}"))?;
    let mut sum: ResourceList = names.iter().map(|name| (name.clone(), resources::zero())).collect();
    let scopes = scope::of_quota(quota);
    for object in objects {
        let mut is_in_scope = true;
        for scope in &scopes {
            // A scope that cannot be understood ends the count, as upstream.
            let Ok(is_in) = evaluator.is_in_scope(scope, &object) else {
                sum.retain(|name, _| names.contains(name));
                return Ok(sum);
            };
            is_in_scope &= is_in;
        }
        if is_in_scope {
            resources::add(&mut sum, &evaluator.usage(&object, world));
        }
    }
    sum.retain(|name, _| names.contains(name));
    Ok(sum)
}

#[cfg(test)]
mod tests;
