//! Requests for certificates: who asks is who the server knows, and nobody approves while asking.

use crate::fields::{copy, empty, is_nil, items_mut, list, remove, set, struct_at, text};
use crate::kind::Context;
use crate::rules::{Rules, keep_spec};
use ravelin_object::{Map, Value};

/// Source: `k8s.io/kubernetes/pkg/registry/certificates/certificates/strategy.go`.
pub(crate) const RULES: Rules = Rules {
    create,
    update: |request, old, _| {
        copy(request, old, "spec");
        copy(request, old, "status");
    },
    subresources: &[("status", update_status), ("approval", update_approval)],
    ..Rules::new("certificates.k8s.io", "CertificateSigningRequest")
};

fn create(request: &mut Value, context: &mut Context<'_>) {
    if let Some(spec) = struct_at(request, "spec") {
        for key in ["username", "uid", "groups", "extra"] {
            remove(spec, key);
        }
        let user = context.user;
        for (key, value) in [("username", &user.name), ("uid", &user.uid)] {
            if !value.is_empty() {
                set(spec, key, value.as_str());
            }
        }
        if !user.groups.is_empty() {
            set(spec, "groups", texts(&user.groups));
        }
        if !user.extra.is_empty() {
            let extra: Map =
                user.extra.iter().map(|(key, values)| (key.as_str().into(), texts(values).into())).collect();
            set(spec, "extra", extra);
        }
    }
    set(request, "status", empty());
}

fn texts(values: &[String]) -> Vec<Value> {
    values.iter().map(|value| Value::from(value.as_str())).collect()
}

/// Approvals and denials stay what they were, unless one is added or taken away, which validation refuses.
fn update_status(request: &mut Value, old: &Value, context: &mut Context<'_>) {
    keep_spec(request, old, context);
    for kind in ["Approved", "Denied"] {
        let of_kind = |condition: &&Value| text(condition, "type") == kind;
        let kept: Vec<Value> = list(old, "status.conditions").iter().filter(of_kind).cloned().collect();
        let count = list(request, "status.conditions").iter().filter(of_kind).count();
        if count != kept.len() {
            continue;
        }
        let conditions =
            items_mut(request, "status.conditions").filter(|condition| text(condition, "type") == kind);
        for (condition, kept) in conditions.zip(kept) {
            *condition = kept;
        }
    }
    stamp(request, old, context.now);
}

/// Only the conditions are updated.
fn update_approval(request: &mut Value, old: &Value, context: &mut Context<'_>) {
    stamp(request, old, context.now);
    let new = request.field("status").cloned().unwrap_or_else(empty);
    copy(request, old, "spec");
    copy(request, old, "status");
    if let Some(status) = struct_at(request, "status") {
        copy(status, &new, "conditions");
    }
}

/// Conditions without times get them.
///
/// Source: `populateConditionTimestamps`.
fn stamp(request: &mut Value, old: &Value, now: &str) {
    let old = list(old, "status.conditions");
    for condition in items_mut(request, "status.conditions") {
        if is_nil(condition, "lastUpdateTime") {
            set(condition, "lastUpdateTime", now);
        }
        if is_nil(condition, "lastTransitionTime") {
            let known = old.iter().find(|old| {
                text(old, "type") == text(condition, "type")
                    && text(old, "status") == text(condition, "status")
                    && !is_nil(old, "lastTransitionTime")
            });
            let since = known.map_or(now, |old| text(old, "lastTransitionTime"));
            set(condition, "lastTransitionTime", since);
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::fields::testing::value;
    use crate::kind::Kind;
    use crate::rules::testing::{created, updated};

    const REQUEST: Kind<'_> =
        Kind { group: "certificates.k8s.io", version: "v1", kind: "CertificateSigningRequest" };

    #[test]
    fn who_asks_is_who_the_server_knows() {
        let made = created(
            REQUEST,
            r#"{"spec":{"username":"eve","uid":"1","groups":["system:masters"],"extra":{"a":["b"]}},
            "status":{"certificate":"eA=="}}"#,
        );
        assert_eq!(made, value(r#"{"spec":{"username":"ann","groups":["g"]},"status":{}}"#));
    }

    #[test]
    fn an_approval_changes_conditions_only() {
        let old = r#"{"spec":{"username":"ann"},"status":{"certificate":"eA=="}}"#;
        let new =
            r#"{"spec":{"username":"eve"},"status":{"conditions":[{"type":"Approved","status":"True"}]}}"#;
        let stamped = r#"[{"type":"Approved","status":"True","lastUpdateTime":"2026-01-02T03:04:05Z","lastTransitionTime":"2026-01-02T03:04:05Z"}]"#;
        assert_eq!(
            updated(REQUEST, Some("approval"), new, old),
            value(&format!(
                r#"{{"spec":{{"username":"ann"}},"status":{{"certificate":"eA==","conditions":{stamped}}}}}"#
            ))
        );
        assert_eq!(updated(REQUEST, None, new, old), value(old));
        // One that is there cannot be changed by the status.
        let approved = format!(r#"{{"spec":{{}},"status":{{"conditions":{stamped}}}}}"#);
        let changed = approved.replace("\"True\"", "\"False\"");
        assert_eq!(updated(REQUEST, Some("status"), &changed, &approved), value(&approved));
    }
}
