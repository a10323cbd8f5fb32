//! The stage that keeps the number of requests at a time within bounds.
//!
//! Source: `k8s.io/apiserver/pkg/server/filters/maxinflight.go`.

use crate::api::Api;
use crate::exchange::Exchange;
use ravelin_authn::UserInfo;
use ravelin_authz::request_info::is_read_only;
use ravelin_object::status::{Details, Status};
use std::sync::Arc;
use tokio::sync::{OwnedSemaphorePermit, TryAcquireError};

/// Takes room for the request, until it is answered. Requests that last long, and administrators, take none.
///
/// # Errors
/// 429 where there is none.
pub(crate) fn room(api: &Api, exchange: &Exchange) -> Result<Option<OwnedSemaphorePermit>, Status> {
    if exchange.is_long_running() {
        return Ok(None);
    }
    let room = if is_read_only(&exchange.info.verb) { &api.reads } else { &api.writes };
    match Arc::clone(room).try_acquire_owned() {
        Ok(permit) => Ok(Some(permit)),
        Err(TryAcquireError::Closed) => Ok(None),
        Err(TryAcquireError::NoPermits) if is_exempt(&exchange.user) => Ok(None),
        Err(TryAcquireError::NoPermits) => {
            api.counts.rejected();
            let mut status =
                Status::new(429, "TooManyRequests", "Too many requests, please try again later.");
            status.details = Some(Box::new(Details { retry_after_seconds: 1, ..Details::default() }));
            Err(status)
        }
    }
}

/// Those who have to be able to mend things.
fn is_exempt(user: &UserInfo) -> bool {
    user.is_in("system:masters")
}
