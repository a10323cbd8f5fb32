//! The token of the account in the containers of a pod.

use crate::fields::{array_in, items, items_mut, mapping, text};
use ravelin_object::Value;

const PREFIX: &str = "kube-api-access-";
const MOUNT_PATH: &str = "/var/run/secrets/kubernetes.io/serviceaccount";
/// For how long the token is valid, in seconds: an hour and seven seconds, by which the API server knows it.
const EXPIRATION: i64 = 3607;
/// The letters of generated names.
///
/// Source: `k8s.io/apimachinery/pkg/util/rand`.
const LETTERS: &[u8; 27] = b"bcdfghjklmnpqrstvwxz2456789";

/// Mounts the token in every container that has nothing in its place, and adds its volume where one needs it.
///
/// Source: `mountServiceAccountToken`.
pub(super) fn mount(pod: &mut Value, random: &mut dyn FnMut() -> u32) {
    let own = items(pod, "spec.volumes").iter().map(|volume| text(volume, "name"));
    let own = own.into_iter().find(|name| name.starts_with(PREFIX)).map(str::to_owned);
    let has_volume = own.is_some();
    let name = own.unwrap_or_else(|| generated(random));
    let Some(spec) = pod.object_at("spec") else { return };
    let mut needs_volume = false;
    for list in ["initContainers", "containers"] {
        for container in items_mut(spec, list) {
            let is_taken =
                items(container, "volumeMounts").iter().any(|mount| text(mount, "mountPath") == MOUNT_PATH);
            let mounts = container.as_object_mut().filter(|_| !is_taken);
            if let Some(mounts) = mounts.and_then(|container| array_in(container, "volumeMounts")) {
                mounts.push(mapping([
                    ("name", name.as_str().into()),
                    ("readOnly", true.into()),
                    ("mountPath", MOUNT_PATH.into()),
                ]));
                needs_volume = true;
            }
        }
    }
    if needs_volume
        && !has_volume
        && let Some(volumes) = array_in(spec, "volumes")
    {
        volumes.push(mapping([("name", name.as_str().into()), ("projected", source())]));
    }
}

fn generated(random: &mut dyn FnMut() -> u32) -> String {
    let mut name = PREFIX.to_owned();
    for _ in 0..5 {
        let index = usize::try_from(random()).unwrap_or_default() % LETTERS.len();
        name.extend(LETTERS.get(index).map(|letter| char::from(*letter)));
    }
    name
}

/// The token, the certificates by which the API server is known, and the namespace.
///
/// Source: `TokenVolumeSource`.
fn source() -> Value {
    let token = mapping([("expirationSeconds", EXPIRATION.into()), ("path", "token".into())]);
    let item = mapping([("key", "ca.crt".into()), ("path", "ca.crt".into())]);
    let certificates = mapping([("name", "kube-root-ca.crt".into()), ("items", vec![item].into())]);
    let field = mapping([("apiVersion", "v1".into()), ("fieldPath", "metadata.namespace".into())]);
    let item = mapping([("path", "namespace".into()), ("fieldRef", field)]);
    let sources = vec![
        mapping([("serviceAccountToken", token)]),
        mapping([("configMap", certificates)]),
        mapping([("downwardAPI", mapping([("items", vec![item].into())]))]),
    ];
    mapping([("defaultMode", 0o644.into()), ("sources", sources.into())])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plugins::testing::object;

    fn mounted(spec: &str) -> Value {
        let mut pod = object(&format!("{{spec: {spec}}}"));
        mount(&mut pod, &mut || u32::MAX);
        pod.field("spec").cloned().unwrap()
    }

    #[test]
    fn every_container_mounts_the_token() {
        let spec = mounted(
            "{initContainers: [{name: i}], containers: [{name: c}], ephemeralContainers: [{name: e}]}",
        );
        let path = "/var/run/secrets/kubernetes.io/serviceaccount";
        let mount = format!("[{{name: kube-api-access-44444, readOnly: true, mountPath: {path}}}]");
        for list in ["initContainers", "containers"] {
            let container = items(&spec, list).first().unwrap();
            assert_eq!(container.field("volumeMounts"), Some(&object(&mount)));
        }
        assert_eq!(items(&spec, "ephemeralContainers"), [object("{name: e}")]);
        assert_eq!(items(&spec, "volumes").len(), 1);
    }

    #[test]
    fn what_is_there_is_used() {
        let taken = format!("{{containers: [{{volumeMounts: [{{name: x, mountPath: {MOUNT_PATH}}}]}}]}}");
        assert_eq!(mounted(&taken), object(&taken));
        let spec = mounted("{containers: [{}], volumes: [{name: kube-api-access-mine}]}");
        let container = items(&spec, "containers").first().unwrap();
        assert_eq!(text(items(container, "volumeMounts").first().unwrap(), "name"), "kube-api-access-mine");
        assert_eq!(items(&spec, "volumes").len(), 1);
    }
}
