//! Fuzz targets: what must hold of any bytes at all.
//!
//! Each target is one module with a function `run` that panics where something does not hold. A test runs every
//! target over its seeds and over deterministic mutations of them; behind the feature `libfuzzer` each target has
//! an entry point for `cargo fuzz`. Start reading at [`ALL`].

pub mod abac_policy;
pub mod accept_header;
pub mod access_review;
pub mod admission_review;
pub mod audit_event;
pub mod audit_policy;
pub mod authn_bearer;
pub mod authn_certificate;
pub mod authn_headers;
pub mod authn_keys;
pub mod authn_token;
pub mod authn_token_file;
pub mod authorization_configuration;
pub mod continue_token;
pub mod documents_split;
pub mod field_selector;
pub mod identity_headers;
pub mod json_read;
pub mod label_selector;
pub mod level_labels;
pub mod patch_apply;
pub mod places;
pub mod pod_evaluate;
pub mod protobuf_decode;
pub mod psa_admission;
pub mod quantity;
pub mod rbac_policy;
pub mod request_info;
pub mod request_options;
pub mod resource_decode;
pub mod suppress_comments;
pub mod yaml_compose;
pub mod yaml_differs;

mod dump;

use ravelin_yaml::Limits;

/// A target.
#[derive(Clone, Copy, Debug)]
pub struct Target {
    /// Its name: that of its module, its entry point and its folder of seeds.
    pub name: &'static str,
    /// Its body.
    pub run: fn(&[u8]),
}

/// Every target, by name.
pub const ALL: &[Target] = &[
    Target { name: "abac_policy", run: abac_policy::run },
    Target { name: "accept_header", run: accept_header::run },
    Target { name: "access_review", run: access_review::run },
    Target { name: "admission_review", run: admission_review::run },
    Target { name: "audit_event", run: audit_event::run },
    Target { name: "audit_policy", run: audit_policy::run },
    Target { name: "authn_bearer", run: authn_bearer::run },
    Target { name: "authn_certificate", run: authn_certificate::run },
    Target { name: "authn_headers", run: authn_headers::run },
    Target { name: "authn_keys", run: authn_keys::run },
    Target { name: "authn_token", run: authn_token::run },
    Target { name: "authn_token_file", run: authn_token_file::run },
    Target { name: "authorization_configuration", run: authorization_configuration::run },
    Target { name: "continue_token", run: continue_token::run },
    Target { name: "documents_split", run: documents_split::run },
    Target { name: "field_selector", run: field_selector::run },
    Target { name: "identity_headers", run: identity_headers::run },
    Target { name: "json_read", run: json_read::run },
    Target { name: "label_selector", run: label_selector::run },
    Target { name: "level_labels", run: level_labels::run },
    Target { name: "patch_apply", run: patch_apply::run },
    Target { name: "places", run: places::run },
    Target { name: "pod_evaluate", run: pod_evaluate::run },
    Target { name: "protobuf_decode", run: protobuf_decode::run },
    Target { name: "psa_admission", run: psa_admission::run },
    Target { name: "quantity", run: quantity::run },
    Target { name: "rbac_policy", run: rbac_policy::run },
    Target { name: "request_info", run: request_info::run },
    Target { name: "request_options", run: request_options::run },
    Target { name: "resource_decode", run: resource_decode::run },
    Target { name: "suppress_comments", run: suppress_comments::run },
    Target { name: "yaml_compose", run: yaml_compose::run },
    Target { name: "yaml_differs", run: yaml_differs::run },
];

/// Limits that let a fuzzer get far without letting it spend its time on one input.
const LIMITS: Limits = Limits { depth: 100, alias_nodes: 4_000 };

/// An offset of a text as a place in memory.
fn index(offset: u32) -> usize {
    usize::try_from(offset).unwrap_or(usize::MAX)
}

/// Demands that a range of bytes lies in a text and cuts no character.
#[track_caller]
fn assert_range(text: &str, (start, end): (u32, u32)) {
    assert!(text.get(index(start)..index(end)).is_some(), "{start}..{end} of {} bytes", text.len());
}
