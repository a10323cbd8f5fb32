//! The judgement of one pod or template in all modes.

use super::objects::labels;
use super::response::{Event, aggregate};
use super::{Admission, Request, Response};
use crate::exemption::{Maker, Owner, Ruling, Subject, Waivers};
use crate::policy::{self, LabelError, Policy};
use crate::{Evaluation, LevelVersion};
use ravelin_diag::Mode;
use ravelin_object::Value;
use ravelin_object::pod::Pod;
use ravelin_object::selector::quoted;

/// What the pods of a namespace are held to.
pub(super) struct Held<'n> {
    pub(super) labels: Vec<(&'n str, &'n str)>,
    pub(super) policy: Policy,
    pub(super) errors: Vec<LabelError>,
}

impl<'n> Held<'n> {
    /// What a namespace asks for.
    pub(super) fn of(namespace: &'n Value, defaults: &Policy) -> Result<Self, String> {
        let labels = labels(namespace)?;
        let (policy, errors) = policy::of_labels(&labels, defaults);
        Ok(Self { labels, policy, errors })
    }
}

/// Whether a violation of what is enforced denies the request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Enforce {
    Yes,
    No,
}

/// A pod or template to be judged.
pub(super) struct Case<'c> {
    pub(super) request: &'c Request<'c>,
    pub(super) held: &'c Held<'c>,
    pub(super) pod: &'c Pod<'c>,
    pub(super) object: Owner<'c>,
    pub(super) owner: Option<Owner<'c>>,
    pub(super) enforce: Enforce,
}

impl Admission<'_> {
    /// Source: `EvaluatePod`.
    pub(super) fn evaluate(&self, case: &Case<'_>) -> Response {
        if self.exempts_runtime_class(case.pod.runtime_class) {
            return Response::exempt("runtimeClass");
        }
        let Policy { enforce, audit, warn } = case.held.policy;
        let mut response = Response::allowed();
        if !case.held.errors.is_empty() {
            let error = format!("Failed to parse policy: {}", aggregate(&case.held.errors));
            response = response.annotated("error", error).counted(Event::Error { fatal: false });
        }
        let evaluation = Evaluation::by(case.pod, self.newest);
        let mut judge = Judge { evaluation: &evaluation, waivers: self.waivers(case), told: Told::default() };
        if case.enforce == Enforce::Yes {
            response.annotations.push(("enforce-policy", enforce.to_string()));
            let violation = judge.violation(enforce);
            let allowed = violation.is_none();
            response.events.push(Event::Evaluation { allowed, at: enforce, mode: Mode::Enforce });
            if let Some(detail) = violation {
                let level = quoted(&enforce.to_string());
                response.refuse(case.request, &format!("violates PodSecurity {level}: {detail}"));
            }
        }
        let would = |at: LevelVersion, detail: &str| {
            format!("would violate PodSecurity {}: {detail}", quoted(&at.to_string()))
        };
        if let Some(detail) = judge.violation(audit) {
            response.annotations.push(("audit-violations", would(audit, &detail)));
            response.events.push(Event::Evaluation { allowed: false, at: audit, mode: Mode::Audit });
        }
        // Whoever is refused need not be warned too.
        if response.allowed
            && let Some(detail) = judge.violation(warn)
        {
            response.warnings.push(would(warn, &detail));
            response.events.push(Event::Evaluation { allowed: false, at: warn, mode: Mode::Warn });
        }
        judge.told.tell(&mut response);
        response
    }

    fn waivers(&self, case: &Case<'_>) -> Option<Waivers<'_>> {
        if self.extension.exemptions.is_empty() {
            return None;
        }
        let subject = Subject {
            pod: case.pod,
            namespace: case.request.namespace,
            namespace_labels: Some(&case.held.labels),
            object: Some(case.object),
            owner: case.owner,
            maker: Maker::User(case.request.user),
        };
        let waivers = self.extension.waivers(&subject, self.today);
        (!waivers.is_empty()).then_some(waivers)
    }
}

/// A pod with the exemptions that hold for it.
struct Judge<'e, 'x> {
    evaluation: &'e Evaluation<'e>,
    waivers: Option<Waivers<'x>>,
    told: Told,
}

impl Judge<'_, '_> {
    /// Upstream's `ForbiddenDetail` at a level and version; nothing where the pod is allowed.
    fn violation(&mut self, at: LevelVersion) -> Option<String> {
        let Some(waivers) = &self.waivers else {
            let verdict = self.evaluation.verdict(at);
            return (!verdict.allowed()).then(|| verdict.detail());
        };
        let ruling = waivers.ruling(self.evaluation, at);
        self.told.add(&ruling);
        (!ruling.allowed()).then(|| ruling.detail())
    }
}

/// The exemptions that made a difference, or would have.
#[derive(Default)]
struct Told {
    waived: Vec<String>,
    expired: Vec<(String, String)>,
}

impl Told {
    fn add(&mut self, ruling: &Ruling<'_, '_>) {
        for exemption in ruling.waived.iter().flat_map(|waived| &waived.by) {
            if !self.waived.contains(&exemption.name) {
                self.waived.push(exemption.name.clone());
            }
        }
        for exemption in &ruling.expired {
            if !self.expired.iter().any(|(name, _)| *name == exemption.name) {
                let warning = format!(
                    "the Pod Security exemption {} of {} expired on {} and no longer exempts",
                    quoted(&exemption.name),
                    quoted(&exemption.owner),
                    exemption.expires
                );
                self.expired.push((exemption.name.clone(), warning));
            }
        }
    }

    fn tell(self, response: &mut Response) {
        if !self.waived.is_empty() {
            response.annotations.push(("exempted-by", self.waived.join(", ")));
        }
        response.events.extend(self.waived.into_iter().map(|exemption| Event::Waived { exemption }));
        if !self.expired.is_empty() {
            let names: Vec<&str> = self.expired.iter().map(|(name, _)| name.as_str()).collect();
            response.annotations.push(("expired-exemptions", names.join(", ")));
        }
        for (exemption, warning) in self.expired {
            response.warnings.push(warning);
            response.events.push(Event::Expired { exemption });
        }
    }
}
