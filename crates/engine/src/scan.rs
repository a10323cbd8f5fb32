//! The judgement of one object of an inventory.

use crate::checks::psa::{ExpiredExemption, InvalidNamespaceLabel};
use crate::report::Outcome;
use crate::selection::Selection;
use crate::suppression::{IgnoreAnnotation, of_annotations};
use ravelin_authz::bootstrap;
use ravelin_check::{Check, CheckMeta};
use ravelin_diag::{Anchor, Confidence, Day, FieldPath, Finding, Mode, Segment};
use ravelin_inventory::{Inventory, NamespaceFacts, Object, ObjectId};
use ravelin_object::identity::Identity;
use ravelin_object::pod::{Defaulting, Pod};
use ravelin_object::templates::{self, FoundBy, Template};
use ravelin_object::{DecodeError, Decoder, Value};
use ravelin_podsec::config::PodSecurityConfiguration;
use ravelin_podsec::exemption::{self, Exemption, Extension, Maker, Owner, Subject, Waivers};
use ravelin_podsec::policy::{self, Policy};
use ravelin_podsec::{Evaluation, Level, LevelVersion, Offence, PodCheck, Version};
use ravelin_posture::Picture;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// What a scan is told before it starts.
#[derive(Clone, Debug)]
pub struct Settings {
    /// What pods are held to where no namespace says anything.
    pub yardstick: LevelVersion,
    /// The defaults and exemptions of the API server.
    pub psa: PodSecurityConfiguration,
    /// What goes beyond the API server: exemptions that expire.
    pub extension: Extension,
    /// Today: exemptions expire.
    pub today: Day,
    /// Where objects go that do not say; empty if that is not known.
    pub default_namespace: String,
    /// Whether the scanned objects are all there is, as of a live cluster.
    pub is_complete: bool,
    /// The checks that take part.
    pub selection: Selection,
}

/// Judges objects; made once for a scan.
#[derive(Debug)]
pub struct Scanner<'s> {
    settings: &'s Settings,
    remedies: BTreeMap<&'static str, Arc<str>>,
}

/// What became of one object.
#[derive(Clone, Debug, PartialEq)]
pub struct Judgement {
    /// How it ended.
    pub outcome: Outcome,
    /// Every fault found in it.
    pub findings: Vec<Finding>,
    /// What would be findings, were it not for exemptions.
    pub exempted: Vec<Exempted>,
    /// The fields that could not be decoded, if that is why it failed.
    pub errors: Vec<DecodeError>,
    /// The verdict on each pod in it.
    pub pods: Vec<PodJudgement>,
    /// The suppressions in its annotations.
    pub ignores: Vec<IgnoreAnnotation>,
}

/// A fault that an exemption waives.
#[derive(Clone, Debug, PartialEq)]
pub struct Exempted {
    /// The fault.
    pub finding: Finding,
    /// The first exemption that waives it, as an index into [`Extension::exemptions`].
    pub exemption: usize,
}

/// The verdict on one pod or pod template.
#[derive(Clone, Debug, PartialEq)]
pub struct PodJudgement {
    /// Where in the object it stands.
    pub path: FieldPath,
    /// What it was held to, and why.
    pub standard: Standard,
}

/// What a pod is held to.
#[derive(Clone, Debug, PartialEq)]
pub enum Standard {
    /// What its namespace asks for, by its labels and the configured defaults.
    Namespace(Policy),
    /// The configured defaults; whether its namespace has labels is unknown.
    Defaults(Policy),
    /// The yardstick: its namespace says nothing.
    Yardstick(LevelVersion),
    /// Nothing: the configuration exempts its namespace.
    ExemptNamespace,
    /// Nothing: the configuration exempts its runtime class.
    ExemptRuntimeClass,
}

impl Standard {
    /// The modes that act, with what each asks for.
    fn modes(&self) -> Vec<(Mode, LevelVersion)> {
        match self {
            Self::Namespace(policy) | Self::Defaults(policy) => policy.modes().to_vec(),
            Self::Yardstick(level) => vec![(Mode::Yardstick, *level)],
            Self::ExemptNamespace | Self::ExemptRuntimeClass => Vec::new(),
        }
    }
}

impl<'s> Scanner<'s> {
    /// A scanner with these settings.
    #[must_use]
    pub fn new(settings: &'s Settings) -> Self {
        let remedies = crate::checks::all().into_iter().map(|meta| (meta.id, remedy(meta).into())).collect();
        Self { settings, remedies }
    }

    /// Judges one object. Total: whatever the object holds, it ends in one of the four outcomes.
    #[must_use]
    pub fn judge(&self, inventory: &Inventory, id: ObjectId) -> Judgement {
        let Some(object) = inventory.object(id) else {
            return Judgement::ended(Outcome::NotApplicable);
        };
        if object.identity.is("", "Namespace") {
            return self.judge_namespace(object);
        }
        if object.identity.is(exemption::GROUP, exemption::KIND) {
            return self.judge_extension(object);
        }
        let templates = templates::find(&object.identity, &object.value);
        if !templates.is_empty() {
            return self.judge_pods(inventory, object, &templates);
        }
        let mut judgement = Judgement::ended(without_pod(&object.identity));
        if ravelin_posture::is_judged(&object.identity) {
            judgement.outcome = Outcome::Judged;
            judgement.ignores.extend(of_annotations(&object.value, &FieldPath::root()));
        }
        judgement
    }

    /// Judges the objects in the light of each other, after each was judged by itself; returns what could not be
    /// known.
    #[must_use]
    pub fn judge_together(&self, inventory: &Inventory, judgements: &mut [Judgement]) -> BTreeSet<String> {
        let settings = ravelin_posture::Settings {
            default_namespace: self.settings.default_namespace.clone(),
            defaults: default_policy(self.settings.yardstick.version),
            psa: self.settings.psa.clone(),
            is_complete: self.settings.is_complete,
        };
        let picture = Picture::new(inventory, &settings);
        for fault in picture.faults() {
            if let Some(judgement) = judgements.get_mut(fault.object.index()) {
                let judged = std::mem::replace(judgement, Judgement::ended(Outcome::Judged));
                *judgement = judged.failed(fault.errors.clone());
            }
        }
        let notes = ravelin_posture::judge(&picture, &|id| self.settings.selection.includes(id));
        for found in notes.found {
            let mut finding = self.finding(found.check, found.path, found.anchor);
            finding.message = found.message;
            finding.severity = found.severity;
            finding.confidence = found.confidence;
            if let Some(judgement) = judgements.get_mut(found.object.index()) {
                judgement.findings.push(finding);
            }
        }
        notes.unknown
    }

    fn judge_namespace(&self, object: &Object) -> Judgement {
        let mut judgement = Judgement::ended(Outcome::Judged);
        let (labels, errors) = labels(&object.value);
        judgement.ignores.extend(of_annotations(&object.value, &FieldPath::root()));
        if !errors.is_empty() {
            return judgement.failed(errors);
        }
        for error in policy::of_labels(&labels, &self.settings.psa.defaults).1 {
            let mut finding = self.finding(InvalidNamespaceLabel.meta(), error.path(), Anchor::Value);
            finding.message = format!(
                "the label `{}` is `{}`, which {}: {}",
                error.label, error.value, error.requirement, error.consequence
            );
            judgement.findings.push(finding);
        }
        judgement.findings.retain(|finding| self.settings.selection.includes(finding.check));
        judgement
    }

    /// A `PodSecurityExtension` among the scanned objects, whether or not it is the one in force.
    fn judge_extension(&self, object: &Object) -> Judgement {
        let extension = match exemption::read(&object.value) {
            Ok(extension) => extension,
            Err(errors) => {
                let message = errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ");
                return Judgement::ended(Outcome::Failed { message });
            }
        };
        let mut judgement = Judgement::ended(Outcome::Judged);
        for (index, exemption) in extension.expired(self.settings.today) {
            let path = FieldPath::root().key("exemptions").index(index).key("expires");
            let mut finding = self.finding(ExpiredExemption.meta(), path, Anchor::Value);
            finding.message = expired_message(exemption);
            judgement.findings.push(finding);
        }
        judgement.findings.retain(|finding| self.settings.selection.includes(finding.check));
        judgement
    }

    fn judge_pods(&self, inventory: &Inventory, object: &Object, templates: &[Template<'_>]) -> Judgement {
        let mut judgement = Judgement::ended(Outcome::Judged);
        let mut errors = Vec::new();
        judgement.ignores.extend(of_annotations(&object.value, &FieldPath::root()));
        let standard = self.standard(inventory, &object.identity);
        for template in templates {
            if template.path != FieldPath::root() {
                judgement.ignores.extend(of_annotations(template.value, &template.path));
            }
            let pod = match Pod::decode(template.value, template.path.clone(), Defaulting::Pod) {
                Ok(pod) => pod,
                Err(wrong) => {
                    errors.extend(wrong);
                    continue;
                }
            };
            let exempt = &self.settings.psa.exemptions.runtime_classes;
            let is_exempt = pod.runtime_class.is_some_and(|class| exempt.iter().any(|name| name == class));
            let standard = if is_exempt { Standard::ExemptRuntimeClass } else { standard.clone() };
            let subject = self.subject(inventory, object, template, &pod);
            let (mut findings, mut exempted) = self.findings(&subject, &standard);
            if template.found_by == FoundBy::Shape {
                let waived = exempted.iter_mut().map(|exempted| &mut exempted.finding);
                findings.iter_mut().chain(waived).for_each(|finding| finding.confidence = Confidence::Medium);
            }
            judgement.findings.append(&mut findings);
            judgement.exempted.append(&mut exempted);
            judgement.pods.push(PodJudgement { path: template.path.clone(), standard });
        }
        judgement.findings.retain(|finding| self.settings.selection.includes(finding.check));
        judgement.exempted.retain(|exempted| self.settings.selection.includes(exempted.finding.check));
        judgement.failed(errors)
    }

    /// The name of the namespace of an object; empty where that is not known.
    fn namespace_name<'o>(&'o self, identity: &'o Identity) -> &'o str {
        if identity.namespace.is_empty() { &self.settings.default_namespace } else { &identity.namespace }
    }

    /// A pod as exemptions see it: the pod itself, or one that the controller will make of its template. Who
    /// creates a pod is not known here, so what the pod says of its owner does not count.
    fn subject<'o>(
        &'o self,
        inventory: &'o Inventory,
        object: &'o Object,
        template: &Template<'_>,
        pod: &'o Pod<'o>,
    ) -> Whom<'o> {
        let namespace = self.namespace_name(&object.identity);
        let labels = match inventory.namespace(namespace) {
            NamespaceFacts::Known(_, namespace) => Some(labels(namespace).0),
            NamespaceFacts::Unknown(_) | NamespaceFacts::Unnamed => None,
        };
        let itself = Owner { kind: &object.identity.kind, name: &object.identity.name };
        let (object, owner, maker) = match template.found_by {
            FoundBy::Pod => {
                let owner = pod.controller.map(|owner| Owner { kind: owner.kind, name: owner.name });
                (Some(Owner { kind: "Pod", name: pod.name }), owner, Maker::Unknown)
            }
            FoundBy::Kind => (None, Some(itself), Maker::Controller),
            FoundBy::Shape => (None, None, Maker::Unknown),
        };
        Whom { pod, namespace, labels, object, owner, maker }
    }

    /// What the pods of an object are held to.
    fn standard(&self, inventory: &Inventory, identity: &Identity) -> Standard {
        let Settings { psa, yardstick, .. } = self.settings;
        let name = self.namespace_name(identity);
        if !name.is_empty() && psa.exemptions.namespaces.iter().any(|exempt| exempt == name) {
            return Standard::ExemptNamespace;
        }
        match inventory.namespace(name) {
            NamespaceFacts::Known(_, namespace) => {
                let (labels, _) = labels(namespace);
                let says = labels.iter().any(|(key, _)| policy::LABELS.contains(key));
                if says || psa.has_defaults {
                    return Standard::Namespace(policy::of_labels(&labels, &psa.defaults).0);
                }
            }
            NamespaceFacts::Unknown(_) | NamespaceFacts::Unnamed if psa.has_defaults => {
                return Standard::Defaults(psa.defaults);
            }
            NamespaceFacts::Unknown(_) | NamespaceFacts::Unnamed => {}
        }
        Standard::Yardstick(*yardstick)
    }

    /// The faults of a pod at a standard: one for each field, with every mode that acts on it; and those that
    /// exemptions waive.
    fn findings(&self, whom: &Whom<'_>, standard: &Standard) -> (Vec<Finding>, Vec<Exempted>) {
        let evaluation = Evaluation::new(whom.pod);
        let waivers = whom.waivers(self.settings);
        let mut findings: Vec<Finding> = Vec::new();
        let mut exempted: Vec<Finding> = Vec::new();
        let mut exemptions: Vec<usize> = Vec::new();
        for (mode, at) in standard.modes() {
            let ruling = waivers.ruling(&evaluation, at);
            for (check, violation) in &ruling.violations {
                for offence in &violation.offences {
                    let (check, offence) = as_baseline(&evaluation, at, *check, offence);
                    self.add(&mut findings, check, offence, mode);
                }
            }
            for waived in &ruling.waived {
                let index = waived.by.first().and_then(|by| self.settings.extension.index(&by.name));
                let held = ruling.violations.iter().flat_map(|(_, violation)| &violation.offences);
                let held: Vec<&FieldPath> = held.map(|offence| &offence.path).collect();
                for offence in
                    waived.violation.offences.iter().filter(|offence| !held.contains(&&offence.path))
                {
                    let (check, offence) = as_baseline(&evaluation, at, waived.check, offence);
                    self.add(&mut exempted, check, offence, mode);
                    exemptions.resize(exempted.len(), index.unwrap_or_default());
                }
            }
        }
        let is_held = |finding: &Finding| {
            findings.iter().any(|held| held.check == finding.check && held.path == finding.path)
        };
        let exempted = exempted.into_iter().zip(exemptions).filter(|(finding, _)| !is_held(finding));
        let exempted = exempted.map(|(finding, exemption)| Exempted { finding, exemption }).collect();
        (findings, exempted)
    }

    /// Adds a fault, or the mode to one that is there.
    fn add(&self, findings: &mut Vec<Finding>, check: &dyn PodCheck, offence: &Offence, mode: Mode) {
        let known = findings
            .iter_mut()
            .find(|finding| finding.check == check.meta().id && finding.path == offence.path);
        match known {
            Some(finding) if finding.modes.contains(&mode) => {}
            Some(finding) => finding.modes.push(mode),
            None => {
                let mut finding = self.finding(check.meta(), offence.path.clone(), offence.anchor);
                finding.message.clone_from(&offence.message);
                finding.modes.push(mode);
                findings.push(finding);
            }
        }
    }

    fn finding(&self, meta: &CheckMeta, path: FieldPath, anchor: Anchor) -> Finding {
        Finding {
            check: meta.id,
            severity: meta.severity,
            confidence: meta.confidence,
            message: String::new(),
            remedy: self.remedies.get(meta.id).cloned().unwrap_or_else(|| Arc::from("")),
            path,
            anchor,
            modes: Vec::new(),
        }
    }
}

/// A pod, and what exemptions ask about it.
struct Whom<'o> {
    pod: &'o Pod<'o>,
    namespace: &'o str,
    labels: Option<Vec<(&'o str, &'o str)>>,
    object: Option<Owner<'o>>,
    owner: Option<Owner<'o>>,
    maker: Maker<'o>,
}

impl Whom<'_> {
    fn waivers<'s>(&self, settings: &'s Settings) -> Waivers<'s> {
        let Self { pod, namespace, object, owner, maker, .. } = *self;
        let namespace_labels = self.labels.as_deref();
        let subject = Subject { pod, namespace, namespace_labels, object, owner, maker };
        settings.extension.waivers(&subject, settings.today)
    }
}

impl Judgement {
    fn ended(outcome: Outcome) -> Self {
        Self {
            outcome,
            findings: Vec::new(),
            exempted: Vec::new(),
            errors: Vec::new(),
            pods: Vec::new(),
            ignores: Vec::new(),
        }
    }

    /// The judgement, failed if there are errors; what was found in other parts of the object stays.
    fn failed(mut self, errors: Vec<DecodeError>) -> Self {
        if let Some(first) = errors.first() {
            let more = match errors.len() {
                1 => String::new(),
                count => format!(" (and {} more)", count - 1),
            };
            self.outcome = Outcome::Failed { message: format!("{first}{more}") };
        }
        self.errors = errors;
        self
    }
}

/// The version whose default roles and bindings there are: that of the yardstick, or the nearest that is known.
fn default_policy(version: Version) -> bootstrap::Version {
    let minor = version.minor();
    let known = |known: &bootstrap::Version| {
        let known = known.as_str().strip_prefix("1.").and_then(|minor| minor.parse::<u64>().ok());
        known.is_some_and(|known| known >= minor)
    };
    bootstrap::Version::ALL.into_iter().find(known).unwrap_or(bootstrap::Version::LATEST)
}

/// A fault that breaks baseline too is reported by the baseline check, whatever level is asked for: it is
/// worse than one that only breaks restricted.
fn as_baseline<'e>(
    evaluation: &'e Evaluation<'_>,
    at: LevelVersion,
    check: &'static dyn PodCheck,
    offence: &'e Offence,
) -> (&'static dyn PodCheck, &'e Offence) {
    let same = check.overrides().and_then(|id| {
        let baseline = ravelin_podsec::checks::ALL.iter().find(|check| check.upstream_id() == id)?;
        let violation = evaluation.violation(id, at.version.minor())?;
        let offence = violation.offences.iter().find(|other| other.path == offence.path)?;
        Some((*baseline, offence))
    });
    debug_assert!(same.is_none() || at.level == Level::Restricted);
    same.unwrap_or((check, offence))
}

fn labels(object: &Value) -> (Vec<(&str, &str)>, Vec<DecodeError>) {
    let mut decoder = Decoder::new(FieldPath::root());
    let labels = decoder
        .mapping(Some(object), "metadata", |decoder, metadata| decoder.string_map(Some(metadata), "labels"));
    match decoder.finish(labels.unwrap_or_default()) {
        Ok(labels) => (labels, Vec::new()),
        Err(errors) => (Vec::new(), errors),
    }
}

/// How an object without any pod ends: of a kind that should have one, it cannot be judged.
fn without_pod(identity: &Identity) -> Outcome {
    match templates::place(identity) {
        None => Outcome::NotApplicable,
        Some(_) => Outcome::Skipped { reason: "has no pod template (a patch?)".to_owned() },
    }
}

/// What is said of an exemption that has expired.
#[must_use]
pub fn expired_message(exemption: &Exemption) -> String {
    let Exemption { name, owner, expires, reason, .. } = exemption;
    format!("the exemption `{name}` of `{owner}` expired on {expires}: {reason}")
}

/// Whether a scan could find anything in the object, or needs it to judge others. The rest need not be kept.
#[must_use]
pub fn is_relevant(identity: &Identity, value: &Value) -> bool {
    identity.is("", "Namespace")
        || identity.is(exemption::GROUP, exemption::KIND)
        || templates::place(identity).is_some()
        || ravelin_posture::is_relevant(identity, value)
}

/// Group, kind, namespace and name in one text, for fingerprints: the version of an API is not part of
/// which object it is.
#[must_use]
pub fn identity_text(identity: &Identity) -> String {
    format!("{}/{}/{}/{}", identity.group(), identity.kind, identity.namespace, identity.name)
}

/// The first sentence of the remedy in a check's documentation, without its period.
#[must_use]
pub fn remedy(meta: &CheckMeta) -> String {
    let documentation = meta.documentation();
    let text =
        documentation.section("Remedy").unwrap_or_default().split_whitespace().collect::<Vec<_>>().join(" ");
    let sentence = text.split_once(". ").map_or(text.as_str(), |(first, _)| first);
    sentence.trim_end_matches('.').to_owned()
}

/// A path in which items of sequences are named by what they hold rather than by where they stand: a
/// container by its name, a capability by itself. It stays the same when items are moved.
#[must_use]
pub fn stable_path(value: &Value, path: &FieldPath) -> String {
    let mut text = String::new();
    let mut at = Some(value);
    for segment in path.segments() {
        match segment {
            Segment::Key(key) => {
                text.push('/');
                text.push_str(key);
                at = at.and_then(|value| value.field(key));
            }
            Segment::Index(index) => {
                at = at.and_then(Value::as_array).and_then(|items| items.get(*index));
                let name = match at {
                    Some(Value::String(item)) => Some(item.as_str()),
                    Some(item) => item.field("name").and_then(Value::as_str),
                    None => None,
                };
                match name {
                    Some(name) => text.push_str(&format!("[{name:?}]")),
                    None => text.push_str(&format!("[{index}]")),
                }
            }
        }
    }
    text
}
