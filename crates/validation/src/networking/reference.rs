//! Which references to objects of other kinds are valid.

use crate::Faults;
use crate::access::Fields;
use crate::names::{Spelling, dns_label, dns_subdomain};
use crate::path::Path;
use crate::report::Report;
use ravelin_object::Value;

/// Source: `k8s.io/kubernetes/pkg/apis/networking/validation` `validateIngressTypedLocalObjectReference`.
pub(super) fn local(reference: &Value, path: &Path, out: &mut Faults) {
    if let Some(group) = reference.text_opt("apiGroup") {
        out.spelling(path / "apiGroup", group, dns_subdomain(group));
    }
    for key in ["kind", "name"] {
        let text = reference.text(key);
        if text.is_empty() {
            out.required(path / key, "");
        } else {
            out.spelling(path / key, text, Spelling::Segment.faults(text, false));
        }
    }
}

/// Source: `validateIngressClassParametersReference`.
pub(super) fn parameters(reference: &Value, path: &Path, out: &mut Faults) {
    local(reference, path, out);
    let namespace = reference.text_opt("namespace");
    let own = path / "namespace";
    match (reference.text_opt("scope"), namespace) {
        (None, _) => out.required(path / "scope", ""),
        (Some("Namespace"), None) => out.required(own, "`parameters.scope` is set to 'Namespace'"),
        (Some("Namespace"), Some(name)) => out.spelling(own, name, dns_label(name)),
        (Some("Cluster"), Some(_)) => out.forbidden(own, "`parameters.scope` is set to 'Cluster'"),
        (Some("Cluster"), None) => {}
        (Some(other), _) => out.unsupported(path / "scope", other, &["Cluster", "Namespace"]),
    }
}
