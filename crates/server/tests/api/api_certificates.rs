//! Certificates that change while they are served.

use crate::support::{Dial, config, plan, pod_review, start};
use ravelin_server::certificates::Plan;
use ravelin_server::certificates::files::Files;
use ravelin_server::webhook::host::Certificates;
use std::collections::BTreeSet;
use std::path::Path;
use std::time::{Duration, Instant};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rotation_drops_no_request() {
    let folder = tempfile::tempdir().unwrap();
    let mut config = config(folder.path());
    let plan = Plan { validity: 12, renew_before: 10, overlap: 1, ..plan() };
    config.certificates = Certificates::Folder { folder: folder.path().to_owned(), plan };
    let running = start(config).await;
    let dial = Dial::new(&running, folder.path());
    let begin = Instant::now();
    let workers: Vec<_> = (0..4)
        .map(|number| {
            let dial = if number % 2 == 0 { dial.clone() } else { dial.clone().http2() };
            tokio::spawn(async move {
                let body = pod_review("u", "restricted");
                let mut seen = BTreeSet::new();
                let mut kept = dial.open().await.unwrap();
                while begin.elapsed() < Duration::from_secs(8) {
                    let mut client = dial.open().await.unwrap();
                    assert_eq!(client.review(&body).await.unwrap().status, 200);
                    // A connection from before the rotation goes on.
                    assert_eq!(kept.review(&body).await.unwrap().status, 200);
                    seen.insert(client.served);
                }
                seen.len()
            })
        })
        .collect();
    for worker in workers {
        let seen = worker.await.unwrap();
        assert!(seen >= 2, "{seen} certificates");
    }
}

fn bring(folder: &Path, chain: &str, key: &str) {
    std::fs::write(folder.join("server.crt"), chain).unwrap();
    std::fs::write(folder.join("server.key"), key).unwrap();
}

#[tokio::test]
async fn files_are_read_again_when_they_change_and_kept_when_they_are_broken() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let issued = || {
        let key = rcgen::KeyPair::generate().unwrap();
        let params = rcgen::CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
        (params.self_signed(&key).unwrap(), key.serialize_pem())
    };
    let (first, second) = (issued(), issued());
    bring(folder, &first.0.pem(), &first.1);
    std::fs::write(folder.join("ca.crt"), first.0.pem() + &second.0.pem()).unwrap();
    let mut config = config(folder);
    config.certificates =
        Certificates::Files(Files { chain: folder.join("server.crt"), key: folder.join("server.key") });
    let running = start(config).await;
    let dial = Dial::new(&running, folder);
    assert_eq!(dial.open().await.unwrap().served, first.0.der().to_vec());
    bring(folder, &second.0.pem(), &first.1);
    tokio::time::sleep(Duration::from_millis(600)).await;
    assert_eq!(dial.open().await.unwrap().served, first.0.der().to_vec(), "the key is that of another");
    bring(folder, &second.0.pem(), &second.1);
    for _ in 0..100 {
        if dial.open().await.unwrap().served == second.0.der().to_vec() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("the new certificate is not served");
}
