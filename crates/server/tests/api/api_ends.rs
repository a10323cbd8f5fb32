//! The end of a server, while it is busy.

use crate::support::{Dial, config, pod_review, start};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

/// Sends reviews on one connection after another until told to stop, as an API server does that a Service sends to
/// those that are ready. Every review that was begun has to be answered.
async fn load(dial: Dial, stop: Arc<AtomicBool>, answered: Arc<AtomicUsize>) {
    let body = pod_review("u", "restricted");
    while !stop.load(Ordering::SeqCst) {
        let mut client = dial.open().await.unwrap();
        while !stop.load(Ordering::SeqCst) {
            let answer = client.review(&body).await.unwrap();
            assert_eq!(answer.json()["response"]["allowed"], false);
            answered.fetch_add(1, Ordering::SeqCst);
            if answer.headers.get("connection").is_some_and(|value| value == "close") {
                break;
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_end_loses_no_request() {
    let folder = tempfile::tempdir().unwrap();
    let mut config = config(folder.path());
    config.drain = Duration::from_millis(800);
    let mut running = start(config).await;
    let dial = Dial::new(&running, folder.path());
    let (stop, answered) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
    let workers: Vec<_> = (0..8)
        .map(|number| {
            let dial = if number % 2 == 0 { dial.clone() } else { dial.clone().http2() };
            tokio::spawn(load(dial, Arc::clone(&stop), Arc::clone(&answered)))
        })
        .collect();
    let mut probe = dial.clone().http2().open().await.unwrap();
    assert_eq!(probe.get("/readyz").await.unwrap().status, 200);
    while answered.load(Ordering::SeqCst) < 100 {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    running.end();
    tokio::time::sleep(Duration::from_millis(200)).await;
    let readyz = probe.get("/readyz").await.unwrap();
    let text = "[+]informer-sync ok\n[-]shutdown failed: reason withheld\nreadyz check failed\n";
    assert_eq!((readyz.status.as_u16(), readyz.text.as_str()), (500, text));
    assert_eq!(probe.get("/healthz").await.unwrap().status, 200);
    let before = answered.load(Ordering::SeqCst);
    while answered.load(Ordering::SeqCst) < before + 20 {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    stop.store(true, Ordering::SeqCst);
    for worker in workers {
        worker.await.unwrap();
    }
    tokio::time::timeout(Duration::from_secs(20), running.task).await.unwrap().unwrap().unwrap();
    assert!(dial.open().await.is_err(), "nobody listens any more");
}

#[tokio::test]
async fn a_request_that_is_being_sent_is_answered_after_the_end_was_asked_for() {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let folder = tempfile::tempdir().unwrap();
    let mut running = start(config(folder.path())).await;
    let body = pod_review("u", "plain");
    let mut stream = Dial::new(&running, folder.path()).tls().await.unwrap();
    let head = format!(
        "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    let (first, rest) = body.split_at(10);
    stream.write_all(format!("{head}{first}").as_bytes()).await.unwrap();
    stream.flush().await.unwrap();
    tokio::time::sleep(Duration::from_millis(200)).await;
    running.end();
    tokio::time::sleep(Duration::from_millis(400)).await;
    stream.write_all(rest.as_bytes()).await.unwrap();
    let mut text = Vec::new();
    stream.read_to_end(&mut text).await.ok();
    let text = String::from_utf8(text).unwrap();
    assert!(text.starts_with("HTTP/1.1 200") && text.contains("\"allowed\":true"), "{text}");
    running.task.await.unwrap().unwrap();
}

#[tokio::test]
async fn the_grace_period_ends() {
    use tokio::io::AsyncWriteExt as _;
    let folder = tempfile::tempdir().unwrap();
    let mut config = config(folder.path());
    config.grace = Duration::from_millis(300);
    let mut running = start(config).await;
    let mut stream = Dial::new(&running, folder.path()).tls().await.unwrap();
    let head = "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{";
    stream.write_all(head.as_bytes()).await.unwrap();
    stream.flush().await.unwrap();
    tokio::time::sleep(Duration::from_millis(200)).await;
    running.end();
    tokio::time::timeout(Duration::from_secs(8), running.task).await.unwrap().unwrap().unwrap();
}
