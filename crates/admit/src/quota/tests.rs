//! What objects use, and what quotas come to.

use super::*;
use crate::plugins::testing::{Records, object};

const NOW: Duration = Duration::from_secs(1_767_225_600);

fn used(records: &Records, resource: &str, text: &str) -> String {
    let (group, resource) = resource.split_once('/').unwrap_or(("", resource));
    shown(&usage(group, resource, &object(text), World { now: NOW, cluster: records }))
}

fn shown(amounts: &ResourceList) -> String {
    let parts: Vec<String> = amounts.iter().map(|(name, amount)| format!("{name}={amount}")).collect();
    parts.join(" ")
}

#[test]
fn objects_use_what_they_are() {
    let none = Records::default();
    let cases = [
        ("pods", "{}", "count/pods=1 pods=1"),
        ("pods", "{status: {phase: Failed}}", "count/pods=1"),
        (
            "pods",
            "{metadata: {deletionTimestamp: '2025-12-31T23:59:00Z', deletionGracePeriodSeconds: 30}}",
            "count/pods=1",
        ),
        (
            "pods",
            "{metadata: {deletionTimestamp: '2025-12-31T23:59:50Z', deletionGracePeriodSeconds: 30}}",
            "count/pods=1 pods=1",
        ),
        (
            "pods",
            "{spec: {containers: [{resources: {requests: {cpu: 1, hugepages-2Mi: 4Mi, a.com/x: 2}, limits: {memory: \
             1Gi, a.com/x: 2}}}]}}",
            "count/pods=1 cpu=1 hugepages-2Mi=4Mi limits.memory=1Gi pods=1 requests.a.com/x=2 requests.cpu=1 \
             requests.hugepages-2Mi=4Mi",
        ),
        (
            "services",
            "{spec: {type: LoadBalancer, allocateLoadBalancerNodePorts: false, ports: [{nodePort: 3}, {}]}}",
            "count/services=1 services=1 services.loadbalancers=1 services.nodeports=1",
        ),
        (
            "services",
            "{spec: {ports: [{}]}}",
            "count/services=1 services=1 services.loadbalancers=0 services.nodeports=0",
        ),
        (
            "persistentvolumeclaims",
            "{spec: {storageClassName: gold, resources: {requests: {storage: 1500m}}}}",
            "count/persistentvolumeclaims=1 gold.storageclass.storage.k8s.io/persistentvolumeclaims=1 \
             gold.storageclass.storage.k8s.io/requests.storage=2 persistentvolumeclaims=1 requests.storage=2",
        ),
        (
            "persistentvolumeclaims",
            "{spec: {resources: {requests: {storage: 1Gi}}}, status: {allocatedResources: {storage: 2Gi}}}",
            "count/persistentvolumeclaims=1 persistentvolumeclaims=1 requests.storage=2Gi",
        ),
        ("secrets", "{}", "count/secrets=1 secrets=1"),
        ("apps/deployments", "{}", "count/deployments.apps=1"),
    ];
    for (resource, text, expected) in cases {
        assert_eq!(used(&none, resource, text), expected, "{resource} {text}");
    }
}

#[test]
fn claims_use_devices() {
    let records = Records::of(&[
        ("resource.k8s.io/deviceclasses", "{metadata: {name: gpu}, spec: {extendedResourceName: a.com/gpu}}"),
        (
            "/pods",
            "{metadata: {name: p, namespace: ns, uid: u}, spec: {containers: [{resources: {requests: {a.com/gpu: \
             2}}}]}}",
        ),
    ]);
    let claim = "resource.k8s.io/resourceclaims";
    let two = "spec: {devices: {requests: [{exactly: {deviceClassName: gpu, allocationMode: ExactCount, count: 2}}]}}";
    assert_eq!(
        used(&records, claim, &format!("{{{two}}}")),
        "count/resourceclaims.resource.k8s.io=1 gpu.deviceclass.resource.k8s.io/devices=2 requests.a.com/gpu=2 \
         requests.deviceclass.resource.kubernetes.io/gpu=2"
    );
    let of_pod = "metadata: {name: c, namespace: ns, annotations: {resource.kubernetes.io/extended-resource-claim: \
                  'true'}, ownerReferences: [{apiVersion: v1, kind: Pod, name: p, uid: u, controller: true}]}";
    assert_eq!(
        used(&records, claim, &format!("{{{of_pod}, {two}}}")),
        "count/resourceclaims.resource.k8s.io=1 gpu.deviceclass.resource.k8s.io/devices=2 \
         requests.deviceclass.resource.kubernetes.io/gpu=2"
    );
    let choice = "{spec: {devices: {requests: [{firstAvailable: [{deviceClassName: a, allocationMode: ExactCount, \
                  count: 2}, {deviceClassName: a, allocationMode: ExactCount, count: 1}, {deviceClassName: b, \
                  allocationMode: All}]}]}}}";
    assert_eq!(
        used(&records, claim, choice),
        "a.deviceclass.resource.k8s.io/devices=2 b.deviceclass.resource.k8s.io/devices=32 \
         count/resourceclaims.resource.k8s.io=1 requests.deviceclass.resource.kubernetes.io/a=2 \
         requests.deviceclass.resource.kubernetes.io/b=32"
    );
}

#[test]
fn a_quota_is_counted_anew() {
    let mut records = Records::of(&[
        (
            "/pods",
            "{metadata: {name: a, namespace: ns}, spec: {containers: [{resources: {requests: {cpu: 1}}}]}}",
        ),
        ("/pods", "{metadata: {name: b, namespace: ns}, spec: {containers: [{}]}}"),
        ("/pods", "{metadata: {name: c, namespace: other}}"),
        ("apps/deployments", "{metadata: {name: d, namespace: ns}}"),
    ]);
    let quota = |rest: &str| object(&format!("{{metadata: {{name: q, namespace: ns}}, {rest}}}"));
    let plain = quota(
        "spec: {hard: {pods: 9, requests.cpu: 4, count/deployments.apps: 2, services: 1, nonsense: 1}}",
    );
    let counted = recalculated(&plain, World { now: NOW, cluster: &records });
    assert_eq!(shown(&counted.used), "count/deployments.apps=1 pods=2 requests.cpu=1 services=0");
    assert!(counted.changed && counted.error.is_none());
    let scoped =
        quota("spec: {hard: {pods: 9}, scopes: [NotBestEffort]}, status: {hard: {pods: 9}, used: {pods: 1}}");
    let counted = recalculated(&scoped, World { now: NOW, cluster: &records });
    assert_eq!((shown(&counted.used).as_str(), counted.changed), ("pods=1", false));
    let world = World { now: NOW, cluster: &records };
    let pod = object("{spec: {containers: [{}]}}");
    assert_eq!(matches(&scoped, "", "pods", &pod, world), Ok(false));
    assert_eq!(matches(&scoped, "", "services", &pod, world), Ok(false));
    records.broken.push("pods".to_owned());
    let counted = recalculated(&scoped, World { now: NOW, cluster: &records });
    assert_eq!(shown(&counted.used), "pods=1");
    assert_eq!(counted.error.as_deref(), Some("failed to list content: not now"));
    assert_eq!(counted.to_value(), object("{hard: {pods: '9'}, used: {pods: '1'}}"));
}
