//! What Kubernetes and Ravelin say to each other: the bytes of a protocol become a question, an answer becomes bytes.
//!
//! Pure functions: what arrives over the network is taken apart here, so that it can be tested and fuzzed without a
//! network. One module for each protocol.
#![deny(clippy::disallowed_methods, clippy::disallowed_types)]

pub mod admission_review;
