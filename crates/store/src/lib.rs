//! Where objects are kept: revisions, compare-and-swap, ranges, watches, compaction.
//!
//! It decides in which order writes happen and what each reader sees of them; what the values mean it does not know.
//! [`Store`] is the port. Behind it are [`Memory`], which forgets with the process, and [`Embedded`], a file: what it
//! has acknowledged survives the process and the machine losing power. Start reading at [`Store`], then `state.rs`
//! (what is kept) and `embedded/writer.rs` (how writes reach the disk).
//!
//! # How it works
//! Every write has a revision of its own, one more than the one before. All that is kept is in memory, in both
//! backends, as a server of the Kubernetes API keeps it in its watch cache: reads take no disk and copy no value.
//! [`Embedded`] carries out writes on one thread: what has arrived while the disk was busy goes into one transaction
//! and one `fsync`, and only when that is done do readers and watchers see it, and are writers told.
//!
//! The port is synchronous, and writes and watches are futures too, of no particular runtime: a [`Ticket`] and
//! [`Watcher::next_event`] can be awaited, or waited for.

pub mod backup;
#[cfg(feature = "conformance")]
pub mod conformance;
mod core;
mod embedded;
mod hub;
mod memory;
mod port;
mod state;
mod ticket;
mod watcher;

pub use backup::{RestoreError, restore};
pub use embedded::Embedded;
pub use memory::Memory;
pub use port::{
    Condition, Entry, Event, Limits, Page, Range, Revision, Start, Statistics, Store, StoreError, Timestamp,
    Write, Written,
};
pub use ticket::Ticket;
pub use watcher::{Next, WatchError, Watcher};
