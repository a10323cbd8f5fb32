//! `ravelin scan`.

use crate::{ravelin, ravelin_in, root};
use serde_json::Value;

const POD: &str = "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec:\n  hostPID: true\n  automountServiceAccountToken: false\n  containers: []\n";

#[test]
fn examples_pretty() {
    let run = ravelin("scan examples/");
    assert_eq!(run.status, 1);
    assert_eq!(run.err, "");
    insta::assert_snapshot!("examples_pretty", run.out);
}

#[test]
fn examples_concise() {
    insta::assert_snapshot!("examples_concise", ravelin("scan --format concise examples/").out);
}

#[test]
fn examples_json() {
    insta::assert_snapshot!("examples_json", ravelin("scan --format json examples/").out);
}

#[test]
fn examples_sarif() {
    let run = ravelin("scan --format sarif examples/");
    let sarif: Value = serde_json::from_str(&run.out).unwrap();
    let results = sarif["runs"][0]["results"].as_array().unwrap();
    assert_eq!(sarif["version"], "2.1.0");
    let first = &results[0]["locations"][0]["physicalLocation"];
    assert!(first["artifactLocation"]["uri"].as_str().unwrap().starts_with("examples/bookstore/"));
    insta::assert_snapshot!("examples_sarif_results", serde_json::to_string_pretty(&results).unwrap());
}

#[test]
fn examples_junit() {
    insta::assert_snapshot!("examples_junit", ravelin("scan --format junit examples/").out);
}

#[test]
fn examples_github() {
    insta::assert_snapshot!("examples_github", ravelin("scan --format github examples/").out);
}

#[test]
fn examples_markdown() {
    insta::assert_snapshot!("examples_markdown", ravelin("scan --format markdown examples/").out);
}

#[test]
fn output_is_the_same_each_time() {
    assert_eq!(ravelin("scan -f json examples/").out, ravelin("scan -f json examples/").out);
}

#[test]
fn exit_status() {
    let scan = |args: &[&str], input: &str| {
        let mut all = vec!["scan", "--no-config", "-f", "concise"];
        all.extend(args);
        ravelin_in(root(), &all, input).status
    };
    assert_eq!(scan(&["examples/bookstore/catalog.yaml"], ""), 0);
    assert_eq!(scan(&["-"], POD), 1);
    assert_eq!(scan(&["--level", "privileged", "-"], POD), 0);
    assert_eq!(scan(&["--fail-on", "critical", "-"], POD), 0);
    assert_eq!(scan(&["--ignore", "pss", "-"], POD), 0);
    assert_eq!(scan(&["-"], "apiVersion: v1\nkind: Pod\nspec: ["), 2);
    assert_eq!(scan(&["-"], "a: 1"), 0);
    assert_eq!(scan(&["-"], "# nothing\n"), 2, "a pipe whose first command failed is not clean");
    assert_eq!(scan(&["--strict", "-"], "a: 1"), 2);
    assert_eq!(scan(&["no/such/file.yaml"], ""), 2);
    assert_eq!(scan(&[], ""), 64);
}

#[test]
fn a_folder_without_manifests_is_not_clean() {
    let folder = tempfile::tempdir().unwrap();
    let run = ravelin_in(folder.path(), &["scan", "."], "");
    assert_eq!((run.status, run.err.as_str()), (2, "error: nothing to judge: no YAML or JSON file in .\n"));
}

#[test]
fn several_outputs_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let args = ["scan", "-f", "concise", "-o", "sarif=r.sarif", "--output", "junit=r.xml", "-"];
    let run = ravelin_in(folder.path(), &args, POD);
    assert_eq!(run.status, 1);
    assert!(run.out.contains("<stdin>:5:12: high pss/host-namespaces"), "{}", run.out);
    let sarif = std::fs::read_to_string(folder.path().join("r.sarif")).unwrap();
    assert_eq!(
        serde_json::from_str::<Value>(&sarif).unwrap()["runs"][0]["results"].as_array().unwrap().len(),
        1
    );
    assert!(std::fs::read_to_string(folder.path().join("r.xml")).unwrap().contains("<testsuites"));
}

#[test]
fn only_findings_that_the_baseline_does_not_know_count() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("a.yaml");
    std::fs::write(&file, POD).unwrap();
    let scan =
        |args: &[&str]| ravelin_in(folder.path(), &[&["scan", "-f", "concise", "a.yaml"], args].concat(), "");
    let run = scan(&["--write-baseline", "b.json"]);
    assert_eq!((run.status, run.err.as_str()), (1, "wrote 1 findings to b.json\n"));
    assert_eq!(scan(&["--baseline", "b.json"]).status, 0);
    std::fs::write(&file, format!("# moved\n{}", POD.replace("hostPID", "hostIPC: true\n  hostPID")))
        .unwrap();
    let run = scan(&["--baseline", "b.json"]);
    assert_eq!(run.status, 1);
    assert!(run.out.contains("hostIPC") && !run.out.contains("hostPID"), "{}", run.out);
    std::fs::write(folder.path().join("b.json"), "{}").unwrap();
    assert_eq!(scan(&["--baseline", "b.json"]).status, 64);
}

#[test]
fn the_project_file_is_found_and_heeded() {
    let folder = tempfile::tempdir().unwrap();
    let deploy = folder.path().join("deploy");
    std::fs::create_dir(&deploy).unwrap();
    std::fs::create_dir(folder.path().join(".git")).unwrap();
    std::fs::write(deploy.join("a.yaml"), POD).unwrap();
    let write = |text: &str| std::fs::write(folder.path().join("ravelin.yaml"), text).unwrap();
    let entry = |rest: &str| {
        format!(
            "suppressions:\n- checks: [pss/host-namespaces]\n  files: ['deploy/**']\n  kind: Pod\n  name: a*\n  reason: needed\n{rest}"
        )
    };
    let scan =
        |args: &[&str]| ravelin_in(folder.path(), &[&["scan", "-f", "concise", "deploy"], args].concat(), "");
    write(&entry(""));
    assert_eq!(scan(&[]).status, 0);
    assert_eq!(scan(&["--no-suppressions"]).status, 1);
    assert_eq!(scan(&["--no-config"]).status, 1);
    assert_eq!(
        ravelin_in(&deploy, &["scan", "-f", "concise", "."], "").status,
        0,
        "found above, as seen from below"
    );
    write(&entry("  expires: '2020-01-01'\n"));
    let run = scan(&[]);
    assert_eq!(run.status, 1);
    assert!(run.out.contains("ravelin.yaml:2:3: medium suppression/expired"), "{}", run.out);
    write(&entry("").replace("kind: Pod", "kind: Job"));
    assert!(scan(&[]).out.contains("suppression/unused"));
    write("level: baselin\n");
    assert_eq!(scan(&[]).status, 64);
    write("levle: baseline\n");
    let run = scan(&[]);
    assert_eq!(run.status, 64);
    assert!(run.err.starts_with("error: ravelin.yaml:1:1: levle: unknown field"), "{}", run.err);
    write("level: privileged\n");
    assert_eq!(scan(&[]).status, 0);
    assert_eq!(scan(&["--level", "baseline"]).status, 1, "arguments win");
}

#[test]
fn the_configuration_of_the_api_server_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let config = "apiVersion: pod-security.admission.config.k8s.io/v1\nkind: PodSecurityConfiguration\ndefaults: {enforce: privileged, warn: baseline}\nexemptions: {namespaces: [kube-system], usernames: [ops]}\n";
    std::fs::write(folder.path().join("psa.yaml"), config).unwrap();
    let scan = |input: &str| ravelin_in(folder.path(), &["scan", "--psa-config", "psa.yaml", "-"], input);
    let run = scan(POD);
    assert_eq!(run.status, 1);
    assert!(run.out.contains("its namespace warns") || run.out.contains("warn"), "{}", run.out);
    assert!(run.out.contains("exempt usernames"), "{}", run.out);
    let exempt = scan(&POD.replace("name: a", "name: a, namespace: kube-system"));
    assert_eq!(exempt.status, 0);
    std::fs::write(folder.path().join("psa.yaml"), config.replace("baseline", "Baseline")).unwrap();
    let run = scan(POD);
    assert_eq!(run.status, 64);
    assert!(run.err.contains("psa.yaml:3:39: defaults.warn: Invalid value: \"Baseline\""), "{}", run.err);
}

#[test]
fn colour_only_where_it_is_wanted() {
    assert!(!ravelin("scan examples/").out.contains('\u{1b}'));
    assert!(ravelin("scan --color always examples/").out.contains('\u{1b}'));
}
