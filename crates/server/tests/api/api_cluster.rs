//! A webhook beside a cluster: what it watches, what it asks, what it writes.

use crate::cluster::Cluster;
use crate::support::{Dial, Running, config, namespace_review, plan, pod_review, start};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ravelin_server::certificates::Plan;
use ravelin_server::webhook::host::{self, Certificates, Config};
use std::path::Path;
use std::time::Duration;

fn beside(cluster: &Cluster, folder: &Path, plan: Plan) -> Config {
    Config {
        cluster: host::Cluster::Live(cluster.client.clone()),
        certificates: Certificates::Secret {
            namespace: "system".to_owned(),
            name: "ravelin-tls".to_owned(),
            configuration: Some("ravelin".to_owned()),
            plan,
        },
        ..config(folder)
    }
}

/// Waits until something holds.
async fn until(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    for _ in 0..200 {
        if holds().await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("in vain: {what}");
}

/// The authorities that the API server trusts, in a file for the client.
fn trust(cluster: &Cluster, folder: &Path) -> bool {
    let configuration = cluster.fake.configuration();
    let bundles: Vec<&str> = [0, 1]
        .map(|index| {
            configuration["webhooks"][index]["clientConfig"]["caBundle"].as_str().unwrap_or_default()
        })
        .to_vec();
    let bundle = STANDARD.decode(bundles[0]).unwrap_or_default();
    if bundles[0] != bundles[1] || bundle.is_empty() {
        return false;
    }
    // Whole or not at all: clients read it at any moment.
    std::fs::write(folder.join("ca.new"), bundle).unwrap();
    std::fs::rename(folder.join("ca.new"), folder.join("ca.crt")).unwrap();
    true
}

async fn is_denied(running: &Running, folder: &Path, namespace: &str) -> bool {
    let mut client = Dial::new(running, folder).open().await.unwrap();
    let answer = client.review(&pod_review("u", namespace)).await.unwrap();
    answer.json()["response"]["status"]["code"] == 403
}

#[tokio::test]
async fn namespaces_are_watched_and_pods_are_judged_without_asking() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let cluster = Cluster::start().await;
    cluster.fake.close(true);
    let running = start(beside(&cluster, folder, plan())).await;
    assert!(trust(&cluster, folder), "the caBundle is written before anything is served");
    let mut client = Dial::new(&running, folder).open().await.unwrap();
    assert_eq!(
        client.get("/readyz").await.unwrap().text,
        "[-]informer-sync failed: reason withheld\n[+]shutdown ok\nreadyz check failed\n"
    );
    assert_eq!(client.get("/healthz").await.unwrap().status, 200);

    cluster.fake.put_namespace("shop", "restricted");
    cluster.fake.close(false);
    until("ready", async || client.get("/readyz").await.unwrap().status == 200).await;
    assert!(is_denied(&running, folder, "shop").await);

    // A change, a namespace that is made while a pod waits for it, an end, and a list after what was missed.
    until("watch", async || {
        cluster.fake.asked().iter().filter(|line| *line == "GET /api/v1/namespaces").count() >= 2
    })
    .await;
    cluster.fake.put_namespace("shop", "privileged");
    until("relaxed", async || !is_denied(&running, folder, "shop").await).await;
    let (late, ()) = tokio::join!(is_denied(&running, folder, "late"), async {
        tokio::time::sleep(Duration::from_millis(100)).await;
        cluster.fake.put_namespace("late", "baseline");
    });
    assert!(late, "the pod waited for its namespace");
    cluster.fake.delete_namespace("late");
    cluster.fake.expire();
    until("gone", async || !is_denied(&running, folder, "late").await).await;
    cluster.fake.put_namespace("other", "baseline");
    until("listed again", async || is_denied(&running, folder, "other").await).await;

    // Pods never ask the API server.
    let quiet = |lines: Vec<String>| {
        lines.into_iter().filter(|line| line.contains("/namespaces") && !line.contains("/secrets")).count()
    };
    let before = quiet(cluster.fake.asked());
    for _ in 0..50 {
        assert!(is_denied(&running, folder, "other").await);
    }
    assert_eq!(quiet(cluster.fake.asked()), before);
}

#[tokio::test]
async fn existing_pods_are_listed_for_a_namespace() {
    let folder = tempfile::tempdir().unwrap();
    let cluster = Cluster::start().await;
    cluster.fake.put_namespace("shop", "privileged");
    cluster
        .fake
        .put_pod(serde_json::json!({"metadata": {"name": "a", "namespace": "shop", "managedFields": []},
        "spec": {"hostPID": true, "containers": [{"name": "c", "image": "i"}]}, "status": {}}));
    let running = start(beside(&cluster, folder.path(), plan())).await;
    assert!(trust(&cluster, folder.path()));
    let mut client = Dial::new(&running, folder.path()).open().await.unwrap();
    let answer = client.review(&namespace_review("shop", "baseline")).await.unwrap();
    assert_eq!(answer.json()["response"]["warnings"][1], "a: host namespaces", "{}", answer.text);
    let answer = client.review(&namespace_review("other", "baseline")).await.unwrap();
    assert_eq!(
        answer.json()["response"]["warnings"],
        serde_json::json!(["failed to list pods while checking new PodSecurity enforce level"])
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn replicas_share_a_secret_and_rotate_without_a_dropped_request() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let cluster = Cluster::start().await;
    cluster.fake.put_namespace("restricted", "restricted");
    // A certificate ends after 12 s, the next is made after 2, announced for 1.
    let plan = Plan { validity: 12, renew_before: 10, overlap: 1, ..plan() };
    let (one, two) = tokio::join!(
        start(beside(&cluster, folder, plan.clone())),
        start(beside(&cluster, folder, plan.clone()))
    );
    assert_eq!(cluster.fake.secrets().len(), 1);
    until("trusted", async || trust(&cluster, folder)).await;
    let first = Dial::new(&one, folder).open().await.unwrap().served;
    assert_eq!(Dial::new(&two, folder).open().await.unwrap().served, first, "both serve what one made");
    cluster.fake.reset_configuration();

    let begin = std::time::Instant::now();
    let mut seen = std::collections::BTreeSet::from([first]);
    let mut requests = 0;
    // The configuration was reset: an API server would fail until the next turn puts it right.
    until("repaired", async || trust(&cluster, folder)).await;
    while begin.elapsed() < Duration::from_secs(9) {
        assert!(trust(&cluster, folder));
        for running in [&one, &two] {
            let mut client = Dial::new(running, folder).open().await.unwrap();
            for _ in 0..3 {
                let answer = client.review(&pod_review("u", "restricted")).await.unwrap();
                assert_eq!(answer.json()["response"]["allowed"], false);
                requests += 1;
            }
            seen.insert(client.served);
        }
    }
    assert!(seen.len() >= 3, "{} certificates in {requests} requests", seen.len());
}

#[tokio::test]
async fn pods_that_came_in_unjudged_are_told_of_once() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let cluster = Cluster::start().await;
    cluster.fake.put_namespace("shop", "baseline");
    cluster.fake.put_namespace("free", "privileged");
    cluster.fake.put_namespace("gone", "baseline");
    let pod = |name: &str, host: bool| {
        serde_json::json!({"metadata": {"name": name, "namespace": "shop"},
        "spec": {"hostPID": host, "containers": [{"name": "c", "image": "i", "env": [{"name": "A", "value": "hunter2"}]}]}})
    };
    for (name, host) in [("a", true), ("b", false), ("c", true)] {
        cluster.fake.put_pod(pod(name, host));
    }
    let config = || Config { existing_pods: Duration::from_millis(300), ..beside(&cluster, folder, plan()) };
    let (one, two) = tokio::join!(start(config()), start(config()));
    until("told", async || cluster.fake.posted().len() == 1).await;
    let event = cluster.fake.posted().remove(0);
    assert_eq!(
        (&event["type"], &event["reason"], &event["involvedObject"]["name"]),
        (&"Warning".into(), &"PodSecurityViolation".into(), &"shop".into())
    );
    assert_eq!(
        event["message"],
        "2 existing pods violate PodSecurity \"baseline:latest\": a: host namespaces; c: host namespaces"
    );
    until("trusted", async || trust(&cluster, folder)).await;
    let gauge = "ravelin_pod_security_existing_violations{namespace=\"shop\",policy_level=\"baseline\",policy_version=\"latest\"}";
    let metrics = async |running: &Running| {
        Dial::new(running, folder).open().await.unwrap().get("/metrics").await.unwrap().text
    };
    for running in [&one, &two] {
        until("counted", async || metrics(running).await.contains(&format!("{gauge} 2\n"))).await;
    }
    // The same again is not told again, another set is; and in the end there is nothing left.
    let turns = || {
        let asked = cluster.fake.asked();
        asked.iter().filter(|line| *line == "GET /api/v1/namespaces/shop/pods").count()
    };
    let before = turns();
    until("again", async || turns() >= before + 12).await;
    assert_eq!(cluster.fake.posted().len(), 1);
    cluster.fake.put_pod(pod("d", true));
    until("told anew", async || cluster.fake.posted().len() == 2).await;
    cluster.fake.remove_pods();
    until("nothing", async || !metrics(&one).await.contains(gauge)).await;
    let asked = cluster.fake.asked();
    assert!(!asked.iter().any(|line| line.contains("/free/pods")), "what enforces nothing is not listed");
    assert!(
        asked.iter().any(|line| line.contains("/gone/pods")),
        "a refused list does not keep others from theirs"
    );
    assert_eq!(cluster.fake.posted().len(), 2);
}
