//! `ravelin serve`: what it refuses before it serves.

use crate::{ravelin, ravelin_in};

#[test]
fn a_flag_that_is_not_served_is_refused_by_its_name() {
    let flags = [
        "--etcd-servers=http://127.0.0.1:2379",
        "--encryption-provider-config=x.yaml",
        "--oidc-issuer-url=https://x.example",
        "--feature-gates=A=true",
        "--authorization-webhook-config-file=x",
    ];
    for flag in flags {
        let run = ravelin(&format!("serve --ephemeral {flag}"));
        let name = flag.split('=').next().unwrap();
        assert!(run.status == 64 && run.err.contains(name), "{flag}: {} {}", run.status, run.err);
    }
}

#[test]
fn what_does_not_go_together_is_wrong_usage() {
    let cases = [
        ("--authorization-mode ABAC", "authorization policy file not passed"),
        ("--authorization-mode RBAC,RBAC", "names one mode twice"),
        ("--authorization-policy-file x", "without mode ABAC"),
        ("--controllers nope", "there is no controller \"nope\""),
        ("--service-cluster-ip-range 10.0.0.0/8", "is no range of IPv4 addresses"),
        ("--endpoint-reconciler-type lease", "lease"),
        ("--audit-policy-file x", "--audit-log-path"),
        ("--tls-cert-file x", "--tls-private-key-file"),
        ("--data-dir x", "--ephemeral"),
        ("--requestheader-allowed-names x", "--requestheader-client-ca-file"),
    ];
    for (flags, words) in cases {
        let run = ravelin(&format!("serve --ephemeral --secure-port 0 {flags}"));
        assert_eq!(run.status, 64, "{flags}: {}", run.err);
        assert!(run.err.contains(words), "{flags}: {}", run.err);
    }
}

#[test]
fn what_cannot_be_read_is_said_with_its_name() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("empty.yaml"), "apiVersion: audit.k8s.io/v1\nkind: Policy\n").unwrap();
    let cases = [
        ("--token-auth-file none.csv", "none.csv"),
        ("--client-ca-file none.crt", "none.crt"),
        ("--service-account-signing-key-file none.key", "none.key"),
        ("--admission-control-config-file none.yaml", "none.yaml"),
        ("--audit-policy-file empty.yaml --audit-log-path -", "0 rules"),
        ("--enable-admission-plugins Nope", "Nope"),
        ("--enable-admission-plugins ImagePolicyWebhook", "ImagePolicyWebhook"),
    ];
    for (flags, words) in cases {
        let mut args = vec!["serve", "--ephemeral", "--secure-port", "0", "--write-kubeconfig", "k"];
        args.extend(flags.split(' '));
        let run = ravelin_in(folder.path(), &args, "");
        assert_eq!(run.status, 2, "{flags}: {}", run.err);
        assert!(run.err.contains(words), "{flags}: {}", run.err);
    }
}

#[test]
fn a_backup_needs_a_store_and_a_restore_a_place_without_one() {
    let folder = tempfile::tempdir().unwrap();
    let run = ravelin_in(folder.path(), &["serve", "backup", "--data-dir", "none", "b"], "");
    assert_eq!(run.status, 64, "{}", run.err);
    std::fs::create_dir(folder.path().join("data")).unwrap();
    std::fs::write(folder.path().join("data/store.redb"), "").unwrap();
    let run = ravelin_in(folder.path(), &["serve", "restore", "--data-dir", "data", "b"], "");
    assert_eq!(run.status, 64, "{}", run.err);
    let run = ravelin_in(folder.path(), &["serve", "restore", "--data-dir", "new", "missing"], "");
    assert!(run.status == 2 && run.err.contains("missing"), "{} {}", run.status, run.err);
    std::fs::write(folder.path().join("no-backup"), "something else").unwrap();
    let run = ravelin_in(folder.path(), &["serve", "restore", "--data-dir", "new", "no-backup"], "");
    assert!(run.status == 2 && run.err.contains("no-backup"), "{} {}", run.status, run.err);
}
