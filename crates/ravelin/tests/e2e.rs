//! Against a control plane that runs: what it does is what this program says it does.
//!
//! Needs the programs of a control plane: `KUBEBUILDER_ASSETS=$(cargo xtask envtest) cargo test -p ravelin --test e2e`.
//! Without them the tests say that they are skipped.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test stops where something is wrong"
)]

mod e2e {
    pub(crate) mod control_plane;
    mod e2e_rbac;
    mod e2e_serve;
    mod e2e_webhook;
    pub(crate) mod http;
    mod random;
    mod rbac_policy;
}

use std::io::Write as _;

/// Says something on standard error, whether a test passes or not: what `eprintln!` says is only shown where it fails.
pub(crate) fn say(text: &str) {
    std::io::stderr().write_all(format!("{text}\n").as_bytes()).unwrap();
}
