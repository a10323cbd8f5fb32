//! Faults, and whom upstream's details name for them: the pod, its containers, or both.

use crate::words;
use crate::{Offence, Violation};
use ravelin_diag::{Anchor, FieldPath};
use ravelin_object::pod::{Container, ContainerSecurity, Pod, PodSecurity};
use std::borrow::Cow;

/// Who a setting belongs to: the pod itself, or one of its containers.
#[derive(Clone, Copy)]
pub(crate) struct Subject<'p> {
    pod: &'p Pod<'p>,
    container: Option<&'p Container<'p>>,
}

impl<'p> Subject<'p> {
    /// The pod, then its containers in upstream's order.
    pub(crate) fn all(pod: &'p Pod<'p>) -> impl Iterator<Item = Self> {
        let containers = Self::containers(pod).map(|(subject, _)| subject);
        std::iter::once(Self { pod, container: None }).chain(containers)
    }

    /// Whether it is the pod itself.
    pub(crate) fn is_pod(self) -> bool {
        self.container.is_none()
    }

    /// The containers in upstream's order.
    pub(crate) fn containers(pod: &'p Pod<'p>) -> impl Iterator<Item = (Self, &'p Container<'p>)> {
        pod.containers.iter().map(move |container| (Self { pod, container: Some(container) }, container))
    }

    /// A setting of its security context; the pod's and a container's are of different types.
    pub(crate) fn setting<T>(
        self,
        of_pod: impl FnOnce(&'p PodSecurity<'p>) -> T,
        of_container: impl FnOnce(&'p ContainerSecurity<'p>) -> T,
    ) -> T {
        match self.container {
            None => of_pod(&self.pod.security),
            Some(container) => of_container(&container.security),
        }
    }

    /// The path of one of its fields, given as dotted keys: `securityContext.runAsUser`.
    pub(crate) fn field(self, keys: &str) -> FieldPath {
        match self.container {
            None => self.pod.field("spec").dotted(keys),
            Some(container) => container.field(keys, self.pod.path.clone()),
        }
    }

    /// How messages name it: `the pod`, or as [`words::container_name`] does.
    pub(crate) fn name(self) -> Cow<'static, str> {
        match self.container {
            None => Cow::Borrowed("the pod"),
            Some(container) => Cow::Owned(words::container_name(container)),
        }
    }
}

/// The faults found in a pod so far. They are added in the order in which upstream visits the pod.
#[derive(Default)]
pub(crate) struct Faults<'p> {
    of_pod: bool,
    containers: Vec<&'p Container<'p>>,
    offences: Vec<Offence>,
}

impl<'p> Faults<'p> {
    /// Adds a fault of `subject`, in the field at `path`.
    pub(crate) fn add(
        &mut self,
        subject: Subject<'p>,
        path: FieldPath,
        anchor: Anchor,
        message: impl Into<String>,
    ) {
        match subject.container {
            None => self.of_pod = true,
            // The faults of one container follow each other, and upstream names it once for all of them.
            Some(container) if self.containers.last().is_some_and(|last| std::ptr::eq(*last, container)) => {}
            Some(container) => self.containers.push(container),
        }
        self.offences.push(Offence { path, anchor, message: message.into() });
    }

    /// Whether there are none.
    pub(crate) fn is_empty(&self) -> bool {
        self.offences.is_empty()
    }

    /// The names of the containers at fault; containers of equal name are all there.
    pub(crate) fn container_names(&self) -> Vec<&'p str> {
        self.containers.iter().map(|container| container.name).collect()
    }

    /// Who is at fault: `pod and containers "a", "b"`.
    pub(crate) fn subjects(&self) -> String {
        words::subjects(self.of_pod, &self.container_names())
    }

    /// The violation that these faults are; nothing where there are none.
    pub(crate) fn violation(
        self,
        reason: impl Into<Cow<'static, str>>,
        detail: impl FnOnce(&Self) -> String,
    ) -> Option<Violation> {
        if self.is_empty() {
            return None;
        }
        let detail = detail(&self);
        violation(reason, || detail, self.offences)
    }

    /// The faults alone.
    pub(crate) fn into_offences(self) -> Vec<Offence> {
        self.offences
    }
}

/// A violation with these offences; nothing where there are none. The detail is only made if needed.
pub(crate) fn violation(
    reason: impl Into<Cow<'static, str>>,
    detail: impl FnOnce() -> String,
    offences: Vec<Offence>,
) -> Option<Violation> {
    if offences.is_empty() {
        return None;
    }
    Some(Violation { reason: reason.into(), detail: detail(), offences })
}

/// Where to point for a text that must not be what it is. The view of a pod reads an absent text as an
/// empty one, so an empty one counts as missing.
pub(crate) fn text_anchor(text: &str) -> Anchor {
    if text.is_empty() { Anchor::Missing } else { Anchor::Value }
}
