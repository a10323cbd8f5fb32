//! `ravelin snapshot`, and the verbs that read a cluster or a snapshot of one.

#[path = "../../../cluster/tests/support/fake.rs"]
mod fake;

use crate::{Run, ravelin_in};
use fake::{Fake, PLANTED, Reply, shop};
use serde_json::Value;
use std::path::Path;

/// A folder with a kubeconfig for the server.
fn folder(fake: &Fake) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("config"), fake.kubeconfig()).unwrap();
    folder
}

fn run(folder: &Path, args: &str) -> Run {
    let args: Vec<&str> = args.split_whitespace().collect();
    let run = ravelin_in(folder, &args, "");
    for planted in PLANTED.iter().chain(&["t0ken-of-the-tester"]) {
        assert!(!run.out.contains(planted) && !run.err.contains(planted), "{}{}", run.out, run.err);
    }
    run
}

/// A server that forbids some resources.
fn without(forbidden: &'static [&'static str]) -> Fake {
    Fake::serve(move |asked| {
        let resource = asked.path.rsplit('/').next().unwrap_or_default();
        if forbidden.contains(&resource) { Reply::forbidden(asked) } else { shop(asked) }
    })
}

#[test]
fn a_snapshot_is_saved_for_its_owner_and_holds_no_secret() {
    let fake = without(&[]);
    let folder = folder(&fake);
    let saved = run(folder.path(), "snapshot --kubeconfig config -o s.json");
    assert_eq!(saved.status, 0, "{}", saved.err);
    assert_eq!(
        saved.err,
        format!("wrote 7 objects of 38 kinds from http://{} (v1.36.0) to s.json\n", fake.address)
    );
    let file = folder.path().join("s.json");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    }
    let text = std::fs::read_to_string(&file).unwrap();
    assert!(PLANTED.iter().all(|planted| !text.contains(planted)), "{text}");
    let list: Value = serde_json::from_str(&text).unwrap();
    let record = &list["items"][0];
    assert_eq!((&record["kind"], &record["clusterUID"]), (&"Snapshot".into(), &"uid-1".into()));
    assert_eq!((&record["serverVersion"], &record["secrets"]), (&"v1.36.0".into(), &"keys".into()));
    assert!(text.contains(r#""data":{"password":""}"#) && text.contains(r#""data":{"mode":""}"#));

    let printed = run(folder.path(), "snapshot --kubeconfig config -o - --kinds cm,deploy --config-values");
    assert_eq!((printed.status, printed.err.as_str()), (0, ""));
    let list: Value = serde_json::from_str(&printed.out).unwrap();
    let kinds: Vec<&str> =
        list["items"].as_array().unwrap().iter().map(|item| item["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["Snapshot", "ConfigMap", "Deployment"]);
    assert_eq!(list["items"][1]["data"]["mode"], "fast");
    let left: Vec<_> =
        std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left.len(), 2, "no other file is left: {left:?}");
}

#[test]
fn what_a_snapshot_could_not_read_is_said_and_kept() {
    let fake = without(&["clusterrolebindings", "nodes"]);
    let folder = folder(&fake);
    let saved = run(folder.path(), "snapshot --kubeconfig config -o s.json");
    assert_eq!(saved.status, 2);
    assert!(
        saved.err.contains("unknown: nodes: forbidden: nodes is forbidden: User \"tester\""),
        "{}",
        saved.err
    );
    let can = |question: &str| run(folder.path(), &format!("can {question} --snapshot s.json"));
    let yes = can("user:jane get pods -n shop");
    assert_eq!((yes.status, yes.out.lines().next()), (0, Some("yes: get pods in namespace shop")));
    assert!(
        yes.err.starts_with("error: s.json: clusterrolebindings.rbac.authorization.k8s.io: forbidden"),
        "{}",
        yes.err
    );
    assert!(!yes.err.contains("nodes"), "only what the question needs: {}", yes.err);
    assert_eq!(can("user:jane delete pods -n shop").status, 2, "a no is not certain");

    let limited = run(
        folder.path(),
        "snapshot --kubeconfig config -o s.json -n shop --kinds roles,rolebindings,deploy",
    );
    assert_eq!(limited.status, 0, "{}", limited.err);
    let no = can("user:jane delete pods -n shop");
    assert_eq!(no.status, 2);
    for told in [
        "clusterroles.rbac.authorization.k8s.io: not asked for",
        "clusterrolebindings.rbac.authorization.k8s.io: not asked for",
    ] {
        assert!(no.err.contains(told), "{}", no.err);
    }
    assert!(
        !no.err.contains("\nerror: s.json: roles."),
        "what is not known of other namespaces does not matter"
    );
    let fake = without(&[]);
    std::fs::write(folder.path().join("config"), fake.kubeconfig()).unwrap();
    assert_eq!(run(folder.path(), "snapshot --kubeconfig config -o s.json -n shop").status, 0);
    let status = |args: &str| run(folder.path(), &format!("{args} --snapshot s.json")).status;
    assert_eq!(status("can user:jane delete pods -n shop"), 1);
    assert_eq!(status("can user:jane delete pods -n other"), 2);
    assert_eq!(status("can user:jane delete nodes"), 1);
    assert_eq!((status("who-can get pods -n shop"), status("who-can get pods")), (0, 2));
}

#[test]
fn questions_are_asked_of_a_cluster() {
    let fake = without(&[]);
    let folder = folder(&fake);
    let can = |question: &str| run(folder.path(), &format!("can {question}"));
    let yes = can("user:jane get pods -n shop --cluster --kubeconfig config");
    assert_eq!(
        (yes.status, yes.out.as_str(), yes.err.as_str()),
        (
            0,
            "yes: get pods in namespace shop\n  RoleBinding shop/readers (cluster) -> Role reader (cluster), rule 0: get on pods of core\n",
            ""
        )
    );
    assert_eq!(can("user:jane delete pods -n shop --cluster --kubeconfig config").status, 1);
    assert!(
        fake.asked().iter().all(|asked| !asked.path.ends_with("/secrets")),
        "only what is needed is read"
    );

    assert!(fake.asked().iter().all(|asked| !asked.path.ends_with("/serviceaccounts")));
    let reduced = run(folder.path(), "rbac reduce --cluster --kubeconfig config");
    assert_eq!(reduced.err, "", "{}", reduced.out);
    assert!(fake.asked().iter().any(|asked| asked.path == "/api/v1/serviceaccounts"));
    // Manifests lie over the cluster.
    let role = "apiVersion: rbac.authorization.k8s.io/v1\nkind: Role\nmetadata: {name: reader, namespace: shop}\nrules: [{apiGroups: [''], resources: [pods], verbs: [delete]}]\n";
    std::fs::write(folder.path().join("role.yaml"), role).unwrap();
    let before = fake.asked().len();
    let diff = run(folder.path(), "rbac diff role.yaml role.yaml --cluster --kubeconfig config");
    let lists = fake.asked().iter().skip(before).filter(|asked| asked.path.ends_with("/roles")).count();
    assert_eq!(lists, 1, "the cluster is read once: {}", diff.err);
    assert_eq!(can("user:jane delete pods -n shop --cluster --kubeconfig config --from role.yaml").status, 0);
    assert_eq!(can("user:jane get pods -n shop --cluster --kubeconfig config --from role.yaml").status, 1);

    let cases = [
        (
            "user:jane get pods --kubeconfig config",
            64,
            "--kubeconfig says how a cluster is reached; add --cluster to read it",
        ),
        ("user:jane get pods --cluster --kubeconfig none", 64, "kubeconfig none: No such file"),
        (
            "user:jane get pods --cluster --kubeconfig config --context other",
            64,
            "kubeconfig has no context `other`",
        ),
    ];
    for (args, status, expected) in cases {
        let failed = can(args);
        assert_eq!(failed.status, status, "{}", failed.err);
        assert!(failed.err.contains(expected), "{}", failed.err);
    }
    std::fs::write(
        folder.path().join("gone"),
        fake.kubeconfig().replace(&fake.address.to_string(), "127.0.0.1:1"),
    )
    .unwrap();
    assert_eq!(can("user:jane get pods --cluster --kubeconfig gone").status, 2);
}

#[test]
fn a_cluster_is_scanned_and_manifests_lie_over_it() {
    let fake = without(&[]);
    let folder = folder(&fake);
    let scan = |args: &str| run(folder.path(), &format!("scan --no-config -f concise {args}"));
    let cluster = scan("--cluster --kubeconfig config");
    assert_eq!((cluster.status, cluster.err.as_str()), (1, ""));
    assert!(cluster.out.contains("cluster:shop/Deployment/web:"), "{}", cluster.out);
    assert!(cluster.out.contains("pss/host-namespaces"), "{}", cluster.out);
    assert_eq!(run(folder.path(), "snapshot --kubeconfig config -o s.json").status, 0);
    let snapshot = scan("--snapshot s.json");
    assert_eq!(snapshot.status, 1);
    assert!(
        snapshot.out.contains("s.json:") && snapshot.out.contains("pss/host-namespaces"),
        "{}",
        snapshot.out
    );

    // The pull request mends it: what it replaces is not judged, and the namespace of the snapshot still counts.
    let mended = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web, namespace: shop}\nspec: {template: {spec: {containers: [{name: c, image: i}]}}}\n";
    std::fs::write(folder.path().join("web.yaml"), mended).unwrap();
    for base in [
        "--snapshot s.json",
        "--cluster --kubeconfig config",
        "--cluster --kubeconfig config --snapshot s.json",
    ] {
        let after =
            scan(&format!("{base} --level privileged --strict --select pss/host-namespaces web.yaml"));
        assert_eq!(after.status, 0, "{base}: {}{}", after.out, after.err);
        let level = scan(&format!("{base} --level privileged web.yaml"));
        assert!(level.out.contains("web.yaml:") && !level.out.contains("host-namespaces"), "{}", level.out);
    }
}

#[test]
fn what_a_scan_could_not_read_is_accounted_for() {
    let fake = without(&["daemonsets"]);
    let folder = folder(&fake);
    let live =
        run(folder.path(), "scan --no-config --level privileged -f concise --cluster --kubeconfig config");
    assert_eq!(live.status, 2, "{}", live.out);
    assert!(
        format!("{}{}", live.out, live.err).contains("cluster:daemonsets.apps"),
        "{}{}",
        live.out,
        live.err
    );
    assert_eq!(run(folder.path(), "snapshot --kubeconfig config -o s.json").status, 2);
    let later = run(folder.path(), "scan --no-config --level privileged -f concise --snapshot s.json");
    assert_eq!(later.status, 2);
    assert!(later.out.contains("s.json:daemonsets.apps"), "{}", later.out);
}

#[test]
fn wrong_usage() {
    let folder = tempfile::tempdir().unwrap();
    for (args, expected) in [
        ("snapshot", "--output <FILE>"),
        ("snapshot -o s -n Shop", "`Shop` can be the name of no namespace"),
        ("snapshot -o s -n ../..", "can be the name of no namespace"),
        (
            "snapshot -o s --kinds widgets",
            "no kind that is read has this name; expected one of namespaces, nodes",
        ),
        ("snapshot -o s --secrets values", "[possible values: keys, metadata, none]"),
        ("scan --context a x.yaml", "add --cluster"),
    ] {
        let failed = run(folder.path(), args);
        assert_eq!(failed.status, 64, "{args}: {}", failed.err);
        assert!(failed.err.contains(expected), "{args}: {}", failed.err);
    }
}
