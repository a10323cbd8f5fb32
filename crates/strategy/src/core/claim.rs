//! Persistent volume claims: their phase, and the two ways of saying where their data comes from.

use crate::fields::{annotation, default_text, is_nil, object, remove, set, struct_at, text};
use crate::kind::Context;
use crate::pods::{claim_spec_warnings, default_claim_spec};
use crate::quantities::round_list;
use crate::rules::{Rules, keep_spec, keep_status};
use ravelin_object::Value;

/// Source: `k8s.io/kubernetes/pkg/registry/core/persistentvolumeclaim/strategy.go`.
pub(crate) const RULES: Rules = Rules {
    defaults: default_claim,
    create,
    update,
    subresources: &[("status", keep_spec)],
    warn_on_create: warnings,
    warn_on_update: |subresource, claim, _| if subresource.is_empty() { warnings(claim) } else { Vec::new() },
    ..Rules::new("", "PersistentVolumeClaim").namespaced().returning_deleted()
};

/// Of claims, and of templates of them.
pub(crate) fn default_claim(claim: &mut Value) {
    if let Some(status) = struct_at(claim, "status") {
        default_text(status, "phase", "Pending");
        round_list(status.field_mut("capacity"));
        round_list(status.field_mut("allocatedResources"));
    }
    if let Some(spec) = struct_at(claim, "spec") {
        default_claim_spec(spec);
    }
}

/// The status is left without a phase; reading it back from the store gives it one.
fn create(claim: &mut Value, _: &mut Context<'_>) {
    set(claim, "status", crate::fields::empty());
    if let Some(spec) = struct_at(claim, "spec") {
        prepare_sources(spec, &Value::Null);
    }
}

fn update(claim: &mut Value, old: &Value, _: &mut Context<'_>) {
    keep_status(claim, old);
    if let Some(spec) = struct_at(claim, "spec") {
        prepare_sources(spec, old.field("spec").unwrap_or(&Value::Null));
    }
}

/// Source: `DropDisabledFields` (the gate `CrossNamespaceVolumeDataSource` is off), `EnforceDataSourceBackwardsCompatibility`,
/// `NormalizeDataSources` in `k8s.io/kubernetes/pkg/api/persistentvolumeclaim/util.go`.
fn prepare_sources(spec: &mut Value, old: &Value) {
    const SOURCE: &str = "dataSource";
    const REFERENCE: &str = "dataSourceRef";
    if !text(spec, "dataSourceRef.namespace").is_empty() && is_nil(old, REFERENCE) {
        remove(spec, REFERENCE);
    }
    let was_used = !is_nil(old, SOURCE) || !is_nil(old, REFERENCE);
    if !was_used && is_nil(spec, REFERENCE) && !is_claim_or_snapshot(spec) {
        remove(spec, SOURCE);
    }
    if let Some(source) = spec.field(SOURCE)
        && is_nil(spec, REFERENCE)
    {
        let reference = without_namespace(source);
        set(spec, REFERENCE, reference);
    } else if let Some(reference) = spec.field(REFERENCE)
        && is_nil(spec, SOURCE)
        && text(reference, "namespace").is_empty()
    {
        let source = without_namespace(reference);
        set(spec, SOURCE, source);
    }
}

/// The group is a pointer, written as null where it is none.
fn without_namespace(reference: &Value) -> Value {
    object([
        ("apiGroup", reference.field("apiGroup").cloned().unwrap_or(Value::Null)),
        ("kind", Value::from(text(reference, "kind"))),
        ("name", Value::from(text(reference, "name"))),
    ])
}

fn is_claim_or_snapshot(spec: &Value) -> bool {
    matches!(
        (text(spec, "dataSource.apiGroup"), text(spec, "dataSource.kind")),
        ("", "PersistentVolumeClaim") | ("snapshot.storage.k8s.io", "VolumeSnapshot")
    )
}

fn warnings(claim: &Value) -> Vec<String> {
    const KEY: &str = "volume.beta.kubernetes.io/storage-class";
    let mut warnings = Vec::new();
    if annotation(claim, KEY).is_some() {
        warnings.push(format!(
            "metadata.annotations[{KEY}]: deprecated since v1.8; use \"storageClassName\" attribute instead"
        ));
    }
    if let Some(spec) = claim.field("spec") {
        warnings.extend(claim_spec_warnings(spec, "spec"));
    }
    warnings
}

#[cfg(test)]
mod tests {
    use crate::fields::testing::value;
    use crate::kind::Kind;
    use crate::rules::testing::created;

    const CLAIM: Kind<'_> = Kind { group: "", version: "v1", kind: "PersistentVolumeClaim" };

    #[test]
    fn a_source_is_said_both_ways() {
        let claim = r#"{"kind":"PersistentVolumeClaim","name":"a"}"#;
        let other = r#"{"apiGroup":"x.y","kind":"Z","name":"a"}"#;
        let both = r#"{"dataSource":{"apiGroup":null,"kind":"PersistentVolumeClaim","name":"a"}}"#;
        for (spec, expected) in [
            (format!(r#"{{"dataSourceRef":{claim}}}"#), None),
            (format!(r#"{{"dataSource":{other}}}"#), Some(r#"{"volumeMode":"Filesystem"}"#.to_owned())),
            (
                format!(r#"{{"dataSourceRef":{other}}}"#),
                Some(format!(
                    r#"{{"dataSource":{other},"dataSourceRef":{other},"volumeMode":"Filesystem"}}"#
                )),
            ),
            (
                r#"{"dataSourceRef":{"kind":"Z","name":"a","namespace":"n"}}"#.to_owned(),
                Some(r#"{"volumeMode":"Filesystem"}"#.to_owned()),
            ),
        ] {
            let made = created(CLAIM, &format!(r#"{{"spec":{spec}}}"#));
            if let Some(expected) = expected {
                assert_eq!(made.field("spec").unwrap().to_json(), value(&expected).to_json(), "{spec}");
            } else {
                assert_eq!(made.dotted("spec.dataSource"), value(both).field("dataSource"));
            }
        }
    }
}
