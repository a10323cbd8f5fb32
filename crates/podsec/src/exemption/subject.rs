//! What exemptions are asked about: a pod, or the pod of a workload, and whoever made it.

use super::{Exemption, Workload};
use ravelin_object::pod::Pod;

/// A pod as exemptions see it.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'s> {
    /// The pod, or the one that a template describes.
    pub pod: &'s Pod<'s>,
    /// The name of its namespace; empty where that is not known.
    pub namespace: &'s str,
    /// The labels of its namespace; nothing where they are not known, and then no selector matches.
    pub namespace_labels: Option<&'s [(&'s str, &'s str)]>,
    /// The object that is judged, by kind and name: the pod itself, or the workload that holds its template.
    /// Nothing where a pod is judged that does not exist yet.
    pub object: Option<Owner<'s>>,
    /// The controller that the object names as its own.
    pub owner: Option<Owner<'s>>,
    /// Who made it.
    pub maker: Maker<'s>,
}

/// A workload by kind and name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Owner<'s> {
    /// Its kind.
    pub kind: &'s str,
    /// Its name.
    pub name: &'s str,
}

/// Who made an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Maker<'s> {
    /// A user, by name.
    User(&'s str),
    /// The controller that the object names, as is known from where the object comes.
    Controller,
    /// Nobody knows.
    Unknown,
}

impl<'s> Subject<'s> {
    /// Whether an exemption is meant for the pod: for the containers at these places of [`Pod::containers`]
    /// where some are returned, for all of it where the vector is empty.
    pub(super) fn matches(&self, exemption: &Exemption) -> Option<Vec<usize>> {
        let any = |list: &Option<Vec<super::Pattern>>, text: &str| {
            list.as_ref().is_none_or(|list| list.iter().any(|pattern| pattern.matches(text)))
        };
        let same = |list: &Option<Vec<String>>, text: Option<&str>| {
            list.as_ref().is_none_or(|list| text.is_some_and(|text| list.iter().any(|item| item == text)))
        };
        let user = match self.maker {
            Maker::User(name) => Some(name),
            Maker::Controller | Maker::Unknown => None,
        };
        let is_meant = any(&exemption.namespaces, self.namespace)
            && (exemption.namespaces.is_none() || !self.namespace.is_empty())
            && exemption
                .namespace_selector
                .as_ref()
                .is_none_or(|selector| self.namespace_labels.is_some_and(|labels| selector.matches(labels)))
            && same(&exemption.usernames, user)
            && same(&exemption.runtime_classes, self.pod.runtime_class)
            && exemption.workload.as_ref().is_none_or(|workload| self.is_of(workload, exemption));
        if !is_meant {
            return None;
        }
        let Some(images) = &exemption.images else { return Some(Vec::new()) };
        let containers = self.pod.containers.iter().enumerate();
        let matching = containers
            .filter(|(_, container)| images.iter().any(|image| image.matches(container.image)))
            .map(|(place, _)| place)
            .collect::<Vec<_>>();
        (!matching.is_empty()).then_some(matching)
    }

    fn is_of(&self, workload: &Workload, exemption: &Exemption) -> bool {
        if !workload.selector.as_ref().is_none_or(|selector| selector.matches(&self.pod.labels)) {
            return false;
        }
        if workload.kinds.is_none() && workload.names.is_none() {
            return true;
        }
        let fits = |owner: Owner<'_>| {
            workload.kinds.as_ref().is_none_or(|kinds| kinds.iter().any(|kind| kind == owner.kind))
                && workload
                    .names
                    .as_ref()
                    .is_none_or(|names| names.iter().any(|name| name.matches(owner.name)))
        };
        self.object.is_some_and(fits)
            || self.owner.is_some_and(|owner| {
                (exemption.trust_owner_references || self.owner_is_true(owner))
                    && (fits(owner) || self.owner_of(owner).is_some_and(fits))
            })
    }

    /// Whether the owner that the object names is its owner: whoever creates an object writes that as he
    /// likes, so it is where one of Kubernetes' controllers made it.
    fn owner_is_true(&self, owner: Owner<'_>) -> bool {
        match self.maker {
            Maker::Controller => true,
            Maker::Unknown => false,
            Maker::User(CONTROLLER_MANAGER) => true,
            Maker::User(name) => {
                let account = CONTROLLERS.iter().find(|(kind, _)| *kind == owner.kind);
                account.is_some_and(|(_, account)| name.strip_prefix(KUBE_SYSTEM) == Some(account))
            }
        }
    }

    /// The workload behind the owner: Deployments own pods through ReplicaSets, CronJobs through Jobs.
    fn owner_of(&self, owner: Owner<'s>) -> Option<Owner<'s>> {
        let (name, end) = owner.name.rsplit_once('-')?;
        match owner.kind {
            "ReplicaSet" => {
                let hash = self.pod.labels.iter().rfind(|(key, _)| *key == "pod-template-hash")?.1;
                (end == hash).then_some(Owner { kind: "Deployment", name })
            }
            "Job" => {
                let is_time = !end.is_empty() && end.bytes().all(|byte| byte.is_ascii_digit());
                is_time.then_some(Owner { kind: "CronJob", name })
            }
            _ => None,
        }
    }
}

/// The user of all controllers, where they have none of their own.
const CONTROLLER_MANAGER: &str = "system:kube-controller-manager";
const KUBE_SYSTEM: &str = "system:serviceaccount:kube-system:";

/// The service accounts that make the objects of each kind of owner.
/// Source: `k8s.io/kubernetes/cmd/kube-controller-manager/names` and their roles in `bootstrappolicy`.
const CONTROLLERS: [(&str, &str); 7] = [
    ("ReplicaSet", "replicaset-controller"),
    ("Deployment", "deployment-controller"),
    ("StatefulSet", "statefulset-controller"),
    ("DaemonSet", "daemon-set-controller"),
    ("Job", "job-controller"),
    ("CronJob", "cronjob-controller"),
    ("ReplicationController", "replication-controller"),
];
