//! What is in `deploy/`, and in the page about the server, fits the program.

use crate::{ravelin, root};
use std::collections::BTreeSet;

/// The flags of other programs in there: cargo, curl, install, kubectl, podman, and `COPY` of a container file.
const OTHERS: [&str; 19] = [
    "as",
    "cap-drop",
    "chown",
    "data-binary",
    "file",
    "from",
    "kubeconfig",
    "locked",
    "mode",
    "name",
    "namespace",
    "now",
    "package",
    "publish",
    "read-only",
    "release",
    "server-side",
    "tag",
    "volume",
];

/// The names behind `--` in a text.
fn flags(text: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for (at, _) in text.match_indices("--") {
        let name: String =
            text[at + 2..].chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '-').collect();
        if name.starts_with(|c: char| c.is_ascii_lowercase()) && !text[..at].ends_with(['-', '/']) {
            found.insert(name);
        }
    }
    found
}

#[test]
fn every_flag_in_deploy_and_in_the_page_exists() {
    let help = ravelin("serve --help").out;
    let lines = help.lines().filter(|line| line.trim_start().starts_with("--"));
    let mut known: BTreeSet<String> =
        lines.flat_map(|line| flags(line.split_whitespace().next().unwrap_or(line))).collect();
    known.insert("help".to_owned());
    assert!(known.len() > 40 && known.contains("data-dir"), "{known:?}");
    let mut used = BTreeSet::new();
    for name in ["deploy/ravelin-serve.service", "deploy/Containerfile", "deploy/README.md", "docs/serve.md"]
    {
        let text = std::fs::read_to_string(root().join(name)).unwrap();
        let own = flags(&text);
        assert!(own.contains("data-dir"), "{name}: {own:?}");
        for flag in &own {
            let is_known = known.contains(flag) || OTHERS.contains(&flag.as_str());
            assert!(is_known, "{name}: ravelin serve has no --{flag}");
        }
        used.extend(own);
    }
    for other in OTHERS {
        assert!(used.contains(other), "no file uses --{other} any more");
        assert!(!known.contains(other), "--{other} is a flag of ravelin serve");
    }
}

#[test]
fn the_service_gives_nothing_away() {
    let text = std::fs::read_to_string(root().join("deploy/ravelin-serve.service")).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    for line in [
        "CapabilityBoundingSet=",
        "DynamicUser=yes",
        "MemoryDenyWriteExecute=yes",
        "NoNewPrivileges=yes",
        "ProtectSystem=strict",
        "StateDirectoryMode=0700",
        "SystemCallFilter=@system-service",
        "UMask=0077",
    ] {
        assert!(lines.contains(&line), "{line} is missing");
    }
}
