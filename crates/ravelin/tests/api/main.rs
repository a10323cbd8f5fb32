//! The binary as a server: started, spoken to over the network, ended by a signal.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test stops where something is wrong")]

mod api_webhook;
