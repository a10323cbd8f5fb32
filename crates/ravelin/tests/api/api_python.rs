//! The Python client against `ravelin serve`.
//!
//! Needs python3 with the package `kubernetes`, or pip and a registry to install it from into a scratch environment;
//! `RAVELIN_PYTHON` names a python that has it. Where none can be had, the test says that it is skipped.

use crate::server::{Server, say};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

const SCRIPT: &str = r#"
import sys, threading, warnings
from kubernetes import client, config, watch
from kubernetes.client.rest import ApiException
warnings.simplefilter("ignore")
config.load_kube_config(sys.argv[1])
core = client.CoreV1Api()
def code(call, *args, **named):
    try:
        call(*args, **named)
    except ApiException as error:
        return error.status
    return 200
core.create_namespace({"metadata": {"name": "shop"}})
try:
    core.create_namespaced_service_account("shop", {"metadata": {"name": "default"}})
except ApiException as error:
    assert error.status == 409, error
made = core.create_namespaced_config_map("shop", {"metadata": {"name": "one", "labels": {"a": "b"}}, "data": {"k": "1"}})
assert made.metadata.uid and made.metadata.resource_version
assert code(core.create_namespaced_config_map, "shop", {"metadata": {"name": "one"}}) == 409
listed = core.list_namespaced_config_map("shop", label_selector="a=b")
assert [item.metadata.name for item in listed.items] == ["one"], listed
seen = []
def follow():
    for event in watch.Watch().stream(core.list_namespaced_config_map, "shop", label_selector="a=b",
                                      resource_version=listed.metadata.resource_version, timeout_seconds=60):
        seen.append((event["type"], event["object"].data["k"]))
        if event["type"] == "DELETED":
            return
thread = threading.Thread(target=follow)
thread.start()
core.patch_namespaced_config_map("one", "shop", {"data": {"k": "2"}})
core.patch_namespaced_config_map("one", "shop", [{"op": "replace", "path": "/data/k", "value": "3"}])
current = core.read_namespaced_config_map("one", "shop")
current.data["k"] = "4"
core.replace_namespaced_config_map("one", "shop", current)
assert code(core.replace_namespaced_config_map, "one", "shop", current) == 409
core.delete_namespaced_config_map("one", "shop")
thread.join(60)
assert seen == [("MODIFIED", "2"), ("MODIFIED", "3"), ("MODIFIED", "4"), ("DELETED", "4")], seen
assert code(core.read_namespaced_config_map, "one", "shop") == 404
pod = core.create_namespaced_pod("shop", {"metadata": {"name": "p"}, "spec": {"containers": [{"name": "c", "image": "i"}]}})
assert pod.spec.service_account_name == "default" and pod.status.phase == "Pending", pod
core.delete_namespaced_pod("p", "shop", grace_period_seconds=0)
core.create_namespaced_service_account("shop", {"metadata": {"name": "clerk"}})
token = core.create_namespaced_service_account_token("clerk", "shop", client.AuthenticationV1TokenRequest(
    spec=client.V1TokenRequestSpec(audiences=[], expiration_seconds=3600)))
own = client.Configuration.get_default_copy()
own.cert_file = own.key_file = None
own.api_key = {"authorization": "Bearer " + token.status.token}
clerk = client.ApiClient(own)
who = client.AuthenticationV1Api(clerk).create_self_subject_review({})
assert who.status.user_info.username == "system:serviceaccount:shop:clerk", who
assert code(client.CoreV1Api(clerk).list_namespaced_pod, "shop") == 403
apps = client.AppsV1Api()
apps.create_namespaced_deployment("shop", {"metadata": {"name": "web"}, "spec": {"selector": {"matchLabels": {"a": "b"}},
    "template": {"metadata": {"labels": {"a": "b"}}, "spec": {"containers": [{"name": "c", "image": "i"}]}}}})
apps.patch_namespaced_deployment_scale("web", "shop", {"spec": {"replicas": 4}})
assert apps.read_namespaced_deployment("web", "shop").spec.replicas == 4
print("done")
"#;

/// A python with the package, if one can be had.
fn python() -> Result<PathBuf, String> {
    let has_package = |python: &Path| {
        let import = Command::new(python).args(["-c", "import kubernetes"]).stderr(Stdio::null()).status();
        import.is_ok_and(|status| status.success())
    };
    let named = std::env::var_os("RAVELIN_PYTHON").map(PathBuf::from);
    if let Some(python) =
        named.into_iter().chain([PathBuf::from("python3")]).find(|python| has_package(python))
    {
        return Ok(python);
    }
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("python-kubernetes");
    let python = folder.join("bin/python");
    if has_package(&python) {
        return Ok(python);
    }
    let run = |mut command: Command, what: &str| {
        let output = command.output().map_err(|error| format!("{what}: {error}"))?;
        if output.status.success() { Ok(()) } else { Err(format!("{what} failed")) }
    };
    let mut make = Command::new("python3");
    make.args(["-m", "venv"]).arg(&folder);
    run(make, "python3 -m venv")?;
    let mut install = Command::new(&python);
    install.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "kubernetes"]);
    run(install, "pip install kubernetes")?;
    if has_package(&python) { Ok(python) } else { Err("the package kubernetes is not there".to_owned()) }
}

#[test]
fn the_python_client_lists_watches_and_writes() {
    let python = match python() {
        Ok(python) => python,
        Err(reason) => return say(&format!("the_python_client_lists_watches_and_writes: SKIPPED: {reason}")),
    };
    let server = Server::ephemeral(&[]);
    let output = Command::new(python)
        .args(["-c", SCRIPT])
        .arg(&server.kubeconfig)
        .env("HOME", server.folder.path())
        .env_remove("KUBECONFIG")
        .output()
        .unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && output.stdout.starts_with(b"done"), "{errors}");
}
