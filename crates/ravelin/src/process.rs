//! What verbs that go on until they are told to stop ask of the operating system.

use crate::ExitStatus;

/// Asks for memory in small pages, before there is much of it.
///
/// The allocator reserves far more than is used at rest. Where the system gives huge pages to whoever does not
/// refuse them, each little piece of that takes two megabytes: a server at rest then holds 10 MB more than it uses.
pub(crate) fn take_small_pages() {
    #[cfg(target_os = "linux")]
    if let Err(error) = rustix::thread::disable_transparent_huge_pages(true) {
        tracing::debug!(%error, "huge pages cannot be refused; more memory will be held than is used");
    }
}

/// Waits for the signal to end. A second one ends the program at once.
pub(crate) fn signal() -> anyhow::Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let (sender, receiver) = tokio::sync::oneshot::channel();
    tokio::spawn(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        // Nobody may be left to be told.
        let _ = sender.send(());
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        std::process::exit(ExitStatus::Undecided as i32);
    });
    Ok(async {
        let _ = receiver.await;
    })
}
