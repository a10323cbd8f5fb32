//! Help, wrong usage, and what the program prints of itself.

use crate::ravelin;

#[test]
fn help_is_clean_and_wrong_usage_is_64() {
    for args in ["--help", "scan --help", "--version", "help podsec"] {
        assert_eq!(ravelin(args).status, 0, "{args}");
    }
    for args in [
        "",
        "frobnicate",
        "scan",
        "scan --level high x",
        "scan --fail-on bad x",
        "scan --select pss/none x",
        "scan -f yaml x",
        "scan -o sarif x",
    ] {
        let run = ravelin(args);
        assert_eq!(run.status, 64, "{args}");
        assert!(!run.err.is_empty(), "{args}");
    }
}

#[test]
fn wrong_values_are_explained() {
    let run = ravelin("scan --select pss/host-namespace x");
    assert!(run.err.contains("did you mean `pss/host-namespaces`?"), "{}", run.err);
    let run = ravelin("scan --level high x");
    assert!(run.err.contains("must be one of privileged, baseline, restricted"), "{}", run.err);
}

#[test]
fn completions_and_manual() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        assert!(ravelin(&format!("completions {shell}")).out.contains("podsec"), "{shell}");
    }
    assert!(ravelin("man").out.contains(".TH ravelin"));
    assert!(ravelin("man scan").out.contains("baseline"));
    assert_eq!(ravelin("man nothing").status, 64);
}

#[test]
fn schemas() {
    for file in ["config", "report"] {
        let run = ravelin(&format!("schema {file}"));
        let schema: serde_json::Value = serde_json::from_str(&run.out).unwrap();
        assert!(schema["$schema"].is_string(), "{file}");
    }
}
