//! The binary as a server: started, spoken to over the network, ended by a signal.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "a test stops where something is wrong"
)]

mod api_kube;
mod api_kubectl;
mod api_python;
mod api_serve_docs;
mod api_webhook;
mod backup;
mod crash;
mod negative;
mod server;
