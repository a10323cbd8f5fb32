//! The kinds of `admissionregistration.k8s.io`.

use crate::equality::same;
use crate::fields::{default, empty, items_mut, struct_at, text};
use crate::kind::Context;
use crate::rules::{
    Rules, count_if, counted, counted_with_status, first_generation, fresh_empty, keep_spec_and_metadata,
};
use ravelin_object::Value;

/// Webhooks, policies and their bindings.
///
/// Source: `k8s.io/kubernetes/pkg/registry/admissionregistration/*/strategy.go`.
pub(crate) const RULES: &[Rules] = &[
    webhooks("MutatingWebhookConfiguration", |configuration| default_webhooks(configuration, true)),
    webhooks("ValidatingWebhookConfiguration", |configuration| default_webhooks(configuration, false)),
    Rules {
        create: fresh_empty,
        update: counted_with_status,
        subresources: &[("status", keep_spec_and_metadata)],
        ..policy("ValidatingAdmissionPolicy")
    },
    policy("MutatingAdmissionPolicy"),
    binding("ValidatingAdmissionPolicyBinding"),
    binding("MutatingAdmissionPolicyBinding"),
];

const fn base(kind: &'static str) -> Rules {
    Rules {
        create: first_generation,
        update: counted,
        warn_on_create: warnings,
        warn_on_update: |_, object, _| warnings(object),
        ..Rules::new("admissionregistration.k8s.io", kind).updated_conditionally()
    }
}

const fn webhooks(kind: &'static str, defaults: fn(&mut Value)) -> Rules {
    Rules { defaults, update: count_webhooks, ..base(kind) }
}

const fn policy(kind: &'static str) -> Rules {
    Rules { defaults: default_policy, ..base(kind) }
}

const fn binding(kind: &'static str) -> Rules {
    Rules {
        defaults: |binding| default_matches(crate::fields::at_mut(binding, "spec.matchResources")),
        ..base(kind)
    }
}

fn count_webhooks(configuration: &mut Value, old: &Value, _: &mut Context<'_>) {
    count_if(configuration, old, !same(configuration, old, "webhooks"));
}

/// Source: `k8s.io/kubernetes/pkg/apis/admissionregistration/v1/defaults.go`.
fn default_webhooks(configuration: &mut Value, is_mutating: bool) {
    for webhook in items_mut(configuration, "webhooks") {
        default(webhook, "failurePolicy", "Fail");
        default(webhook, "matchPolicy", "Equivalent");
        default(webhook, "namespaceSelector", empty());
        default(webhook, "objectSelector", empty());
        default(webhook, "timeoutSeconds", 10);
        if is_mutating {
            default(webhook, "reinvocationPolicy", "Never");
        }
        if let Some(service) = crate::fields::at_mut(webhook, "clientConfig.service") {
            default(service, "port", 443);
        }
        default_rules(webhook, "rules");
    }
}

fn default_rules(holder: &mut Value, key: &str) {
    for rule in items_mut(holder, key) {
        default(rule, "scope", "*");
    }
}

fn default_policy(policy: &mut Value) {
    if let Some(spec) = struct_at(policy, "spec") {
        default(spec, "failurePolicy", "Fail");
        default_matches(spec.field_mut("matchConstraints"));
    }
}

fn default_matches(matches: Option<&mut Value>) {
    let Some(matches) = matches else { return };
    default(matches, "matchPolicy", "Equivalent");
    default(matches, "namespaceSelector", empty());
    default(matches, "objectSelector", empty());
    default_rules(matches, "resourceRules");
    default_rules(matches, "excludeResourceRules");
}

/// Names that are kept for configurations in files; the gate `ManifestBasedAdmissionControlConfig` is off.
fn warnings(object: &Value) -> Vec<String> {
    const SUFFIX: &str = ".static.k8s.io";
    if !text(object, "metadata.name").ends_with(SUFFIX) {
        return Vec::new();
    }
    vec![format!(
        "metadata.name: names ending with \"{SUFFIX}\" are reserved for static manifest-based configurations and cannot be managed via the API"
    )]
}

#[cfg(test)]
mod tests {
    use crate::fields::testing::value;
    use crate::kind::Kind;
    use crate::rules::testing::{created, updated};

    const fn of(kind: &str) -> Kind<'_> {
        Kind { group: "admissionregistration.k8s.io", version: "v1", kind }
    }

    #[test]
    fn webhooks_have_defaults() {
        let made = created(
            of("MutatingWebhookConfiguration"),
            r#"{"metadata":{},"webhooks":[{"name":"w","clientConfig":{"service":{"name":"s"}},"rules":[{}]}]}"#,
        );
        assert_eq!(
            made.to_json(),
            value(
                r#"{"metadata":{"generation":1},"webhooks":[{"name":"w","clientConfig":{"service":{"name":"s","port":443}},
                "rules":[{"scope":"*"}],"failurePolicy":"Fail","matchPolicy":"Equivalent","namespaceSelector":{},
                "objectSelector":{},"timeoutSeconds":10,"reinvocationPolicy":"Never"}]}"#
            )
            .to_json()
        );
    }

    #[test]
    fn policies_and_bindings_have_defaults() {
        let made = created(
            of("ValidatingAdmissionPolicy"),
            r#"{"metadata":{},"spec":{"matchConstraints":{}},"status":{"a":1}}"#,
        );
        assert_eq!(
            made.to_json(),
            value(
                r#"{"metadata":{"generation":1},"spec":{"failurePolicy":"Fail","matchConstraints":{"matchPolicy":"Equivalent",
                "namespaceSelector":{},"objectSelector":{}}},"status":{}}"#
            )
            .to_json()
        );
        let made = created(of("MutatingAdmissionPolicyBinding"), r#"{"metadata":{},"spec":{}}"#);
        assert_eq!(made, value(r#"{"metadata":{"generation":1},"spec":{}}"#));
    }

    #[test]
    fn changed_webhooks_are_counted() {
        let kind = of("ValidatingWebhookConfiguration");
        let old = r#"{"metadata":{"generation":1},"webhooks":[]}"#;
        let new = r#"{"metadata":{},"webhooks":[{"name":"a"}]}"#;
        assert_eq!(crate::fields::generation(&updated(kind, None, new, old)), 2);
        assert_eq!(crate::fields::generation(&updated(kind, None, old, old)), 1);
    }
}
