//! A backup holds what the server held, and a server on what was restored of it goes on from there.

use crate::server::{Caller, Server};
use serde_json::json;
use std::process::Command;

const ADMIN: &str = "Authorization: Bearer root-token\r\n";

fn run(args: &[&str]) {
    let output = Command::new(env!("CARGO_BIN_EXE_ravelin")).args(args).output().unwrap();
    assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn what_was_restored_is_what_was_there() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let (tokens, data, again, backup) = (path("tokens.csv"), path("data"), path("again"), path("backup"));
    std::fs::write(&tokens, "root-token,root,1,\"system:masters\"\n").unwrap();
    let mut server =
        Server::start(tempfile::tempdir().unwrap(), &["--data-dir", &data, "--token-auth-file", &tokens]);
    let caller = Caller::new(&server, ADMIN);
    let maps = "/api/v1/namespaces/default/configmaps";
    let made = caller.post(maps, &json!({"metadata": {"name": "kept"}, "data": {"a": "b"}})).ok();
    server.crash();
    run(&["serve", "backup", "--data-dir", &data, &backup]);
    run(&["serve", "restore", "--data-dir", &again, &backup]);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = std::fs::metadata(&backup).unwrap().permissions().mode();
        assert_eq!(mode & 0o077, 0, "a backup holds Secrets: {mode:o}");
    }
    let server =
        Server::start(tempfile::tempdir().unwrap(), &["--data-dir", &again, "--token-auth-file", &tokens]);
    let caller = Caller::new(&server, ADMIN);
    assert_eq!(caller.get(&format!("{maps}/kept")).ok(), made);
    let next = caller.post(maps, &json!({"metadata": {"name": "next"}})).ok();
    let revision = |object: &serde_json::Value| {
        object["metadata"]["resourceVersion"].as_str().unwrap().parse::<u64>().unwrap()
    };
    assert!(revision(&next) > revision(&made), "{next}");
}
