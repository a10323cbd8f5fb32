//! The names of all plugins, their order, and which are in force.

use crate::Error;
use ravelin_object::errors::aggregated;
use std::collections::BTreeSet;

/// Every plugin of Kubernetes v1.36, in the order in which plugins are called.
///
/// Source: `k8s.io/kubernetes/pkg/kubeapiserver/options/plugins.go` `AllOrderedPlugins`.
pub const ORDER: &[&str] = &[
    "AlwaysAdmit",
    "NamespaceAutoProvision",
    "NamespaceLifecycle",
    "NamespaceExists",
    "LimitPodHardAntiAffinityTopology",
    "LimitRanger",
    "ServiceAccount",
    "NodeRestriction",
    "TaintNodesByCondition",
    "AlwaysPullImages",
    "ImagePolicyWebhook",
    "PodSecurity",
    "PodNodeSelector",
    "Priority",
    "DefaultTolerationSeconds",
    "PodTolerationRestriction",
    "EventRateLimit",
    "ExtendedResourceToleration",
    "DefaultStorageClass",
    "StorageObjectInUseProtection",
    "PodGroupProtection",
    "OwnerReferencesPermissionEnforcement",
    "PersistentVolumeClaimResize",
    "RuntimeClass",
    "CertificateApproval",
    "CertificateSigning",
    "ClusterTrustBundleAttest",
    "CertificateSubjectRestriction",
    "DefaultIngressClass",
    "DenyServiceExternalIPs",
    "PodTopologyLabels",
    "PodGroupWorkloadExists",
    "NodeDeclaredFeatureValidator",
    "JobValidation",
    "PodResizeValidator",
    "MutatingAdmissionPolicy",
    "MutatingAdmissionWebhook",
    "ValidatingAdmissionPolicy",
    "ValidatingAdmissionWebhook",
    "ResourceQuota",
    "AlwaysDeny",
];

/// The plugins that are in force unless they are disabled.
///
/// Source: `k8s.io/kubernetes/pkg/kubeapiserver/options/plugins.go` `DefaultOffAdmissionPlugins`.
pub const DEFAULT_ON: &[&str] = &[
    "NamespaceLifecycle",
    "LimitRanger",
    "ServiceAccount",
    "TaintNodesByCondition",
    "PodSecurity",
    "Priority",
    "DefaultTolerationSeconds",
    "DefaultStorageClass",
    "StorageObjectInUseProtection",
    "PodGroupProtection",
    "PersistentVolumeClaimResize",
    "RuntimeClass",
    "CertificateApproval",
    "CertificateSigning",
    "ClusterTrustBundleAttest",
    "CertificateSubjectRestriction",
    "DefaultIngressClass",
    "PodTopologyLabels",
    "PodGroupWorkloadExists",
    "NodeDeclaredFeatureValidator",
    "JobValidation",
    "PodResizeValidator",
    "MutatingAdmissionPolicy",
    "MutatingAdmissionWebhook",
    "ValidatingAdmissionPolicy",
    "ValidatingAdmissionWebhook",
    "ResourceQuota",
];

/// Plugins that do nothing unless a feature gate is on that is off in v1.36 and is not built here. They are neither
/// called nor missed.
///
/// Source: `k8s.io/kubernetes/pkg/features/kube_features.go`: `GenericWorkload`, `WorkloadWithJob`.
pub const INERT: &[&str] = &["PodGroupProtection", "PodGroupWorkloadExists", "JobValidation"];

/// A plugin that is in force.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Enabled {
    /// Its name.
    pub name: &'static str,
    /// Whether it was asked for by name, rather than by default.
    pub explicit: bool,
}

/// The plugins that are in force, in their order: those by default and those of `enable`
/// (`--enable-admission-plugins`), without those of `disable` (`--disable-admission-plugins`).
///
/// # Errors
/// Names that no plugin has, or that are in both lists, in upstream's words.
///
/// Source: `k8s.io/apiserver/pkg/server/options/admission.go` `Validate`, `enabledPluginNames`.
pub fn enabled(enable: &[String], disable: &[String]) -> Result<Vec<Enabled>, Error> {
    let mut faults = Vec::new();
    for (flag, names) in [("enable-admission-plugins", enable), ("disable-admission-plugins", disable)] {
        let unknown = names.iter().filter(|name| !ORDER.contains(&name.as_str()));
        faults.extend(unknown.map(|name| format!("{flag} plugin {name:?} is unknown")));
    }
    let both: BTreeSet<&str> =
        enable.iter().filter(|name| disable.contains(name)).map(String::as_str).collect();
    if !both.is_empty() {
        let both: Vec<&str> = both.into_iter().collect();
        let names = both.join(" ");
        faults
            .push(format!("[{names}] in enable-admission-plugins and disable-admission-plugins overlapped"));
    }
    if let Some(text) = aggregated(&faults) {
        return Err(Error::Names(text));
    }
    let explicit = |name: &str| enable.iter().any(|other| other == name);
    let is_off = |name: &str| disable.iter().any(|other| other == name) || !DEFAULT_ON.contains(&name);
    let names = ORDER.iter().filter(|name| explicit(name) || !is_off(name));
    Ok(names.map(|name| Enabled { name, explicit: explicit(name) }).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(list: &[&str]) -> Vec<String> {
        list.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn flags_change_the_set_and_not_the_order() {
        let plain: Vec<&str> = enabled(&[], &[]).unwrap().into_iter().map(|enabled| enabled.name).collect();
        assert_eq!(plain, DEFAULT_ON);
        let changed =
            enabled(&names(&["NodeRestriction", "AlwaysAdmit", "LimitRanger"]), &names(&["ResourceQuota"]))
                .unwrap();
        assert_eq!(changed.first(), Some(&Enabled { name: "AlwaysAdmit", explicit: true }));
        assert_eq!(changed.get(1), Some(&Enabled { name: "NamespaceLifecycle", explicit: false }));
        assert!(changed.iter().any(|enabled| enabled.name == "LimitRanger" && enabled.explicit));
        assert!(changed.iter().all(|enabled| enabled.name != "ResourceQuota"));
        let places: Vec<_> =
            changed.iter().map(|enabled| ORDER.iter().position(|name| *name == enabled.name)).collect();
        assert!(places.is_sorted());
    }

    #[test]
    fn names_are_refused_in_the_words_of_upstream() {
        let refused = |enable: &[&str], disable: &[&str]| {
            enabled(&names(enable), &names(disable)).unwrap_err().to_string()
        };
        assert_eq!(refused(&["Nope"], &[]), "enable-admission-plugins plugin \"Nope\" is unknown");
        assert_eq!(
            refused(&["Priority", "AlwaysDeny"], &["AlwaysDeny", "X", "Priority"]),
            "[disable-admission-plugins plugin \"X\" is unknown, [AlwaysDeny Priority] in \
             enable-admission-plugins and disable-admission-plugins overlapped]"
        );
    }
}
