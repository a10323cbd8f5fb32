//! Upstream's authorizer, as a program: policy and requests in files, answers and times out.

use anyhow::Context as _;
use ravelin_authz::Attributes;
use ravelin_authz::rbac::{AnyBinding, AnyRole, Objects, Policy, PolicyRule};
use serde::Deserialize;
use serde_json::{Value, json};
use std::io::{BufWriter, Write as _};
use std::path::Path;
use std::process::Command;

/// What upstream says.
#[derive(Debug, Deserialize)]
pub(crate) struct Upstream {
    /// For each request `1` where it is allowed, `0` otherwise.
    pub answers: String,
    /// Processor time of a decision.
    pub nanoseconds: f64,
}

/// Asks upstream.
pub(crate) fn ask(
    program: &Path,
    policy: &Policy,
    requests: &[Attributes],
    seconds: f64,
) -> anyhow::Result<Upstream> {
    let folder = tempfile::tempdir().context("cannot create a temporary folder")?;
    let (policy_file, requests_file) = (folder.path().join("policy"), folder.path().join("requests"));
    write(&policy_file, lines(policy.objects(), policy))?;
    write(&requests_file, requests.iter().map(request))?;
    let output = Command::new(program)
        .args([&policy_file, &requests_file])
        .arg(seconds.to_string())
        .stderr(std::process::Stdio::inherit())
        .output()
        .with_context(|| format!("cannot run {}", program.display()))?;
    anyhow::ensure!(output.status.success(), "{}: {}", program.display(), output.status);
    serde_json::from_slice(&output.stdout).context("cannot read what upstream says")
}

fn write(path: &Path, values: impl Iterator<Item = Value>) -> anyhow::Result<()> {
    let file = std::fs::File::create(path).with_context(|| format!("cannot create {}", path.display()))?;
    let mut out = BufWriter::new(file);
    for value in values {
        writeln!(out, "{value}")?;
    }
    out.flush().with_context(|| format!("cannot write {}", path.display()))
}

fn lines<'a>(objects: &'a Objects, policy: &'a Policy) -> impl Iterator<Item = Value> + 'a {
    let roles = objects.cluster_roles.iter().map(AnyRole::Cluster);
    let roles = roles.chain(objects.roles.iter().map(AnyRole::Namespaced));
    let roles = roles.map(|role| {
        let metadata = json!({"name": role.metadata().name.as_str(), "namespace": role.metadata().namespace.as_str()});
        json!({"kind": role.kind(), "metadata": metadata, "rules": role.rules().iter().map(rule).collect::<Vec<_>>()})
    });
    roles.chain(policy.all_bindings().map(binding))
}

fn rule(rule: &PolicyRule) -> Value {
    let texts = |list: &[_]| list.iter().map(ToString::to_string).collect::<Vec<String>>();
    json!({
        "verbs": texts(&rule.verbs), "apiGroups": texts(&rule.api_groups), "resources": texts(&rule.resources),
        "resourceNames": texts(&rule.resource_names), "nonResourceURLs": texts(&rule.non_resource_urls),
    })
}

fn binding(binding: AnyBinding<'_>) -> Value {
    let kind = match binding {
        AnyBinding::Cluster(_) => "ClusterRoleBinding",
        AnyBinding::Namespaced(_) => "RoleBinding",
    };
    let subjects = binding.subjects().iter().map(|subject| {
        json!({
            "kind": subject.kind.as_str(), "apiGroup": subject.api_group.as_str(), "name": subject.name.as_str(),
            "namespace": subject.namespace.as_str(),
        })
    });
    let role = binding.role_ref();
    json!({
        "kind": kind, "subjects": subjects.collect::<Vec<_>>(),
        "metadata": {"name": binding.metadata().name.as_str(), "namespace": binding.namespace()},
        "roleRef": {
            "apiGroup": role.api_group.as_str(), "kind": role.kind.as_str(), "name": role.name.as_str(),
        },
    })
}

fn request(request: &Attributes) -> Value {
    json!({
        "user": request.user.name, "groups": request.user.groups, "verb": request.verb, "group": request.group,
        "resource": request.resource, "subresource": request.subresource, "namespace": request.namespace,
        "name": request.name, "path": request.path,
    })
}
