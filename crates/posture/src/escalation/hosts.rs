//! Whether somebody who may run pods in a namespace can take over a node: Pod Security is asked.

use crate::Picture;
use crate::rights::SYSTEM;
use ravelin_authz::rbac::Scope;
use ravelin_diag::FieldPath;
use ravelin_inventory::NamespaceFacts;
use ravelin_object::Value;
use ravelin_object::pod::{Defaulting, Pod};
use ravelin_object::read;
use ravelin_podsec::policy::{Policy, of_labels};
use ravelin_podsec::{Evaluation, LevelVersion};
use ravelin_yaml::Limits;

/// What Pod Security says of pods that take over their node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Hosts {
    /// They are admitted in this namespace, by what is known of it.
    Admitted(String),
    /// They are admitted in the namespace of the control plane, unless somebody has changed that.
    AdmittedByDefault,
    /// They are refused everywhere.
    Refused,
    /// It is not known of this namespace.
    Unknown(String),
}

/// A pod that is root on its node: privileged, in the host's namespaces, with its file system.
const TAKEOVER: &str = r#"{"metadata": {"name": "w"}, "spec": {"hostPID": true, "hostNetwork": true,
  "containers": [{"name": "w", "image": "w", "securityContext": {"privileged": true},
    "volumeMounts": [{"name": "host", "mountPath": "/host"}]}],
  "volumes": [{"name": "host", "hostPath": {"path": "/"}}]}}"#;

/// Whether a level admits a pod that takes over its node.
pub(crate) fn admits(level: LevelVersion) -> bool {
    // Our own text.
    let Some(value) = read::json(TAKEOVER, &Limits::STANDARD).ok().and_then(|read| read.value) else {
        return false;
    };
    let pod = Pod::decode(&value, FieldPath::root(), Defaulting::Pod);
    pod.is_ok_and(|pod| Evaluation::new(&pod).verdict(level).allowed())
}

/// What a namespace enforces; nothing where that is not known.
fn enforced(picture: &Picture<'_>, namespace: &str) -> Option<LevelVersion> {
    let psa = &picture.settings().psa;
    if psa.exemptions.namespaces.iter().any(|exempt| exempt == namespace) {
        return Some(LevelVersion::PRIVILEGED);
    }
    match picture.namespace(namespace) {
        NamespaceFacts::Known(_, object) => {
            let labels = object.dotted("metadata.labels").and_then(Value::as_object);
            let labels: Vec<(&str, &str)> = labels
                .into_iter()
                .flat_map(|map| map.iter())
                .filter_map(|(key, value)| Some((key, value.as_str()?)))
                .collect();
            let policy: Policy = of_labels(&labels, &psa.defaults).0;
            Some(policy.enforce)
        }
        NamespaceFacts::Unknown(_) | NamespaceFacts::Unnamed if psa.has_defaults => {
            Some(psa.defaults.enforce)
        }
        // The control plane's own pods need the host: a cluster that refuses them there says so.
        NamespaceFacts::Unknown(SYSTEM) => Some(LevelVersion::PRIVILEGED),
        NamespaceFacts::Unknown(_) | NamespaceFacts::Unnamed => None,
    }
}

/// Whether nothing is known of the namespace of the control plane.
fn is_assumed(picture: &Picture<'_>, namespace: &str) -> bool {
    namespace == SYSTEM
        && !picture.settings().psa.has_defaults
        && matches!(picture.namespace(namespace), NamespaceFacts::Unknown(_))
}

/// What Pod Security says of such pods where somebody may run pods.
pub(crate) fn hosts_in(picture: &Picture<'_>, scopes: &[Scope<'_>]) -> Hosts {
    let mut unknown = None;
    let mut namespaces: Vec<String> = Vec::new();
    for scope in scopes {
        match scope {
            Scope::Namespace(namespace) => namespaces.push((*namespace).to_owned()),
            Scope::Cluster => {
                namespaces.push(SYSTEM.to_owned());
                let known = picture.objects().filter(|(_, object)| object.identity.is("", "Namespace"));
                namespaces.extend(known.map(|(_, object)| object.identity.name.clone()));
            }
        }
    }
    for namespace in namespaces {
        match enforced(picture, &namespace) {
            Some(level) if admits(level) && is_assumed(picture, &namespace) => {
                return Hosts::AdmittedByDefault;
            }
            Some(level) if admits(level) => return Hosts::Admitted(namespace),
            Some(_) => {}
            None => unknown = unknown.or(Some(namespace)),
        }
    }
    unknown.map_or(Hosts::Refused, Hosts::Unknown)
}

/// A namespace where such pods are refused now, but would not be without its labels.
pub(crate) fn lowers<'a>(picture: &Picture<'_>, scopes: &[Scope<'a>]) -> Option<String> {
    let is_refused = |namespace: &str| enforced(picture, namespace).is_some_and(|level| !admits(level));
    let found = scopes.iter().find_map(|scope| match scope {
        Scope::Namespace(namespace) => is_refused(namespace).then(|| (*namespace).to_owned()),
        Scope::Cluster => {
            let known = picture.objects().filter(|(_, object)| object.identity.is("", "Namespace"));
            let mut refused = known.filter(|(_, object)| is_refused(&object.identity.name));
            refused.next().map(|(_, object)| object.identity.name.clone())
        }
    });
    // What it would be with the label that asks for nothing.
    let lowered =
        of_labels(&[("pod-security.kubernetes.io/enforce", "privileged")], &picture.settings().psa.defaults);
    found.filter(|_| admits(lowered.0.enforce))
}
