//! Which requests for certificates are valid, and how their statuses change.

use crate::access::Fields;
use crate::core::secret::decoded;
use crate::diff::diff;
use crate::equality::is_equal;
use crate::internal::converted;
use crate::path::Path;
use crate::pem::{blocks, csr_parse, is_certificate};
use crate::report::Report;
use crate::signer::signer_name;
use crate::{Faults, Kind, metadata};
use ravelin_object::Value;
use ravelin_object::selector::quoted;
use std::collections::BTreeSet;

const REQUEST: Kind<'static> =
    Kind { group: "certificates.k8s.io", version: "v1", kind: "CertificateSigningRequest" };
const LEGACY: &str = "kubernetes.io/legacy-unknown";
const USAGES: &[&str] = &[
    "any",
    "cert sign",
    "client auth",
    "code signing",
    "content commitment",
    "crl sign",
    "data encipherment",
    "decipher only",
    "digital signature",
    "email protection",
    "encipher only",
    "ipsec end system",
    "ipsec tunnel",
    "ipsec user",
    "key agreement",
    "key encipherment",
    "microsoft sgc",
    "netscape sgc",
    "ocsp signing",
    "s/mime",
    "server auth",
    "signing",
    "timestamping",
];

/// What a request may keep that was valid once, and what an update may set.
#[derive(Clone, Copy, Default)]
struct Leniency {
    both: bool,
    legacy_signer: bool,
    duplicate_conditions: bool,
    empty_condition: bool,
    any_certificate: bool,
    duplicate_usages: bool,
    unknown_usages: bool,
}

fn leniency(new: &Value, old: &Value) -> Leniency {
    let conditions = old.get("status").list("conditions");
    let kinds: Vec<&str> = conditions.iter().map(|condition| condition.text("type")).collect();
    let usages = old.get("spec").texts("usages");
    let certificate = |object: &Value| object.get("status").text("certificate").to_owned();
    let has_twice = |list: &[&str]| list.iter().collect::<BTreeSet<_>>().len() < list.len();
    Leniency {
        both: kinds.contains(&"Approved") && kinds.contains(&"Denied"),
        legacy_signer: old.get("spec").text("signerName") == LEGACY,
        duplicate_conditions: has_twice(&kinds),
        empty_condition: kinds.contains(&""),
        any_certificate: certificate(new) == certificate(old)
            || certificate_fault(&certificate(old)).is_some(),
        duplicate_usages: has_twice(&usages),
        unknown_usages: usages.iter().any(|usage| !USAGES.contains(usage)),
    }
}

/// Source: `k8s.io/kubernetes/pkg/apis/certificates/validation` `ValidateCertificateSigningRequestCreate`.
pub(crate) fn create(object: &Value, out: &mut Faults) {
    whole(object, Leniency::default(), out);
}

fn whole(object: &Value, leniency: Leniency, out: &mut Faults) {
    metadata::of_kind(REQUEST, false, object, out);
    let (spec, path) = (object.get("spec"), Path::new("spec"));
    if let Err(why) = csr_parse(&decoded(spec.text("request"))) {
        out.invalid(&path / "request", spec.get("request"), why);
    }
    usages(spec, leniency, &(&path / "usages"), out);
    let signer = spec.text("signerName");
    if !leniency.legacy_signer && signer == LEGACY {
        let why = "the legacy signerName is not allowed via this API version";
        out.invalid(&path / "signerName", signer, why);
    } else {
        signer_name(signer, &(&path / "signerName"), out);
    }
    if let Some(seconds) = spec.int_opt("expirationSeconds").filter(|seconds| *seconds < 600) {
        let why = "may not specify a duration less than 600 seconds (10 minutes)";
        out.invalid(path / "expirationSeconds", seconds, why);
    }
    conditions(object, leniency, out);
    if !leniency.any_certificate
        && let Some(why) = certificate_fault(object.get("status").text("certificate"))
    {
        out.invalid("status.certificate", "<certificate data>", why);
    }
}

fn usages(spec: &Value, leniency: Leniency, path: &Path, out: &mut Faults) {
    let usages = spec.texts("usages");
    if usages.is_empty() {
        out.required(path, "");
    }
    if !leniency.unknown_usages {
        for (index, usage) in usages.iter().enumerate().filter(|(_, usage)| !USAGES.contains(usage)) {
            out.unsupported(path / index, *usage, USAGES);
        }
    }
    if !leniency.duplicate_usages {
        let mut seen = BTreeSet::new();
        for (index, usage) in usages.iter().enumerate() {
            if !seen.insert(usage) {
                out.duplicate(path / index, *usage);
            }
        }
    }
}

fn conditions(object: &Value, leniency: Leniency, out: &mut Faults) {
    let path = Path::new("status") / "conditions";
    let mut seen = BTreeSet::new();
    for (index, condition) in object.get("status").list("conditions").iter().enumerate() {
        let (kind, status) = (condition.text("type"), condition.text("status"));
        let own = &path / index;
        if kind.is_empty() && !leniency.empty_condition {
            out.required(&own / "type", "");
        }
        let allowed: &[&str] = if matches!(kind, "Approved" | "Denied" | "Failed") {
            &["True"]
        } else {
            &["False", "True", "Unknown"]
        };
        if status.is_empty() {
            out.required(&own / "status", "");
        } else if !allowed.contains(&status) {
            out.unsupported(&own / "status", status, allowed);
        }
        let other = match kind {
            "Approved" => Some("Denied"),
            "Denied" => Some("Approved"),
            _ => None,
        };
        if !leniency.both && other.is_some_and(|other| seen.contains(other)) {
            out.invalid(&path, kind, "Approved and Denied conditions are mutually exclusive");
        }
        if !seen.insert(kind) && !leniency.duplicate_conditions {
            out.duplicate(own / "type", kind);
        }
    }
}

/// What is wrong with the certificates of a status, in base64.
fn certificate_fault(text: &str) -> Option<String> {
    if text.is_empty() {
        return None;
    }
    let blocks = blocks(&decoded(text));
    for block in &blocks {
        if block.kind != "CERTIFICATE" {
            return Some(format!("only CERTIFICATE PEM blocks are allowed, found {}", quoted(&block.kind)));
        }
        if block.has_headers {
            return Some("no PEM block headers are permitted".to_owned());
        }
        if block.bytes.is_empty() {
            return Some("found CERTIFICATE PEM block containing 0 certificates".to_owned());
        }
        if !is_certificate(&block.bytes) {
            return Some("x509: malformed certificate".to_owned());
        }
    }
    blocks.is_empty().then(|| "must contain at least one CERTIFICATE PEM block".to_owned())
}

/// Source: `validateCertificateSigningRequestUpdate`.
pub(crate) fn update(subresource: Option<&str>, new: &Value, old: &Value, out: &mut Faults) {
    whole(new, leniency(new, old), out);
    let found = |object: &Value, kind: &str| -> Vec<Value> {
        let conditions = object.get("status").list("conditions").iter();
        conditions.filter(|condition| condition.text("type") == kind).cloned().collect()
    };
    let path = "status.conditions";
    for kind in ["Approved", "Denied", "Failed"] {
        if found(new, kind).len() < found(old, kind).len() {
            out.forbidden(path, format!("updates may not remove a condition of type \"{kind}\""));
        }
    }
    if subresource != Some("approval") {
        for kind in ["Approved", "Denied"] {
            let (now, was) = (found(new, kind), found(old, kind));
            if now.len() > was.len() {
                out.forbidden(path, format!("updates may not add a condition of type \"{kind}\""));
            } else if now.len() == was.len()
                && !is_equal(path, &Value::Array(now.clone()), &Value::Array(was.clone()))
            {
                let shown = |list: Vec<Value>| {
                    let name = "CertificateSigningRequestCondition";
                    Value::Array(list.iter().map(|each| converted(name, each)).collect())
                };
                let changes = diff(&shown(was), &shown(now));
                out.forbidden(
                    path,
                    format!("updates may not modify a condition of type \"{kind}\"\n{changes}"),
                );
            }
        }
    }
    let certificate = |object: &Value| object.get("status").text("certificate").to_owned();
    let (now, was) = (certificate(new), certificate(old));
    if now != was {
        if subresource != Some("status") {
            out.forbidden("status.certificate", "updates may not set certificate content");
        } else if !was.is_empty() {
            out.forbidden("status.certificate", "updates may not modify existing certificate content");
        }
    }
    metadata::changed_own(new, old, out);
}
