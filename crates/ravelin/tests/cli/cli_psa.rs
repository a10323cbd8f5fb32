//! `ravelin psa`.

use crate::{ravelin, ravelin_in};

#[test]
fn a_plan_for_the_examples() {
    let run = ravelin("psa plan examples/bookstore");
    insta::assert_snapshot!("psa_plan", format!("{}{}status {}\n", run.err, run.out, run.status));
}

#[test]
fn the_commands_alone() {
    let run = ravelin("psa plan -o commands --version v1.34 -n shop examples/bookstore");
    insta::assert_snapshot!("psa_plan_commands", run.out);
}

#[test]
fn the_plan_for_programs() {
    let run = ravelin("psa plan -o json -n shop examples/bookstore");
    let plan: serde_json::Value = serde_json::from_str(&run.out).unwrap();
    assert_eq!(plan["namespaces"][0]["name"], "shop");
    assert!(plan["namespaces"][0]["workloads"].as_array().unwrap().len() > 2);
}

#[test]
fn policies_of_old_amount_to_levels() {
    let folder = tempfile::tempdir().unwrap();
    let policy = "apiVersion: policy/v1beta1\nkind: PodSecurityPolicy\nmetadata: {name: old}\nspec:\n  hostNetwork: true\n  seLinux: {rule: RunAsAny}\n  volumes: ['*']\n  defaultAddCapabilities: [CHOWN]\n";
    std::fs::write(folder.path().join("psp.yaml"), policy).unwrap();
    let run = ravelin_in(folder.path(), &["psa", "plan", "--psp", "psp.yaml"], "");
    assert_eq!(run.status, 0);
    insta::assert_snapshot!("psa_plan_psp", run.out);
}

#[test]
fn a_namespace_that_is_not_there_is_wrong_usage() {
    assert_eq!(ravelin("psa plan -n shopp examples/bookstore").status, 64);
}

#[test]
fn nothing_to_plan_is_not_clean() {
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(ravelin_in(folder.path(), &["psa", "plan", "."], "").status, 2);
}
