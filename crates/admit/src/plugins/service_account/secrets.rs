//! Whether a pod mounts only the secrets that its account lists.

use crate::fields::{items, text};
use ravelin_object::Value;
use std::collections::BTreeSet;

fn names<'a>(account: &'a Value, key: &str) -> BTreeSet<&'a str> {
    items(account, key).iter().map(|secret| text(secret, "name")).collect()
}

/// The first secret of a pod that its account does not list.
///
/// Source: `limitSecretReferences`.
pub(super) fn fault(pod: &Value, account: &Value) -> Option<String> {
    let (account_name, listed) = (text(account, "metadata.name"), names(account, "secrets"));
    let end = format!("is not allowed because service account {account_name} does not reference that secret");
    let volumes = items(pod, "spec.volumes").iter().filter(|volume| volume.field("secret").is_some());
    let mut secrets = volumes.map(|volume| text(volume, "secret.secretName"));
    if let Some(secret) = secrets.find(|secret| !listed.contains(secret)) {
        return Some(format!("volume with secret.secretName=\"{secret}\" {end}"));
    }
    for (list, kind) in [("spec.initContainers", "init container"), ("spec.containers", "container")] {
        let mut containers = items(pod, list).iter();
        if let Some(fault) = containers.find_map(|container| container_fault(container, kind, &listed, &end))
        {
            return Some(fault);
        }
    }
    let listed = names(account, "imagePullSecrets");
    let mut pull = items(pod, "spec.imagePullSecrets").iter().map(|secret| text(secret, "name")).enumerate();
    let (index, name) = pull.find(|(_, name)| !listed.contains(name))?;
    Some(format!(
        "imagePullSecrets[{index}].name=\"{name}\" is not allowed because service account {account_name} does not \
         reference that imagePullSecret"
    ))
}

/// The first secret of an ephemeral container that the account of its pod does not list.
///
/// Source: `limitEphemeralContainerSecretReferences`.
pub(super) fn ephemeral_fault(pod: &Value, account: &Value) -> Option<String> {
    let (name, listed) = (text(account, "metadata.name"), names(account, "secrets"));
    let end = format!("is not allowed because service account {name} does not reference that secret");
    let mut containers = items(pod, "spec.ephemeralContainers").iter();
    containers.find_map(|container| container_fault(container, "ephemeral container", &listed, &end))
}

fn container_fault(container: &Value, kind: &str, listed: &BTreeSet<&str>, end: &str) -> Option<String> {
    let name = text(container, "name");
    for variable in items(container, "env") {
        let Some(reference) = variable.dotted("valueFrom.secretKeyRef") else { continue };
        let (secret, variable) = (text(reference, "name"), text(variable, "name"));
        if !listed.contains(secret) {
            return Some(format!(
                "{kind} {name} with envVar {variable} referencing secret.secretName=\"{secret}\" {end}"
            ));
        }
    }
    let references = items(container, "envFrom").iter().filter_map(|from| from.field("secretRef"));
    let secret =
        references.map(|reference| text(reference, "name")).find(|secret| !listed.contains(secret))?;
    Some(format!("{kind} {name} with envFrom referencing secret.secretName=\"{secret}\" {end}"))
}
