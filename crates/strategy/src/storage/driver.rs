//! CSI drivers.

use crate::equality::same;
use crate::fields::{default, is_nil, list, remove, set, struct_at};
use crate::kind::Context;
use crate::rules::{Rules, count_spec};
use ravelin_object::Value;

/// Source: `k8s.io/kubernetes/pkg/registry/storage/csidriver/strategy.go`; the gate `VolumeLimitScaling` is off.
pub(crate) const RULES: Rules = Rules {
    defaults,
    create: |driver, _| drop_disabled(driver, None),
    update,
    warn_on_create: |driver| warnings(driver, true),
    warn_on_update: |_, driver, old| warnings(driver, !same(driver, old, "spec.tokenRequests")),
    ..Rules::new("storage.k8s.io", "CSIDriver").returning_deleted().updated_conditionally()
};

/// Source: `SetDefaults_CSIDriver` in `k8s.io/kubernetes/pkg/apis/storage/v1/defaults.go`.
fn defaults(driver: &mut Value) {
    let Some(spec) = struct_at(driver, "spec") else { return };
    default(spec, "attachRequired", true);
    for key in ["podInfoOnMount", "storageCapacity", "requiresRepublish", "seLinuxMount"] {
        default(spec, key, false);
    }
    default(spec, "fsGroupPolicy", "ReadWriteOnceWithFSType");
    if list(spec, "volumeLifecycleModes").is_empty() {
        set(spec, "volumeLifecycleModes", vec![Value::from("Persistent")]);
    }
}

fn drop_disabled(driver: &mut Value, old: Option<&Value>) {
    const KEY: &str = "preventPodSchedulingIfMissing";
    if old.is_none_or(|old| is_nil(old, "spec.preventPodSchedulingIfMissing"))
        && let Some(spec) = driver.field_mut("spec")
    {
        remove(spec, KEY);
    }
}

fn update(driver: &mut Value, old: &Value, _: &mut Context<'_>) {
    drop_disabled(driver, Some(old));
    count_spec(driver, old);
}

fn warnings(driver: &Value, is_changed: bool) -> Vec<String> {
    if !is_changed
        || list(driver, "spec.tokenRequests").is_empty()
        || !is_nil(driver, "spec.serviceAccountTokenInSecrets")
    {
        return Vec::new();
    }
    vec![
        "spec.serviceAccountTokenInSecrets is unset; if supported by this CSI driver, set to true to prevent possible logging of tokens in volume attributes".to_owned(),
    ]
}
