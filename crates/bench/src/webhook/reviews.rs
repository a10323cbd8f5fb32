//! What a webhook is asked: pods of several kinds, controllers and namespaces, in namespaces of all levels.

use serde_json::{Value, json};

/// How many namespaces there are.
pub(crate) const NAMESPACES: usize = 300;

const LEVELS: [&str; 4] = ["restricted", "baseline", "privileged", ""];

/// The namespaces, each with labels of its own.
pub(crate) fn namespaces() -> Vec<Value> {
    (0..NAMESPACES).map(namespace).collect()
}

fn namespace(number: usize) -> Value {
    let level = |shift: usize| LEVELS.get((number / shift) % LEVELS.len()).copied().unwrap_or_default();
    let mut labels = serde_json::Map::new();
    labels.insert("kubernetes.io/metadata.name".to_owned(), name(number).into());
    labels.insert("team".to_owned(), format!("team-{}", number % 17).into());
    for (mode, level) in [("enforce", level(1)), ("audit", level(4)), ("warn", level(16))] {
        if !level.is_empty() {
            labels.insert(format!("pod-security.kubernetes.io/{mode}"), level.into());
        }
    }
    if number.is_multiple_of(7) {
        labels.insert("pod-security.kubernetes.io/enforce-version".to_owned(), "v1.28".into());
    }
    json!({
        "apiVersion": "v1", "kind": "Namespace",
        "metadata": {"name": name(number), "uid": format!("00000000-0000-0000-0000-{number:012}"),
            "resourceVersion": (number + 1).to_string(), "creationTimestamp": "2026-01-01T00:00:00Z", "labels": labels},
        "spec": {"finalizers": ["kubernetes"]}, "status": {"phase": "Active"},
    })
}

fn name(number: usize) -> String {
    format!("team-{}-app-{number}", number % 17)
}

/// This many different reviews, as an API server sends them.
pub(crate) fn reviews(count: usize) -> Vec<Vec<u8>> {
    (0..count).map(|number| review(number).to_string().into_bytes()).collect()
}

fn review(number: usize) -> Value {
    // Steps without a common divisor, so that every kind comes to every namespace.
    let namespace_number = number.wrapping_mul(101) % NAMESPACES;
    let namespace = name(namespace_number);
    let own = format!("web-{number}");
    let pod = pod(number);
    let of = |group: &str, kind: &str, resource: &str, spec: Value, old: Option<Value>| {
        let version = if group.is_empty() { "v1".to_owned() } else { format!("{group}/v1") };
        let object = |spec: Value| json!({"apiVersion": version, "kind": kind, "metadata": metadata(&own, &namespace), "spec": spec});
        json!({
            "apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview",
            "request": {
                "uid": format!("5f2c1e0a-0000-4000-8000-{number:012}"),
                "kind": {"group": group, "version": "v1", "kind": kind},
                "resource": {"group": group, "version": "v1", "resource": resource},
                "requestKind": {"group": group, "version": "v1", "kind": kind},
                "requestResource": {"group": group, "version": "v1", "resource": resource},
                "name": own, "namespace": namespace,
                "operation": if old.is_some() { "UPDATE" } else { "CREATE" },
                "userInfo": {"username": "system:serviceaccount:kube-system:replicaset-controller",
                    "uid": "6a1b", "groups": ["system:serviceaccounts", "system:authenticated"]},
                "object": object(spec), "oldObject": old.map(object),
                "dryRun": false,
                "options": {"apiVersion": "meta.k8s.io/v1", "kind": "CreateOptions"},
            },
        })
    };
    let template = |pod: Value| json!({"metadata": {"labels": {"app": own}}, "spec": pod});
    match number % 10 {
        7 => {
            let spec =
                json!({"replicas": 3, "selector": {"matchLabels": {"app": own}}, "template": template(pod)});
            let (kind, resource) =
                [("Deployment", "deployments"), ("ReplicaSet", "replicasets"), ("DaemonSet", "daemonsets")]
                    .get(number / 10 % 3)
                    .copied()
                    .unwrap_or_default();
            of("apps", kind, resource, spec, None)
        }
        8 => of("batch", "Job", "jobs", json!({"template": template(pod)}), None),
        9 => namespace_review(number, namespace_number),
        6 => {
            let mut old = pod.clone();
            if let Some(image) = old.pointer_mut("/containers/0/image") {
                *image = "registry.example.com/web:0".into();
            }
            of("", "Pod", "pods", pod, Some(old))
        }
        _ => of("", "Pod", "pods", pod, None),
    }
}

fn metadata(name: &str, namespace: &str) -> Value {
    json!({
        "name": name, "namespace": namespace, "uid": "0e6b8c1e-6d2e-4f3b-9a51-9f6f3f0f2d11",
        "creationTimestamp": "2026-01-01T00:00:00Z",
        "labels": {"app.kubernetes.io/name": "web", "pod-template-hash": "5d4f8c7b9"},
        "annotations": {"prometheus.io/scrape": "true"},
        "managedFields": [{"manager": "kube-controller-manager", "operation": "Update", "apiVersion": "v1",
            "time": "2026-01-01T00:00:00Z", "fieldsType": "FieldsV1",
            "fieldsV1": {"f:metadata": {"f:labels": {".": {}, "f:app.kubernetes.io/name": {}}},
                "f:spec": {"f:containers": {"k:{\"name\":\"web\"}": {".": {}, "f:image": {}, "f:env": {}, "f:resources": {}}}}}}],
    })
}

fn namespace_review(number: usize, namespace: usize) -> Value {
    let object = self::namespace(namespace);
    json!({
        "apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview",
        "request": {
            "uid": format!("5f2c1e0a-0000-4000-8000-{number:012}"),
            "kind": {"group": "", "version": "v1", "kind": "Namespace"},
            "resource": {"group": "", "version": "v1", "resource": "namespaces"},
            "name": name(namespace), "namespace": name(namespace), "operation": "CREATE",
            "userInfo": {"username": "kubernetes-admin", "groups": ["system:masters"]},
            "object": object,
        },
    })
}

/// The specification of a pod: some keep to restricted, some to baseline, some to nothing.
fn pod(number: usize) -> Value {
    let kind = number / 3 % 6;
    let sidecars = if number.is_multiple_of(11) { 6 } else { number % 3 };
    let containers: Vec<Value> = (0..=sidecars).map(|index| container(kind, index)).collect();
    let mut pod = json!({
        "containers": containers,
        "initContainers": [container(kind, 9)],
        "volumes": [{"name": "data", "emptyDir": {}}, {"name": "config", "configMap": {"name": "web"}},
            {"name": "token", "projected": {"sources": [{"serviceAccountToken": {"expirationSeconds": 3607, "path": "token"}}]}}],
        "serviceAccountName": "web", "restartPolicy": "Always", "dnsPolicy": "ClusterFirst",
        "terminationGracePeriodSeconds": 30, "schedulerName": "default-scheduler", "priority": 0,
        "tolerations": [{"key": "node.kubernetes.io/not-ready", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 300}],
        "affinity": {"podAntiAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": [{"weight": 1,
            "podAffinityTerm": {"labelSelector": {"matchLabels": {"app": "web"}}, "topologyKey": "kubernetes.io/hostname"}}]}},
        "securityContext": {},
    });
    let mut set = |key: &str, value: Value| {
        if let Some(pod) = pod.as_object_mut() {
            pod.insert(key.to_owned(), value);
        }
    };
    match kind {
        0 | 1 => set(
            "securityContext",
            json!({"runAsNonRoot": true, "seccompProfile": {"type": "RuntimeDefault"}}),
        ),
        3 => {
            set("hostNetwork", true.into());
            set("hostPID", true.into());
            set("volumes", json!([{"name": "data", "hostPath": {"path": "/var/lib"}}]));
        }
        4 => set(
            "securityContext",
            json!({"runAsUser": 0, "sysctls": [{"name": "kernel.msgmax", "value": "1"}]}),
        ),
        _ => {}
    }
    pod
}

fn container(kind: usize, index: usize) -> Value {
    let context = match kind {
        0 | 1 => {
            json!({"allowPrivilegeEscalation": false, "capabilities": {"drop": ["ALL"]}, "readOnlyRootFilesystem": true})
        }
        3 => json!({"privileged": true}),
        5 => json!({"capabilities": {"add": ["NET_ADMIN", "SYS_TIME"]}}),
        _ => json!({}),
    };
    let name = if index == 0 { "web".to_owned() } else { format!("sidecar-{index}") };
    let env: Vec<Value> = (0..12)
        .map(|number| json!({"name": format!("SETTING_{number}"), "value": format!("value of the setting {number}")}))
        .collect();
    json!({
        "name": name, "image": format!("registry.example.com/{name}:1.{index}.3"), "env": env,
        "args": ["--listen=:8080", "--log-level=info", "--data=/data"],
        "ports": [{"name": "http", "containerPort": 8080 + index, "protocol": "TCP"}],
        "resources": {"requests": {"cpu": "100m", "memory": "128Mi"}, "limits": {"memory": "256Mi"}},
        "volumeMounts": [{"name": "data", "mountPath": "/data"}],
        "imagePullPolicy": "IfNotPresent", "terminationMessagePath": "/dev/termination-log",
        "securityContext": context,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reviews_differ_and_are_read() {
        let limits = &ravelin_yaml::Limits::STANDARD;
        let reviews = reviews(200);
        for review in &reviews {
            let text = std::str::from_utf8(review).unwrap();
            assert!(ravelin_object::read::json(text, limits).unwrap().value.is_some());
        }
        let different: std::collections::BTreeSet<_> = reviews.iter().collect();
        assert_eq!(different.len(), 200);
    }
}
