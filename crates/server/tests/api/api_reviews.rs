//! What is asked and what is answered.

use crate::support::{Dial, config, namespace_review, pod_review, request, start};
use http::Method;

#[tokio::test]
async fn a_pod_is_judged_by_its_namespace_over_both_versions_of_http() {
    let folder = tempfile::tempdir().unwrap();
    let running = start(config(folder.path())).await;
    let dial = Dial::new(&running, folder.path());
    for dial in [dial.clone(), dial.http2()] {
        let mut client = dial.open().await.unwrap();
        let denied = client.review(&pod_review("u-1", "restricted")).await.unwrap();
        assert_eq!(
            (denied.status.as_u16(), denied.headers["content-type"].to_str().unwrap()),
            (200, "application/json")
        );
        let response = &denied.json()["response"];
        assert_eq!((response["uid"].as_str(), response["allowed"].as_bool()), (Some("u-1"), Some(false)));
        assert_eq!(response["status"]["code"], 403);
        let message = response["status"]["message"].as_str().unwrap();
        let start = "pods \"p\" is forbidden: violates PodSecurity \"restricted:latest\": host namespaces (hostNetwork=true), \
                     allowPrivilegeEscalation != false (container \"c\" must set securityContext.allowPrivilegeEscalation=false)";
        assert!(message.starts_with(start), "{message}");
        assert_eq!(response["auditAnnotations"]["enforce-policy"], "restricted:latest");

        let allowed = client.review(&pod_review("u-2", "plain")).await.unwrap();
        assert_eq!(
            (&allowed.json()["response"]["uid"], &allowed.json()["response"]["allowed"]),
            (&"u-2".into(), &true.into())
        );

        let unknown = client.review(&pod_review("u-3", "nowhere")).await.unwrap();
        let status = &unknown.json()["response"]["status"];
        assert_eq!(
            (&status["code"], &status["message"]),
            (&500.into(), &"Internal error occurred: failed to lookup namespace \"nowhere\"".into())
        );
    }
}

#[tokio::test]
async fn a_namespace_that_begins_to_enforce_is_warned_of_its_pods() {
    let folder = tempfile::tempdir().unwrap();
    let running = start(config(folder.path())).await;
    let mut client = Dial::new(&running, folder.path()).open().await.unwrap();
    let answer = client.review(&namespace_review("plain", "baseline")).await.unwrap();
    assert_eq!(
        answer.json()["response"]["warnings"],
        serde_json::json!([
            "existing pods in namespace \"plain\" violate the new PodSecurity enforce level \"baseline:latest\"",
            "old: host namespaces",
        ])
    );
}

#[tokio::test]
async fn what_is_no_review_is_refused_and_the_connection_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let running = start(config(folder.path())).await;
    let good = pod_review("u", "plain");
    let json = Some("application/json");
    let no_json = "unable to process a request with a non-json content type\n";
    let undecodable = "unable to decode the request\n";
    let dial = Dial::new(&running, folder.path());
    for dial in [dial.clone(), dial.http2()] {
        let mut client = dial.open().await.unwrap();
        for (method, content_type, body, status, text) in [
            (Method::GET, None, "", 400, "request body is empty\n"),
            (Method::POST, json, "", 400, "request body is empty\n"),
            (Method::POST, None, good.as_str(), 400, no_json),
            (Method::POST, Some("text/plain"), &good, 400, no_json),
            (Method::POST, Some("application/json; charset=utf-8"), &good, 400, no_json),
            (Method::POST, json, "nonsense", 400, undecodable),
            (Method::POST, json, &good[..good.len() - 9], 400, undecodable),
            (
                Method::POST,
                json,
                r#"{"apiVersion":"admission.k8s.io/v1beta1","kind":"AdmissionReview"}"#,
                400,
                undecodable,
            ),
            (
                Method::POST,
                json,
                r#"{"apiVersion":"v1","kind":"Pod"}"#,
                400,
                "unexpected AdmissionReview kind: /v1, Kind=Pod\n",
            ),
            (Method::POST, json, r#"{"request":null}"#, 500, "internal server error\n"),
        ] {
            let answer = client.send(request(method, "/", content_type, body)).await.unwrap();
            assert_eq!((answer.status.as_u16(), answer.text.as_str()), (status, text), "{body}");
            assert_eq!(answer.headers["content-type"], "text/plain; charset=utf-8");
            assert_eq!(answer.headers["x-content-type-options"], "nosniff");
        }
        let after = client.send(request(Method::PUT, "/any/path?timeout=x", json, &good)).await.unwrap();
        assert_eq!(after.json()["response"]["allowed"], true);
    }
}

#[tokio::test]
async fn health_and_metrics_are_upstreams() {
    let folder = tempfile::tempdir().unwrap();
    let mut config = config(folder.path());
    config.plain_address = Some("127.0.0.1:0".parse().unwrap());
    let running = start(config).await;
    let mut client = Dial::new(&running, folder.path()).open().await.unwrap();
    for (path, status, text) in [
        ("/healthz", 200, "ok"),
        ("/healthz?verbose", 200, "[+]ping ok\nhealthz check passed\n"),
        ("/healthz/ping", 200, "ok"),
        ("/readyz", 200, "ok"),
        ("/readyz?verbose=1", 200, "[+]informer-sync ok\n[+]shutdown ok\nreadyz check passed\n"),
        ("/readyz/informer-sync", 200, "ok"),
    ] {
        let answer = client.get(path).await.unwrap();
        assert_eq!((answer.status.as_u16(), answer.text.as_str()), (status, text), "{path}");
    }
    client.review(&pod_review("u", "restricted")).await.unwrap();
    client.review(&pod_review("u", "plain")).await.unwrap();
    client.review(&pod_review("u", "nowhere")).await.unwrap();
    client.review("x").await.unwrap();
    let metrics = client.get("/metrics").await.unwrap();
    assert_eq!(metrics.headers["content-type"], "text/plain; version=0.0.4; charset=utf-8");
    for line in [
        "pod_security_evaluations_total{decision=\"deny\",mode=\"enforce\",policy_level=\"restricted\",policy_version=\"latest\",request_operation=\"create\",resource=\"pod\",subresource=\"\"} 1",
        "pod_security_evaluations_total{decision=\"allow\",mode=\"enforce\",policy_level=\"privileged\",policy_version=\"latest\",request_operation=\"create\",resource=\"pod\",subresource=\"\"} 1",
        "pod_security_errors_total{fatal=\"true\",request_operation=\"create\",resource=\"pod\",subresource=\"\"} 1",
        "ravelin_webhook_requests_total{code=\"200\",decision=\"deny\"} 2",
        "ravelin_webhook_requests_total{code=\"400\",decision=\"refuse\"} 1",
        "ravelin_webhook_request_duration_seconds_count{decision=\"allow\"} 1",
        "ravelin_webhook_namespaces 2",
        "ravelin_webhook_connections 1",
    ] {
        assert!(metrics.text.lines().any(|found| found == line), "{line} in\n{}", metrics.text);
    }
    assert!(
        metrics.text.contains("\nravelin_webhook_certificate_end_timestamp_seconds 1"),
        "{}",
        metrics.text
    );
    assert!(!metrics.text.contains("_total_total"));
    assert_plain(running.bound.plain_address.unwrap()).await;
}

/// Without TLS there are health and metrics, and no reviews.
async fn assert_plain(address: std::net::SocketAddr) {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    for (path, wanted) in [("/healthz", "HTTP/1.1 200"), ("/metrics", "HTTP/1.1 200"), ("/", "HTTP/1.1 404")]
    {
        let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
        stream
            .write_all(format!("GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").as_bytes())
            .await
            .unwrap();
        let mut text = String::new();
        stream.read_to_string(&mut text).await.unwrap();
        assert!(text.starts_with(wanted), "{path}: {text}");
    }
}
