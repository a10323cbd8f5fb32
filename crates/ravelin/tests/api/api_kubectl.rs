//! kubectl against `ravelin serve`, as people and scripts use it.
//!
//! kubectl comes from `KUBEBUILDER_ASSETS`, from what `cargo xtask envtest` built, or from `PATH`; where there is none the
//! tests say that they are skipped.

use crate::server::{Server, say};
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

/// kubectl, if there is one that runs.
fn program() -> Option<PathBuf> {
    let assets = std::env::var_os("KUBEBUILDER_ASSETS").map(|folder| PathBuf::from(folder).join("kubectl"));
    let cache = std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".cache/ravelin-envtest"));
    let built = cache
        .into_iter()
        .flat_map(fs::read_dir)
        .flatten()
        .flatten()
        .map(|entry| entry.path().join("kubectl"));
    let all = assets.into_iter().chain(built).chain([PathBuf::from("kubectl")]);
    all.into_iter().find(|path| {
        let version = Command::new(path)
            .args(["version", "--client"])
            .stderr(Stdio::null())
            .stdout(Stdio::null())
            .status();
        version.is_ok_and(|status| status.success())
    })
}

struct Kubectl {
    program: PathBuf,
    server: Server,
}

impl Kubectl {
    fn new(test: &str) -> Option<Self> {
        let Some(program) = program() else {
            say(&format!(
                "{test}: SKIPPED: no kubectl in KUBEBUILDER_ASSETS, ~/.cache/ravelin-envtest or PATH"
            ));
            return None;
        };
        let kubectl = Self { program, server: Server::ephemeral(&[]) };
        kubectl.ok(&["create", "namespace", "shop"]);
        // The loops of the server may have been faster.
        let made = kubectl.run(&["create", "serviceaccount", "default", "-n", "shop"]);
        assert!(made.status.success() || text(&made.stderr).contains("already exists"), "{made:?}");
        Some(kubectl)
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(&self.program);
        command.env_clear().env("PATH", std::env::var_os("PATH").unwrap_or_default());
        command.env("HOME", self.server.folder.path()).env("KUBECONFIG", &self.server.kubeconfig);
        command.args(args).stdin(Stdio::null()).current_dir(self.server.folder.path());
        command
    }

    fn run(&self, args: &[&str]) -> Output {
        self.command(args).output().unwrap()
    }

    /// What it says where it ends well.
    #[track_caller]
    fn ok(&self, args: &[&str]) -> String {
        let output = self.run(args);
        assert!(
            output.status.success(),
            "kubectl {args:?}: {}{}",
            text(&output.stdout),
            text(&output.stderr)
        );
        text(&output.stdout)
    }

    /// What it complains of where it does not.
    #[track_caller]
    fn fails(&self, args: &[&str]) -> String {
        let output = self.run(args);
        assert!(!output.status.success(), "kubectl {args:?}: {}", text(&output.stdout));
        text(&output.stderr) + &text(&output.stdout)
    }

    fn file(&self, name: &str, content: &str) -> String {
        let path = self.server.folder.path().join(name);
        fs::write(&path, content).unwrap();
        path.to_str().unwrap().to_owned()
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Whether all words are in a text.
#[track_caller]
fn has(text: &str, words: &[&str]) {
    for word in words {
        assert!(text.contains(word), "no {word:?} in:\n{text}");
    }
}

const DEPLOYMENT: &str = "apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop, labels: {app: web}}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
      - {name: web, image: 'nginx:1'}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: settings, namespace: shop}
data: {color: red, size: small}
";

#[test]
fn objects_are_applied_shown_changed_and_deleted() {
    let Some(kubectl) = Kubectl::new("objects_are_applied_shown_changed_and_deleted") else { return };
    let file = kubectl.file("web.yaml", DEPLOYMENT);
    has(&kubectl.ok(&["apply", "-f", &file]), &["deployment.apps/web created", "configmap/settings created"]);
    has(
        &kubectl.ok(&["apply", "-f", &file]),
        &["deployment.apps/web unchanged", "configmap/settings unchanged"],
    );
    kubectl.file("web.yaml", &DEPLOYMENT.replace("nginx:1", "nginx:2").replace(", size: small", ""));
    has(
        &kubectl.ok(&["apply", "-f", &file]),
        &["deployment.apps/web configured", "configmap/settings configured"],
    );
    let image = [
        "get",
        "deployment",
        "web",
        "-n",
        "shop",
        "-o",
        "jsonpath={.spec.template.spec.containers[*].image}",
    ];
    assert_eq!(kubectl.ok(&image), "nginx:2");
    let map = kubectl.ok(&["get", "configmap", "settings", "-n", "shop", "-o", "yaml"]);
    has(&map, &["color: red", "kind: ConfigMap", "kubectl.kubernetes.io/last-applied-configuration"]);
    assert!(!map.contains("  size: small"), "{map}");

    let wide = kubectl.ok(&["get", "deployments", "-A", "-o", "wide"]);
    has(
        &wide,
        &[
            "NAMESPACE",
            "READY",
            "UP-TO-DATE",
            "CONTAINERS",
            "IMAGES",
            "SELECTOR",
            "web",
            "0/2",
            "nginx:2",
            "app=web",
        ],
    );
    has(
        &kubectl.ok(&["get", "deploy,cm", "-n", "shop", "--show-labels"]),
        &["deployment.apps/web", "configmap/settings", "app=web"],
    );
    has(&kubectl.ok(&["get", "namespaces"]), &["NAME", "STATUS", "AGE", "shop", "Active"]);
    has(
        &kubectl.ok(&["describe", "deployment", "web", "-n", "shop"]),
        &["Name:", "web", "nginx:2", "StrategyType:", "RollingUpdate"],
    );
    has(&kubectl.ok(&["describe", "namespace", "shop"]), &["Name:", "shop", "Active"]);
    has(
        &kubectl.fails(&["get", "configmap", "none", "-n", "shop"]),
        &["Error from server (NotFound): configmaps \"none\" not found"],
    );

    has(&kubectl.ok(&["label", "cm", "settings", "-n", "shop", "tier=front"]), &["labeled"]);
    has(
        &kubectl.fails(&["label", "cm", "settings", "-n", "shop", "tier=back"]),
        &["already has a value (front)"],
    );
    has(&kubectl.ok(&["annotate", "cm", "settings", "-n", "shop", "note=x"]), &["annotated"]);
    has(&kubectl.ok(&["get", "cm", "-n", "shop", "-l", "tier=front", "-o", "name"]), &["configmap/settings"]);
    has(
        &kubectl.ok(&[
            "patch",
            "cm",
            "settings",
            "-n",
            "shop",
            "--type",
            "merge",
            "-p",
            r#"{"data":{"color":"blue"}}"#,
        ]),
        &["patched"],
    );
    has(
        &kubectl.ok(&[
            "patch",
            "cm",
            "settings",
            "-n",
            "shop",
            "--type",
            "json",
            "-p",
            r#"[{"op":"add","path":"/data/more","value":"1"}]"#,
        ]),
        &["patched"],
    );
    has(
        &kubectl.ok(&[
            "patch",
            "deploy",
            "web",
            "-n",
            "shop",
            "-p",
            r#"{"spec":{"template":{"spec":{"containers":[{"name":"web","image":"nginx:3"}]}}}}"#,
        ]),
        &["patched"],
    );
    assert_eq!(kubectl.ok(&image), "nginx:3");
    has(&kubectl.ok(&["set", "image", "deploy/web", "web=nginx:4", "-n", "shop"]), &["image updated"]);
    has(&kubectl.ok(&["scale", "deployment", "web", "-n", "shop", "--replicas", "5"]), &["scaled"]);
    assert_eq!(kubectl.ok(&["get", "deploy", "web", "-n", "shop", "-o", "jsonpath={.spec.replicas}"]), "5");
    has(
        &kubectl.ok(&["create", "cm", "dry", "-n", "shop", "--dry-run=server", "-o", "yaml"]),
        &["name: dry"],
    );
    has(
        &kubectl.ok(&[
            "wait",
            "--for",
            "jsonpath={.data.color}=blue",
            "cm/settings",
            "-n",
            "shop",
            "--timeout",
            "30s",
        ]),
        &["condition met"],
    );

    let editor = kubectl.file("editor.sh", "#!/bin/sh\nsed -i 's/color: blue/color: green/' \"$1\"\n");
    fs::set_permissions(&editor, fs::Permissions::from_mode(0o755)).unwrap();
    let edited =
        kubectl.command(&["edit", "cm", "settings", "-n", "shop"]).env("EDITOR", &editor).output().unwrap();
    assert!(edited.status.success(), "{}", text(&edited.stderr));
    assert_eq!(kubectl.ok(&["get", "cm", "settings", "-n", "shop", "-o", "jsonpath={.data.color}"]), "green");

    kubectl.file(
        "wrong.yaml",
        "{apiVersion: v1, kind: ConfigMap, metadata: {name: Wrong_Name, namespace: shop}}",
    );
    has(
        &kubectl.fails(&["create", "-f", "wrong.yaml"]),
        &["ConfigMap \"Wrong_Name\" is invalid", "RFC 1123 subdomain"],
    );
    kubectl.file(
        "field.yaml",
        "{apiVersion: v1, kind: ConfigMap, metadata: {name: x, namespace: shop}, dataa: {}}",
    );
    has(&kubectl.fails(&["create", "-f", "field.yaml"]), &["unknown field \"dataa\""]);
    has(
        &kubectl.ok(&["delete", "-f", &file]),
        &["deployment.apps \"web\" deleted", "configmap \"settings\" deleted"],
    );
    has(&kubectl.fails(&["get", "cm", "settings", "-n", "shop"]), &["not found"]);
}

#[test]
fn watches_are_shown_as_they_come() {
    let Some(kubectl) = Kubectl::new("watches_are_shown_as_they_come") else { return };
    let mut child = kubectl
        .command(&[
            "get",
            "configmaps",
            "-n",
            "shop",
            "-w",
            "--output-watch-events",
            "-o",
            "custom-columns=E:.type,N:.object.metadata.name,R:.object.data.k",
            "-l",
            "w=1",
        ])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    // kubectl prints the head once there is something to show.
    kubectl.ok(&["create", "cm", "one", "-n", "shop", "--from-literal", "k=1"]);
    kubectl.ok(&["label", "cm", "one", "-n", "shop", "w=1"]);
    let mut next = || loop {
        let line = lines.next().unwrap().unwrap();
        if !line.starts_with('E') {
            return line.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
        }
    };
    assert_eq!(next(), ["ADDED", "one", "1"]);
    kubectl.ok(&["patch", "cm", "one", "-n", "shop", "--type", "merge", "-p", r#"{"data":{"k":"2"}}"#]);
    assert_eq!(next(), ["MODIFIED", "one", "2"]);
    kubectl.ok(&["delete", "cm", "one", "-n", "shop"]);
    assert_eq!(next(), ["DELETED", "one", "2"]);
    child.kill().unwrap();
    child.wait().unwrap();
}

#[test]
fn who_may_do_what_is_told_and_held_to() {
    let Some(kubectl) = Kubectl::new("who_may_do_what_is_told_and_held_to") else { return };
    has(&kubectl.ok(&["auth", "whoami"]), &["Username", "Groups", "system:masters", "system:authenticated"]);
    has(&kubectl.ok(&["auth", "can-i", "delete", "nodes"]), &["yes"]);
    has(
        &kubectl.ok(&["auth", "can-i", "--list"]),
        &["Resources", "Non-Resource URLs", "Verbs", "*.*", "[*]"],
    );
    let ann = ["--as", "ann", "--as-group", "dev"];
    let with = |args: &[&'static str]| -> Vec<&'static str> { args.iter().chain(&ann).copied().collect() };
    has(&kubectl.fails(&with(&["auth", "can-i", "list", "pods", "-n", "shop"])), &["no"]);
    has(&kubectl.ok(&with(&["auth", "whoami"])), &["ann", "[dev system:authenticated]"]);
    let refused = kubectl.fails(&with(&["get", "pods", "-n", "shop"]));
    has(
        &refused,
        &[
            "Error from server (Forbidden): pods is forbidden: User \"ann\" cannot list resource \"pods\" in API group \"\" in the namespace \"shop\"",
        ],
    );
    kubectl.ok(&["create", "role", "reader", "-n", "shop", "--verb", "get,list,watch", "--resource", "pods"]);
    kubectl.ok(&[
        "create",
        "rolebinding",
        "readers",
        "-n",
        "shop",
        "--role",
        "reader",
        "--group",
        "dev",
        "--serviceaccount",
        "shop:clerk",
    ]);
    // Who may do what follows what is written, soon.
    let began = Instant::now();
    while !kubectl.run(&with(&["auth", "can-i", "list", "pods", "-n", "shop"])).status.success() {
        assert!(began.elapsed() < Duration::from_secs(60), "the binding has no effect");
    }
    has(
        &kubectl.ok(&with(&["auth", "can-i", "--list", "-n", "shop"])),
        &["pods", "[get list watch]", "selfsubjectreviews.authentication.k8s.io"],
    );
    kubectl.ok(&with(&["get", "pods", "-n", "shop"]));
    has(
        &kubectl.fails(&with(&[
            "create",
            "rolebinding",
            "up",
            "-n",
            "shop",
            "--clusterrole",
            "admin",
            "--user",
            "ann",
        ])),
        &["is forbidden"],
    );

    kubectl.ok(&["create", "serviceaccount", "clerk", "-n", "shop"]);
    let token = kubectl.ok(&["create", "token", "clerk", "-n", "shop", "--duration", "1h"]);
    let token = token.trim();
    let own = [
        "--token",
        token,
        "--server",
        &kubectl.server.url(),
        "--kubeconfig",
        "/dev/null",
        "--insecure-skip-tls-verify",
    ]
    .map(str::to_owned);
    let with_token = |args: &[&str]| -> Output {
        let mut all: Vec<&str> = args.to_vec();
        all.extend(own.iter().map(String::as_str));
        kubectl.run(&all)
    };
    let whoami = with_token(&["auth", "whoami"]);
    has(&text(&whoami.stdout), &["system:serviceaccount:shop:clerk"]);
    assert!(with_token(&["get", "pods", "-n", "shop"]).status.success());
    let refused = with_token(&["get", "secrets", "-n", "shop"]);
    has(&text(&refused.stderr), &["Forbidden", "system:serviceaccount:shop:clerk"]);
    has(&kubectl.ok(&["auth", "reconcile", "-f", &kubectl.file("r.yaml", "{apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRole, metadata: {name: extra}, rules: [{apiGroups: [''], resources: [pods], verbs: [get]}]}")]), &["reconciled"]);

    let pod = "{apiVersion: v1, kind: Pod, metadata: {name: p, namespace: shop}, spec: {hostNetwork: true, containers: [{name: c, image: i}]}}";
    let pod = kubectl.file("pod.yaml", pod);
    kubectl.ok(&["label", "namespace", "shop", "pod-security.kubernetes.io/enforce=baseline"]);
    has(
        &kubectl.fails(&["create", "-f", &pod]),
        &["violates PodSecurity \"baseline:latest\"", "host namespaces (hostNetwork=true)"],
    );
    has(&kubectl.ok(&["run", "q", "--image", "i", "-n", "shop"]), &["pod/q created"]);
    has(
        &kubectl.ok(&["get", "pods", "-n", "shop", "-o", "wide"]),
        &["READY", "STATUS", "NOMINATED NODE", "q", "0/1", "Pending"],
    );
    has(&kubectl.ok(&["delete", "pod", "q", "-n", "shop", "--grace-period", "0", "--force"]), &["deleted"]);
}

#[test]
fn the_api_describes_itself() {
    let Some(kubectl) = Kubectl::new("the_api_describes_itself") else { return };
    has(&kubectl.ok(&["version"]), &["Server Version: v1."]);
    has(&kubectl.ok(&["api-versions"]), &["apps/v1", "rbac.authorization.k8s.io/v1", "v1"]);
    has(
        &kubectl.ok(&["api-resources"]),
        &["SHORTNAMES", "pods", "po", "deployments", "apps/v1", "clusterroles"],
    );
    has(
        &kubectl.ok(&["api-resources", "--api-group", "batch", "-o", "wide"]),
        &["cronjobs", "jobs", "create,delete"],
    );
    has(
        &kubectl.ok(&["explain", "deployment.spec.replicas"]),
        &["KIND:       Deployment", "FIELD: replicas <integer>"],
    );
    has(&kubectl.ok(&["get", "--raw", "/readyz"]), &["ok"]);
    has(&kubectl.ok(&["cluster-info"]), &["control plane", "is running at"]);
    kubectl.file(
        "map.yaml",
        "{apiVersion: v1, kind: ConfigMap, metadata: {name: m, namespace: shop}, data: {a: '1'}}",
    );
    kubectl.ok(&["create", "-f", "map.yaml"]);
    kubectl.file(
        "map.yaml",
        "{apiVersion: v1, kind: ConfigMap, metadata: {name: m, namespace: shop}, data: {a: '2'}}",
    );
    // A difference is told by the code 1.
    let difference = kubectl.run(&["diff", "-f", "map.yaml"]);
    assert_eq!(difference.status.code(), Some(1), "{}", text(&difference.stderr));
    has(&text(&difference.stdout), &["-  a: \"1\"", "+  a: \"2\""]);
    kubectl.ok(&["replace", "-f", "map.yaml"]);
    has(&kubectl.ok(&["delete", "namespace", "shop", "--wait=false"]), &["deleted"]);
}
