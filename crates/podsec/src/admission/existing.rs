//! Pods that are there already: what one breaks of what its namespace enforces now.
//!
//! Nothing is admitted here. It is asked about pods that came in while nobody judged them: before the namespace
//! enforced anything, or while a webhook was down whose `failurePolicy` is `Ignore`.

use super::Admission;
use super::evaluate::Held;
use crate::exemption::{Maker, Owner, Subject};
use crate::{Evaluation, Level, LevelVersion};
use ravelin_diag::FieldPath;
use ravelin_object::Value;
use ravelin_object::pod::{Defaulting, Pod};

/// What the pods of a namespace are held to.
#[derive(Clone, Copy, Debug)]
pub struct Existing<'e> {
    admission: &'e Admission<'e>,
    name: &'e str,
    namespace: &'e Value,
    /// What the namespace enforces.
    pub at: LevelVersion,
}

impl Admission<'_> {
    /// What the pods of a namespace are held to; nothing where that is nothing, or the namespace is exempt. Labels
    /// that cannot be read ask for what they ask for on the way of a pod.
    ///
    /// # Errors
    /// If the namespace is none, in words.
    pub fn existing<'e>(
        &'e self,
        name: &'e str,
        namespace: &'e Value,
    ) -> Result<Option<Existing<'e>>, String> {
        if self.exempts_namespace(name) {
            return Ok(None);
        }
        let at = Held::of(namespace, &self.configuration.defaults)?.policy.enforce;
        let is_held = at.level != Level::Privileged;
        Ok(is_held.then_some(Existing { admission: self, name, namespace, at }))
    }
}

impl Existing<'_> {
    /// Why a pod would not be admitted now, as `ForbiddenReason` says it; nothing where it would be. Runtime classes
    /// and the exemptions of a `PodSecurityExtension` count; an owner reference is believed. Who made the pod is not
    /// known, so that exempt users do not count.
    #[must_use]
    pub fn violation(&self, pod: &Value) -> Option<String> {
        let pod = match Pod::decode(pod, FieldPath::root(), Defaulting::None) {
            Ok(pod) => pod,
            Err(errors) => return Some(format!("failed to decode pod: {}", super::objects::first(&errors))),
        };
        if self.admission.exempts_runtime_class(pod.runtime_class) {
            return None;
        }
        let evaluation = Evaluation::by(&pod, self.admission.newest);
        let extension = self.admission.extension;
        if extension.exemptions.is_empty() {
            let verdict = evaluation.verdict(self.at);
            return (!verdict.allowed()).then(|| verdict.reason());
        }
        let labels = super::objects::labels(self.namespace).unwrap_or_default();
        let subject = Subject {
            pod: &pod,
            namespace: self.name,
            namespace_labels: Some(&labels),
            object: Some(Owner { kind: "Pod", name: pod.name }),
            owner: pod.controller.map(|owner| Owner { kind: owner.kind, name: owner.name }),
            maker: Maker::Controller,
        };
        let waivers = extension.waivers(&subject, self.admission.today);
        let ruling = waivers.ruling(&evaluation, self.at);
        (!ruling.allowed()).then(|| ruling.reason())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::PodSecurityConfiguration;
    use crate::exemption::Extension;
    use ravelin_object::read;
    use ravelin_yaml::Limits;

    fn value(text: &str) -> Value {
        read::yaml(text, &Limits::STANDARD).unwrap().value.unwrap()
    }

    #[test]
    fn pods_are_held_to_what_is_enforced_and_exemptions_count() {
        let mut configuration = PodSecurityConfiguration::unconfigured();
        configuration.exemptions.namespaces = vec!["free".to_owned()];
        configuration.exemptions.runtime_classes = vec!["boxed".to_owned()];
        let extension = Extension::default();
        let admission = Admission {
            configuration: &configuration,
            extension: &extension,
            today: "2026-06-01".parse().unwrap(),
            newest: crate::Version::NEWEST,
        };
        let labels = |level: &str| {
            value(&format!("{{metadata: {{labels: {{pod-security.kubernetes.io/enforce: {level}}}}}}}"))
        };
        for (name, level, at) in [
            ("shop", "baseline", Some("baseline:latest")),
            ("shop", "privileged", None),
            ("free", "baseline", None),
            ("shop", "nonsense", Some("restricted:latest")),
        ] {
            let namespace = labels(level);
            let existing = admission.existing(name, &namespace).unwrap();
            assert_eq!(existing.map(|e| e.at.to_string()).as_deref(), at, "{name} {level}");
        }
        assert!(admission.existing("shop", &value("{metadata: {labels: [a]}}")).is_err());
        let namespace = labels("baseline");
        let existing = admission.existing("shop", &namespace).unwrap().unwrap();
        let pod = |spec: &str| value(&format!("{{spec: {{{spec} containers: [{{name: c, image: i}}]}}}}"));
        for (spec, reason) in [
            ("", None),
            ("hostPID: true,", Some("host namespaces")),
            ("hostPID: true, runtimeClassName: boxed,", None),
        ] {
            assert_eq!(existing.violation(&pod(spec)).as_deref(), reason, "{spec}");
        }
        assert!(
            existing
                .violation(&value("{spec: {containers: 7}}"))
                .unwrap()
                .starts_with("failed to decode pod: ")
        );
    }
}
