//! `ravelin rules`.

use crate::ravelin;

#[test]
fn list() {
    insta::assert_snapshot!("rules", ravelin("rules").out);
}

#[test]
fn page() {
    insta::assert_snapshot!("rules_host_namespaces", ravelin("rules pss/host-namespaces").out);
}

#[test]
fn json() {
    let run = ravelin("rules suppression -o json");
    let rules: serde_json::Value = serde_json::from_str(&run.out).unwrap();
    assert_eq!(rules.as_array().unwrap().len(), 3);
    assert_eq!(rules[0]["id"], "suppression/expired");
}

#[test]
fn unknown() {
    let run = ravelin("rules pss/privilege");
    assert_eq!(run.status, 64);
    assert_eq!(
        run.err,
        "error: no check or family is named `pss/privilege`; did you mean `pss/privileged`?\n"
    );
}
