//! Slices of devices.

use crate::fields::{default, empty, is_nil, items_mut, list, remove, set_generation, text};
use crate::kind::Context;
use crate::rules::{Rules, count_spec};
use ravelin_object::Value;
use ravelin_object::selector::quoted;

/// Source: `k8s.io/kubernetes/pkg/registry/resource/resourceslice/strategy.go`; the gates `DRAListTypeAttributes` and
/// `DRANodeAllocatableResources` are off.
pub(crate) const RULES: Rules = Rules {
    defaults,
    create: |slice, context| {
        set_generation(slice, 1);
        stamp_taints(slice, context);
        drop_disabled(slice, &empty());
    },
    update: |slice, old, context| {
        stamp_taints(slice, context);
        count_spec(slice, old);
        drop_disabled(slice, old);
    },
    warn_on_create: warnings,
    warn_on_update: |_, slice, _| warnings(slice),
    ..Rules::new("resource.k8s.io", "ResourceSlice").returning_deleted()
};

fn defaults(slice: &mut Value) {
    for device in items_mut(slice, "spec.devices") {
        let Some(mappings) = device.field_mut("nodeAllocatableResourceMappings") else { continue };
        for (_, mapping) in mappings.as_object_mut().into_iter().flat_map(|mappings| mappings.iter_mut()) {
            default(mapping, "allocationMultiplier", "1");
        }
    }
}

/// A taint is as old as the request that brings it. Upstream does so as a default; here the time is only known when
/// an object is prepared.
fn stamp_taints(slice: &mut Value, context: &Context<'_>) {
    for device in items_mut(slice, "spec.devices") {
        for taint in items_mut(device, "taints") {
            default(taint, "timeAdded", context.now);
        }
    }
}

const LISTS: [&str; 4] = ["bools", "ints", "strings", "versions"];

fn drop_disabled(slice: &mut Value, old: &Value) {
    let old = list(old, "spec.devices");
    let maps = old
        .iter()
        .any(|device| crate::fields::entries(device, "nodeAllocatableResourceMappings").next().is_some());
    let lists = old.iter().any(|device| {
        crate::fields::entries(device, "attributes")
            .any(|(_, attribute)| LISTS.iter().any(|key| !is_nil(attribute, key)))
    });
    for device in items_mut(slice, "spec.devices") {
        if !maps {
            remove(device, "nodeAllocatableResourceMappings");
        }
        let attributes = device.field_mut("attributes").filter(|_| !lists);
        for (_, attribute) in
            attributes.and_then(Value::as_object_mut).into_iter().flat_map(|map| map.iter_mut())
        {
            for key in LISTS {
                remove(attribute, key);
            }
        }
    }
}

fn warnings(slice: &Value) -> Vec<String> {
    let driver = text(slice, "spec.driver");
    if driver == driver.to_lowercase() {
        return Vec::new();
    }
    vec![format!(
        "spec.driver: driver names should be lowercase; {} contains uppercase characters",
        quoted(driver)
    )]
}

#[cfg(test)]
mod tests {
    use crate::fields::testing::value;
    use crate::kind::Kind;
    use crate::rules::testing::created;

    #[test]
    fn what_is_off_is_dropped_and_taints_are_stamped() {
        let kind = Kind { group: "resource.k8s.io", version: "v1", kind: "ResourceSlice" };
        assert_eq!(
            created(
                kind,
                r#"{"metadata":{},"spec":{"devices":[{"nodeAllocatableResourceMappings":{"cpu":{}},
                "attributes":{"a":{"int":1},"b":{"ints":[1]}},"taints":[{"key":"k"}]}]}}"#
            ),
            value(
                r#"{"metadata":{"generation":1},"spec":{"devices":[{"attributes":{"a":{"int":1},"b":{}},
                "taints":[{"key":"k","timeAdded":"2026-01-02T03:04:05Z"}]}]}}"#
            )
        );
    }
}
