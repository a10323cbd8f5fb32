//! `cargo xtask bench webhook`: how many reviews a webhook answers, how fast, and with how much.
//!
//! The binary and upstream's webhook run as processes with the same certificate, get the same reviews over TLS, in
//! turn, and have to answer them alike. What counts is their processor time, for on one machine whoever asks takes
//! processors too.

mod cluster;
mod reviews;

use crate::client::{Ask, Dial, Protocol};
use crate::load::{self, Load, Make};
use crate::server::Server;
use crate::table;
use anyhow::Context as _;
use bytes::Bytes;
use cluster::Cluster;
use serde_json::Value;
use std::ffi::OsString;
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// Where reviews go.
const PATH: &str = "/?timeout=5s";

/// How a webhook is asked.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The program of ravelin; the one beside this where not given
    #[arg(long, value_name = "FILE")]
    ravelin: Option<PathBuf>,
    /// The program of upstream's webhook
    #[arg(long, value_name = "FILE")]
    upstream: Option<PathBuf>,
    /// How many different reviews there are
    #[arg(long, value_name = "NUMBER", default_value_t = 2_000)]
    reviews: usize,
    /// How many connections ask
    #[arg(long, value_name = "NUMBER", default_value_t = 16)]
    connections: usize,
    /// Reviews a second where times are measured
    #[arg(long, value_name = "NUMBER", default_value_t = 500.0)]
    rate: f64,
    /// How long each thing is measured, in seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 10.0)]
    time: f64,
    /// Write the results as Markdown to a file, too
    #[arg(long, value_name = "FILE")]
    markdown: Option<PathBuf>,
}

/// What was measured of one webhook in one protocol.
struct Row {
    name: &'static str,
    protocol: Protocol,
    /// As fast as it answers.
    throughput: f64,
    /// Processor time of a review, in seconds, as fast as it answers and at the rate.
    processor: [f64; 2],
    /// At the rate: half, 99% and 99.9% of the reviews, in milliseconds.
    times: [f64; 3],
    /// At once after the start, after the loads, and at most, in bytes.
    memory: [u64; 3],
}

/// Measures and prints.
pub(crate) fn run(args: &Args) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let text = runtime.block_on(measured(args))?;
    print!("{text}");
    if let Some(file) = &args.markdown {
        std::fs::write(file, text).with_context(|| format!("cannot write {}", file.display()))?;
    }
    Ok(())
}

async fn measured(args: &Args) -> anyhow::Result<String> {
    let folder = tempfile::tempdir().context("cannot create a temporary folder")?;
    let folder = folder.path();
    let reviews: Arc<Vec<Bytes>> =
        Arc::new(reviews::reviews(args.reviews.max(1)).into_iter().map(Bytes::from).collect());
    let _cluster = Cluster::start(reviews::namespaces(), &folder.join("kubeconfig")).await?;
    let mut rows = Vec::new();
    let mut verdicts: Vec<Vec<Value>> = Vec::new();
    for program in [Some(None), args.upstream.as_deref().map(Some)].into_iter().flatten() {
        let mut server = match program {
            None => ravelin(args, folder)?,
            Some(program) => upstream(program, folder)?,
        };
        ready(&mut server, folder).await?;
        eprintln!("asking {} ...", server.name);
        tokio::time::sleep(Duration::from_secs(2)).await;
        let idle = server.memory()?.0;
        verdicts.push(answers(&server, folder, &reviews).await?);
        for protocol in [Protocol::Http1, Protocol::Http2] {
            rows.push(row(&server, args, folder, protocol, &reviews, idle).await?);
        }
    }
    let mut text = markdown(&rows);
    if let [own, other] = verdicts.as_slice() {
        let differ = own.iter().zip(other).filter(|(own, other)| own != other).count();
        anyhow::ensure!(differ == 0, "{differ} of {} reviews are answered differently", own.len());
        text += &format!("\nBoth gave the same answers to all {} reviews.\n", own.len());
    }
    let size: usize = reviews.iter().map(Bytes::len).sum();
    let denied = verdicts.first().into_iter().flatten().filter(|answer| answer["allowed"] == false).count();
    text +=
        &format!("A review has {} bytes on average; {denied} of them are denied.\n", size / reviews.len());
    Ok(text)
}

fn free() -> anyhow::Result<SocketAddr> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?)
}

fn words(words: &[&str]) -> Vec<OsString> {
    words.iter().map(OsString::from).collect()
}

fn ravelin(args: &Args, folder: &Path) -> anyhow::Result<Server> {
    let program = match &args.ravelin {
        Some(program) => program.clone(),
        None => std::env::current_exe()?.with_file_name(format!("ravelin{}", std::env::consts::EXE_SUFFIX)),
    };
    let manifests = folder.join("namespaces.yaml");
    let texts: Vec<String> =
        reviews::namespaces().iter().map(|namespace| format!("---\n{namespace}\n")).collect();
    std::fs::write(&manifests, texts.concat())?;
    let address = free()?;
    let mut arguments =
        words(&["webhook", "--bind-address", "127.0.0.1", "--log-level", "warn", "--secure-port"]);
    arguments.push(address.port().to_string().into());
    arguments.extend(["--namespaces-from".into(), manifests.into(), "--self-signed".into(), folder.into()]);
    Server::start("ravelin", &program, &arguments, address, &folder.join("ravelin.log"))
}

/// With the certificate that ravelin has made.
fn upstream(program: &Path, folder: &Path) -> anyhow::Result<Server> {
    let address = free()?;
    let mut arguments = words(&["--bind-address", "127.0.0.1", "--secure-port"]);
    arguments.push(address.port().to_string().into());
    for (flag, file) in [
        ("--kubeconfig", "kubeconfig"),
        ("--tls-cert-file", "tls.crt"),
        ("--tls-private-key-file", "tls.key"),
    ] {
        arguments.extend([flag.into(), folder.join(file).into()]);
    }
    Server::start("upstream", program, &arguments, address, &folder.join("upstream.log"))
}

async fn ready(server: &mut Server, folder: &Path) -> anyhow::Result<()> {
    for _ in 0..300 {
        let asking = async {
            let dial = Dial::new(server.address, Protocol::Http1, &folder.join("ca.crt"))?;
            dial.open().await?.ask(Ask::get("/readyz")).await
        };
        if asking.await.is_ok_and(|(status, _)| status == 200) {
            return Ok(());
        }
        if !server.runs() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let log = std::fs::read_to_string(folder.join(format!("{}.log", server.name))).unwrap_or_default();
    anyhow::bail!("{} does not get ready:\n{log}", server.name)
}

/// What is said of each review, without what has no meaning: the order of keys.
async fn answers(server: &Server, folder: &Path, reviews: &[Bytes]) -> anyhow::Result<Vec<Value>> {
    let mut connection = Dial::new(server.address, Protocol::Http1, &folder.join("ca.crt"))?.open().await?;
    let mut answers = Vec::new();
    for review in reviews {
        let (status, body) = connection.ask(Ask::post(PATH, review.clone())).await?;
        anyhow::ensure!(status == 200, "{}: status {status}", server.name);
        let mut body: Value = serde_json::from_slice(&body).context("an answer that is no JSON")?;
        answers.push(body.get_mut("response").map(Value::take).context("an answer without a response")?);
    }
    Ok(answers)
}

async fn row(
    server: &Server,
    args: &Args,
    folder: &Path,
    protocol: Protocol,
    reviews: &Arc<Vec<Bytes>>,
    idle: u64,
) -> anyhow::Result<Row> {
    let dial = Dial::new(server.address, protocol, &folder.join("ca.crt"))?;
    let time = Duration::from_secs_f64(args.time);
    let fast = Load { connections: args.connections, time, count: usize::MAX, rate: None };
    let steady = Load { rate: Some(args.rate), ..fast };
    let all = Arc::clone(reviews);
    let make: Make =
        Arc::new(move |number| Ask::post(PATH, all.get(number % all.len()).cloned().unwrap_or_default()));
    load::run(&dial, Load { time: time / 5, ..fast }, &make).await?;
    let mut processor = [0.0; 2];
    let mut outcomes = Vec::new();
    for (load, processor) in [fast, steady].into_iter().zip(&mut processor) {
        let before = server.processor()?;
        let outcome = load::run(&dial, load, &make).await?;
        *processor = (server.processor()? - before) / outcome.times.len() as f64;
        outcomes.push(outcome);
    }
    let [fast, steady] = outcomes.as_slice() else { anyhow::bail!("two loads were put on it") };
    let (now, peak) = server.memory()?;
    Ok(Row {
        name: server.name,
        protocol,
        throughput: fast.rate(),
        processor,
        times: [0.5, 0.99, 0.999].map(|part| steady.quantile(part)),
        memory: [idle, now, peak],
    })
}

fn markdown(rows: &[Row]) -> String {
    let head = [
        "webhook",
        "protocol",
        "reviews/s",
        "CPU us",
        "reviews/s of a core",
        "times",
        "CPU us at the rate",
        "p50 ms",
        "p99 ms",
        "p99.9 ms",
        "MB idle",
        "MB after",
        "MB at most",
    ];
    let mut lines = vec![head.map(str::to_owned).to_vec()];
    for row in rows {
        let own = rows.iter().find(|own| own.protocol == row.protocol).unwrap_or(row);
        let mut line = vec![row.name.to_owned()];
        line.push(if row.protocol == Protocol::Http1 { "HTTP/1.1" } else { "HTTP/2" }.to_owned());
        let [fast, steady] = row.processor;
        line.push(format!("{:.0}", row.throughput));
        line.push(format!("{:.0}", fast * 1e6));
        line.push(format!("{:.0}", 1.0 / fast));
        line.push(format!("{:.2}", fast / own.processor.first().copied().unwrap_or(fast)));
        line.push(format!("{:.0}", steady * 1e6));
        line.extend(row.times.iter().map(|time| format!("{time:.2}")));
        line.extend(row.memory.iter().map(|bytes| format!("{:.1}", *bytes as f64 / 1e6)));
        lines.push(line);
    }
    table::aligned(&lines, 2)
}
