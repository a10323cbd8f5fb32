//! Pod Security Standards at every level and version, and the policy a namespace asks for.
//!
//! It decides what `k8s.io/pod-security-admission` decides, in the same words: [`Evaluation`] judges a pod,
//! [`policy`] reads what the labels of a namespace ask for, [`config`] what a `PodSecurityConfiguration`
//! says; [`admission`] answers a request with all of them. What [`exemption`] adds goes beyond upstream and is
//! off unless configured. It must not know files, clusters or the clock. Start reading at [`Evaluation::verdict`]; each
//! check is one file in `checks/`.
#![deny(clippy::disallowed_methods, clippy::disallowed_types)]

pub mod admission;
mod capabilities;
mod check;
pub mod checks;
pub mod config;
mod evaluation;
pub mod exemption;
mod faults;
mod level;
pub mod policy;
mod proc_mount;
mod profiles;
pub mod psp;
mod volumes;
mod words;

pub use check::{Offence, PodCheck, Revision, Violation};
pub use evaluation::{Evaluation, Verdict, unchanged_since};
pub use level::{Level, LevelVersion, ParseLevelError, ParseVersionError, Version};
