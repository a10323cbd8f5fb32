//! Small loops that keep what Kubernetes' own controllers keep.

use crate::api::Api;
use crate::config::Controllers;
use std::sync::Arc;
use tokio::task::JoinSet;

/// Starts the loops that are wanted.
pub(crate) fn spawn(api: &Arc<Api>, wanted: Controllers, root_authority: String, tasks: &mut JoinSet<()>) {
    let _ = (api, wanted, root_authority, tasks);
}
