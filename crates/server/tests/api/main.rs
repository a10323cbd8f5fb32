//! The webhook over the network: a port, a real client, and a fake API server where there has to be one.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::string_slice,
    reason = "a test stops where something is wrong"
)]

mod api_certificates;
mod api_cluster;
mod api_ends;
mod api_limits;
mod api_reviews;
mod cluster;
mod support;
