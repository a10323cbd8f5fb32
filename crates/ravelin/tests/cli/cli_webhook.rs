//! `ravelin webhook manifests`: what we ship passes our own checks.

use crate::{ravelin, ravelin_in, root};

const MANIFESTS: &str = "webhook manifests --image registry.example/ravelin:1.0";

#[test]
fn manifests_of_the_webhook() {
    let run = ravelin(MANIFESTS);
    assert_eq!((run.status, run.err.as_str()), (0, ""));
    insta::assert_snapshot!("webhook_manifests", run.out);
}

#[test]
fn what_installs_the_webhook_passes_our_own_scan_at_restricted() {
    let manifests = ravelin(MANIFESTS).out;
    let folder = tempfile::tempdir().unwrap();
    let run = ravelin_in(folder.path(), &["scan", "--fail-on", "medium", "-f", "concise", "-"], &manifests);
    assert_eq!(run.status, 0, "{}", run.out);
    let run = ravelin_in(folder.path(), &["podsec", "--level", "restricted", "-"], &manifests);
    assert_eq!(run.status, 0, "{}", run.out);
}

#[test]
fn what_cannot_be_installed_is_wrong_usage() {
    assert_eq!(ravelin("webhook manifests").status, 64);
    assert_eq!(ravelin(&format!("{MANIFESTS} --replicas 1")).status, 64);
    assert_eq!(ravelin(&format!("{MANIFESTS} --namespace a:b")).status, 64);
    assert_eq!(ravelin(&format!("{MANIFESTS} --config none.yaml")).status, 64);
}

#[test]
fn a_configuration_is_installed_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let text = "apiVersion: pod-security.admission.config.k8s.io/v1\nkind: PodSecurityConfiguration\n\ndefaults: {enforce: baseline}\n";
    std::fs::write(folder.path().join("psa.yaml"), text).unwrap();
    let mut args: Vec<&str> = MANIFESTS.split(' ').collect();
    args.extend(["--config", "psa.yaml"]);
    let run = ravelin_in(folder.path(), &args, "");
    assert!(run.out.contains("  config.yaml: |\n    apiVersion: pod-security.admission.config.k8s.io/v1\n    kind: PodSecurityConfiguration\n\n    defaults: {enforce: baseline}\n---\n"), "{}", run.out);
}

#[test]
fn the_configuration_in_the_documentation_can_be_read() {
    let text = std::fs::read_to_string(root().join("docs/webhook.md")).unwrap();
    let (_, rest) = text.split_once("```yaml\n").unwrap();
    let (example, _) = rest.split_once("```").unwrap();
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("psa.yaml"), example).unwrap();
    let mut args: Vec<&str> = MANIFESTS.split(' ').collect();
    args.extend(["--config", "psa.yaml"]);
    let run = ravelin_in(folder.path(), &args, "");
    assert_eq!(run.status, 0, "{}", run.err);
    assert!(run.out.contains("PodSecurityExtension"));
}
