//! Webhooks and policies of admission, and their bindings.

use crate::time::Clock;
use crate::{Family, field, label};
use ravelin_object::Value;

const GROUP: &str = "admissionregistration.k8s.io";

pub(crate) const PRINTERS: Family = &[
    (GROUP, "MutatingAdmissionPolicy", mutating_policy),
    (GROUP, "MutatingAdmissionPolicyBinding", binding),
    (GROUP, "MutatingWebhookConfiguration", webhooks),
    (GROUP, "ValidatingAdmissionPolicy", validating_policy),
    (GROUP, "ValidatingAdmissionPolicyBinding", binding),
    (GROUP, "ValidatingWebhookConfiguration", webhooks),
];

fn webhooks(object: &Value, clock: &Clock) -> Vec<Value> {
    vec![field::name(object), field::count(object, "webhooks"), clock.age(object)]
}

fn validating_policy(object: &Value, clock: &Clock) -> Vec<Value> {
    vec![field::name(object), field::count(object, "spec.validations"), parameters(object), clock.age(object)]
}

fn mutating_policy(object: &Value, clock: &Clock) -> Vec<Value> {
    vec![field::name(object), field::count(object, "spec.mutations"), parameters(object), clock.age(object)]
}

fn parameters(object: &Value) -> Value {
    let kind = object.dotted("spec.paramKind").map_or_else(
        || "<unset>".to_owned(),
        |kind| format!("{}/{}", field::text(kind, "apiVersion"), field::text(kind, "kind")),
    );
    Value::from(kind)
}

fn binding(object: &Value, clock: &Clock) -> Vec<Value> {
    let parameters = object.dotted("spec.paramRef").and_then(|parameters| {
        let (namespace, name) = (field::text(parameters, "namespace"), field::text(parameters, "name"));
        match (namespace, name) {
            (_, "") => parameters.field("selector").map(label::debugged),
            // Whether the parameter is in a namespace cannot be told from here.
            ("", name) => Some(format!("*/{name}")),
            (namespace, name) => Some(format!("{namespace}/{name}")),
        }
    });
    vec![
        field::name(object),
        field::cell(object, "spec.policyName"),
        Value::from(parameters.unwrap_or_else(|| "<unset>".to_owned())),
        clock.age(object),
    ]
}
