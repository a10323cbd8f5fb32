//! The life of a server: serving, draining, stopping, over.

use std::time::Duration;
use tokio::sync::watch;

/// Where a server is in its life. Phases only follow each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Phase {
    /// Everything is served.
    Serving,
    /// Everything is served, and whoever asks is told not to come back: `/readyz` fails, HTTP/1.1 connections end
    /// after their next response.
    Draining,
    /// No new connections; those that are there end after what they are at.
    Stopping,
    /// What still is there is cut off.
    Over,
}

/// The phase of a server, for those that live in it.
#[derive(Clone, Debug)]
pub struct Life(watch::Receiver<Phase>);

/// The phase of a server, for whoever ends it.
#[derive(Debug)]
pub struct Reaper(watch::Sender<Phase>);

/// A new life.
#[must_use]
pub fn new() -> (Reaper, Life) {
    let (sender, receiver) = watch::channel(Phase::Serving);
    (Reaper(sender), Life(receiver))
}

impl Life {
    /// The phase now.
    #[must_use]
    pub fn phase(&self) -> Phase {
        *self.0.borrow()
    }

    /// Waits until the phase has been reached, or nobody is left who could end the life.
    pub async fn reached(&mut self, phase: Phase) {
        // An error says that the reaper is gone: the life is over.
        let _ = self.0.wait_for(|now| *now >= phase).await;
    }
}

impl Reaper {
    /// Ends the life: drains for `drain`, stops, and is over after `grace` more. Returns when it is over or nobody
    /// lives in it any more.
    pub async fn end(self, drain: Duration, grace: Duration) {
        self.0.send_replace(Phase::Draining);
        tokio::time::sleep(drain).await;
        self.0.send_replace(Phase::Stopping);
        tokio::select! {
            () = self.0.closed() => {}
            () = tokio::time::sleep(grace) => {
                self.0.send_replace(Phase::Over);
                self.0.closed().await;
            }
        }
    }

    /// Ends the life at once.
    pub fn end_now(&self) {
        self.0.send_replace(Phase::Over);
    }
}
