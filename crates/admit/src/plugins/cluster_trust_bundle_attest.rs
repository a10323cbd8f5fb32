//! `ClusterTrustBundleAttest`: who may say which certificates a signer's are to be trusted by.

use super::prelude::*;
use crate::fields::equal;
use crate::signers::is_authorized;
use ravelin_object::selector::quoted;

pub(super) const ENTRY: Entry = Entry {
    name: "ClusterTrustBundleAttest",
    about: "Refuses trust bundles of a signer by who may not attest for it.",
    source: "k8s.io/kubernetes/plugin/pkg/admission/certificates/ctbattest",
    build: plain!(ClusterTrustBundleAttest),
};

/// Where trust bundles are not served, as by default in v1.36, it has nothing to do.
struct ClusterTrustBundleAttest;

impl Plugin for ClusterTrustBundleAttest {
    identity!([Create, Update], mutates: false, validates: true);

    fn validate(
        &self,
        attributes: &Attributes<'_>,
        object: Option<&Value>,
        old: Option<&Value>,
        context: &mut Context<'_>,
    ) -> Result<(), Status> {
        if !attributes.is("certificates.k8s.io", "clustertrustbundles") {
            return Ok(());
        }
        let Some(bundle) = typed(object) else {
            return Err(attributes.forbidden(object, "expected type ClusterTrustBundle, got: <nil>"));
        };
        let signer = text(bundle, "spec.signerName");
        let is_housekeeping = attributes.operation == Operation::Update
            && typed(old).is_some_and(|old| is_only_collected(bundle, old));
        let permitted = signer.is_empty()
            || is_housekeeping
            || is_authorized(context.cluster, attributes.user, "attest", signer);
        if permitted {
            return Ok(());
        }
        let why = format!("user not permitted to attest for signerName {}", quoted(signer));
        Err(attributes.forbidden(object, &why))
    }
}

/// Whether only what the garbage collector changes is changed.
///
/// Source: `k8s.io/kubernetes/pkg/registry/rbac/helpers.go` `IsOnlyMutatingGCFields`.
fn is_only_collected(new: &Value, old: &Value) -> bool {
    let rest = |object: &Value| {
        let mut object = object.clone();
        if let Some(metadata) = object.field_mut("metadata").and_then(Value::as_object_mut) {
            let collected = ["ownerReferences", "finalizers", "selfLink", "managedFields"];
            metadata.retain(|key, _| !collected.contains(&key));
        }
        object
    };
    equal(Some(&rest(new)), Some(&rest(old)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plugins::testing::{Records, attributes, plugin, refusal};

    #[test]
    fn who_may_not_attest_is_refused() {
        let refused = |bundle: &str, old: &str, allowed: &str| {
            let records = Records { allowed: vec![allowed.to_owned()], ..Records::default() };
            let operation = if old.is_empty() { Operation::Create } else { Operation::Update };
            let about = attributes(operation, "clustertrustbundles.certificates.k8s.io");
            refusal(plugin(ENTRY.name).as_ref(), &records, &about, bundle, old)
        };
        let bundle = "{metadata: {finalizers: [a]}, spec: {signerName: a.com/b}}";
        let why = "403 clustertrustbundles.certificates.k8s.io \"x\" is forbidden: user not permitted to attest for \
                   signerName \"a.com/b\"";
        assert_eq!(refused(bundle, "", "").as_deref(), Some(why));
        assert_eq!(refused(bundle, "", "attest certificates.k8s.io signers/  a.com/*"), None);
        assert_eq!(refused(bundle, "{metadata: {}, spec: {signerName: a.com/b}}", ""), None);
        assert_eq!(
            refused(bundle, "{spec: {signerName: a.com/b, trustBundle: x}}", "").as_deref(),
            Some(why)
        );
        assert_eq!(refused("{spec: {trustBundle: x}}", "", ""), None);
    }
}
