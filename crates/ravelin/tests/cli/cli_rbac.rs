//! `ravelin rbac matrix`, `diff` and `reduce`.

use crate::{Run, ravelin, ravelin_in};
use serde_json::Value;
use std::path::Path;

const POLICY: &str = "--from examples/bookstore/rbac.yaml --with-defaults 1.36";

fn object(kind: &str, metadata: &str, rest: &str) -> String {
    format!("---\napiVersion: rbac.authorization.k8s.io/v1\nkind: {kind}\nmetadata: {{{metadata}}}\n{rest}\n")
}

fn role(namespace: &str, name: &str, rules: &str) -> String {
    let (kind, metadata) = match namespace {
        "" => ("ClusterRole", format!("name: {name}")),
        namespace => ("Role", format!("name: {name}, namespace: {namespace}")),
    };
    object(kind, &metadata, &format!("rules: {rules}"))
}

fn binding(namespace: &str, name: &str, role: &str, subjects: &str) -> String {
    let (kind, metadata) = match namespace {
        "" => ("ClusterRoleBinding", format!("name: {name}")),
        namespace => ("RoleBinding", format!("name: {name}, namespace: {namespace}")),
    };
    let (of, role) = role.split_once('/').unwrap();
    let group = "rbac.authorization.k8s.io";
    object(
        kind,
        &metadata,
        &format!("roleRef: {{apiGroup: {group}, kind: {of}, name: {role}}}\nsubjects: {subjects}"),
    )
}

const ANN: &str = "[{kind: User, apiGroup: rbac.authorization.k8s.io, name: ann}]";

fn written(files: &[(&str, String)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        std::fs::write(folder.path().join(name), text).unwrap();
    }
    folder
}

fn rbac(folder: &Path, args: &str) -> Run {
    let args: Vec<&str> = std::iter::once("rbac").chain(args.split_whitespace()).collect();
    ravelin_in(folder, &args, "")
}

fn shown(run: &Run) -> String {
    format!("{}{}exit status {}\n", run.out, run.err, run.status)
}

#[test]
fn matrix_of_the_bookstore() {
    insta::assert_snapshot!(
        "rbac_matrix",
        shown(&ravelin(&format!(
            "rbac matrix -n shop --resource secrets --resource pods --resource pods/exec {POLICY}"
        )))
    );
    let run = ravelin(&format!(
        "rbac matrix user:jane sa:ci/deployer --resource deploy --resource pods -o csv {POLICY}"
    ));
    insta::assert_snapshot!("rbac_matrix_csv", shown(&run));
    let page = ravelin(&format!("rbac matrix -o html {POLICY}"));
    assert_eq!(page.status, 0);
    assert!(page.out.starts_with("<!doctype html>") && page.out.contains("checkout-operator"));
    assert!(!page.out.contains("generic-garbage-collector"));
}

#[test]
fn matrix_says_what_is_hidden_and_what_is_not_known() {
    let all = ravelin("rbac matrix --with-defaults 1.36 -o json");
    let answer: Value = serde_json::from_str(&all.out).unwrap();
    assert_eq!(answer["subjects"].as_array().unwrap().len(), 0);
    assert!(answer["hidden"].as_u64().unwrap() > 30);
    let system = ravelin("rbac matrix --with-defaults 1.36 --system -o json");
    let answer: Value = serde_json::from_str(&system.out).unwrap();
    let masters =
        answer["subjects"].as_array().unwrap().iter().find(|row| row["subject"] == "group:system:masters");
    let row = &masters.unwrap()["places"][0]["rows"][0];
    assert_eq!(
        (&row["resource"], &row["verbs"]["get"], &row["other"][0]),
        (&"*".into(), &"wildcard".into(), &"*".into())
    );
    assert_eq!(answer["hidden"], 0);
    let without = ravelin("rbac matrix --from examples/bookstore/rbac.yaml");
    assert_eq!(without.status, 2);
    assert!(without.out.contains("it is a default role: give --with-defaults 1.36"), "{}", without.out);
    assert_eq!(ravelin("rbac matrix jane --with-defaults 1.36").status, 64);
}

#[test]
fn a_default_binding_that_was_changed_is_shown() {
    let changed = binding(
        "",
        "system:basic-user",
        "ClusterRole/system:basic-user",
        "[{kind: Group, apiGroup: rbac.authorization.k8s.io, name: devs}]",
    );
    let folder = written(&[("a.yaml", changed)]);
    let run = rbac(folder.path(), "matrix --from a.yaml --with-defaults 1.36");
    assert!(run.out.contains("group:devs in the whole cluster"), "{}", run.out);
}

#[test]
fn diff_is_about_what_is_allowed() {
    let base = role("shop", "ops", "[{apiGroups: [''], resources: [pods, pods/log], verbs: [get, list]}]")
        + &binding("shop", "ops", "Role/ops", ANN);
    let moved = role("", "pods", "[{apiGroups: [''], resources: [pods], verbs: [list, get]}]")
        + &role("shop", "logs", "[{apiGroups: [''], resources: [pods/log], verbs: [get, list, get]}]")
        + &binding("shop", "a", "ClusterRole/pods", ANN)
        + &binding("shop", "b", "Role/logs", ANN);
    let wider = role("", "pods", "[{apiGroups: [''], resources: [pods, secrets], verbs: ['*']}]")
        + &binding("", "a", "ClusterRole/pods", ANN);
    let folder = written(&[("base.yaml", base), ("moved.yaml", moved), ("wider.yaml", wider)]);
    let same = rbac(folder.path(), "diff base.yaml moved.yaml");
    assert_eq!((same.status, same.out.as_str()), (0, "nothing is newly granted\n"));
    insta::assert_snapshot!("rbac_diff", shown(&rbac(folder.path(), "diff base.yaml wider.yaml")));
    insta::assert_snapshot!(
        "rbac_diff_markdown",
        shown(&rbac(folder.path(), "diff base.yaml wider.yaml -o markdown"))
    );
    let back = rbac(folder.path(), "diff wider.yaml base.yaml");
    assert_eq!(back.status, 1, "{}", back.out);
    let json = rbac(folder.path(), "diff base.yaml wider.yaml -o json");
    let value: Value = serde_json::from_str(&json.out).unwrap();
    assert_eq!(value["granted"][0]["subject"], "user:ann");
    assert_eq!(value["granted"][0]["by"][0]["binding"]["from"], "wider.yaml:7");
}

#[test]
fn diff_over_a_cluster() {
    let list = |items: &str| format!("{{\"apiVersion\": \"v1\", \"kind\": \"List\", \"items\": [{items}]}}");
    let head = "\"apiVersion\": \"rbac.authorization.k8s.io/v1\", \"kind\"";
    let saved = list(&format!(
        "{{{head}: \"ClusterRole\", \"metadata\": {{\"name\": \"pods\"}}, \"rules\": [{{\"apiGroups\": [\"\"], \"resources\": [\"pods\"], \"verbs\": [\"get\"]}}]}},
         {{{head}: \"ClusterRoleBinding\", \"metadata\": {{\"name\": \"pods\"}}, \"roleRef\": {{\"kind\": \"ClusterRole\", \"name\": \"pods\"}}, \"subjects\": [{{\"kind\": \"User\", \"name\": \"ann\"}}]}}"
    ));
    let folder = written(&[
        ("cluster.json", saved),
        ("bound.yaml", binding("", "pods", "ClusterRole/pods", ANN)),
        (
            "more.yaml",
            binding("", "pods", "ClusterRole/pods", ANN) + &binding("shop", "again", "ClusterRole/pods", ANN),
        ),
        ("none.yaml", "# nothing\n".to_owned()),
    ]);
    let diff = |args: &str| rbac(folder.path(), &format!("diff {args} --snapshot cluster.json"));
    let again = diff("bound.yaml more.yaml");
    assert_eq!((again.status, again.out.as_str()), (0, "nothing is newly granted\n"));
    let adopted = diff("none.yaml bound.yaml");
    assert_eq!(adopted.out, "nothing is newly granted\n");
    let dropped = diff("bound.yaml none.yaml");
    assert_eq!(dropped.status, 0);
    assert!(dropped.out.ends_with("nothing is newly granted; 1 taken away\n"), "{}", dropped.out);
}

#[test]
fn diff_says_what_is_not_known() {
    let folder = written(&[
        ("none.yaml", "# nothing\n".to_owned()),
        ("edit.yaml", binding("shop", "b", "ClusterRole/edit", ANN)),
        ("broken.yaml", role("", "r", "3")),
    ]);
    let unknown = rbac(folder.path(), "diff none.yaml edit.yaml");
    assert_eq!(unknown.status, 2);
    assert!(
        unknown.out.starts_with("unknown: RoleBinding shop/b (edit.yaml:2) grants ClusterRole edit"),
        "{}",
        unknown.out
    );
    assert_eq!(rbac(folder.path(), "diff edit.yaml edit.yaml").status, 0);
    assert_eq!(rbac(folder.path(), "diff none.yaml edit.yaml --with-defaults 1.36").status, 1);
    assert_eq!(rbac(folder.path(), "diff none.yaml broken.yaml").status, 2);
    assert_eq!(rbac(folder.path(), "diff gone.yaml none.yaml").status, 2);
    assert_eq!(rbac(folder.path(), "diff none.yaml").status, 64);
    assert_eq!(rbac(folder.path(), "diff - -").status, 64);
}

#[test]
fn reduce_of_the_bookstore() {
    let run = ravelin(&format!("rbac reduce {POLICY}"));
    insta::assert_snapshot!("rbac_reduce_bookstore", shown(&run));
    let unknown = ravelin("rbac reduce --from examples/bookstore/rbac.yaml");
    assert_eq!(unknown.status, 2);
    assert!(unknown.out.contains("grants the default role edit, which was not read"), "{}", unknown.out);
    let complete =
        ravelin(&format!("rbac reduce {POLICY} --from examples/bookstore/namespaces.yaml --complete"));
    assert_eq!(complete.status, 0, "{}", complete.out);
    assert!(!complete.out.contains("unknown"), "{}", complete.out);
}

#[test]
fn reduce_says_what_to_delete_and_why() {
    let text = role(
        "",
        "pods",
        "[{apiGroups: [''], resources: [pods], verbs: [get, list, get]}, {apiGroups: [''], resources: ['*', pods/*], verbs: [get]}, {apiGroups: [''], resources: [pods], verbs: [get], resourceNames: [a]}]",
    ) + &role("shop", "lonely", "[{apiGroups: [''], resources: [pods], verbs: [get]}]")
        + &binding("", "all", "ClusterRole/pods", ANN)
        + &binding(
            "shop",
            "some",
            "ClusterRole/pods",
            "[{kind: User, apiGroup: rbac.authorization.k8s.io, name: ann}, {kind: ServiceAccount, name: web}]",
        )
        + &binding("shop", "gone", "Role/gone", ANN);
    let folder = written(&[("a.yaml", text)]);
    insta::assert_snapshot!("rbac_reduce", shown(&rbac(folder.path(), "reduce --from a.yaml")));
    let json = rbac(folder.path(), "reduce --from a.yaml -o json");
    let value: Value = serde_json::from_str(&json.out).unwrap();
    assert_eq!(value["excess"][0]["proof"], "covered");
    let complete = rbac(folder.path(), "reduce --from a.yaml --complete");
    assert!(
        complete.out.contains("delete the binding [missing]: there is no such namespace\n"),
        "{}",
        complete.out
    );
}
