//! A bounded load: so many connections, one request at a time on each, as fast as answers come or at a steady rate.

use crate::client::{Ask, Connection, Dial};
use anyhow::Context as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::time::Instant;

/// What a load is like. It ends with its time or its count, whichever comes first.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Load {
    pub connections: usize,
    pub time: Duration,
    /// How many requests there are at most.
    pub count: usize,
    /// Requests a second in all; as many as are answered where there is no rate.
    pub rate: Option<f64>,
}

/// What came of a load.
pub(crate) struct Outcome {
    /// From the moment a request went, or was due where it went late, to its answer; sorted.
    pub times: Vec<Duration>,
    /// How long the load took.
    pub wall: Duration,
}

impl Outcome {
    /// The time that this part of the requests did not exceed, in milliseconds.
    pub(crate) fn quantile(&self, part: f64) -> f64 {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "between 0 and the length"
        )]
        let index = (part * self.times.len() as f64) as usize;
        self.times
            .get(index.min(self.times.len().saturating_sub(1)))
            .map_or(0.0, |time| time.as_secs_f64() * 1e3)
    }

    /// How many were answered in a second.
    pub(crate) fn rate(&self) -> f64 {
        self.times.len() as f64 / self.wall.as_secs_f64()
    }
}

/// The request of a number.
pub(crate) type Make = Arc<dyn Fn(usize) -> Ask + Send + Sync>;

/// Puts a load on a server. Every request has to be answered well.
pub(crate) async fn run(dial: &Dial, load: Load, make: &Make) -> anyhow::Result<Outcome> {
    let next = Arc::new(AtomicUsize::new(0));
    let mut connections = Vec::new();
    for _ in 0..load.connections {
        connections.push(dial.open().await.context("cannot connect")?);
    }
    let begin = Instant::now();
    let mut tasks = tokio::task::JoinSet::new();
    for connection in connections {
        tasks.spawn(one(connection, load, begin, Arc::clone(&next), Arc::clone(make)));
    }
    let mut times = Vec::new();
    while let Some(own) = tasks.join_next().await {
        times.append(&mut own??);
    }
    let wall = begin.elapsed();
    times.sort_unstable();
    Ok(Outcome { times, wall })
}

async fn one(
    mut connection: Connection,
    load: Load,
    begin: Instant,
    next: Arc<AtomicUsize>,
    make: Make,
) -> anyhow::Result<Vec<Duration>> {
    let mut times = Vec::new();
    loop {
        let number = next.fetch_add(1, Ordering::Relaxed);
        let due = match load.rate {
            None => Instant::now(),
            // What is late counts from when it was due, so that a server that stops is not spared.
            Some(rate) => begin + Duration::from_secs_f64(number as f64 / rate),
        };
        if number >= load.count || due >= begin + load.time {
            return Ok(times);
        }
        let ask = make(number);
        // What waited for its time is counted from the moment it goes: a timer rings up to a millisecond late, which
        // no server is to blame for.
        let due = if Instant::now() < due {
            tokio::time::sleep_until(due).await;
            Instant::now()
        } else {
            due
        };
        let (status, body) = connection.ask(ask).await?;
        anyhow::ensure!(
            (200..300).contains(&status),
            "a request was answered with status {status}: {}",
            String::from_utf8_lossy(&body)
        );
        times.push(due.elapsed());
    }
}
