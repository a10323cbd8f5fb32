//! `kill -9` under load: what was acknowledged is there after a restart, what was deleted stays deleted, and a watch that
//! goes on from the last version it saw misses nothing and sees nothing twice.
//!
//! Ten rounds; `RAVELIN_CRASH_ROUNDS` sets another number.

use crate::server::Server;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead as _, BufReader};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use ureq::Agent;
use ureq::tls::{Certificate, RootCerts, TlsConfig, TlsProvider};

/// How many times the server is killed.
const ROUNDS: usize = 10;
/// Who writes at a time.
const WRITERS: usize = 4;
/// For how long they write in each round.
const LOAD: Duration = Duration::from_millis(400);
const MAPS: &str = "/api/v1/namespaces/load/configmaps";

/// A client whose connections are kept.
#[derive(Clone)]
struct Client {
    agent: Agent,
    base: String,
}

impl Client {
    fn new(server: &Server) -> Self {
        let authority = Certificate::from_pem(server.authority.as_bytes()).unwrap();
        let tls = TlsConfig::builder()
            .provider(TlsProvider::Rustls)
            .root_certs(RootCerts::new_with_certs(&[authority]))
            .unversioned_rustls_crypto_provider(Arc::new(rustls::crypto::aws_lc_rs::default_provider()))
            .build();
        let config = Agent::config_builder()
            .tls_config(tls)
            .http_status_as_error(false)
            .proxy(None)
            .timeout_global(Some(Duration::from_secs(60)))
            .build();
        Self { agent: config.into(), base: server.url() }
    }

    fn run(
        &self,
        method: &str,
        path: &str,
        body: Option<&Value>,
    ) -> Result<ureq::http::Response<ureq::Body>, ureq::Error> {
        let request = ureq::http::Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.base))
            .header("Authorization", "Bearer root-token");
        match body {
            Some(body) => self
                .agent
                .run(request.header("Content-Type", "application/json").body(body.to_string()).unwrap()),
            None => self.agent.run(request.body(()).unwrap()),
        }
    }

    /// The answer, or nothing where none came: then nobody knows.
    fn ask(&self, method: &str, path: &str, body: Option<&Value>) -> Option<(u16, Value)> {
        let mut response = self.run(method, path, body).ok()?;
        let text = response.body_mut().read_to_string().ok()?;
        Some((response.status().as_u16(), serde_json::from_str(&text).ok()?))
    }
}

fn version(object: &Value) -> u64 {
    object["metadata"]["resourceVersion"].as_str().unwrap().parse().unwrap()
}

/// What one object may be after a crash.
#[derive(Clone, Debug, Default)]
struct Known {
    /// The version that was acknowledged last; none where it was deleted.
    acknowledged: Option<u64>,
    /// Whether a write of it was on its way when the server ended.
    is_open: bool,
}

/// Everything that writers know.
type Book = BTreeMap<String, Known>;

/// Creates, changes and deletes maps until the server is gone.
fn write(client: &Client, writer: usize, round: usize, ends: &AtomicBool, versions: &mut Vec<u64>) -> Book {
    let mut book = Book::new();
    for number in 0.. {
        if ends.load(Ordering::Relaxed) {
            break;
        }
        let name = format!("m-{round}-{writer}-{number}");
        let path = format!("{MAPS}/{name}");
        let steps: &[(&str, &str)] = match number % 3 {
            0 => &[("POST", MAPS)],
            1 => &[("POST", MAPS), ("PUT", "")],
            _ => &[("POST", MAPS), ("PUT", ""), ("DELETE", "")],
        };
        for (step, (method, target)) in steps.iter().enumerate() {
            let target = if target.is_empty() { &path } else { *target };
            let body = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": {"step": step.to_string()}});
            book.entry(name.clone()).or_default().is_open = true;
            let Some((code, answer)) = client.ask(method, target, (*method != "DELETE").then_some(&body))
            else {
                return book;
            };
            assert!(code < 300, "{method} {target}: {code} {answer}");
            let known = book.entry(name.clone()).or_default();
            known.is_open = false;
            if *method == "DELETE" {
                known.acknowledged = None;
            } else {
                known.acknowledged = Some(version(&answer));
                versions.push(version(&answer));
            }
        }
    }
    book
}

/// What a watch saw.
#[derive(Debug, Default)]
struct Seen {
    /// The last version.
    last: u64,
    /// Objects, as events left them.
    objects: BTreeMap<String, u64>,
    /// Versions of all events, in their order.
    versions: Vec<u64>,
}

impl Seen {
    /// Follows a watch until it ends, or until it has seen a version.
    fn follow(&mut self, client: &Client, until: Option<u64>) {
        let path = format!(
            "{MAPS}?watch=1&allowWatchBookmarks=true&timeoutSeconds=50&resourceVersion={}",
            self.last
        );
        if until.is_some_and(|until| self.last >= until) {
            return;
        }
        let Ok(response) = client.run("GET", &path, None) else { return };
        assert_eq!(response.status(), 200);
        let mut lines = BufReader::new(response.into_body().into_reader()).lines();
        while let Some(Ok(line)) = lines.next() {
            // The last line may have been cut off.
            let Ok(event) = serde_json::from_str::<Value>(&line) else { return };
            self.note(&event);
            if until.is_some_and(|until| self.last >= until) {
                return;
            }
        }
    }

    fn note(&mut self, event: &Value) {
        let object = &event["object"];
        let name = object["metadata"]["name"].as_str().unwrap_or_default().to_owned();
        assert_ne!(event["type"], "ERROR", "{event}");
        let at = version(object);
        if event["type"] == "BOOKMARK" {
            assert!(at >= self.last, "a bookmark of the past: {event}");
            self.last = at;
            return;
        }
        assert!(at > self.last, "{at} after {}: {event}", self.last);
        let before = if event["type"] == "DELETED" {
            self.objects.remove(&name)
        } else {
            self.objects.insert(name, at)
        };
        assert_eq!(before.is_some(), event["type"] != "ADDED", "{event}");
        self.last = at;
        self.versions.push(at);
    }
}

fn listed(client: &Client) -> (BTreeMap<String, u64>, u64) {
    let (code, list) = client.ask("GET", MAPS, None).unwrap();
    assert_eq!(code, 200);
    let items = list["items"].as_array().unwrap().iter();
    let objects = items
        .map(|item| (item["metadata"]["name"].as_str().unwrap().to_owned(), version(item)))
        .filter(|(name, _)| name.starts_with("m-"));
    (objects.collect(), version(&list))
}

#[test]
fn nothing_acknowledged_is_lost_and_no_watch_misses_anything() {
    let rounds = std::env::var("RAVELIN_CRASH_ROUNDS").map_or(ROUNDS, |rounds| rounds.parse().unwrap());
    let folder = tempfile::tempdir().unwrap();
    let tokens = folder.path().join("tokens.csv");
    std::fs::write(&tokens, "root-token,root,1,\"system:masters\"\n").unwrap();
    let data = folder.path().join("data");
    let flags = ["--data-dir", data.to_str().unwrap(), "--token-auth-file", tokens.to_str().unwrap()]
        .map(str::to_owned);
    let flags: Vec<&str> = flags.iter().map(String::as_str).collect();
    let mut server = Server::start(folder, &flags);
    let client = Client::new(&server);
    client.ask("POST", "/api/v1/namespaces", Some(&json!({"metadata": {"name": "load"}}))).unwrap();
    let mut seen = Seen { last: listed(&client).1, ..Seen::default() };
    let mut book = Book::new();
    let mut acknowledged = Vec::new();
    for round in 0..rounds {
        let client = Client::new(&server);
        let ends = AtomicBool::new(false);
        let began = Instant::now();
        let written: Vec<(Book, Vec<u64>)> = std::thread::scope(|scope| {
            let writers: Vec<_> = (0..WRITERS)
                .map(|writer| {
                    let (client, ends) = (client.clone(), &ends);
                    scope.spawn(move || {
                        let mut versions = Vec::new();
                        let book = write(&client, writer, round, ends, &mut versions);
                        (book, versions)
                    })
                })
                .collect();
            let watch = scope.spawn(|| seen.follow(&client, None));
            std::thread::sleep(LOAD + Duration::from_millis(37 * u64::try_from(round % 7).unwrap()));
            server.crash();
            ends.store(true, Ordering::Relaxed);
            watch.join().unwrap();
            writers.into_iter().map(|writer| writer.join().unwrap()).collect()
        });
        assert!(began.elapsed() < Duration::from_secs(55));
        for (more, versions) in written {
            assert!(!more.is_empty());
            book.extend(more);
            acknowledged.extend(versions);
        }
        server.crash_and_restart(&flags);
        let client = Client::new(&server);
        let (objects, at) = listed(&client);
        check(&book, &objects, round);
        // A write after the restart marks the place up to which the watch has to come.
        let marker = json!({"metadata": {"name": format!("marker-{round}")}});
        let (code, marker) = client.ask("POST", MAPS, Some(&marker)).unwrap();
        assert_eq!(code, 201);
        assert!(version(&marker) > at, "a version is given out twice");
        seen.follow(&client, Some(version(&marker)));
        let watched: BTreeMap<_, _> = seen
            .objects
            .iter()
            .filter(|(name, _)| name.starts_with("m-"))
            .map(|(name, at)| (name.clone(), *at))
            .collect();
        assert_eq!(watched, objects, "round {round}: what the watch saw is what is there");
        // What was in doubt is now what is there.
        for (name, known) in &mut book {
            *known = Known { acknowledged: objects.get(name).copied(), is_open: false };
        }
    }
    let watched: BTreeSet<u64> = seen.versions.iter().copied().collect();
    assert_eq!(watched.len(), seen.versions.len(), "no version is repeated");
    let missed: Vec<_> = acknowledged.iter().filter(|version| !watched.contains(*version)).collect();
    assert!(missed.is_empty(), "the watch missed {missed:?}");
    assert!(acknowledged.len() > rounds * WRITERS, "{} writes", acknowledged.len());
    crate::server::say(&format!(
        "crash: {rounds} rounds, {} writes acknowledged, {} events",
        acknowledged.len(),
        seen.versions.len()
    ));
}

fn check(book: &Book, objects: &BTreeMap<String, u64>, round: usize) {
    for (name, known) in book {
        let found = objects.get(name).copied();
        if known.is_open {
            // The write that was on its way happened or did not; one that happened is newer.
            assert!(
                found.is_none() || found >= known.acknowledged,
                "round {round}: {name}: {known:?}, found {found:?}"
            );
        } else {
            assert_eq!(found, known.acknowledged, "round {round}: {name}");
        }
    }
    let unknown: Vec<_> = objects.keys().filter(|name| !book.contains_key(*name)).collect();
    assert!(unknown.is_empty(), "round {round}: {unknown:?}");
}
