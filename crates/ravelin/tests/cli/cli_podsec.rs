//! `ravelin podsec`.

use crate::{ravelin, ravelin_in, root};

#[test]
fn examples_matrix() {
    let run = ravelin("podsec examples/");
    assert_eq!(run.status, 0);
    insta::assert_snapshot!("examples_podsec", run.out);
}

#[test]
fn verdicts_in_the_words_of_upstream() {
    let run =
        ravelin("podsec --level baseline --level restricted --version v1.30 examples/bookstore/legacy.yaml");
    assert_eq!(run.status, 1);
    insta::assert_snapshot!("podsec_legacy", run.out);
    let run = ravelin("podsec --level baseline -o json examples/bookstore/catalog.yaml");
    assert_eq!(run.status, 0);
    insta::assert_snapshot!("podsec_catalog_json", run.out);
}

#[test]
fn bulk() {
    let input = "{\"metadata\":{\"name\":\"web\"},\"spec\":{\"hostPID\":true}}\n\nnonsense\n{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"metadata\":{\"name\":\"b\",\"namespace\":\"n\"},\"spec\":{}}\n{\"apiVersion\":\"v1\",\"kind\":\"Secret\"}\n";
    let args = [
        "podsec",
        "--ndjson",
        "--level",
        "restricted",
        "--level",
        "baseline",
        "--version",
        "v1.30",
        "--version",
        "latest",
    ];
    let run = ravelin_in(root(), &args, input);
    assert_eq!(run.status, 2);
    insta::assert_snapshot!("podsec_bulk", run.out);
    let all = ravelin_in(root(), &["podsec", "--ndjson", "--version", "all"], "{\"spec\":{}}\n");
    assert_eq!((all.status, all.out.lines().count()), (0, 39));
    assert!(all.out.starts_with("{\"line\":1,\"namespace\":\"\",\"name\":\"\",\"level\":\"restricted\",\"version\":\"v1.0\",\"allowed\":true,\"reason\":\"\",\"detail\":\"\"}\n"));
}

#[test]
fn what_cannot_be_judged_is_said() {
    let run = ravelin_in(root(), &["podsec", "-"], "apiVersion: v1\nkind: Pod\nspec: {hostPID: 3}\n");
    assert_eq!(run.status, 2);
    assert_eq!(run.err, "error: <stdin>:1:1: spec.hostPID: expected a boolean, found the integer 3\n");
}
