//! Namespaces: whether their labels can be read, and which of their pods would break a new policy.

use super::controllers::other_kind;
use super::objects::{self, Typed, labels};
use super::response::Status;
use super::{Admission, Lookup, NAMESPACE_MOST_PODS, Operation, Request, Response};
use crate::exemption::{Maker, Owner, Subject};
use crate::policy::{self, Policy};
use crate::{Evaluation, Level, LevelVersion};
use ravelin_diag::FieldPath;
use ravelin_object::Value;
use ravelin_object::pod::{Defaulting, Pod};
use ravelin_object::selector::quoted;
use std::collections::{BTreeMap, BTreeSet};

impl Admission<'_> {
    /// Source: `ValidateNamespace`.
    pub(super) fn namespace(&self, request: &Request<'_>, cluster: &impl Lookup) -> Response {
        if !request.subresource.is_empty() {
            return Response::allowed();
        }
        let new = match namespace_labels(
            request.object,
            request,
            "failed to decode object",
            "failed to decode namespace",
        ) {
            Ok(new) => new,
            Err(denied) => return *denied,
        };
        let (policy, errors) = policy::of_labels(&new.labels, &self.configuration.defaults);
        match request.operation {
            Operation::Create if !errors.is_empty() => Response::invalid(request, &errors),
            Operation::Create => {
                self.of_exempt_namespace(request, &new, &policy).unwrap_or_else(Response::allowed)
            }
            Operation::Update => {
                // The two blanks are upstream's.
                let of_old = ["failed to decode  old object", "failed to decode  old namespace"];
                let old = match namespace_labels(request.old_object, request, of_old[0], of_old[1]) {
                    Ok(old) => old,
                    Err(denied) => return *denied,
                };
                let (old_policy, old_errors) = policy::of_labels(&old.labels, &self.configuration.defaults);
                if !errors.is_empty() && errors != old_errors {
                    return Response::invalid(request, &errors);
                }
                let (to, from) = (policy.enforce, old_policy.enforce);
                let is_no_stricter = to.version == from.version && to.level <= from.level;
                if to == from || to.level == Level::Privileged || is_no_stricter {
                    return Response::allowed();
                }
                if let Some(exempt) = self.of_exempt_namespace(request, &new, &policy) {
                    return exempt;
                }
                Response { warnings: self.existing_pods(&new, to, cluster), ..Response::allowed() }
            }
            Operation::Other(_) => Response::allowed(),
        }
    }

    /// The answer where the namespace is exempt: with a warning if its labels ask for something.
    /// Source: `exemptNamespaceWarning`.
    fn of_exempt_namespace(
        &self,
        request: &Request<'_>,
        namespace: &Namespace<'_>,
        policy: &Policy,
    ) -> Option<Response> {
        if !self.exempts_namespace(request.namespace) {
            return None;
        }
        let mut response = Response::allowed();
        if policy.is_fully_privileged() || policy.is_equivalent(&self.configuration.defaults) {
            return Some(response);
        }
        let is_labelled = |mode: &str| {
            let own = |key: &str| {
                key.strip_prefix(policy::LABEL_PREFIX)
                    .and_then(|key| key.strip_prefix(mode))
                    .is_some_and(|rest| rest.is_empty() || rest == "-version")
            };
            namespace.labels.iter().any(|(key, _)| own(key))
        };
        let modes = [("enforce", policy.enforce), ("audit", policy.audit), ("warn", policy.warn)];
        let asked = modes.iter().filter(|(mode, at)| at.level != Level::Privileged && is_labelled(mode));
        let asked: Vec<String> = asked.map(|(mode, at)| format!("{mode}={at}")).collect();
        response.warnings.push(format!(
            "namespace {} is exempt from Pod Security, and the policy ({}) will be ignored",
            quoted(namespace.name),
            asked.join(", ")
        ));
        Some(response)
    }

    /// Warnings about the pods of a namespace that break what it is to enforce.
    /// Source: `EvaluatePodsInNamespace`.
    fn existing_pods(
        &self,
        namespace: &Namespace<'_>,
        at: LevelVersion,
        cluster: &impl Lookup,
    ) -> Vec<String> {
        let unknown = || vec!["failed to list pods while checking new PodSecurity enforce level".to_owned()];
        let Ok(values) = cluster.pods(namespace.name) else { return unknown() };
        // A list with one pod that cannot be decoded cannot be decoded.
        let decode = |value| Pod::decode(value, FieldPath::root(), Defaulting::None);
        let Ok(pods) = values.iter().map(|value| decode(value)).collect::<Result<Vec<_>, _>>() else {
            return unknown();
        };
        let pods = self.prioritized(&pods);
        // For each reason the first pod by name, and how many there are.
        let mut violating: BTreeMap<String, (&str, usize)> = BTreeMap::new();
        let mut checked = 0;
        for pod in pods.iter().take(NAMESPACE_MOST_PODS) {
            let reason = self.reason(pod, namespace, at);
            if !reason.is_empty() {
                let (first, count) = violating.entry(reason).or_insert((pod.name, 0));
                *first = (*first).min(pod.name);
                *count += 1;
            }
            checked += 1;
            if cluster.expired() {
                break;
            }
        }
        let mut warnings = Vec::new();
        if checked < pods.len() {
            warnings.push(format!(
                "new PodSecurity enforce level only checked against the first {checked} of {} existing pods",
                pods.len()
            ));
        }
        if !violating.is_empty() {
            warnings.push(format!(
                "existing pods in namespace {} violate the new PodSecurity enforce level {}",
                quoted(namespace.name),
                quoted(&at.to_string())
            ));
        }
        let mut lines: Vec<String> = violating
            .into_iter()
            .map(|(reason, (pod, count))| match count {
                1 => format!("{pod}: {reason}"),
                2 => format!("{pod} (and 1 other pod): {reason}"),
                _ => format!("{pod} (and {} other pods): {reason}", count - 1),
            })
            .collect();
        lines.sort_unstable();
        warnings.append(&mut lines);
        warnings
    }

    /// Upstream's `ForbiddenReason` for an existing pod; empty where it is allowed. Its owner reference is
    /// believed: nothing is admitted here.
    fn reason(&self, pod: &Pod<'_>, namespace: &Namespace<'_>, at: LevelVersion) -> String {
        let evaluation = Evaluation::by(pod, self.newest);
        if self.extension.exemptions.is_empty() {
            return evaluation.verdict(at).reason();
        }
        let subject = Subject {
            pod,
            namespace: namespace.name,
            namespace_labels: Some(&namespace.labels),
            object: Some(Owner { kind: "Pod", name: pod.name }),
            owner: pod.controller.map(|owner| Owner { kind: owner.kind, name: owner.name }),
            maker: Maker::Controller,
        };
        self.extension.waivers(&subject, self.today).ruling(&evaluation, at).reason()
    }

    /// The pods to judge: those of exempt runtime classes left out, further pods of one controller last.
    /// Source: `prioritizePods`.
    fn prioritized<'p, 'v>(&self, pods: &'p [Pod<'v>]) -> Vec<&'p Pod<'v>> {
        let mut first = Vec::with_capacity(pods.len());
        let mut further = Vec::new();
        let mut controllers = BTreeSet::new();
        for pod in pods.iter().filter(|pod| !self.exempts_runtime_class(pod.runtime_class)) {
            match pod.controller {
                Some(controller) if !controllers.insert(controller.uid) => further.push(pod),
                _ => first.push(pod),
            }
        }
        first.append(&mut further);
        first
    }
}

/// A namespace of a request.
struct Namespace<'r> {
    name: &'r str,
    labels: Vec<(&'r str, &'r str)>,
}

fn namespace_labels<'r>(
    object: Option<&'r Value>,
    request: &Request<'r>,
    undecodable: &str,
    other: &str,
) -> Result<Namespace<'r>, Box<Response>> {
    let denied = |message: &str, error| Box::new(Response::denied(Status::bad_request(message), error));
    let typed = Typed::of(object, &request.kind).map_err(|error| denied(undecodable, Some(error)))?;
    let typed = match typed {
        Some(typed) if typed.is_core("Namespace") => typed,
        Some(typed) => return Err(other_kind(&typed, undecodable, other)),
        None => return Err(denied(other, None)),
    };
    let labels = labels(typed.value).map_err(|error| denied(undecodable, Some(error)))?;
    Ok(Namespace { name: objects::name(typed.value), labels })
}
