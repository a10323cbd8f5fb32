//! `ResourceQuota`: how much all objects of a namespace use together.

use super::prelude::*;
use crate::config::{known, named, of_kind, sequence, string};
use crate::quota::evaluator::Evaluator;
use crate::quota::scope::{Scope, of_quota};
use crate::quota::{World, matches_names, to_map};
use crate::resources::{ResourceList, add, list, zero};
use ravelin_object::fault::{Fault, joined};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

pub(super) const ENTRY: Entry = Entry {
    name: "ResourceQuota",
    about: "Refuses objects that together with those that are there would use more than a quota of the namespace \
            permits, and counts them.",
    source: "k8s.io/apiserver/pkg/admission/plugin/resourcequota",
    build,
};

struct ResourceQuota {
    limited: Vec<Limited>,
}

/// A resource that may be used only where a quota permits it.
struct Limited {
    group: String,
    resource: String,
    contains: Vec<String>,
    scopes: Vec<Scope>,
}

/// How often a quota that has changed meanwhile is tried again.
const RETRIES: usize = 3;

/// What is never counted.
///
/// Source: `k8s.io/kubernetes/pkg/quota/v1/install` `ignoredResources`.
const IGNORED: [(&str, &str); 10] = [
    ("", "bindings"),
    ("", "componentstatuses"),
    ("", "events"),
    ("authentication.k8s.io", "selfsubjectreviews"),
    ("authentication.k8s.io", "tokenreviews"),
    ("authorization.k8s.io", "localsubjectaccessreviews"),
    ("authorization.k8s.io", "selfsubjectaccessreviews"),
    ("authorization.k8s.io", "selfsubjectrulesreviews"),
    ("authorization.k8s.io", "subjectaccessreviews"),
    ("events.k8s.io", "events"),
];

fn build(configuration: &Configuration) -> Result<Box<dyn Plugin>, Error> {
    let kinds = [
        ("apiserver.config.k8s.io/v1", "ResourceQuotaConfiguration"),
        ("resourcequota.admission.k8s.io/v1beta1", "Configuration"),
        ("resourcequota.admission.k8s.io/v1alpha1", "Configuration"),
    ];
    let given = of_kind(configuration, ENTRY.name, &kinds, &["limitedResources"])?;
    let entries = given.map_or(Ok(&[][..]), |given| sequence(given, "limitedResources"));
    let entries = entries.map_err(|error| named(ENTRY.name, error))?;
    let (mut limited, mut faults) = (Vec::new(), Vec::new());
    for (index, entry) in entries.iter().enumerate() {
        let path = format!("limitedResources[{index}]");
        let one = limited_of(entry, &path).map_err(|error| named(ENTRY.name, error))?;
        if one.resource.is_empty() {
            faults.push(Fault::required(format!("{path}.resource"), ""));
        }
        limited.push(one);
    }
    if faults.is_empty() {
        return Ok(Box::new(ResourceQuota { limited }));
    }
    Err(Error::Plugin { plugin: ENTRY.name, why: joined(&faults) })
}

fn limited_of(entry: &Value, path: &str) -> Result<Limited, Error> {
    known(entry, path, &["apiGroup", "resource", "matchContains", "matchScopes"])?;
    let contains = sequence(entry, "matchContains")?.iter().filter_map(Value::as_str).map(str::to_owned);
    Ok(Limited {
        group: string(entry, path, "apiGroup")?.to_owned(),
        resource: string(entry, path, "resource")?.to_owned(),
        contains: contains.collect(),
        scopes: sequence(entry, "matchScopes")?.iter().map(Scope::of).collect(),
    })
}

impl Plugin for ResourceQuota {
    identity!([Create, Update], mutates: false, validates: true);

    fn validate(
        &self,
        attributes: &Attributes<'_>,
        object: Option<&Value>,
        old: Option<&Value>,
        context: &mut Context<'_>,
    ) -> Result<(), Status> {
        let Attributes { group, resource, namespace, operation, .. } = *attributes;
        let makes_namespace = operation == Operation::Create && attributes.is_kind("", "Namespace");
        let Some(object) = typed(object) else { return Ok(()) };
        if namespace.is_empty() || makes_namespace || IGNORED.contains(&(group, resource)) {
            return Ok(());
        }
        let evaluator = Evaluator::of(group, resource);
        if !evaluator.handles(attributes, object, old) {
            return Ok(());
        }
        let world = World { now: context.now, cluster: context.cluster };
        let request = Request { attributes, object, old, evaluator, world, limited: &self.limited };
        let mut quotas = quotas(attributes, context)?;
        for retries in (0..=RETRIES).rev() {
            if quotas.is_empty() && self.limited.is_empty() {
                return Ok(());
            }
            let failed = request.charge(&quotas)?;
            let Some((_, error)) = failed.last() else { return Ok(()) };
            if retries == 0 {
                return Err(error.clone());
            }
            // What is left to be charged are the quotas that had changed.
            let names: BTreeSet<&str> = failed.iter().map(|(name, _)| name.as_str()).collect();
            let now = self::quotas(attributes, context).map_err(|_| error.clone())?;
            quotas = now.into_iter().filter(|quota| names.contains(quota.name.as_str())).collect();
        }
        Ok(())
    }
}

/// A quota, by its status.
#[derive(Clone)]
struct Quota {
    object: Arc<Value>,
    name: String,
    hard: ResourceList,
    used: ResourceList,
}

fn quotas(attributes: &Attributes<'_>, context: &Context<'_>) -> Result<Vec<Quota>, Status> {
    let found = context.cluster.list("", "resourcequotas", Some(attributes.namespace));
    let found = found.map_err(|error| Status::plain(&format!("error resolving quota: {}", error.0)))?;
    let quota = |object: Arc<Value>| Quota {
        name: text(&object, "metadata.name").to_owned(),
        hard: list(object.dotted("status.hard")),
        used: list(object.dotted("status.used")),
        object,
    };
    Ok(found.into_iter().map(quota).collect())
}

/// A request that is charged.
struct Request<'r> {
    attributes: &'r Attributes<'r>,
    object: &'r Value,
    old: Option<&'r Value>,
    evaluator: Evaluator<'r>,
    world: World<'r>,
    limited: &'r [Limited],
}

/// What the quotas that are about an object permit.
struct Covered {
    /// The places of the quotas that are about the object.
    places: Vec<usize>,
    /// The names that they limit.
    names: BTreeSet<String>,
    /// The scopes, of all quotas, that the object is in.
    scopes: Vec<Scope>,
}

impl Request<'_> {
    fn refused(&self, why: &str) -> Status {
        self.attributes.forbidden(Some(self.object), why)
    }

    /// Charges the quotas, and writes those that change. Says which could not be written, and why.
    fn charge(&self, quotas: &[Quota]) -> Result<Vec<(String, Status)>, Status> {
        let changed = self.check(quotas)?;
        let mut failed = Vec::new();
        for (place, used) in changed.into_iter().filter(|_| !self.attributes.dry_run) {
            let Some(quota) = quotas.get(place).filter(|quota| quota.used != used) else { continue };
            if let Err(error) = self.world.cluster.update_quota_status(&quota.object, &to_map(&used)) {
                failed.push((quota.name.clone(), error.into_status()));
            }
        }
        Ok(failed)
    }

    /// What the quotas, by their place, come to with the object.
    ///
    /// Source: `CheckRequest`.
    fn check(&self, quotas: &[Quota]) -> Result<BTreeMap<usize, ResourceList>, Status> {
        let all: Vec<Scope> = self.limited.iter().flat_map(|limited| limited.scopes.clone()).collect();
        let Ok(limited_scopes) = self.evaluator.scopes_of(&all, self.object) else {
            return Ok(BTreeMap::new());
        };
        let covered = self.covered(quotas)?;
        let usage = self.evaluator.usage(self.object, self.world);
        let negative: Vec<&str> =
            usage.iter().filter(|(_, amount)| amount.sign() < 0).map(|(name, _)| name.as_str()).collect();
        if !negative.is_empty() {
            let why = format!("quota usage is negative for resource(s): {}", negative.join(","));
            return Err(self.refused(&why));
        }
        let (deltas, uncovered) = self.deltas(quotas, &covered, &usage)?;
        let is_nothing = if covered.places.is_empty() { uncovered.is_empty() } else { deltas.is_empty() };
        if is_nothing {
            return Ok(BTreeMap::new());
        }
        self.check_limited(&usage, &covered, &limited_scopes)?;
        let mut changed = BTreeMap::new();
        for (place, delta) in deltas {
            if let Some(quota) = quotas.get(place) {
                changed.insert(place, self.charged(quota, delta)?);
            }
        }
        Ok(changed)
    }

    /// Which quotas are about the object. Refuses an object that does not say what they count.
    fn covered(&self, quotas: &[Quota]) -> Result<Covered, Status> {
        let mut covered = Covered { places: Vec::new(), names: BTreeSet::new(), scopes: Vec::new() };
        for (place, quota) in quotas.iter().enumerate() {
            let scopes = self.evaluator.scopes_of(&of_quota(&quota.object), self.object).map_err(|why| {
                Status::plain(&format!("error matching scopes of quota {}, err: {why}", quota.name))
            })?;
            covered.scopes.extend(scopes);
            let hard: Vec<String> = quota.hard.keys().cloned().collect();
            let is_about = matches_names(&quota.object, &hard, &self.evaluator, self.object, self.world)
                .map_err(|why| Status::plain(&why))?;
            if !is_about {
                continue;
            }
            let names = self.evaluator.matching(&hard, self.world);
            self.evaluator
                .check(&names, self.object)
                .map_err(|why| self.refused(&format!("failed quota: {}: {why}", quota.name)))?;
            if names.iter().any(|name| !quota.used.contains_key(name)) {
                let names = names.into_iter().collect::<Vec<_>>().join(",");
                let why = format!("status unknown for quota: {}, resources: {names}", quota.name);
                return Err(self.refused(&why));
            }
            covered.places.push(place);
            covered.names.extend(names);
        }
        Ok(covered)
    }

    /// What the object adds to each quota that is about it, and what it adds where none is. Without zeros.
    fn deltas(
        &self,
        quotas: &[Quota],
        covered: &Covered,
        usage: &ResourceList,
    ) -> Result<(BTreeMap<usize, ResourceList>, ResourceList), Status> {
        let mut deltas: BTreeMap<usize, ResourceList> =
            covered.places.iter().map(|place| (*place, usage.clone())).collect();
        let mut uncovered = usage.clone();
        if self.attributes.operation == Operation::Update {
            let Some(old) = self.old else {
                let why = "unable to get previous usage since prior version of object was not found";
                return Err(self.refused(why));
            };
            // An object without version is not there yet: all of it is charged.
            if !text(old, "metadata.resourceVersion").is_empty() {
                let added = added(usage, &self.evaluator.usage(old, self.world));
                for place in &covered.places {
                    let Some(quota) = quotas.get(*place) else { continue };
                    let hard: Vec<String> = quota.hard.keys().cloned().collect();
                    let was_about = matches_names(&quota.object, &hard, &self.evaluator, old, self.world)
                        .map_err(|why| Status::plain(&why))?;
                    if was_about {
                        deltas.insert(*place, added.clone());
                    }
                }
                uncovered = added;
            }
        }
        deltas.values_mut().for_each(remove_zeros);
        deltas.retain(|_, delta| !delta.is_empty());
        remove_zeros(&mut uncovered);
        Ok((deltas, uncovered))
    }

    /// Refuses an object that uses what is limited by default and no quota permits.
    fn check_limited(&self, usage: &ResourceList, covered: &Covered, scopes: &[Scope]) -> Result<(), Status> {
        let of_resource =
            self.limited.iter().filter(|limited| self.attributes.is(&limited.group, &limited.resource));
        let names: BTreeSet<&str> = of_resource
            .flat_map(|limited| {
                let used = usage.iter().filter(|(_, amount)| amount.sign() > 0);
                used.filter(|(name, _)| limited.contains.iter().any(|part| name.contains(part.as_str())))
            })
            .map(|(name, _)| name.as_str())
            .filter(|name| !covered.names.contains(*name))
            .collect();
        if !names.is_empty() {
            let names = names.into_iter().collect::<Vec<_>>().join(",");
            return Err(self.refused(&format!("insufficient quota to consume: {names}")));
        }
        let is_covered = |scope: &&Scope| !covered.scopes.iter().any(|other| other.name == scope.name);
        let missing: Vec<String> = scopes.iter().filter(is_covered).map(ToString::to_string).collect();
        if missing.is_empty() {
            return Ok(());
        }
        Err(Status::plain(&format!("insufficient quota to match these scopes: [{}]", missing.join(" "))))
    }

    /// What a quota comes to with what the object adds, unless that is too much.
    fn charged(&self, quota: &Quota, mut delta: ResourceList) -> Result<ResourceList, Status> {
        delta.retain(|name, _| quota.hard.contains_key(name));
        let mut used = quota.used.clone();
        add(&mut used, &delta);
        if self.attributes.subresource == "status" {
            return Ok(used);
        }
        let exceeds = |name: &&String| matches!((used.get(*name), quota.hard.get(*name)), (Some(used), Some(hard)) if used > hard);
        let exceeded: Vec<&String> = delta.keys().filter(exceeds).collect();
        if exceeded.is_empty() {
            return Ok(used);
        }
        let shown = |amounts: &ResourceList| {
            let parts = exceeded.iter().filter_map(|name| Some(format!("{name}={}", amounts.get(*name)?)));
            parts.collect::<Vec<_>>().join(",")
        };
        let why = format!(
            "exceeded quota: {}, requested: {}, used: {}, limited: {}",
            quota.name,
            shown(&delta),
            shown(&quota.used),
            shown(&quota.hard)
        );
        Err(self.refused(&why))
    }
}

/// What is used more than before; never less than nothing.
///
/// Source: `k8s.io/apiserver/pkg/quota/v1` `SubtractWithNonNegativeResult`.
fn added(usage: &ResourceList, before: &ResourceList) -> ResourceList {
    let more = usage.iter().map(|(name, amount)| {
        let rest = before.get(name).map_or_else(|| amount.clone(), |old| amount - old);
        (name.clone(), if rest.sign() > 0 { rest } else { zero() })
    });
    more.collect()
}

fn remove_zeros(list: &mut ResourceList) {
    list.retain(|_, amount| !amount.is_zero());
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plugins::testing::{Records, attributes, configuration, configured, object, plugin, refusal};

    fn quota(name: &str, spec: &str, hard: &str, used: &str) -> String {
        format!(
            "{{metadata: {{name: {name}, namespace: ns}}, spec: {spec}, status: {{hard: {hard}, used: {used}}}}}"
        )
    }

    fn records(quotas: &[String]) -> Records {
        let list: Vec<_> = quotas.iter().map(|quota| ("/resourcequotas", quota.as_str())).collect();
        Records::of(&list)
    }

    fn charge(records: &Records, resource: &'static str, new: &str, old: &str) -> Option<String> {
        let operation = if old.is_empty() { Operation::Create } else { Operation::Update };
        refusal(plugin(ENTRY.name).as_ref(), records, &attributes(operation, resource), new, old)
    }

    const START: &str = "403 pods \"x\" is forbidden: ";

    #[test]
    fn what_is_used_is_counted_and_bounded() {
        let all = records(&[quota("q", "{}", "{pods: 2, requests.cpu: 1}", "{pods: 1, requests.cpu: 500m}")]);
        let pod = |cpu: &str| {
            format!("{{spec: {{containers: [{{name: c, resources: {{requests: {{cpu: {cpu}}}}}}}]}}}}")
        };
        assert_eq!(charge(&all, "pods", &pod("500m"), ""), None);
        assert_eq!(*all.written.borrow(), [object("{pods: '2', requests.cpu: '1'}")]);
        let why = "exceeded quota: q, requested: requests.cpu=600m, used: requests.cpu=500m, limited: requests.cpu=1";
        assert_eq!(charge(&all, "pods", &pod("600m"), ""), Some(format!("{START}{why}")));
        let why = "failed quota: q: must specify requests.cpu for: a,b";
        let bare = "{spec: {containers: [{name: b}, {name: a}]}}";
        assert_eq!(charge(&all, "pods", bare, ""), Some(format!("{START}{why}")));
        let unknown = records(&[quota("q", "{}", "{pods: 2}", "{}")]);
        let why = "status unknown for quota: q, resources: pods";
        assert_eq!(charge(&unknown, "pods", bare, ""), Some(format!("{START}{why}")));
        let negative = pod("-1");
        let why = "quota usage is negative for resource(s): cpu,requests.cpu";
        assert_eq!(charge(&all, "pods", &negative, ""), Some(format!("{START}{why}")));
    }

    #[test]
    fn an_update_is_charged_for_what_is_more() {
        let all = records(&[quota("q", "{}", "{services.nodeports: 3}", "{services.nodeports: 2}")]);
        let service = |ports: &str| {
            format!("{{metadata: {{resourceVersion: '1'}}, spec: {{type: NodePort, ports: {ports}}}}}")
        };
        assert_eq!(charge(&all, "services", &service("[{}]"), &service("[{}, {}]")), None);
        assert_eq!(all.written.borrow().len(), 0);
        assert_eq!(charge(&all, "services", &service("[{}, {}]"), &service("[{}]")), None);
        assert_eq!(*all.written.borrow(), [object("{services.nodeports: '3'}")]);
        assert!(charge(&all, "services", &service("[{}, {}, {}]"), &service("[{}]")).is_some());
    }

    #[test]
    fn quotas_are_for_the_objects_of_their_scopes() {
        let scoped = |spec: &str| records(&[quota("q", spec, "{pods: 0}", "{pods: 0}")]);
        let refused = |spec: &str, pod: &str| charge(&scoped(spec), "pods", pod, "").is_some();
        assert!(refused("{scopes: [BestEffort]}", "{spec: {containers: [{}]}}"));
        assert!(!refused("{scopes: [NotBestEffort]}", "{spec: {containers: [{}]}}"));
        assert!(refused("{scopes: [Terminating]}", "{spec: {activeDeadlineSeconds: 1}}"));
        assert!(!refused("{scopes: [Terminating]}", "{spec: {}}"));
        let class = |operator: &str, values: &str| {
            format!(
                "{{scopeSelector: {{matchExpressions: [{{scopeName: PriorityClass, operator: {operator}, values: {values}}}]}}}}"
            )
        };
        let high = "{spec: {priorityClassName: high}}";
        assert!(refused(&class("In", "[high]"), high) && !refused(&class("In", "[low]"), high));
        assert!(refused(&class("NotIn", "[low]"), high) && refused(&class("Exists", "[]"), high));
        assert!(!refused(&class("Exists", "[]"), "{spec: {}}"));
        assert!(refused(&class("DoesNotExist", "[]"), "{spec: {}}"));
        let cross = "{spec: {affinity: {podAffinity: {requiredDuringSchedulingIgnoredDuringExecution: [{namespaces: [a]}]}}}}";
        assert!(refused("{scopes: [CrossNamespacePodAffinity]}", cross));
        let bad = charge(&scoped(&class("Like", "[a]")), "pods", high, "").unwrap();
        let why = "500 error matching scopes of quota q, err: error on matching scope {PriorityClass Like [a]}: failed to \
                   parse and convert selector: \"Like\" is not a valid scope selector operator";
        assert_eq!(bad, why);
    }

    #[test]
    fn a_quota_that_changed_is_tried_again() {
        let all = records(&[quota("q", "{}", "{count/things: 1}", "{count/things: 0}")]);
        all.conflicts.replace(3);
        assert_eq!(charge(&all, "things", "{}", ""), None);
        all.conflicts.replace(4);
        let why = "409 Operation cannot be fulfilled on resourcequotas \"q\": changed";
        assert_eq!(charge(&all, "things", "{}", "").as_deref(), Some(why));
        let mut dry = attributes(Operation::Create, "things");
        dry.dry_run = true;
        assert_eq!(refusal(plugin(ENTRY.name).as_ref(), &all, &dry, "{}", ""), None);
        assert_eq!(all.written.borrow().len(), 1);
    }

    #[test]
    fn limited_resources_need_a_quota() {
        let text = "{apiVersion: apiserver.config.k8s.io/v1, kind: ResourceQuotaConfiguration, limitedResources: \
                    [{resource: pods, matchContains: [cpu], matchScopes: [{scopeName: PriorityClass, operator: In, \
                    values: [high]}]}]}";
        let plugin = configured(ENTRY.name, &configuration(ENTRY.name, text)).unwrap();
        let refused = |records: &Records, spec: &str| {
            let about = attributes(Operation::Create, "pods");
            refusal(plugin.as_ref(), records, &about, &format!("{{spec: {spec}}}"), "")
        };
        let none = Records::default();
        let asks = "{containers: [{name: c, resources: {limits: {cpu: 1}}}]}";
        let why = "insufficient quota to consume: limits.cpu";
        assert_eq!(refused(&none, asks), Some(format!("{START}{why}")));
        let why = "500 insufficient quota to match these scopes: [{PriorityClass In [high]}]";
        assert_eq!(refused(&none, "{priorityClassName: high}").as_deref(), Some(why));
        assert_eq!(refused(&none, "{priorityClassName: low}"), None);
        let covers = records(&[quota("q", "{}", "{limits.cpu: 2}", "{limits.cpu: 0}")]);
        assert_eq!(refused(&covers, asks), None);
        let bad = text.replace("resource: pods", "resource: ''");
        let error = configured(ENTRY.name, &configuration(ENTRY.name, &bad)).err().unwrap().to_string();
        assert!(error.ends_with("limitedResources[0].resource: Required value"), "{error}");
    }
}
