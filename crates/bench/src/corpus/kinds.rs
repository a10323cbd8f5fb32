//! The documents of a made corpus: what a cluster of services is made of, in the proportions people have.

use super::Numbers;
use std::fmt::Write as _;

const TEAMS: &[&str] = &["shop", "billing", "search", "platform", "identity", "mail", "reports", "edge"];
const PARTS: &[&str] =
    &["api", "worker", "web", "gateway", "cache", "indexer", "scheduler", "exporter", "proxy"];
const TIERS: &[&str] = &["frontend", "backend", "data", "ops"];

/// One document.
pub(super) fn document(numbers: &mut Numbers) -> String {
    match numbers.below(100) {
        0..34 => workload(numbers, "Deployment"),
        34..42 => workload(numbers, "StatefulSet"),
        42..46 => workload(numbers, "DaemonSet"),
        46..56 => cron_job(numbers),
        56..70 => service(numbers),
        70..84 => config_map(numbers),
        84..90 => role(numbers),
        90..94 => role_binding(numbers),
        94..97 => network_policy(numbers),
        _ => definition(numbers),
    }
}

/// The start of a document: kind, name, labels, annotations. Returns the name too.
fn head(numbers: &mut Numbers, version: &str, kind: &str) -> (String, String) {
    let (team, part, tier) = (numbers.pick(TEAMS), numbers.pick(PARTS), numbers.pick(TIERS));
    let name = format!("{team}-{part}-{}", numbers.below(10_000));
    let text = format!(
        "\
apiVersion: {version}
kind: {kind}
metadata:
  name: {name}
  namespace: {team}
  labels:
    app.kubernetes.io/name: {name}
    app.kubernetes.io/part-of: {team}
    tier: {tier}
  annotations:
    description: \"The {part} of {team}; owned by the {tier} people\"
    checksum/config: {:016x}{:016x}
",
        numbers.next(),
        numbers.next()
    );
    (name, text)
}

fn workload(numbers: &mut Numbers, kind: &str) -> String {
    let (name, mut text) = head(numbers, "apps/v1", kind);
    text.push_str("spec:\n");
    if kind != "DaemonSet" {
        let _ = writeln!(text, "  replicas: {}", 1 + numbers.below(9));
    }
    if kind == "StatefulSet" {
        let _ = writeln!(text, "  serviceName: {name}");
    }
    let _ = write!(
        text,
        "  selector:
    matchLabels:
      app.kubernetes.io/name: {name}
  template:
    metadata:
      labels:
        app.kubernetes.io/name: {name}
    spec:
"
    );
    text.push_str(&indented(&pod(numbers, &name), 6));
    text
}

fn cron_job(numbers: &mut Numbers) -> String {
    let (name, mut text) = head(numbers, "batch/v1", "CronJob");
    let _ = write!(
        text,
        "\
spec:
  schedule: \"{} {} * * *\"
  concurrencyPolicy: Forbid
  jobTemplate:
    spec:
      backoffLimit: 2
      template:
        spec:
          restartPolicy: OnFailure
",
        numbers.below(60),
        numbers.below(24)
    );
    text.push_str(&indented(&pod(numbers, &name), 10));
    text
}

/// The spec of a pod. Most are careful, some are not: scanners must have something to say.
fn pod(numbers: &mut Numbers, name: &str) -> String {
    let mut text = format!("serviceAccountName: {name}\n");
    if numbers.chance(5) {
        text.push_str("hostNetwork: true\n");
    }
    if numbers.chance(60) {
        text.push_str(
            "securityContext:\n  runAsNonRoot: true\n  runAsUser: 10001\n  seccompProfile:\n    type: RuntimeDefault\n",
        );
    }
    text.push_str("containers:\n");
    let count = if numbers.chance(15) { 2 } else { 1 };
    for number in 0..count {
        text.push_str(&container(numbers, name, number));
    }
    text.push_str("volumes:\n  - name: config\n    configMap:\n");
    let _ = writeln!(text, "      name: {name}-config");
    if numbers.chance(4) {
        text.push_str("  - name: logs\n    hostPath:\n      path: /var/log\n      type: Directory\n");
    } else {
        text.push_str("  - name: scratch\n    emptyDir: {}\n");
    }
    text
}

fn container(numbers: &mut Numbers, name: &str, number: u64) -> String {
    let (minor, patch) = (numbers.below(30), numbers.below(12));
    let port = 8_000 + numbers.below(1_000);
    let mut text = format!(
        "  - name: main-{number}
    image: registry.example/{name}:1.{minor}.{patch}
    args: [\"--listen\", \"0.0.0.0:{port}\", \"--log-level=info\"]
    ports:
      - name: http
        containerPort: {port}
    env:
      - name: DATABASE_URL
        value: \"postgres://{name}.data.svc:5432/main?sslmode=verify-full\"
    resources:
      requests: {{cpu: {}m, memory: {}Mi}}
      limits:
        memory: 512Mi
",
        50 * (1 + numbers.below(10)),
        64 * (1 + numbers.below(6))
    );
    if numbers.chance(50) {
        let _ = write!(
            text,
            "    readinessProbe:
      httpGet:
        path: /healthz
        port: http
      periodSeconds: 10
"
        );
    }
    if numbers.chance(70) {
        text.push_str(
            "    securityContext:\n      allowPrivilegeEscalation: false\n      readOnlyRootFilesystem: true\n      capabilities:\n        drop: [ALL]\n",
        );
    } else if numbers.chance(10) {
        text.push_str("    securityContext:\n      privileged: true\n");
    }
    text.push_str(
        "    volumeMounts:\n      - name: config\n        mountPath: /etc/app\n        readOnly: true\n",
    );
    text
}

fn service(numbers: &mut Numbers) -> String {
    let (name, mut text) = head(numbers, "v1", "Service");
    let _ =
        write!(text, "spec:\n  type: ClusterIP\n  selector:\n    app.kubernetes.io/name: {name}\n  ports:\n");
    for (port, number) in ["http", "metrics", "admin"].iter().zip(0..=numbers.below(3)) {
        let _ = write!(
            text,
            "    - name: {port}\n      port: {}\n      targetPort: {port}\n      protocol: TCP\n",
            8_080 + number
        );
    }
    text
}

fn config_map(numbers: &mut Numbers) -> String {
    let (name, mut text) = head(numbers, "v1", "ConfigMap");
    let _ = write!(
        text,
        "data:\n  LOG_LEVEL: info\n  REGION: \"eu-{}\"\n  app.properties: |\n",
        numbers.below(9)
    );
    for number in 0..12 + numbers.below(16) {
        let _ = writeln!(text, "    {name}.option.{number}=value-{:08x}", numbers.next() >> 32);
    }
    text.push_str("  server.json: |-\n    {\"listen\": \":8080\", \"timeouts\": {\"read\": \"5s\", \"write\": \"30s\"}}\n");
    text
}

fn role(numbers: &mut Numbers) -> String {
    let (_, mut text) = head(numbers, "rbac.authorization.k8s.io/v1", "Role");
    text.push_str("rules:\n");
    for _ in 0..2 + numbers.below(5) {
        let group = numbers.pick(&["", "apps", "batch", "networking.k8s.io"]);
        let resource = numbers.pick(&["pods", "configmaps", "deployments", "jobs", "secrets", "ingresses"]);
        let verb = numbers.pick(&["create", "update", "patch", "delete", "deletecollection"]);
        let _ = write!(
            text,
            "  - apiGroups: [\"{group}\"]\n    resources: [\"{resource}\"]\n    verbs: [\"get\", \"list\", \"watch\", \"{verb}\"]\n"
        );
    }
    text
}

fn role_binding(numbers: &mut Numbers) -> String {
    let (name, mut text) = head(numbers, "rbac.authorization.k8s.io/v1", "RoleBinding");
    let _ = write!(
        text,
        "roleRef:\n  apiGroup: rbac.authorization.k8s.io\n  kind: Role\n  name: {name}\nsubjects:\n"
    );
    for _ in 0..1 + numbers.below(4) {
        let (account, namespace) = (numbers.pick(PARTS), numbers.pick(TEAMS));
        let _ = write!(text, "  - kind: ServiceAccount\n    name: {account}\n    namespace: {namespace}\n");
    }
    text
}

fn network_policy(numbers: &mut Numbers) -> String {
    let (name, mut text) = head(numbers, "networking.k8s.io/v1", "NetworkPolicy");
    let _ = write!(
        text,
        "\
spec:
  podSelector:
    matchLabels:
      app.kubernetes.io/name: {name}
  policyTypes: [Ingress, Egress]
  ingress:
    - from:
        - namespaceSelector:
            matchLabels:
              kubernetes.io/metadata.name: {}
      ports:
        - protocol: TCP
          port: {}
  egress:
    - to:
        - ipBlock:
            cidr: 10.{}.0.0/16
            except: [10.0.1.0/24]
",
        numbers.pick(TEAMS),
        8_000 + numbers.below(1_000),
        numbers.below(256)
    );
    text
}

fn definition(numbers: &mut Numbers) -> String {
    let (team, part) = (numbers.pick(TEAMS), numbers.pick(PARTS));
    let (plural, kind) = (format!("{part}s"), format!("{part}{}", numbers.below(1_000)));
    let mut text = format!(
        "\
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata:
  name: {plural}.{team}.example
spec:
  group: {team}.example
  scope: Namespaced
  names:
    kind: {kind}
    plural: {plural}
    singular: {part}
  versions:
    - name: v1
      served: true
      storage: true
      schema:
        openAPIV3Schema:
          description: What the {team} team wants of a {part}.
          type: object
          required: [spec]
          properties:
            spec:
              type: object
              properties:
"
    );
    for number in 0..8 + numbers.below(24) {
        let kind = numbers.pick(&["string", "integer", "boolean"]);
        let _ = write!(
            text,
            "                field{number}:\n                  description: The setting number {number} of a {part}.\n                  type: {kind}\n"
        );
    }
    text
}

fn indented(text: &str, columns: usize) -> String {
    let indent = " ".repeat(columns);
    text.lines().fold(String::with_capacity(text.len() * 2), |mut out, line| {
        // Writing to a string cannot fail, here and above.
        let _ = writeln!(out, "{indent}{line}");
        out
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use ravelin_object::read;
    use std::collections::BTreeMap;

    #[test]
    fn every_document_is_an_object_of_its_kind() {
        let limits = ravelin_yaml::Limits { depth: 64, alias_nodes: 100 };
        let mut numbers = Numbers(1);
        let mut kinds: BTreeMap<String, usize> = BTreeMap::new();
        for _ in 0..2_000 {
            let text = document(&mut numbers);
            let read = read::yaml(&text, &limits).unwrap_or_else(|error| panic!("{error}\n{text}"));
            assert_eq!((read.duplicates, read.ignored_from), (0, None), "{text}");
            let kind = text.lines().nth(1).unwrap().trim_start_matches("kind: ").to_owned();
            *kinds.entry(kind).or_default() += 1;
        }
        assert_eq!(kinds.len(), 10, "{kinds:?}");
        assert!(kinds["Deployment"] > 500, "{kinds:?}");
    }
}
