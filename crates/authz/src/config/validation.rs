//! Which configurations an API server accepts.

use super::decode::{Raw, RawAuthorizer, RawWebhook};
use super::{
    AuthorizationConfiguration, AuthorizerKind, ConfigError, ConfiguredAuthorizer, Connection, Duration,
    Webhook,
};
use crate::rules::aggregated;
use crate::webhook::{FailurePolicy, ReviewVersion};
use ravelin_object::fault::Fault;
use ravelin_object::selector::dns1123_subdomain_faults;
use ravelin_object::{Map, Value};

/// The types there are, sorted.
const TYPES: [&str; 6] = ["ABAC", "AlwaysAllow", "AlwaysDeny", "Node", "RBAC", "Webhook"];
const MOST_CONDITIONS: usize = 64;

/// What is wrong, in upstream's order. Whether a kubeconfig file is there is not looked at.
pub(super) fn faults(raw: &Raw) -> Vec<Fault> {
    let mut faults = Vec::new();
    if raw.authorizers.is_empty() {
        faults.push(Fault::required("authorizers", "at least one authorization mode must be defined"));
    }
    let (mut types, mut names) = (Vec::new(), Vec::new());
    for (index, authorizer) in raw.authorizers.iter().enumerate() {
        let path = format!("authorizers[{index}]");
        let kind = authorizer.kind.as_str();
        let type_path = format!("{path}.type");
        if kind.is_empty() {
            faults.push(Fault::required(type_path, ""));
            continue;
        }
        if !TYPES.contains(&kind) {
            faults.push(Fault::not_supported(type_path, kind, &TYPES));
            continue;
        }
        if kind != "Webhook" && types.contains(&kind) {
            faults.push(Fault::duplicate(type_path, kind));
            continue;
        }
        types.push(kind);
        of_name(&authorizer.name, &names, format!("{path}.name"), &mut faults);
        names.push(authorizer.name.as_str());
        match (&authorizer.webhook, kind) {
            (Some(webhook), "Webhook") => of_webhook(webhook, &path, &mut faults),
            (None, "Webhook") => {
                faults.push(Fault::required(format!("{path}.webhook"), "required when type=Webhook"));
            }
            (Some(_), _) => {
                let detail = "may only be specified when type=Webhook";
                faults.push(Fault::invalid(format!("{path}.webhook"), "non-null", detail));
            }
            (None, _) => {}
        }
    }
    faults
}

/// Whether types are named as a server names them, and none is missing.
pub(super) fn fits(raw: &Raw, required: &[&str]) -> Result<(), String> {
    let modes = || raw.authorizers.iter().filter(|authorizer| authorizer.kind != "Webhook");
    let mut errors: Vec<String> = modes()
        .filter(|authorizer| authorizer.name != authorizer.kind.to_lowercase())
        .map(|RawAuthorizer { kind, name, .. }| {
            format!("expected name {} for authorizer {kind} instead of {name}", kind.to_lowercase())
        })
        .collect();
    let mut missing: Vec<&str> =
        required.iter().copied().filter(|kind| !modes().any(|authorizer| authorizer.kind == *kind)).collect();
    missing.sort_unstable();
    if !missing.is_empty() {
        errors.push(format!("missing required types: [{}]", missing.join(" ")));
    }
    aggregated(&errors).map_or(Ok(()), Err)
}

/// A configuration without faults as what it means.
pub(super) fn checked(raw: Raw) -> Result<AuthorizationConfiguration, ConfigError> {
    let mut authorizers = Vec::with_capacity(raw.authorizers.len());
    for (index, authorizer) in raw.authorizers.into_iter().enumerate() {
        let kind = match (authorizer.kind.as_str(), authorizer.webhook) {
            ("AlwaysAllow", _) => AuthorizerKind::AlwaysAllow,
            ("ABAC", _) => AuthorizerKind::Abac,
            ("RBAC", _) => AuthorizerKind::Rbac,
            ("Node", _) => AuthorizerKind::Node,
            (_, Some(webhook)) if !webhook.conditions.is_empty() => {
                return Err(ConfigError::MatchConditions { index });
            }
            (_, Some(webhook)) => AuthorizerKind::Webhook(checked_webhook(webhook)),
            (_, None) => AuthorizerKind::AlwaysDeny,
        };
        authorizers.push(ConfiguredAuthorizer { name: authorizer.name, kind });
    }
    Ok(AuthorizationConfiguration { authorizers })
}

fn checked_webhook(raw: RawWebhook) -> Webhook {
    let beta = raw.review_version == "v1beta1";
    let deny = raw.failure_policy == "Deny";
    Webhook {
        authorized_ttl: raw.authorized_ttl,
        cache_authorized: raw.cache_authorized,
        unauthorized_ttl: raw.unauthorized_ttl,
        cache_unauthorized: raw.cache_unauthorized,
        timeout: raw.timeout,
        review_version: if beta { ReviewVersion::V1Beta1 } else { ReviewVersion::V1 },
        failure_policy: if deny { FailurePolicy::Deny } else { FailurePolicy::NoOpinion },
        connection: raw.kube_config_file.map_or(Connection::InCluster, Connection::KubeConfigFile),
    }
}

fn of_name(name: &str, seen: &[&str], path: String, faults: &mut Vec<Fault>) {
    if name.is_empty() {
        faults.push(Fault::required(path, ""));
    } else if seen.contains(&name) {
        faults.push(Fault::duplicate(path, name));
    } else {
        let details = dns1123_subdomain_faults(name);
        if !details.is_empty() {
            let detail = format!("authorizer name is invalid: {}", details.join(", "));
            faults.push(Fault::invalid(path, name, &detail));
        }
    }
}

fn of_webhook(webhook: &RawWebhook, path: &str, faults: &mut Vec<Fault>) {
    let zero = Duration(0);
    if webhook.timeout == zero {
        faults.push(Fault::required(format!("{path}.timeout"), ""));
    } else if webhook.timeout > Duration::seconds(30) || webhook.timeout < zero {
        let shown = webhook.timeout.to_string();
        faults.push(Fault::invalid(format!("{path}.timeout"), shown, "must be > 0s and <= 30s"));
    }
    for (key, ttl) in
        [("authorizedTTL", webhook.authorized_ttl), ("unauthorizedTTL", webhook.unauthorized_ttl)]
    {
        if ttl < zero {
            faults.push(Fault::invalid(format!("{path}.{key}"), ttl.to_string(), "must be > 0s"));
        }
    }
    one_of(&webhook.review_version, &["v1", "v1beta1"], format!("{path}.subjectAccessReviewVersion"), faults);
    let condition_path = format!("{path}.matchConditionSubjectAccessReviewVersion");
    if !webhook.condition_version.is_empty() {
        one_of(&webhook.condition_version, &["v1"], condition_path, faults);
    } else if !webhook.conditions.is_empty() {
        faults.push(Fault::required(condition_path, "required if match conditions are specified"));
    }
    one_of(&webhook.failure_policy, &["NoOpinion", "Deny"], format!("{path}.failurePolicy"), faults);
    of_connection(webhook, &format!("{path}.connectionInfo"), faults);
    of_conditions(&webhook.conditions, &format!("{path}.matchConditions"), faults);
}

fn one_of(value: &str, supported: &[&str], path: String, faults: &mut Vec<Fault>) {
    if value.is_empty() {
        faults.push(Fault::required(path, ""));
    } else if !supported.contains(&value) {
        faults.push(Fault::not_supported(path, value, supported));
    }
}

fn of_connection(webhook: &RawWebhook, path: &str, faults: &mut Vec<Fault>) {
    let file_path = format!("{path}.kubeConfigFile");
    let file = webhook.kube_config_file.as_deref();
    match (webhook.connection.as_str(), file) {
        ("", _) => faults.push(Fault::required(format!("{path}.type"), "")),
        ("InClusterConfig", Some(file)) => {
            faults.push(Fault::invalid(file_path, file, "can only be set when type=KubeConfigFile"));
        }
        ("InClusterConfig", None) => {}
        ("KubeConfigFile", None | Some("")) => faults.push(Fault::required(file_path, "")),
        ("KubeConfigFile", Some(file)) if !file.starts_with('/') => {
            faults.push(Fault::invalid(file_path, file, "must be an absolute path"));
        }
        ("KubeConfigFile", Some(_)) => {}
        (other, file) => {
            let mut shown = Map::new();
            shown.set("Type", other.into());
            shown.set("KubeConfigFile", file.map_or(Value::Null, Value::from));
            let supported = ["InClusterConfig", "KubeConfigFile"];
            faults.push(Fault::not_supported(format!("{path}.type"), Value::Object(shown), &supported));
        }
    }
}

fn of_conditions(conditions: &[String], path: &str, faults: &mut Vec<Fault>) {
    if conditions.len() > MOST_CONDITIONS {
        faults.push(Fault::too_many(path, conditions.len(), MOST_CONDITIONS));
        return;
    }
    let mut seen: Vec<&str> = Vec::new();
    for (index, expression) in conditions.iter().enumerate() {
        let path = format!("{path}[{index}].expression");
        if expression.trim().is_empty() {
            faults.push(Fault::required(path, ""));
        } else if seen.contains(&expression.as_str()) {
            faults.push(Fault::duplicate(path, expression.as_str()));
        } else {
            seen.push(expression);
        }
    }
}
