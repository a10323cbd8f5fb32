//! The door to the engines: judge the objects of an inventory, explain a check.
//!
//! Whoever scans, in whatever place, comes through here, so that the same object gets the same verdict
//! everywhere. Pure: what is read, from where, and what time it is are arguments. Start reading at
//! [`scan::Scanner::judge`]; what a scan reports is [`report::Report`].
#![deny(clippy::disallowed_methods, clippy::disallowed_types)]

pub mod checks;
pub mod plan;
pub mod report;
pub mod scan;
pub mod selection;
pub mod suppression;
