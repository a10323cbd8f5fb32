//! What a check is: its metadata, its documentation, and the rules every registry of checks keeps.
//!
//! One check is one file: documentation, source, versions, logic, tests, fix. The file declares itself
//! with [`declare_check!`], which turns its doc comment into the page that `ravelin rules ID` prints.
//! This crate knows no check. Start reading at [`CheckMeta`].
#![deny(clippy::disallowed_methods, clippy::disallowed_types)]

mod documentation;
mod meta;
pub mod registry;

pub use documentation::{Documentation, Example, Expectation};
pub use meta::{Check, CheckMeta, Source};
