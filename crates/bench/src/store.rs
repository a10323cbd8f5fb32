//! `cargo xtask bench store`: how fast objects are written, read, listed and watched.

use anyhow::Context as _;
use ravelin_store::{Embedded, Limits, Memory, Range, Start, Store, Write};
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// How much is done.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// How many objects are listed and read
    #[arg(long, default_value_t = 10_000)]
    objects: usize,
    /// How many bytes an object has
    #[arg(long, default_value_t = 1024)]
    size: usize,
    /// How many durable writes one writer makes; many writers make ten times as many
    #[arg(long, default_value_t = 2_000)]
    writes: usize,
    /// How many writers there are at once
    #[arg(long, default_value_t = 64)]
    writers: usize,
    /// How many watchers there are
    #[arg(long, default_value_t = 1_000)]
    watchers: usize,
    /// The folder of the file, which says which disk is measured [default: that of temporary files]
    #[arg(long, value_name = "DIR")]
    folder: Option<PathBuf>,
}

/// Measures and prints.
pub(crate) fn run(args: &Args) -> anyhow::Result<()> {
    let mut builder = tempfile::Builder::new();
    builder.prefix("ravelin-bench-");
    let folder = match &args.folder {
        Some(folder) => builder.tempdir_in(folder),
        None => builder.tempdir(),
    };
    let folder = folder.context("cannot create a temporary folder")?;
    let path = folder.path().join("store");
    println!("| what | result |\n|---|---|");
    {
        let store = Embedded::open(&path, limits()).context("cannot open the store")?;
        let latencies = write(&store, args, "/one", 1, args.writes)?;
        row("embedded: durable creates, one writer", &rate(args.writes, &latencies));
        let latencies = write(&store, args, "/many", args.writers, args.writes * 10)?;
        row(
            &format!("embedded: durable creates, {} writers", args.writers),
            &rate(args.writes * 10, &latencies),
        );
    }
    let size = std::fs::metadata(&path).context("cannot read the size of the file")?.len();
    let started = Instant::now();
    let store = Embedded::open(&path, limits()).context("cannot open the store")?;
    let count = store.count("")?;
    row(
        "embedded: open and check",
        &format!("{} ms, {count} objects, {size} bytes", millis(started.elapsed())),
    );
    read(&store, "embedded", args)?;
    drop(store);
    let store = Memory::new(limits());
    let latencies = write(&store, args, "/one", 1, args.objects)?;
    row("memory: creates, one writer", &rate(args.objects, &latencies));
    read(&store, "memory", args)?;
    watch(&store, args)
}

/// Nothing is compacted and nobody cut while the clock runs.
fn limits() -> Limits {
    Limits { history: 10_000_000, watcher: 10_000_000, ..Limits::STANDARD }
}

fn row(what: &str, result: &str) {
    println!("| {what} | {result} |");
}

/// How long everything took, and each write, sorted.
struct Latencies {
    total: Duration,
    each: Vec<Duration>,
}

fn write(
    store: &dyn Store,
    args: &Args,
    prefix: &str,
    writers: usize,
    count: usize,
) -> anyhow::Result<Latencies> {
    let value = bytes::Bytes::from(vec![b'x'; args.size]);
    let next = AtomicUsize::new(0);
    let started = Instant::now();
    let work = || -> anyhow::Result<Vec<Duration>> {
        let mut each = Vec::new();
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            if number >= count {
                return Ok(each);
            }
            let started = Instant::now();
            store.create(&format!("{prefix}/{number:08}"), value.clone())?;
            each.push(started.elapsed());
        }
    };
    let outcomes: Vec<_> = thread::scope(|scope| {
        let threads: Vec<_> = (0..writers).map(|_| scope.spawn(work)).collect();
        threads.into_iter().map(thread::ScopedJoinHandle::join).collect()
    });
    let total = started.elapsed();
    let mut each = Vec::new();
    for outcome in outcomes {
        each.extend(outcome.map_err(|_| anyhow::anyhow!("a writer panicked"))??);
    }
    each.sort_unstable();
    Ok(Latencies { total, each })
}

fn rate(count: usize, latencies: &Latencies) -> String {
    let at =
        |share: usize| latencies.each.get(latencies.each.len() * share / 100).copied().unwrap_or_default();
    let per_second = count as f64 / latencies.total.as_secs_f64();
    format!("{per_second:.0}/s, p50 {} ms, p99 {} ms", millis(at(50)), millis(at(99)))
}

fn millis(time: Duration) -> String {
    format!("{:.2}", time.as_secs_f64() * 1e3)
}

/// Gets and lists of so many objects.
fn read(store: &dyn Store, name: &str, args: &Args) -> anyhow::Result<()> {
    const ROUNDS: u32 = 20;
    let value = bytes::Bytes::from(vec![b'x'; args.size]);
    let tickets: Vec<_> = (0..args.objects)
        .map(|number| store.submit(Write::create(format!("/read/{number:08}"), value.clone())))
        .collect();
    for ticket in tickets {
        ticket.wait()?;
    }
    let keys: Vec<String> =
        (0..args.objects).map(|number| format!("/read/{:08}", number * 7919 % args.objects)).collect();
    let started = Instant::now();
    for _ in 0..ROUNDS {
        for key in &keys {
            anyhow::ensure!(store.get(key)?.is_some(), "{key} is missing");
        }
    }
    let per_second = f64::from(ROUNDS) * keys.len() as f64 / started.elapsed().as_secs_f64();
    row(&format!("{name}: gets, one thread"), &format!("{per_second:.0}/s"));
    let started = Instant::now();
    for _ in 0..ROUNDS {
        anyhow::ensure!(store.range(&Range::of("/read/"))?.entries.len() == args.objects);
    }
    row(&format!("{name}: list {}", args.objects), &format!("{} ms", millis(started.elapsed() / ROUNDS)));
    let started = Instant::now();
    for _ in 0..ROUNDS {
        let page = store.range(&Range { limit: 500, ..Range::of("/read/") })?;
        anyhow::ensure!(page.remaining > 0 || args.objects <= 500);
    }
    row(
        &format!("{name}: a page of 500 with the count of the rest"),
        &format!("{} ms", millis(started.elapsed() / ROUNDS)),
    );
    Ok(())
}

/// Writes that everybody watches: how long until everybody has been given them.
fn watch(store: &dyn Store, args: &Args) -> anyhow::Result<()> {
    const EVENTS: usize = 200;
    let mut watchers =
        (0..args.watchers).map(|_| store.watch("/watched/", Start::Now)).collect::<Result<Vec<_>, _>>()?;
    let value = bytes::Bytes::from(vec![b'x'; args.size]);
    let started = Instant::now();
    for number in 0..EVENTS {
        store.create(&format!("/watched/{number}"), value.clone())?;
    }
    let given = started.elapsed();
    let mut taken = 0;
    for watcher in &mut watchers {
        while let Some(event) = watcher.try_next() {
            let event = event?;
            let is_shared =
                event.current.as_ref().is_some_and(|entry| entry.value.as_ptr() == value.as_ptr());
            anyhow::ensure!(is_shared, "the value was copied");
            taken += 1;
        }
    }
    anyhow::ensure!(taken == EVENTS * args.watchers, "{taken} events were taken");
    let per_second = taken as f64 / given.as_secs_f64();
    row(
        &format!("memory: {EVENTS} writes, each to {} watchers", args.watchers),
        &format!(
            "{:.0} events/s given, {} ms a write, {} ms until all are taken",
            per_second,
            millis(given / u32::try_from(EVENTS)?),
            millis(started.elapsed())
        ),
    );
    Ok(())
}
