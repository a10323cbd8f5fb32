//! Which level of the Pod Security Standards each namespace could enforce today, and what breaks at the next.
//!
//! It looks at templates and not only at pods that run, so a Deployment scaled to zero and a CronJob between two runs
//! count too, as they do not in the API server's own dry run.

use ravelin_diag::FieldPath;
use ravelin_inventory::{Inventory, NamespaceFacts, Object, ObjectId};
use ravelin_object::pod::{Defaulting, Pod};
use ravelin_object::templates::{self, FoundBy};
use ravelin_object::{DecodeError, Decoder, Value};
use ravelin_podsec::config::PodSecurityConfiguration;
use ravelin_podsec::policy::{self, LabelError, Policy};
use ravelin_podsec::{Evaluation, Level, LevelVersion, Version};
use std::collections::{BTreeMap, BTreeSet};

/// What a plan assumes.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The policy version to plan for.
    pub version: Version,
    /// The defaults and exemptions of the API server.
    pub psa: PodSecurityConfiguration,
    /// Where objects go that do not say; `default` if empty.
    pub default_namespace: String,
}

/// What is known of one namespace, and what it could enforce.
#[derive(Clone, Debug, PartialEq)]
pub struct NamespacePlan {
    /// Its name.
    pub name: String,
    /// What its labels and the defaults ask for now; nothing where the namespace itself is not among the objects.
    pub policy: Option<Policy>,
    /// Labels that cannot be read.
    pub label_errors: Vec<LabelError>,
    /// Whether the configuration exempts it from all of this.
    pub is_exempt: bool,
    /// The strictest level that every workload meets.
    pub meets: Level,
    /// The pods and templates that were judged.
    pub workloads: Vec<Workload>,
    /// Objects whose pods could not be decoded: what they meet is unknown.
    pub unknown: Vec<(ObjectId, Vec<DecodeError>)>,
}

/// A pod or pod template.
#[derive(Clone, Debug, PartialEq)]
pub struct Workload {
    /// The object it stands in.
    pub object: ObjectId,
    /// Where in the object.
    pub path: FieldPath,
    /// Its kind and name: `Deployment web`.
    pub name: String,
    /// Whether no pod of it runs now, as far as the object says: scaled to zero, suspended, or waiting for its time.
    pub is_dormant: bool,
    /// Whether it was found by the shape of a template, in an object of a kind that is not Kubernetes' own.
    pub by_shape: bool,
    /// Whether a runtime class exempts it.
    pub is_exempt: bool,
    /// Why it breaks at baseline, in upstream's words; empty where it does not.
    pub at_baseline: String,
    /// Why it breaks at restricted.
    pub at_restricted: String,
    /// Why it violates what its namespace enforces now, at the version that it names; empty where it does not, or that is
    /// not known.
    pub at_enforced: String,
}

impl Workload {
    /// The strictest level it meets.
    #[must_use]
    pub fn meets(&self) -> Level {
        match (self.is_exempt, self.at_baseline.is_empty(), self.at_restricted.is_empty()) {
            (true, _, _) | (false, true, true) => Level::Restricted,
            (false, true, false) => Level::Baseline,
            (false, false, _) => Level::Privileged,
        }
    }

    /// Why it breaks at a level; empty where it does not.
    #[must_use]
    pub fn breaks_at(&self, level: Level) -> &str {
        match (self.is_exempt, level) {
            (true, _) | (false, Level::Privileged) => "",
            (false, Level::Baseline) => &self.at_baseline,
            (false, Level::Restricted) => &self.at_restricted,
        }
    }
}

impl NamespacePlan {
    /// The level after the one it meets; nothing where it meets the strictest.
    #[must_use]
    pub fn next(&self) -> Option<Level> {
        match self.meets {
            Level::Privileged => Some(Level::Baseline),
            Level::Baseline => Some(Level::Restricted),
            Level::Restricted => None,
        }
    }

    /// Whether something in it could not be judged, so that the level is not certain.
    #[must_use]
    pub fn is_certain(&self) -> bool {
        self.unknown.is_empty()
    }

    /// The labels to set: enforce what is met, warn and audit at restricted, so that what stands in the way shows. Where
    /// more is enforced already, that stays. Empty where nothing would change, where what is enforced now is not known,
    /// and where the level is not certain.
    #[must_use]
    pub fn labels(&self, version: Version) -> Vec<(&'static str, String)> {
        let Some(policy) = self.policy.filter(|_| !self.is_exempt && self.is_certain()) else {
            return Vec::new();
        };
        let mut wanted = LevelVersion::new(self.meets, version);
        if policy.enforce.level >= wanted.level {
            wanted = policy.enforce;
        }
        let strict = LevelVersion::new(Level::Restricted, version);
        let mut labels = Vec::new();
        let mut set = |keys: [&'static str; 2], now: LevelVersion, wanted: LevelVersion| {
            let [level, version] = keys;
            let is_wrong = self.label_errors.iter().any(|error| keys.contains(&error.label));
            if now != wanted || is_wrong {
                labels.push((level, wanted.level.to_string()));
                labels.push((version, wanted.version.to_string()));
            }
        };
        let [enforce, enforce_version, audit, audit_version, warn, warn_version] = policy::LABELS;
        set([enforce, enforce_version], policy.enforce, wanted);
        set([warn, warn_version], policy.warn, strict);
        set([audit, audit_version], policy.audit, strict);
        labels
    }
}

/// The plan for every namespace that is named by an object or is one itself, by name.
#[must_use]
pub fn plan(inventory: &Inventory, settings: &Settings) -> Vec<NamespacePlan> {
    let default_namespace = match settings.default_namespace.as_str() {
        "" => "default",
        namespace => namespace,
    };
    let mut plans: BTreeMap<&str, NamespacePlan> = BTreeMap::new();
    for object in inventory.objects().iter().filter(|object| object.identity.is("", "Namespace")) {
        let name = object.identity.name.as_str();
        plans.entry(name).or_insert_with(|| empty(inventory, settings, name));
    }
    let owners = owners(inventory, default_namespace);
    for (id, object) in inventory.ids().zip(inventory.objects()) {
        let found = templates::find(&object.identity, &object.value);
        if found.is_empty() {
            continue;
        }
        let namespace = namespace_of(object, default_namespace);
        let plan = plans.entry(namespace).or_insert_with(|| empty(inventory, settings, namespace));
        let is_owned = is_owned(object, namespace, &owners);
        for template in found {
            match Pod::decode(template.value, template.path.clone(), Defaulting::Pod) {
                Ok(pod) => {
                    let mut workload = workload(id, object, &pod, settings, template.found_by, template.path);
                    if let Some(policy) = plan.policy.filter(|_| !plan.is_exempt && !workload.is_exempt) {
                        workload.at_enforced = Evaluation::new(&pod).verdict(policy.enforce).detail();
                    }
                    // What its owner says too need not be said twice; where it differs, it is what still runs.
                    if !is_owned || workload.meets() < Level::Restricted || !workload.at_enforced.is_empty() {
                        plan.workloads.push(workload);
                    }
                }
                Err(errors) => plan.unknown.push((id, errors)),
            }
        }
    }
    let mut plans: Vec<NamespacePlan> = plans.into_values().collect();
    for plan in &mut plans {
        without_repeats(plan, inventory, default_namespace);
        plan.meets = plan.workloads.iter().map(Workload::meets).min().unwrap_or(Level::Restricted);
    }
    plans
}

fn empty(inventory: &Inventory, settings: &Settings, name: &str) -> NamespacePlan {
    let (policy, label_errors) = match inventory.namespace(name) {
        NamespaceFacts::Known(_, namespace) => {
            let labels = labels(namespace);
            let (policy, errors) = policy::of_labels(&labels, &settings.psa.defaults);
            (Some(policy), errors)
        }
        NamespaceFacts::Unknown(_) | NamespaceFacts::Unnamed => (None, Vec::new()),
    };
    NamespacePlan {
        name: name.to_owned(),
        policy,
        label_errors,
        is_exempt: settings.psa.exemptions.namespaces.iter().any(|exempt| exempt == name),
        meets: Level::Restricted,
        workloads: Vec::new(),
        unknown: Vec::new(),
    }
}

fn workload(
    id: ObjectId,
    object: &Object,
    pod: &Pod<'_>,
    settings: &Settings,
    found_by: FoundBy,
    path: FieldPath,
) -> Workload {
    let evaluation = Evaluation::new(pod);
    let at = |level| evaluation.verdict(LevelVersion::new(level, settings.version)).detail();
    let exempt = &settings.psa.exemptions.runtime_classes;
    Workload {
        object: id,
        path,
        name: format!("{} {}", object.identity.kind, object.identity.name),
        is_dormant: is_dormant(object),
        by_shape: found_by == FoundBy::Shape,
        is_exempt: pod.runtime_class.is_some_and(|class| exempt.iter().any(|name| name == class)),
        at_baseline: at(Level::Baseline),
        at_restricted: at(Level::Restricted),
        at_enforced: String::new(),
    }
}

/// Whether no pod of the object runs now, as far as it says.
fn is_dormant(object: &Object) -> bool {
    let spec = |key: &str| object.value.field("spec")?.field(key);
    match object.identity.kind.as_str() {
        "CronJob" | "PodTemplate" => true,
        "Job" => spec("suspend").and_then(Value::as_bool) == Some(true),
        _ => spec("replicas") == Some(&Value::Int(0)),
    }
}

fn labels(object: &Value) -> Vec<(&str, &str)> {
    let mut decoder = Decoder::new(FieldPath::root());
    let labels = decoder
        .mapping(Some(object), "metadata", |decoder, metadata| decoder.string_map(Some(metadata), "labels"));
    decoder.finish(labels.unwrap_or_default()).unwrap_or_default()
}

fn namespace_of<'a>(object: &'a Object, default_namespace: &'a str) -> &'a str {
    match object.identity.namespace.as_str() {
        "" => default_namespace,
        namespace => namespace,
    }
}

/// Kind, namespace and name of every object with pods in it.
fn owners<'i>(inventory: &'i Inventory, default_namespace: &'i str) -> BTreeSet<(&'i str, &'i str, &'i str)> {
    let with_pods = |object: &&Object| templates::place(&object.identity).is_some();
    let objects = inventory.objects().iter().filter(with_pods);
    objects
        .map(|object| {
            let namespace = namespace_of(object, default_namespace);
            (object.identity.kind.as_str(), namespace, object.identity.name.as_str())
        })
        .collect()
}

/// The controller that an object names as its owner: kind and name.
fn controller(object: &Object) -> Option<(&str, &str)> {
    let owners = object.value.dotted("metadata.ownerReferences")?.as_array()?;
    let owner =
        owners.iter().find(|owner| owner.field("controller").and_then(Value::as_bool) == Some(true))?;
    Some((owner.field("kind")?.as_str()?, owner.field("name")?.as_str()?))
}

fn is_owned(object: &Object, namespace: &str, owners: &BTreeSet<(&str, &str, &str)>) -> bool {
    controller(object).is_some_and(|(kind, name)| owners.contains(&(kind, namespace, name)))
}

/// Leaves out what breaks for the very reasons for which its owner does, and all but one of the pods of one owner that
/// break for the same reasons.
fn without_repeats(plan: &mut NamespacePlan, inventory: &Inventory, default_namespace: &str) {
    let reasons = |workload: &Workload| (workload.at_baseline.clone(), workload.at_restricted.clone());
    let said: BTreeSet<(String, (String, String))> =
        plan.workloads.iter().map(|workload| (workload.name.clone(), reasons(workload))).collect();
    let owner_name: BTreeMap<(&str, &str), String> = inventory
        .objects()
        .iter()
        .filter(|object| namespace_of(object, default_namespace) == plan.name)
        .filter_map(|object| {
            let (kind, name) = controller(object)?;
            Some(((object.identity.kind.as_str(), object.identity.name.as_str()), format!("{kind} {name}")))
        })
        .collect();
    let mut seen: BTreeSet<(String, (String, String))> = BTreeSet::new();
    plan.workloads.retain(|workload| {
        let (kind, name) = workload.name.split_once(' ').unwrap_or_default();
        let Some(owner) = owner_name.get(&(kind, name)) else { return true };
        let key = (owner.clone(), reasons(workload));
        !said.contains(&key) && seen.insert(key)
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use ravelin_object::identity::Identity;
    use ravelin_object::read;
    use ravelin_yaml::Limits;

    fn planned(text: &str) -> Vec<NamespacePlan> {
        let objects = text.split("\n---\n").map(|text| {
            let value = read::yaml(text, &Limits::STANDARD).unwrap().value.unwrap();
            Object { identity: Identity::of(&value).unwrap(), value, origin: 0 }
        });
        let settings = Settings {
            version: Version::Latest,
            psa: PodSecurityConfiguration::unconfigured(),
            default_namespace: String::new(),
        };
        plan(&Inventory::new(objects.collect()), &settings)
    }

    fn namespace(labels: &str) -> String {
        format!("{{apiVersion: v1, kind: Namespace, metadata: {{name: shop, labels: {{{labels}}}}}}}")
    }

    fn deployment(name: &str, replicas: u32, spec: &str) -> String {
        format!(
            "{{apiVersion: apps/v1, kind: Deployment, metadata: {{name: {name}, namespace: shop}}, spec: {{replicas: {replicas}, template: {{spec: {{{spec}, containers: [{{name: c}}]}}}}}}}}"
        )
    }

    #[test]
    fn templates_that_do_not_run_count() {
        let text = format!("{}\n---\n{}", namespace(""), deployment("web", 0, "hostPID: true"));
        let plans = planned(&text);
        assert_eq!(plans[0].meets, Level::Privileged);
        assert!(plans[0].workloads[0].is_dormant);
        assert_eq!(plans[0].workloads[0].at_baseline, "host namespaces (hostPID=true)");
    }

    #[test]
    fn labels_enforce_what_is_met_and_show_what_is_not() {
        let text = format!("{}\n---\n{}", namespace(""), deployment("web", 1, "hostPID: false"));
        let plans = planned(&text);
        let labels: Vec<String> = plans[0]
            .labels(Version::Latest)
            .into_iter()
            .map(|(key, value)| format!("{}={value}", key.trim_start_matches("pod-security.kubernetes.io/")))
            .collect();
        assert_eq!(
            labels,
            [
                "enforce=baseline",
                "enforce-version=latest",
                "warn=restricted",
                "warn-version=latest",
                "audit=restricted",
                "audit-version=latest"
            ]
        );
    }

    #[test]
    fn what_is_enforced_is_never_lowered() {
        let enforced = "pod-security.kubernetes.io/enforce: restricted, pod-security.kubernetes.io/warn: restricted, pod-security.kubernetes.io/audit: restricted";
        let text = format!("{}\n---\n{}", namespace(enforced), deployment("web", 1, "hostPID: true"));
        let plans = planned(&text);
        assert_eq!(plans[0].meets, Level::Privileged);
        assert_eq!(plans[0].labels(Version::Latest), []);
    }

    #[test]
    fn pods_are_said_where_they_differ_from_their_owners() {
        let pod = |name: &str, spec: &str| {
            format!(
                "{{apiVersion: v1, kind: Pod, metadata: {{name: {name}, namespace: shop, ownerReferences: [{{kind: Deployment, name: web, controller: true}}]}}, spec: {{{spec}, containers: [{{name: c}}]}}}}"
            )
        };
        let text = [
            deployment("web", 3, "hostPID: false"),
            pod("web-1", "hostPID: false"),
            pod("web-2", "hostPID: true"),
            pod("web-3", "hostPID: true"),
        ]
        .join("\n---\n");
        let plans = planned(&text);
        let names: Vec<&str> = plans[0].workloads.iter().map(|workload| workload.name.as_str()).collect();
        assert_eq!(names, ["Deployment web", "Pod web-2"]);
        assert_eq!(plans[0].meets, Level::Privileged);
    }

    #[test]
    fn what_cannot_be_read_makes_the_plan_uncertain() {
        let text = format!("{}\n---\n{}", namespace(""), deployment("web", 1, "hostPID: 'yes'"));
        let plans = planned(&text);
        assert!(!plans[0].is_certain());
        assert_eq!(plans[0].labels(Version::Latest), []);
    }
}
