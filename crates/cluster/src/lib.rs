//! A live Kubernetes cluster becomes objects, and a list of what could not be read.
//!
//! The crate knows how to reach an API server, which kinds answer questions of security, how to read them
//! without keeping a value of a Secret, and how a snapshot of them is written. It judges nothing. Whatever
//! could not be read is in [`Cluster::account`], so that nobody takes silence for absence. Start reading at
//! [`fetch`].

mod account;
mod answer;
pub mod connect;
mod fault;
pub mod kinds;
mod list;
mod no_proxy;
pub mod read;
mod redact;
pub mod snapshot;

pub use connect::{Connection, Environment, Target};
pub use fault::Error;
pub use read::{Cluster, Limits, Progress, Secrets, Silent, Wanted};

/// Reads a cluster: connects, lists what is wanted, and returns when all of it is read or known to be unreadable.
///
/// Runs on a runtime of its own, on the thread of the caller.
///
/// # Errors
/// If there is no cluster to read: none is named, its configuration is wrong, or it does not answer.
pub fn fetch(target: &Target, wanted: &Wanted, progress: &dyn Progress) -> Result<Cluster, Error> {
    block_on(async {
        let connection = connect::connect(target).await?;
        read::read(&connection, wanted, progress).await
    })?
}

/// Runs a future on a runtime of its own, on the thread of the caller.
///
/// # Errors
/// If the operating system refuses what a runtime needs.
pub fn block_on<F: Future>(future: F) -> Result<F::Output, Error> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_io()
        .enable_time()
        .build()
        .map_err(|error| Error::Runtime(error.to_string()))?;
    let output = runtime.block_on(future);
    // A name that is still being looked up must not keep the program from ending.
    runtime.shutdown_background();
    Ok(output)
}
