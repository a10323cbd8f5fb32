//! What installs the webhook in a cluster: manifests, and the Helm chart, from the same templates.
//!
//! A template has holes such as `<<name>>`. Manifests fill them with values, the chart with expressions of Helm.

use std::collections::BTreeMap;

/// The templates, in the order in which they are applied: file name, text, and the value of the chart that leaves the
/// file out.
const TEMPLATES: [(&str, &str, Option<&str>); 9] = [
    ("namespace.yaml", include_str!("install/namespace.yaml"), Some("createNamespace")),
    ("serviceaccount.yaml", include_str!("install/serviceaccount.yaml"), None),
    ("rbac.yaml", include_str!("install/rbac.yaml"), None),
    ("configmap.yaml", include_str!("install/configmap.yaml"), None),
    ("service.yaml", include_str!("install/service.yaml"), None),
    ("deployment.yaml", include_str!("install/deployment.yaml"), None),
    ("poddisruptionbudget.yaml", include_str!("install/poddisruptionbudget.yaml"), None),
    ("networkpolicy.yaml", include_str!("install/networkpolicy.yaml"), Some("networkPolicy")),
    (
        "validatingwebhookconfiguration.yaml",
        include_str!("install/validatingwebhookconfiguration.yaml"),
        None,
    ),
];

/// The configuration that is installed where none is given: what an API server without one does.
const CONFIGURATION: &str = "\
apiVersion: pod-security.admission.config.k8s.io/v1
kind: PodSecurityConfiguration
defaults:
  enforce: privileged
  enforce-version: latest
  audit: privileged
  audit-version: latest
  warn: privileged
  warn-version: latest
exemptions:
  usernames: []
  runtimeClasses: []
  namespaces: []
";

/// The namespaces that are always left alone, besides that of the webhook: what runs a cluster.
const HEALING: [&str; 2] = ["kube-node-lease", "kube-system"];

/// What stands in the folder of the chart for people.
const CHART_README: &str = "\
# Chart of ravelin

Generated (`cargo xtask docs`) from the templates that `ravelin webhook manifests` prints. `values.yaml` says what can be
set; `image` has to be. docs/webhook.md says how it works.

    helm install ravelin charts/ravelin --namespace ravelin-system --create-namespace \\
      --set image=registry.example/ravelin:1.0
";

/// How to install.
#[derive(Clone, Debug)]
pub struct Installation {
    /// The namespace of everything that has one.
    pub namespace: String,
    /// The name of everything.
    pub name: String,
    /// The image.
    pub image: String,
    /// How many replicas.
    pub replicas: u32,
    /// The priority class of the pods.
    pub priority_class: String,
    /// What API servers do with pods and namespaces where the webhook does not answer: `Fail` or `Ignore`.
    pub failure_policy: String,
    /// The same for controllers.
    pub controller_failure_policy: String,
    /// Further namespaces to leave alone, such as that of the network plugin.
    pub exempt_namespaces: Vec<String>,
    /// The configuration file, as text; the default where absent.
    pub configuration: Option<String>,
}

/// The manifests, as a stream of YAML documents.
#[must_use]
pub fn manifests(installation: &Installation) -> String {
    let configuration = installation.configuration.as_deref().unwrap_or(CONFIGURATION);
    let holes = BTreeMap::from([
        ("namespace", installation.namespace.clone()),
        ("name", installation.name.clone()),
        ("image", quoted(&installation.image)),
        ("replicas", installation.replicas.to_string()),
        ("priority-class", installation.priority_class.clone()),
        ("failure-policy", installation.failure_policy.clone()),
        ("controller-failure-policy", installation.controller_failure_policy.clone()),
        ("exempt-namespaces", exempt(installation)),
        ("configuration", indented(configuration, 4)),
    ]);
    let texts: Vec<String> = TEMPLATES.iter().map(|(_, text, _)| filled(text, &holes)).collect();
    texts.join("---\n")
}

fn exempt(installation: &Installation) -> String {
    let mut names: Vec<&str> = HEALING.to_vec();
    names.push(&installation.namespace);
    names.extend(installation.exempt_namespaces.iter().map(String::as_str));
    names.sort_unstable();
    names.dedup();
    format!("[{}]", names.join(", "))
}

/// The files of the Helm chart: path in the folder of the chart, text.
#[must_use]
pub fn chart() -> Vec<(String, String)> {
    let holes = BTreeMap::from(
        [
            ("namespace", "{{ .Release.Namespace }}"),
            ("name", "{{ .Values.name }}"),
            ("image", "{{ required \"image: name the image of ravelin\" .Values.image | quote }}"),
            ("replicas", "{{ .Values.replicas }}"),
            ("priority-class", "{{ .Values.priorityClassName }}"),
            ("failure-policy", "{{ .Values.failurePolicy }}"),
            ("controller-failure-policy", "{{ .Values.controllerFailurePolicy }}"),
            (
                "exempt-namespaces",
                "{{ concat (list \"kube-node-lease\" \"kube-system\" .Release.Namespace) .Values.exemptNamespaces | uniq | toJson }}",
            ),
            ("configuration", "{{ .Values.configuration | indent 4 }}"),
        ]
        .map(|(hole, expression)| (hole, expression.to_owned())),
    );
    let mut files = vec![
        ("README.md".to_owned(), CHART_README.to_owned()),
        ("Chart.yaml".to_owned(), chart_file()),
        ("values.yaml".to_owned(), values_file()),
    ];
    for (name, text, switch) in TEMPLATES {
        let text = filled(text, &holes);
        let text = match switch {
            Some(value) => format!("{{{{- if .Values.{value} }}}}\n{text}{{{{- end }}}}\n"),
            None => text,
        };
        files.push((format!("templates/{name}"), text));
    }
    files
}

fn chart_file() -> String {
    let version = env!("CARGO_PKG_VERSION");
    format!(
        "apiVersion: v2\nname: ravelin\ndescription: Pod Security admission as a webhook, to the letter\ntype: application\nversion: {version}\nappVersion: {version:?}\nkubeVersion: \">=1.27.0-0\"\n"
    )
}

fn values_file() -> String {
    let configuration = indented(CONFIGURATION, 2);
    format!(
        "\
# The image of ravelin, with its tag or digest. Required.
image: \"\"

# The name of everything that is installed.
name: ravelin-webhook

replicas: 2

# The pods have to run before others can.
priorityClassName: system-cluster-critical

# What API servers do with pods and namespaces where the webhook does not answer: Fail or Ignore.
failurePolicy: Fail

# The same for Deployments, Jobs and the like, which are only warned about unless the configuration says otherwise.
controllerFailurePolicy: Ignore

# Namespaces that are left alone, besides kube-system, kube-node-lease and that of the release. Name those without whose
# pods no node becomes ready, such as calico-system or tigera-operator.
exemptNamespaces: []

# Whether the chart makes the namespace of the release, with the labels that hold it to restricted.
createNamespace: false

networkPolicy: true

# The PodSecurityConfiguration; a PodSecurityExtension may follow as a second document.
configuration: |
{configuration}
"
    )
}

fn filled(template: &str, holes: &BTreeMap<&str, String>) -> String {
    let mut text = template.to_owned();
    for (hole, value) in holes {
        text = text.replace(&format!("<<{hole}>>"), value);
    }
    text
}

/// The lines of a text behind so many blanks, without the last line break.
fn indented(text: &str, blanks: usize) -> String {
    let indent = " ".repeat(blanks);
    let line = |line: &str| if line.is_empty() { String::new() } else { format!("{indent}{line}") };
    text.lines().map(line).collect::<Vec<_>>().join("\n")
}

/// A text as YAML and JSON quote it.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_hole_stays_open() {
        let installation = Installation {
            namespace: "ravelin-system".to_owned(),
            name: "ravelin-webhook".to_owned(),
            image: "registry.example/ravelin:1".to_owned(),
            replicas: 2,
            priority_class: "system-cluster-critical".to_owned(),
            failure_policy: "Fail".to_owned(),
            controller_failure_policy: "Ignore".to_owned(),
            exempt_namespaces: vec!["calico-system".to_owned()],
            configuration: None,
        };
        let text = manifests(&installation);
        assert!(!text.contains("<<") && !text.contains("{{"), "{text}");
        assert!(text.contains("values: [calico-system, kube-node-lease, kube-system, ravelin-system]"));
        for (name, text) in chart() {
            assert!(!text.contains("<<"), "{name}");
        }
    }
}
