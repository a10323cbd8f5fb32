//! What fuzz targets reach of the parsers in here: those that see the bytes of anybody. No interface for anything else.

use crate::pipeline::authentication;
use crate::rest::negotiate::{self, Shapes};
use crate::rest::query::{ListOptions, WriteOptions, Writes};
use crate::rest::selection::Selection;
use crate::rest::token::Continue;
use http::HeaderMap;
use ravelin_authn::headers::Headers;
use ravelin_authz::request_info::Url;
use ravelin_object::status::Status;
use ravelin_resource::Resource;

/// Whether an `Accept` header gets past the router, and whether any form is found for it.
///
/// # Errors
/// The refusal where there is none.
pub fn accept(header: &str) -> (bool, Result<(), Status>) {
    let is_routable = negotiate::unroutable(header, false).is_none();
    (is_routable, negotiate::form(header, None, "", Shapes::All).map(|_| ()))
}

/// Reads the options of a list and of writes, and the selectors among them.
///
/// # Errors
/// The first refusal.
pub fn options(url: &Url, resource: &Resource) -> Result<(), Status> {
    for writes in [Writes::Create, Writes::Update, Writes::Patch, Writes::Apply] {
        let read = WriteOptions::of(url, writes);
        if read != WriteOptions::of(url, writes) {
            return Err(Status::internal("read in two ways"));
        }
    }
    let options = ListOptions::of(url)?;
    options.validate()?;
    Selection::of(resource, &options.label_selector, &options.field_selector)?;
    if options.continue_token.is_empty() {
        Ok(())
    } else {
        Continue::decode(&options.continue_token).map(|_| ())
    }
}

/// The revision of a continue token, and behind which key it goes on.
///
/// # Errors
/// The refusal of what is none.
pub fn continue_token(token: &str) -> Result<(i64, String), Status> {
    let read = Continue::decode(token)?;
    Ok((read.revision, read.after().to_owned()))
}

/// The token of a place.
#[must_use]
pub fn continue_token_of(revision: i64, last: &str) -> String {
    Continue::encode(revision, last)
}

/// The headers of a request as authenticators and impersonation read them.
#[must_use]
pub fn headers(map: &HeaderMap) -> Headers {
    authentication::headers(map)
}

/// Whether a path of a resource is routed.
#[must_use]
pub fn is_routed(path: &str) -> bool {
    crate::paths::is_routed(path)
}
