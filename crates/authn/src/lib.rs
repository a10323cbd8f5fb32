//! Who asks: authentication as pure functions of credentials, keys, objects and `now`.
//!
//! It decides what `k8s.io/apiserver/pkg/authentication`, `k8s.io/kubernetes/pkg/serviceaccount` and the
//! impersonation filter decide, in the same words. Certificates, tokens, keys, objects and the time are values
//! that come in; users, audiences, errors and [`Effects`] are values that go out. It must not know files, HTTP,
//! TLS or the clock, nor who may do what: impersonation asks that through a closure. (One thing is not a value:
//! an ECDSA signature draws its nonce inside the cryptographic library.)
//!
//! Start reading at [`Outcome`] and [`chain`]. Tokens and keys are never in `Debug` output or errors.
#![deny(clippy::disallowed_methods, clippy::disallowed_types)]

pub mod anonymous;
pub mod bearer;
pub mod bootstrap;
pub mod chain;
pub mod config;
mod csv;
mod der;
pub mod discovery;
mod encoding;
pub mod groups;
pub mod headers;
pub mod impersonation;
mod json;
mod jws;
pub mod keys;
mod names;
pub mod objects;
mod outcome;
mod pem;
pub mod request_header;
pub mod reviews;
pub mod service_account;
mod timestamp;
pub mod token_file;
pub mod token_request;
pub mod union;
pub mod websocket;
pub mod x509;

pub use names::{
    ALL_AUTHENTICATED, ALL_SERVICE_ACCOUNTS, ALL_UNAUTHENTICATED, ANONYMOUS, CREDENTIAL_ID, NODES,
    SYSTEM_MASTERS,
};
pub use outcome::{
    Context, Effects, LastUsed, Outcome, Request, RequestAuthenticator, Response, TokenAuthenticator,
};
pub use ravelin_object::user::UserInfo;
pub use timestamp::Timestamp;
