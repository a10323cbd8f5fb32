//! Stateful sets.

use crate::core::default_claim;
use crate::fields::{
    at_mut, default, default_text, int, is_nil, items_mut, list, remove, set, struct_at, text,
};
use crate::kind::Context;
use crate::pods::{claim_spec_warnings, default_template, template_warnings};
use crate::rules::{Rules, fresh, keep_spec, zeros};
use ravelin_object::Value;

/// Source: `k8s.io/kubernetes/pkg/registry/apps/statefulset/strategy.go`.
pub(crate) const RULES: Rules = Rules {
    defaults,
    normalize,
    create,
    update,
    subresources: &[("status", keep_spec)],
    warn_on_create,
    warn_on_update,
    ..Rules::new("apps", "StatefulSet").namespaced()
};

/// Source: `SetDefaults_StatefulSet` in `k8s.io/kubernetes/pkg/apis/apps/v1/defaults.go`; the gate
/// `MaxUnavailableStatefulSet` is off.
fn defaults(workload: &mut Value) {
    let Some(spec) = struct_at(workload, "spec") else { return };
    default_text(spec, "podManagementPolicy", "OrderedReady");
    if let Some(strategy) = struct_at(spec, "updateStrategy") {
        let had_type = !text(strategy, "type").is_empty();
        default_text(strategy, "type", "RollingUpdate");
        let has_rolling = !is_nil(strategy, "rollingUpdate");
        if text(strategy, "type") == "RollingUpdate"
            && (has_rolling || !had_type)
            && let Some(rolling) = struct_at(strategy, "rollingUpdate")
        {
            default(rolling, "partition", 0);
        }
    }
    if let Some(policy) = struct_at(spec, "persistentVolumeClaimRetentionPolicy") {
        default_text(policy, "whenDeleted", "Retain");
        default_text(policy, "whenScaled", "Retain");
    }
    default(spec, "replicas", 1);
    default(spec, "revisionHistoryLimit", 10);
    default_template(at_mut(spec, "template"));
    for claim in items_mut(spec, "volumeClaimTemplates") {
        default_claim(claim);
    }
}

/// Templates of claims say what they are.
fn normalize(workload: &mut Value) {
    super::normalize(workload);
    super::zero_rolling(workload, "spec.updateStrategy.rollingUpdate", &["partition"]);
    for claim in items_mut(workload, "spec.volumeClaimTemplates") {
        set(claim, "kind", "PersistentVolumeClaim");
        set(claim, "apiVersion", "v1");
    }
}

fn create(workload: &mut Value, _: &mut Context<'_>) {
    fresh(workload, zeros(&["replicas", "availableReplicas"]));
    drop_max_unavailable(workload, None);
    super::drop_of_template(workload, None);
}

fn update(workload: &mut Value, old: &Value, context: &mut Context<'_>) {
    drop_max_unavailable(workload, Some(old));
    super::update(workload, old, context);
}

fn drop_max_unavailable(workload: &mut Value, old: Option<&Value>) {
    let is_in_use = old.is_some_and(|old| !is_nil(old, "spec.updateStrategy.rollingUpdate.maxUnavailable"));
    if !is_in_use && let Some(rolling) = at_mut(workload, "spec.updateStrategy.rollingUpdate") {
        remove(rolling, "maxUnavailable");
    }
}

fn warn_on_create(workload: &Value) -> Vec<String> {
    let mut warnings = template_warnings(workload.dotted("spec.template"), "spec.template");
    warnings.extend(own_warnings(workload, ""));
    warnings
}

/// The path of a claim has a part more on update, upstream's oversight.
fn own_warnings(workload: &Value, part: &str) -> Vec<String> {
    let mut warnings = Vec::new();
    for (index, claim) in list(workload, "spec.volumeClaimTemplates").iter().enumerate() {
        if let Some(spec) = claim.field("spec") {
            warnings.extend(claim_spec_warnings(spec, &format!("spec.volumeClaimTemplates[{index}]{part}")));
        }
    }
    if int(workload, "spec.revisionHistoryLimit") < 0 {
        warnings.push(
            "spec.revisionHistoryLimit: a negative value retains all historical revisions; a value >= 0 is recommended"
                .to_owned(),
        );
    }
    warnings
}

fn warn_on_update(subresource: &str, workload: &Value, old: &Value) -> Vec<String> {
    let mut warnings = super::warn_on_update(subresource, workload, old);
    if subresource.is_empty() {
        warnings.extend(own_warnings(workload, ".Spec"));
    }
    warnings
}

#[cfg(test)]
mod tests {
    use crate::fields::testing::value;
    use crate::kind::Kind;
    use crate::rules::testing::created;

    const SET: Kind<'_> = Kind { group: "apps", version: "v1", kind: "StatefulSet" };

    #[test]
    fn strategies_and_claims_have_defaults() {
        let made = created(
            SET,
            r#"{"spec":{"updateStrategy":{},"volumeClaimTemplates":[{"metadata":{"name":"d"},"spec":{}}]}}"#,
        );
        assert_eq!(
            made.to_json(),
            value(
                r#"{"metadata":{"generation":1},"spec":{"updateStrategy":{"type":"RollingUpdate","rollingUpdate":{"partition":0}},
                "volumeClaimTemplates":[{"metadata":{"name":"d"},"spec":{"volumeMode":"Filesystem"},"status":{"phase":"Pending"},
                "kind":"PersistentVolumeClaim","apiVersion":"v1"}],"podManagementPolicy":"OrderedReady",
                "persistentVolumeClaimRetentionPolicy":{"whenDeleted":"Retain","whenScaled":"Retain"},"replicas":1,
                "revisionHistoryLimit":10},"status":{"replicas":0,"availableReplicas":0}}"#
            )
            .to_json()
        );
        let given = created(SET, r#"{"spec":{"updateStrategy":{"type":"RollingUpdate"}}}"#);
        assert_eq!(given.dotted("spec.updateStrategy"), Some(&value(r#"{"type":"RollingUpdate"}"#)));
    }
}
