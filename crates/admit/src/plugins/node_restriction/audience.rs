//! Which tokens a kubelet asks for.

use super::{Request, pods};
use crate::Question;
use crate::fields::{items, text};
use ravelin_object::Value;
use ravelin_object::errors::aggregated;
use ravelin_object::selector::quoted;
use ravelin_object::status::Status;

/// Judges a request for a token: it is bound to a pod of the node, and for an audience that the pod asks for.
pub(super) fn judge(request: &Request<'_>) -> Result<(), Status> {
    let token = request.new_object()?;
    let bound = |key: &str| token.dotted("spec.boundObjectRef").map_or("", |reference| text(reference, key));
    if bound("apiVersion") != "v1" || bound("kind") != "Pod" || bound("name").is_empty() {
        return Err(request.refused("node requested token not bound to a pod"));
    }
    let uid = bound("uid");
    if uid.is_empty() {
        return Err(request.refused("node requested token with a pod binding without a uid"));
    }
    let pod = pods::existing(request, bound("name"))?;
    if uid != text(&pod, "metadata.uid") {
        let why = format!(
            "the UID in the bound object reference ({uid}) does not match the UID in record. The object might have been \
             deleted and then recreated"
        );
        return Err(request.refused(&why));
    }
    if text(&pod, "spec.nodeName") != request.node {
        return Err(request.refused("node requested token bound to a pod scheduled on a different node"));
    }
    check(request, token, &pod).map_err(|why| request.refused(&why))
}

fn check(request: &Request<'_>, token: &Value, pod: &Value) -> Result<(), String> {
    let audience = match items(token, "spec.audiences") {
        [] => "",
        [only] => only.as_str().unwrap_or_default(),
        _ => return Err("node may only request 0 or 1 audiences".to_owned()),
    };
    let shown = quoted(audience);
    let found = references(request, pod, audience);
    if found.map_err(|why| format!("error validating audience {shown}: {why}"))? {
        return Ok(());
    }
    let attributes = request.attributes;
    let answer = request.cluster.authorize(&Question {
        user: attributes.user,
        verb: "request-serviceaccounts-token-audience",
        group: "",
        version: "v1",
        resource: audience,
        subresource: "",
        namespace: attributes.namespace,
        name: attributes.name,
    });
    let user = &attributes.user.name;
    match answer.error {
        _ if answer.allowed => Ok(()),
        Some(error) => Err(format!(
            "audience {shown} not found in pod spec volume, error authorizing {user} to request tokens for this \
             audience: {error}"
        )),
        None => Err(format!(
            "audience {shown} not found in pod spec volume, {user} is not authorized to request tokens for this audience"
        )),
    }
}

/// Volumes of Kubernetes' own that are served by drivers now.
///
/// Source: `k8s.io/csi-translation-lib`.
const MIGRATED: [(&str, &str); 7] = [
    ("awsElasticBlockStore", "ebs.csi.aws.com"),
    ("azureDisk", "disk.csi.azure.com"),
    ("azureFile", "file.csi.azure.com"),
    ("cinder", "cinder.csi.openstack.org"),
    ("gcePersistentDisk", "pd.csi.storage.gke.io"),
    ("portworxVolume", "pxd.portworx.com"),
    ("vsphereVolume", "csi.vsphere.vmware.com"),
];

/// Whether a volume of the pod, or the driver of one, asks for tokens of the audience.
fn references(request: &Request<'_>, pod: &Value, audience: &str) -> Result<bool, String> {
    let mut errors = Vec::new();
    for volume in items(pod, "spec.volumes") {
        let mut sources = items(volume, "projected.sources").iter();
        let is_token = |source: &Value| {
            source.field("serviceAccountToken").is_some_and(|token| text(token, "audience") == audience)
        };
        if sources.any(is_token) {
            return Ok(true);
        }
        let asks = driver(request, pod, volume).and_then(|driver| match driver.as_str() {
            "" => Ok(false),
            driver => driver_asks(request, driver, audience),
        });
        match asks {
            Ok(true) => return Ok(true),
            Ok(false) => {}
            Err(error) => errors.push(error),
        }
    }
    aggregated(errors).map_or(Ok(false), Err)
}

/// The driver of a volume; empty where it has none.
fn driver(request: &Request<'_>, pod: &Value, volume: &Value) -> Result<String, String> {
    if volume.dotted("ephemeral.volumeClaimTemplate").is_some() {
        let claim = format!("{}-{}", text(pod, "metadata.name"), text(volume, "name"));
        return claim_driver(request, &claim);
    }
    if let Some(claim) = volume.field("persistentVolumeClaim") {
        return claim_driver(request, text(claim, "claimName"));
    }
    Ok(source_driver(volume))
}

/// The driver of the source of a volume, given inline or as an object; empty where it has none.
fn source_driver(source: &Value) -> String {
    if let Some(own) = source.field("csi") {
        return text(own, "driver").to_owned();
    }
    let migrated = MIGRATED.iter().find(|(key, _)| source.field(key).is_some());
    migrated.map_or("", |(_, driver)| driver).to_owned()
}

fn claim_driver(request: &Request<'_>, claim: &str) -> Result<String, String> {
    let claim = lookup(request, "", "persistentvolumeclaims", request.attributes.namespace, claim)?;
    let volume = lookup(request, "", "persistentvolumes", "", text(&claim, "spec.volumeName"))?;
    Ok(volume.field("spec").map(source_driver).unwrap_or_default())
}

fn driver_asks(request: &Request<'_>, driver: &str, audience: &str) -> Result<bool, String> {
    let driver = lookup(request, "storage.k8s.io", "csidrivers", "", driver)?;
    Ok(items(&driver, "spec.tokenRequests").iter().any(|token| text(token, "audience") == audience))
}

/// An object, or why it is not there: in the singular, as a lister says it.
fn lookup(
    request: &Request<'_>,
    group: &str,
    resource: &str,
    namespace: &str,
    name: &str,
) -> Result<std::sync::Arc<Value>, String> {
    let found = request.cluster.get(group, resource, namespace, name).map_err(|error| error.0)?;
    let singular = resource.strip_suffix('s').unwrap_or(resource);
    found.ok_or_else(|| Status::not_found(group, singular, name).message)
}
