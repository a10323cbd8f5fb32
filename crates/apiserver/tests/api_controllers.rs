//! What the loops of a server keep, seen by its clients.

#[cfg(test)]
mod harness;

use harness::Started;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_starts_answers_and_ends() {
    let server = Started::plain().await;
    let (code, version) = server.client.get("/version").await;
    assert_eq!((code, version["minor"].as_str()), (200, Some("36")));
    let (code, status) = server.client_of("bob").get("/api/v1/secrets").await;
    assert_eq!((code, status["reason"].as_str()), (403, Some("Forbidden")));
    server.end().await;
}
