//! What is asked of a server.

use super::plane::Plane;
use super::{Args, Better, Measure};
use crate::client::{Ask, Connection};
use crate::load::{self, Load, Make, Outcome};
use anyhow::Context as _;
use http_body_util::BodyExt as _;
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::mpsc;
use tokio::task::JoinSet;

/// How many watchers share a connection, as those of one client do: kube-apiserver takes a hundred at most.
const WATCHERS_OF_A_CONNECTION: usize = 50;

/// How many objects the lists have.
const FEW: usize = 1_000;
const MANY: usize = 10_000;

/// How many objects the mixed load is about.
const MIXED: usize = 100;

fn config_map(name: &str, text: &str) -> String {
    // About a kilobyte, as most objects have.
    let data = "The quick brown fox jumps over the lazy dog. ".repeat(20);
    json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "labels": {"app": "bench"}},
           "data": {"text": data, "number": text}})
    .to_string()
}

fn config_maps(namespace: &str) -> String {
    format!("/api/v1/namespaces/{namespace}/configmaps")
}

/// Puts every load on the server.
pub(super) async fn all(plane: &Plane, args: &Args) -> anyhow::Result<Vec<Measure>> {
    fill(plane, "few", FEW).await?;
    fill(plane, "many", MANY).await?;
    fill(plane, "mixed", MIXED).await?;
    // Later, the faster server would hold more objects.
    let mut measures = vec![Measure {
        what: format!("memory with {} objects", FEW + MANY + MIXED),
        unit: "MB",
        value: plane.memory()? as f64 / 1e6,
        better: Better::Lower,
        expected: 3.0,
        processor: None,
    }];
    measures.extend(creates(plane, args).await?);
    measures.extend(reads(plane, args).await?);
    measures.push(fan_out(plane, args).await?);
    measures.extend(mixed(plane, args).await?);
    Ok(measures)
}

/// Puts a load on the server; what came of it, and the processor time of a request.
async fn put(plane: &Plane, load: Load, make: Make) -> anyhow::Result<(Outcome, f64)> {
    let before = plane.processor()?;
    let outcome = load::run(&plane.dial, load, &make).await?;
    let processor = (plane.processor()? - before) / outcome.times.len().max(1) as f64;
    Ok((outcome, processor))
}

fn as_fast(args: &Args, connections: usize) -> Load {
    Load { connections, time: Duration::from_secs_f64(args.time), count: usize::MAX, rate: None }
}

fn rate(what: String, (outcome, processor): &(Outcome, f64)) -> Measure {
    Measure {
        what,
        unit: "/s",
        value: outcome.rate(),
        better: Better::Higher,
        expected: 3.0,
        processor: Some(*processor),
    }
}

fn clients(count: usize) -> String {
    if count == 1 { "1 client".to_owned() } else { format!("{count} clients") }
}

async fn namespace(plane: &Plane, name: &str) -> anyhow::Result<()> {
    let body = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}).to_string();
    let (status, body) = plane.dial.open().await?.ask(Ask::post("/api/v1/namespaces", body)).await?;
    anyhow::ensure!(status == 201, "status {status}: {}", String::from_utf8_lossy(&body));
    Ok(())
}

async fn creates(plane: &Plane, args: &Args) -> anyhow::Result<Vec<Measure>> {
    let mut measures = Vec::new();
    for count in [1, args.clients] {
        eprintln!("creates, {} ...", clients(count));
        let name = format!("created-by-{count}");
        namespace(plane, &name).await?;
        let path = config_maps(&name);
        let make: Make =
            Arc::new(move |number| Ask::post(path.as_str(), config_map(&format!("c-{number}"), "0")));
        let outcome = put(plane, as_fast(args, count), make).await?;
        measures.push(rate(format!("creates, {}", clients(count)), &outcome));
    }
    Ok(measures)
}

/// So many objects in a namespace of their own.
async fn fill(plane: &Plane, name: &str, count: usize) -> anyhow::Result<()> {
    eprintln!("making {count} objects ...");
    namespace(plane, name).await?;
    let path = config_maps(name);
    let make: Make = Arc::new(move |number| Ask::post(path.as_str(), config_map(&item(number), "0")));
    let load = Load { connections: 32, time: Duration::from_secs(600), count, rate: None };
    let made = load::run(&plane.dial, load, &make).await?.times.len();
    anyhow::ensure!(made == count, "{made} of {count} objects were made");
    Ok(())
}

fn item(number: usize) -> String {
    format!("item-{number:05}")
}

async fn reads(plane: &Plane, args: &Args) -> anyhow::Result<Vec<Measure>> {
    let mut measures = Vec::new();
    for count in [1, args.clients] {
        eprintln!("gets, {} ...", clients(count));
        let path = config_maps("many");
        let make: Make = Arc::new(move |number| Ask::get(format!("{path}/{}", item(number * 7919 % MANY))));
        let outcome = put(plane, as_fast(args, count), make).await?;
        measures.push(rate(format!("gets, {}", clients(count)), &outcome));
    }
    for (name, count) in [("few", FEW), ("many", MANY)] {
        eprintln!("lists of {count} ...");
        let (_, body) = plane.dial.open().await?.ask(Ask::get(config_maps(name))).await?;
        let list: Value = serde_json::from_slice(&body).context("a list that is no JSON")?;
        let found = list.get("items").and_then(Value::as_array).map_or(0, Vec::len);
        anyhow::ensure!(found == count, "{found} of {count} objects are listed");
        let path = config_maps(name);
        let (outcome, processor) =
            put(plane, as_fast(args, 1), Arc::new(move |_| Ask::get(path.as_str()))).await?;
        measures.push(Measure {
            what: format!("list of {count}, half of them"),
            unit: "ms",
            value: outcome.quantile(0.5),
            better: Better::Lower,
            expected: 3.0,
            processor: Some(processor),
        });
    }
    Ok(measures)
}

/// A write that many watch: how long until the last of them has it.
async fn fan_out(plane: &Plane, args: &Args) -> anyhow::Result<Measure> {
    eprintln!("{} watchers ...", args.watchers);
    fill(plane, "watched", 1).await?;
    let path = config_maps("watched");
    let (_, list) = plane.dial.open().await?.ask(Ask::get(path.as_str())).await?;
    let list: Value = serde_json::from_slice(&list)?;
    let revision = list.pointer("/metadata/resourceVersion").and_then(Value::as_str);
    let revision = revision.context("a list without a version")?;
    let watch_path = format!("{path}?watch=true&resourceVersion={revision}");
    let (given, mut events) = mpsc::unbounded_channel();
    let _watching = watch(plane, args.watchers, &watch_path, &given).await?;
    let mut connection = plane.dial.open().await?;
    let mut times = Vec::new();
    let before = plane.processor()?;
    for number in 0..args.writes {
        let started = Instant::now();
        let write = Ask::put(format!("{path}/{}", item(0)), config_map(&item(0), &format!("{}", number + 1)));
        let (status, _) = connection.ask(write).await?;
        anyhow::ensure!(status == 200, "the write was answered with {status}");
        let mut missing = args.watchers;
        while missing > 0 {
            let lines = tokio::time::timeout(Duration::from_secs(60), events.recv()).await;
            missing =
                missing.saturating_sub(lines.context("a watcher waits for its event")?.unwrap_or(missing));
        }
        times.push(started.elapsed());
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let processor = (plane.processor()? - before) / args.writes.max(1) as f64;
    times.sort_unstable();
    let outcome = Outcome { times, wall: Duration::ZERO };
    Ok(Measure {
        what: format!("a write until {} watchers have it", args.watchers),
        unit: "ms",
        value: outcome.quantile(0.5),
        better: Better::Lower,
        expected: 3.0,
        processor: Some(processor),
    })
}

/// Opens so many watches, which go on until what is returned is dropped.
async fn watch(
    plane: &Plane,
    count: usize,
    path: &str,
    given: &mpsc::UnboundedSender<usize>,
) -> anyhow::Result<(Vec<Connection>, JoinSet<()>)> {
    let mut watchers = JoinSet::new();
    let mut connections = Vec::new();
    let mut left = count;
    while left > 0 {
        let mut connection = plane.dial.open().await?;
        for _ in 0..left.min(WATCHERS_OF_A_CONNECTION) {
            let response = connection.send(Ask::get(path)).await?;
            anyhow::ensure!(response.status() == 200, "a watch was answered with {}", response.status());
            watchers.spawn(count_lines(response.into_body(), given.clone()));
        }
        left = left.saturating_sub(WATCHERS_OF_A_CONNECTION);
        connections.push(connection);
    }
    Ok((connections, watchers))
}

/// Tells how many events have come, whenever some have.
async fn count_lines(mut body: hyper::body::Incoming, given: mpsc::UnboundedSender<usize>) {
    while let Some(Ok(frame)) = body.frame().await {
        let lines = frame.data_ref().map_or(0, |data| data.iter().filter(|byte| **byte == b'\n').count());
        if lines > 0 && given.send(lines).is_err() {
            return;
        }
    }
}

/// Of ten requests eight gets, a list of a hundred and an update.
fn mix() -> Make {
    let path = config_maps("mixed");
    Arc::new(move |number| {
        let name = item(number / 10 * 37 % MIXED);
        match number % 10 {
            3 => Ask::get(path.as_str()),
            7 => Ask::put(format!("{path}/{name}"), config_map(&name, &number.to_string())),
            _ => Ask::get(format!("{path}/{name}")),
        }
    })
}

async fn mixed(plane: &Plane, args: &Args) -> anyhow::Result<Vec<Measure>> {
    eprintln!("a mixed load ...");
    let fast = put(plane, as_fast(args, args.clients), mix()).await?;
    let steady = Load { rate: Some(args.rate), ..as_fast(args, args.clients) };
    let (outcome, processor) = put(plane, steady, mix()).await?;
    let at = |part: f64, name: &str| Measure {
        what: format!("{name} of a mixed load at {:.0}/s", args.rate),
        unit: "ms",
        value: outcome.quantile(part),
        better: Better::Lower,
        expected: 3.0,
        processor: Some(processor),
    };
    Ok(vec![rate(format!("mixed load, {}", clients(args.clients)), &fast), at(0.5, "p50"), at(0.99, "p99")])
}
