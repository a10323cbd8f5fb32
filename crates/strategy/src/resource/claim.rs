//! Claims to devices, and templates of them.

use crate::fields::{at_mut, default_int, default_text, empty, items_mut, list, remove, set, text};
use crate::kind::Context;
use crate::rules::{Rules, keep_spec_and_metadata, keep_status_only};
use ravelin_object::Value;

/// Source: `k8s.io/kubernetes/pkg/registry/resource/resourceclaim/strategy.go`.
pub(crate) const RULES: Rules = Rules {
    defaults: |claim| {
        default_requests(claim, "spec.devices.requests");
        for result in items_mut(claim, "status.allocation.devices.results") {
            default_tolerations(result);
        }
    },
    create: |claim, _| set(claim, "status", empty()),
    update: keep_status_only,
    subresources: &[("status", update_status)],
    ..Rules::new("resource.k8s.io", "ResourceClaim").namespaced().returning_deleted()
};

/// Source: `k8s.io/kubernetes/pkg/registry/resource/resourceclaimtemplate/strategy.go`.
pub(crate) const TEMPLATE: Rules = Rules {
    defaults: |template| default_requests(template, "spec.spec.devices.requests"),
    ..Rules::new("resource.k8s.io", "ResourceClaimTemplate").namespaced().returning_deleted()
};

/// Source: `k8s.io/kubernetes/pkg/apis/resource/v1/defaults.go`.
fn default_requests(object: &mut Value, path: &str) {
    for request in items_mut(object, path) {
        if let Some(exactly) = at_mut(request, "exactly") {
            default_request(exactly);
        }
        for alternative in items_mut(request, "firstAvailable") {
            default_request(alternative);
        }
    }
}

fn default_request(request: &mut Value) {
    default_text(request, "allocationMode", "ExactCount");
    if text(request, "allocationMode") == "ExactCount" {
        default_int(request, "count", 1);
    }
    default_tolerations(request);
}

fn default_tolerations(value: &mut Value) {
    for toleration in items_mut(value, "tolerations") {
        default_text(toleration, "operator", "Equal");
    }
}

/// The status of devices that are not allocated any more goes.
///
/// Source: `dropDeallocatedStatusDevices`.
fn update_status(claim: &mut Value, old: &Value, context: &mut Context<'_>) {
    keep_spec_and_metadata(claim, old, context);
    let results = |claim: &Value| -> Vec<Device> {
        list(claim, "status.allocation.devices.results").iter().map(Device::of).collect()
    };
    let kept = results(claim);
    let gone: Vec<Device> = results(old).into_iter().filter(|device| !kept.contains(device)).collect();
    let Some(status) = claim.field_mut("status") else { return };
    if let Some(Value::Array(devices)) = status.field_mut("devices") {
        devices.retain(|device| !gone.contains(&Device::of(device)));
        if devices.is_empty() {
            remove(status, "devices");
        }
    }
}

#[derive(PartialEq, Eq)]
struct Device([String; 4]);

impl Device {
    fn of(value: &Value) -> Self {
        Self(["driver", "pool", "device", "shareID"].map(|key| text(value, key).to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use crate::fields::testing::value;
    use crate::kind::Kind;
    use crate::rules::testing::{defaulted, updated};

    const CLAIM: Kind<'_> = Kind { group: "resource.k8s.io", version: "v1", kind: "ResourceClaim" };

    #[test]
    fn a_request_is_for_one_device() {
        assert_eq!(
            defaulted(
                CLAIM,
                r#"{"spec":{"devices":{"requests":[{"exactly":{"tolerations":[{}]}},{"firstAvailable":[{"allocationMode":"All"}]}]}}}"#
            ),
            value(
                r#"{"spec":{"devices":{"requests":[{"exactly":{"tolerations":[{"operator":"Equal"}],"allocationMode":"ExactCount","count":1}},
                {"firstAvailable":[{"allocationMode":"All"}]}]}}}"#
            )
        );
    }

    #[test]
    fn the_status_of_a_device_goes_with_it() {
        let device = r#"{"driver":"d","pool":"p","device":"x"}"#;
        let old = format!(
            r#"{{"status":{{"allocation":{{"devices":{{"results":[{device}]}}}},"devices":[{device}]}}}}"#
        );
        let new = format!(r#"{{"metadata":{{}},"status":{{"devices":[{device}]}}}}"#);
        assert_eq!(updated(CLAIM, Some("status"), &new, &old), value(r#"{"metadata":{},"status":{}}"#));
    }
}
