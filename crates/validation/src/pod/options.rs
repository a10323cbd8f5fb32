//! What a pod that was valid once may keep.

use super::{affinity, annotations, requirements, security, visited, volumes};
use crate::Settings;
use crate::access::Fields;
use crate::labels::{SelectorValues, selector};
use crate::path::Path;
use ravelin_object::Value;

/// Whether something that is wrong is let through, because the object had it before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kept {
    /// It is.
    Yes,
    /// It is not.
    No,
}

impl Kept {
    fn when(condition: bool) -> Self {
        if condition { Self::Yes } else { Self::No }
    }

    /// Whether it is let through.
    pub(crate) fn is_kept(self) -> bool {
        self == Self::Yes
    }
}

/// How a pod is looked at.
///
/// Source: `k8s.io/kubernetes/pkg/api/pod` `GetValidationOptionsFromPodSpecAndMeta`, at the gates of v1.36.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Options {
    /// It is a pod, not a template.
    pub(crate) is_pod: bool,
    /// Containers may be privileged.
    pub(crate) allow_privileged: bool,
    /// A deletion cost that is no number.
    pub(crate) deletion_cost: Kept,
    /// Values in selectors of affinity that are no label values.
    pub(crate) selector_values: SelectorValues,
    /// Values of required node affinity that are no label values.
    pub(crate) node_affinity_values: SelectorValues,
    /// Selectors of topology spread that are invalid.
    pub(crate) spread_selectors: Kept,
    /// `matchLabelKeys` of topology spread that are invalid.
    pub(crate) spread_keys: Kept,
    /// Huge pages that are no multiple of their size.
    pub(crate) huge_pages: Kept,
    /// Paths of projected tokens that lead out of the volume.
    pub(crate) token_paths: Kept,
    /// Sysctls of the network or IPC namespace of the host.
    pub(crate) host_sysctls: Kept,
    /// Block devices in user namespaces.
    pub(crate) user_devices: Kept,
    /// The network of the host in user namespaces.
    pub(crate) user_network: Kept,
    /// SELinux change policies other than `Recursive`.
    pub(crate) selinux_policies: Kept,
    /// Tolerations that compare.
    pub(crate) comparing_tolerations: Kept,
    /// A resize policy that restarts, in an init container.
    pub(crate) init_restarts: Kept,
}

impl Options {
    /// How a pod is looked at that takes the place of one with this specification and metadata.
    pub(crate) fn new(
        is_pod: bool,
        settings: &Settings,
        old: Option<&Value>,
        old_meta: Option<&Value>,
    ) -> Self {
        let nothing = &crate::NOTHING;
        let spec = old.unwrap_or(nothing);
        let cost = old_meta.is_some_and(|meta| !annotations::is_deletion_cost(meta));
        Self {
            is_pod,
            allow_privileged: settings.allow_privileged,
            deletion_cost: Kept::when(cost),
            selector_values: values(affinity::has_invalid_selectors(spec)),
            node_affinity_values: values(affinity::has_invalid_required_values(spec)),
            spread_selectors: Kept::when(spec.list("topologySpreadConstraints").iter().any(|constraint| {
                let mut found = Vec::new();
                let path = Path::new("");
                selector(&path, constraint.get("labelSelector"), SelectorValues::Valid, &mut found);
                !found.is_empty()
            })),
            spread_keys: Kept::when(affinity::has_invalid_spread_keys(spec)),
            huge_pages: Kept::when(requirements::has_indivisible_pages(spec)),
            token_paths: Kept::when(volumes::has_escaping_tokens(spec)),
            host_sysctls: Kept::when(security::has_host_sysctls(spec)),
            user_devices: Kept::when(spec.flag_opt("hostUsers") == Some(false) && uses_devices(spec)),
            user_network: Kept::when(spec.flag_opt("hostUsers") == Some(false) && spec.flag("hostNetwork")),
            selinux_policies: Kept::when(spec.get("securityContext").has("seLinuxChangePolicy")),
            comparing_tolerations: Kept::when(
                spec.list("tolerations")
                    .iter()
                    .any(|toleration| matches!(toleration.text("operator"), "Lt" | "Gt")),
            ),
            init_restarts: Kept::when(has_restarting_init_containers(spec)),
        }
    }
}

fn values(are_invalid: bool) -> SelectorValues {
    if are_invalid { SelectorValues::Any } else { SelectorValues::Valid }
}

fn uses_devices(spec: &Value) -> bool {
    visited(spec, &Path::new("")).iter().any(|(container, _)| !container.list("volumeDevices").is_empty())
}

fn has_restarting_init_containers(spec: &Value) -> bool {
    spec.list("initContainers").iter().any(|container| {
        container.text("restartPolicy") != "Always"
            && container
                .list("resizePolicy")
                .iter()
                .any(|policy| policy.text("restartPolicy") == "RestartContainer")
    })
}
