//! How signers of certificates are named.

use crate::Faults;
use crate::names::{dns_label, dns_subdomain};
use crate::path::Path;
use crate::report::Report;
use ravelin_object::fault::Fault;

/// Whether a signer is one of Kubernetes itself.
///
/// Source: `k8s.io/kubernetes/pkg/apis/core/validation` `IsKubernetesSignerName`.
pub(crate) fn is_kubernetes_signer(name: &str) -> bool {
    let host = name.split_once('/').map_or(name, |(host, _)| host);
    host == "kubernetes.io" || host.ends_with(".kubernetes.io")
}

/// A domain and a path: `example.com/signer-name`.
///
/// Source: `ValidateSignerName`.
pub(crate) fn signer_name(name: &str, path: &Path, out: &mut Faults) {
    if name.is_empty() {
        out.required(path, "");
        return;
    }
    let parts = name.split_once('/').filter(|(_, rest)| !rest.contains('/'));
    let Some((domain, rest)) = parts else {
        let why = "must be a fully qualified domain and path of the form 'example.com/signer-name'";
        out.invalid(path, name, why);
        return;
    };
    if domain.len() > 253 {
        out.push(Fault::too_long(path, 253));
    }
    labelled(domain, dns_label, path, out);
    if domain.split('.').count() < 2 {
        out.invalid(path, domain, "should be a domain with at least two segments separated by dots");
    }
    labelled(rest, dns_subdomain, path, out);
    if name.len() > 571 {
        out.push(Fault::too_long(path, 571));
    }
}

/// The faults of the first label that has any.
fn labelled(text: &str, rule: fn(&str) -> Vec<String>, path: &Path, out: &mut Faults) {
    let found = text.split('.').map(|label| (label, rule(label))).find(|(_, faults)| !faults.is_empty());
    if let Some((label, faults)) = found {
        for fault in faults {
            out.invalid(path, text, format!("validating label \"{label}\": {fault}"));
        }
    }
}
