//! `ravelin can`, `who-can` and `what-can`.

use crate::{ravelin, ravelin_in, root};
use serde_json::Value;

const POLICY: &str = "--from examples/bookstore/rbac.yaml --with-defaults 1.36";

#[test]
fn can_says_why() {
    let ask = |question: &str| {
        let run = ravelin(&format!("can {question} {POLICY}"));
        format!("$ can {question}\n{}exit status {}\n", run.out, run.status)
    };
    let questions = [
        "user:jane get pods -n shop",
        "user:jane get pods -n other",
        "user:jane get pods",
        "user:jane create pods --subresource exec -n shop",
        "user:jane get secrets/checkout-tls -n shop",
        "user:jane list secrets -n shop",
        "user:anna delete po/web -n shop --as-groups checkout-team",
        "sa:ci/deployer create deploy -n shop",
        "sa:ci/deployer create rolebindings -n shop",
        "group:on-call list nodes",
        "group:on-call list configmaps",
        "group:system:masters delete ns/shop",
        "user:system:anonymous get /healthz",
        "user:jane get /metrics",
    ];
    insta::assert_snapshot!("can", questions.map(ask).concat());
}

#[test]
fn can_for_programs() {
    let run = ravelin(&format!("can user:jane get pods -n shop -o json {POLICY}"));
    let answer: Value = serde_json::from_str(&run.out).unwrap();
    assert_eq!(answer["allowed"], true);
    assert_eq!(
        answer["reason"],
        "RBAC: allowed by RoleBinding \"checkout-operators/shop\" of Role \"checkout-operator\" to User \"jane\""
    );
    assert_eq!(answer["grants"][0]["binding"]["from"], "examples/bookstore/rbac.yaml:20");
}

#[test]
fn reviews_in_bulk() {
    let review = |user: &str, verb: &str| {
        format!(
            "{{\"apiVersion\":\"authorization.k8s.io/v1\",\"kind\":\"SubjectAccessReview\",\"spec\":{{\"user\":\"{user}\",\"resourceAttributes\":{{\"namespace\":\"shop\",\"verb\":\"{verb}\",\"resource\":\"pods\"}}}}}}\n"
        )
    };
    let input = format!("{}{}nonsense\n", review("jane", "get"), review("jane", "delete"));
    let args = ["can", "--reviews", "--from", "examples/bookstore/rbac.yaml"];
    let run = ravelin_in(root(), &args, &input);
    assert_eq!(run.status, 2);
    let lines: Vec<Value> = run.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len(), 3);
    assert_eq!(
        (&lines[0]["status"]["allowed"], &lines[1]["status"]["allowed"]),
        (&true.into(), &false.into())
    );
    assert_eq!(lines[2]["line"], 3);
}

#[test]
fn who_can_names_everybody() {
    insta::assert_snapshot!(
        "who_can",
        ravelin(&format!("who-can get pods --subresource log -n shop {POLICY}")).out
    );
    let run = ravelin(&format!("who-can create pods --subresource exec -n shop -o json {POLICY}"));
    let answer: Value = serde_json::from_str(&run.out).unwrap();
    let rows = answer["grants"].as_array().unwrap();
    let subjects: Vec<&str> = rows.iter().map(|row| row["subject"].as_str().unwrap()).collect();
    assert_eq!(answer["always"][0], "group:system:masters");
    assert!(subjects.contains(&"user:jane") && subjects.contains(&"group:system:masters"), "{subjects:?}");
}

#[test]
fn what_can_lists_grants() {
    insta::assert_snapshot!(
        "what_can",
        ravelin("what-can user:jane --from examples/bookstore/rbac.yaml").out
    );
    let nobody = ravelin("what-can user:nobody --from examples/bookstore/rbac.yaml");
    assert_eq!((nobody.status, nobody.out.as_str()), (0, "nothing that a binding grants\n"));
}

#[test]
fn what_comes_later_takes_the_place_of_what_comes_before() {
    let folder = tempfile::tempdir().unwrap();
    let role = |verb: &str| {
        format!(
            "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {{name: r}}\nrules: [{{apiGroups: [''], resources: [pods], verbs: [{verb}]}}]\n---\napiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRoleBinding\nmetadata: {{name: b}}\nroleRef: {{apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: r}}\nsubjects: [{{kind: User, apiGroup: rbac.authorization.k8s.io, name: u}}]\n"
        )
    };
    std::fs::write(folder.path().join("old.yaml"), role("get")).unwrap();
    std::fs::write(folder.path().join("new.yaml"), role("list")).unwrap();
    let can = |verb: &str, files: &[&str]| {
        let mut args = vec!["can", "user:u", verb, "pods"];
        files.iter().for_each(|file| args.extend(["--from", file]));
        ravelin_in(folder.path(), &args, "").status
    };
    assert_eq!((can("get", &["old.yaml"]), can("get", &["old.yaml", "new.yaml"])), (0, 1));
    assert_eq!(can("list", &["old.yaml", "new.yaml"]), 0);
}

#[test]
fn what_cannot_be_read_makes_a_no_uncertain() {
    let input =
        "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {name: r}\nrules: 3\n";
    let run = ravelin_in(root(), &["can", "user:u", "get", "pods", "--from", "-"], input);
    assert_eq!(run.status, 2);
    assert!(run.err.contains("rules: expected a sequence, found the integer 3"), "{}", run.err);
    assert_eq!(ravelin("can user:u get pods").status, 64);
    assert_eq!(ravelin("can jane get pods --with-defaults 1.36").status, 64);
    assert_eq!(ravelin("can user:u get pods --with-defaults 1.2").status, 64);
}
