//! Events that are written in the background.

use super::Batching;
use super::file::LogFile;
use anyhow::Context as _;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::time::Instant;

/// Lines on their way to a file.
pub(crate) struct Batch {
    sender: SyncSender<Message>,
}

enum Message {
    Line(String),
    /// Everything before this is to be written; whoever waits is told.
    Flush(SyncSender<()>),
}

impl Batch {
    /// Starts the thread that writes.
    pub(crate) fn start(file: LogFile, batching: Batching) -> anyhow::Result<Self> {
        let (sender, receiver) = sync_channel(batching.buffer.max(1));
        std::thread::Builder::new()
            .name("audit".to_owned())
            .spawn(move || run(file, &receiver, batching))
            .context("starting the thread that writes audit events")?;
        Ok(Self { sender })
    }

    /// Hands a line over; whether there was room for it.
    pub(crate) fn submit(&self, line: String) -> bool {
        match self.sender.try_send(Message::Line(line)) {
            Ok(()) => true,
            Err(TrySendError::Full(_) | TrySendError::Disconnected(_)) => false,
        }
    }

    /// Waits until what has been handed over is written.
    pub(crate) fn flush(&self) {
        let (done, wait) = sync_channel(1);
        if self.sender.send(Message::Flush(done)).is_ok() {
            // The thread may have ended: then there is nothing to wait for.
            let _ = wait.recv();
        }
    }
}

fn run(mut file: LogFile, receiver: &Receiver<Message>, batching: Batching) {
    let mut lines: Vec<String> = Vec::new();
    let mut until: Option<Instant> = None;
    loop {
        let message = match until {
            None => receiver.recv().map_err(|_| RecvTimeoutError::Disconnected),
            Some(until) => receiver.recv_timeout(until.saturating_duration_since(Instant::now())),
        };
        let mut told = None;
        match message {
            Ok(Message::Line(line)) => {
                lines.push(line);
                until.get_or_insert_with(|| Instant::now() + batching.wait);
                if lines.len() < batching.size {
                    continue;
                }
            }
            Ok(Message::Flush(done)) => told = Some(done),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => {
                write(&mut file, &mut lines);
                return;
            }
        }
        write(&mut file, &mut lines);
        until = None;
        if let Some(told) = told {
            let _ = told.send(());
        }
    }
}

fn write(file: &mut LogFile, lines: &mut Vec<String>) {
    for line in lines.drain(..) {
        if let Err(error) = file.write(line.as_bytes()) {
            tracing::error!(%error, "an audit event could not be written");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::Rotation;
    use std::time::Duration;

    #[test]
    fn lines_are_written_in_their_order_and_what_waits_is_flushed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("audit.log");
        let file = LogFile::open(path.clone(), Rotation::default()).unwrap();
        let batching = Batching { buffer: 100, size: 3, wait: Duration::from_secs(3600) };
        let batch = Batch::start(file, batching).unwrap();
        for line in ["a\n", "b\n", "c\n", "d\n"] {
            assert!(batch.submit(line.to_owned()));
        }
        batch.flush();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "a\nb\nc\nd\n");
    }
}
