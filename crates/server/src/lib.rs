//! One HTTPS server, and what Ravelin serves on it: for now, Pod Security admission as a webhook.
//!
//! It decides nothing: decisions are made by engines of lower rings, and this crate carries questions to them and
//! answers back. It must not know how a pod is judged. Start reading at [`transport::serve`] for connections, at
//! [`webhook::host::run`] for the webhook.

pub mod certificates;
pub mod health;
mod live;
pub mod metrics;
pub mod query;
pub mod transport;
pub mod webhook;
