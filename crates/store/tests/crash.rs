//! What has been acknowledged survives `kill -9`: this test starts itself as a writer, and kills it, again and again.
#![expect(clippy::unwrap_used, reason = "a test may stop the process, and the child talks to its parent")]

use ravelin_store::{Condition, Embedded, Limits, Revision, Start, Store, Write};
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

const FILE: &str = "RAVELIN_STORE_CRASH_FILE";
const ROUNDS_VARIABLE: &str = "RAVELIN_STORE_CRASH_ROUNDS";
const ROUNDS: u64 = 20;
const THREADS: usize = 4;

/// The writer. It does nothing unless a parent says where.
#[test]
fn child() {
    let Ok(file) = std::env::var(FILE) else { return };
    let store = Embedded::open(Path::new(&file), Limits::STANDARD).unwrap();
    let base = store.revision();
    std::thread::scope(|scope| {
        for thread in 0..THREADS {
            let store = &store;
            scope.spawn(move || {
                for number in 0_u64.. {
                    let key = format!("/{thread}/{}", number % 13);
                    let text = format!("{base}.{thread}.{number}.{}", "x".repeat((number % 700) as usize));
                    let write = match number % 5 {
                        4 => Write::delete(key.as_str(), Condition::Any),
                        _ => Write::put(key.as_str(), text.clone()),
                    };
                    let value = if write.value.is_some() { text } else { "-".to_owned() };
                    // Some deletions find nothing.
                    if let Ok(written) = store.submit(write).wait() {
                        let line = format!("ack {} {key} {value}\n", written.revision);
                        std::io::stdout().lock().write_all(line.as_bytes()).unwrap();
                    }
                }
            });
        }
    });
}

/// Starts the writer, lets it work for a time behind its first acknowledgement, kills it; what it acknowledged.
fn round(file: &Path, time: Duration) -> BTreeMap<Revision, (String, String)> {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "child", "--nocapture", "--test-threads=1"])
        .env(FILE, file)
        .stdout(Stdio::piped())
        .stderr(Stdio::inherit())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap());
    let (mut acknowledged, mut deadline) = (BTreeMap::new(), None::<Instant>);
    let mut is_killed = false;
    loop {
        let mut line = String::new();
        if lines.read_line(&mut line).unwrap() == 0 {
            break;
        }
        let words: Vec<&str> = line.trim_end_matches('\n').split(' ').collect();
        if let (true, ["ack", revision, key, value]) = (line.ends_with('\n'), words.as_slice()) {
            let deadline = *deadline.get_or_insert_with(|| Instant::now() + time);
            let earlier =
                acknowledged.insert(revision.parse().unwrap(), ((*key).to_owned(), (*value).to_owned()));
            assert!(earlier.is_none(), "revision {revision} was given twice");
            if !is_killed && Instant::now() >= deadline {
                // SIGKILL: nothing of the process runs any more.
                child.kill().unwrap();
                is_killed = true;
            }
        }
    }
    let status = child.wait().unwrap();
    assert!(is_killed, "the writer ended by itself: {status}");
    acknowledged
}

#[test]
fn what_was_acknowledged_survives_being_killed() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("store");
    let rounds = std::env::var(ROUNDS_VARIABLE).map_or(ROUNDS, |rounds| rounds.parse().unwrap());
    let (mut newest, mut total) = (0, 0);
    for number in 0..rounds {
        let acknowledged = round(&file, Duration::from_millis(5 + number * 37 % 120));
        assert!(acknowledged.keys().all(|revision| *revision > newest), "a revision was given again");
        total += acknowledged.len();
        let store = Embedded::open(&file, Limits::STANDARD).unwrap();
        let revision = store.revision();
        let last = acknowledged.last_key_value().map_or(0, |(revision, _)| *revision);
        assert!(revision >= last, "round {number}: {last} was acknowledged, there is {revision}");
        let mut watcher = store.watch("", Start::After(newest)).unwrap();
        for expected in newest + 1..=revision {
            let event = watcher.try_next().unwrap().unwrap();
            assert_eq!(event.revision, expected, "no revision is skipped");
            let Some((key, value)) = acknowledged.get(&expected) else { continue };
            let found = event.current.as_ref().map_or_else(|| b"-".as_slice(), |entry| &entry.value);
            assert_eq!((&*event.key, found), (key.as_str(), value.as_bytes()));
        }
        assert!(watcher.try_next().is_none());
        // Later rounds work on a file that has been compacted, too.
        if number % 4 == 3 {
            store.compact(revision - 1).wait().unwrap();
        }
        newest = revision;
    }
    assert!(total > 0);
    println!("{total} writes were acknowledged in {rounds} rounds, {newest} were made");
}
