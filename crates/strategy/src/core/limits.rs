//! Limit ranges: limits that follow from others, and a name if none is given.

use crate::fields::{default, entries, items_mut, set, struct_at, text};
use crate::kind::Context;
use crate::quantities::round_list;
use crate::rules::Rules;
use ravelin_object::Value;

/// Source: `k8s.io/kubernetes/pkg/registry/core/limitrange/strategy.go`.
pub(crate) const RULES: Rules =
    Rules { defaults, create, ..Rules::new("", "LimitRange").namespaced().created_by_update() };

/// Source: `SetDefaults_LimitRangeItem` in `k8s.io/kubernetes/pkg/apis/core/v1/defaults.go`.
fn defaults(range: &mut Value) {
    for item in items_mut(range, "spec.limits") {
        if text(item, "type") == "Container" {
            for (from, to) in [("max", "default"), ("default", "defaultRequest"), ("min", "defaultRequest")] {
                follow(item, from, to);
            }
        }
        for list in ["max", "min", "default", "defaultRequest", "maxLimitRequestRatio"] {
            round_list(item.field_mut(list));
        }
    }
}

/// What one list says and another does not.
fn follow(item: &mut Value, from: &str, to: &str) {
    let amounts: Vec<(String, Value)> =
        entries(item, from).map(|(name, amount)| (name.to_owned(), amount.clone())).collect();
    if amounts.is_empty() {
        return;
    }
    if let Some(list) = struct_at(item, to) {
        for (name, amount) in amounts {
            default(list, &name, amount);
        }
    }
}

fn create(range: &mut Value, context: &mut Context<'_>) {
    if text(range, "metadata.name").is_empty()
        && let Some(metadata) = struct_at(range, "metadata")
    {
        let name = uuid(context.random);
        set(metadata, "name", name);
    }
}

/// A random UUID (version 4).
fn uuid(random: &mut dyn FnMut() -> u32) -> String {
    let [a, b, c, d] = [random(), random(), random(), random()];
    format!(
        "{a:08x}-{:04x}-4{:03x}-{:04x}-{:04x}{d:08x}",
        b >> 16,
        b & 0xfff,
        (c >> 16) & 0x3fff | 0x8000,
        c & 0xffff
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fields::testing::value;
    use crate::kind::Kind;
    use crate::rules::testing::{created, defaulted};

    const RANGE: Kind<'_> = Kind { group: "", version: "v1", kind: "LimitRange" };

    #[test]
    fn limits_follow_from_others() {
        assert_eq!(
            defaulted(
                RANGE,
                r#"{"spec":{"limits":[{"type":"Container","max":{"cpu":"2"},"min":{"memory":"1Mi"}},{"type":"Pod","max":{"cpu":"1"}}]}}"#
            )
            .to_json(),
            value(
                r#"{"spec":{"limits":[{"type":"Container","max":{"cpu":"2"},"min":{"memory":"1Mi"},"default":{"cpu":"2"},
                "defaultRequest":{"cpu":"2","memory":"1Mi"}},{"type":"Pod","max":{"cpu":"1"}}]}}"#
            )
            .to_json()
        );
    }

    #[test]
    fn one_without_a_name_gets_one() {
        assert_eq!(uuid(&mut || 0xffff_ffff), "ffffffff-ffff-4fff-bfff-ffffffffffff");
        assert_eq!(uuid(&mut || 0), "00000000-0000-4000-8000-000000000000");
        let range = created(RANGE, r#"{"metadata":{}}"#);
        assert_eq!(text(&range, "metadata.name").len(), 36);
    }
}
