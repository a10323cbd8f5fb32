//! Which projected volumes are valid.

use super::options::Options;
use super::volumes::{downward_file, key_to_path, local, mode, needed};
use crate::Faults;
use crate::access::Fields;
use crate::internal::shown;
use crate::labels::{SelectorValues, selector};
use crate::names::{Spelling, domain_prefixed_key};
use crate::path::Path;
use crate::report::Report;
use crate::signer::{is_kubernetes_signer, signer_name};
use ravelin_object::Value;
use ravelin_object::fault::Fault;
use std::collections::BTreeSet;

const KEY_TYPES: &[&str] = &["RSA3072", "RSA4096", "ECDSAP256", "ECDSAP384", "ECDSAP521", "ED25519"];

/// The paths that the sources of one volume take.
struct Paths<'a> {
    taken: BTreeSet<&'a str>,
    volume: &'a Path,
}

impl<'a> Paths<'a> {
    fn take(&mut self, target: &'a str, blamed: &str, out: &mut Faults) {
        if !self.taken.insert(target) {
            out.invalid(self.volume, blamed, "conflicting duplicate paths");
        }
    }
}

/// Source: `k8s.io/kubernetes/pkg/apis/core/validation` `validateProjectedVolumeSource`.
pub(super) fn projected(volume: &Value, path: &Path, options: &Options, out: &mut Faults) {
    mode(volume, "defaultMode", path, out);
    let mut paths = Paths { taken: BTreeSet::new(), volume: path };
    let kinds =
        ["secret", "configMap", "downwardAPI", "serviceAccountToken", "clusterTrustBundle", "podCertificate"];
    for (index, source) in volume.list("sources").iter().enumerate() {
        let own = path / "sources" / index;
        let mut count = 0_usize;
        for kind in kinds.into_iter().filter(|kind| source.has(kind)) {
            count = count.saturating_add(1);
            let (part, place) = (source.get(kind), &own / kind);
            match kind {
                "serviceAccountToken" => token(part, &place, path, options, out),
                "downwardAPI" => {
                    for item in part.list("items") {
                        downward_file(item, &place, out);
                        let target = item.text("path");
                        if !target.is_empty() {
                            paths.take(target, target, out);
                        }
                    }
                }
                "clusterTrustBundle" => trust_bundle(part, &place, &mut paths, out),
                "podCertificate" => certificate(part, &place, &mut paths, out),
                _ => items(part, &place, &mut paths, out),
            }
        }
        if count > 1 {
            out.forbidden(own, "may not specify more than 1 volume type per source");
        }
    }
}

fn items<'a>(part: &'a Value, path: &Path, paths: &mut Paths<'a>, out: &mut Faults) {
    needed(part, &["name"], path, out);
    for (index, item) in part.list("items").iter().enumerate() {
        key_to_path(item, &(path / "items" / index), out);
        if !item.text("path").is_empty() {
            paths.take(item.text("path"), part.text("name"), out);
        }
    }
}

fn token(part: &Value, path: &Path, volume: &Path, options: &Options, out: &mut Faults) {
    let seconds = part.int("expirationSeconds");
    if seconds < 600 {
        let why = "may not specify a duration less than 10 minutes";
        out.invalid(path / "expirationSeconds", seconds, why);
    }
    if seconds > 1 << 32 {
        let why = "may not specify a duration larger than 2^32 seconds";
        out.invalid(path / "expirationSeconds", seconds, why);
    }
    if part.text("path").is_empty() {
        out.required(volume / "path", "");
    } else if !options.token_paths.is_kept() {
        local(part.text("path"), &(volume / "path"), out);
    }
}

fn trust_bundle<'a>(part: &'a Value, path: &Path, paths: &mut Paths<'a>, out: &mut Faults) {
    match (part.text_opt("name"), part.text_opt("signerName")) {
        (Some(_), Some(_)) => {
            let value = shown("ClusterTrustBundleProjection", part);
            out.invalid_shown(path, value, "only one of name and signerName may be used");
        }
        (Some(name), None) => {
            if name.is_empty() {
                out.required(path / "name", "must be a valid object name");
            }
            for fault in bundle_name(name) {
                out.invalid(path / "name", name, format!("not a valid clustertrustbundlename: {fault}"));
            }
            if part.has("labelSelector") {
                let value = crate::selector_shown(part.get("labelSelector"));
                out.invalid(
                    path / "labelSelector",
                    value,
                    "labelSelector must be unset if name is specified",
                );
            }
        }
        (None, Some(signer)) => {
            if signer.is_empty() {
                out.required(path / "signerName", "must be a valid signer name");
            }
            signer_name(signer, &(path / "signerName"), out);
            selector(&(path / "labelSelector"), part.get("labelSelector"), SelectorValues::Valid, out);
        }
        (None, None) => out.required(path, "either name or signerName must be specified"),
    }
    needed(part, &["path"], path, out);
    local(part.text("path"), &(path / "path"), out);
    paths.take(part.text("path"), part.text("path"), out);
}

/// A name of a trust bundle: with a signer before the last colon, or without.
fn bundle_name(name: &str) -> Vec<String> {
    let rest = name.rsplit_once(':').filter(|(signer, _)| !signer.is_empty()).map(|(_, rest)| rest);
    match rest {
        Some(rest) => Spelling::Subdomain.faults(rest, false),
        None if name.contains(':') => {
            vec!["ClusterTrustBundle without signer name must not have \":\" in its name".to_owned()]
        }
        None => Spelling::Subdomain.faults(name, false),
    }
}

fn certificate<'a>(part: &'a Value, path: &Path, paths: &mut Paths<'a>, out: &mut Faults) {
    let signer = part.text("signerName");
    signer_name(signer, &(path / "signerName"), out);
    user_annotations(part, &(path / "userAnnotations"), out);
    let key_type = part.text("keyType");
    if !KEY_TYPES.contains(&key_type) {
        out.unsupported(path / "keyType", key_type, KEY_TYPES);
    }
    if let Some(seconds) = part.int_opt("maxExpirationSeconds") {
        let path = path / "maxExpirationSeconds";
        if seconds < 3600 {
            out.invalid(&path, seconds, "if provided, maxExpirationSeconds must be >= 3600");
        }
        let most = if is_kubernetes_signer(signer) { 86_400 } else { 7_862_400 };
        if seconds > most {
            out.invalid(&path, seconds, format!("if provided, maxExpirationSeconds must be <= {most}"));
        }
    }
    let mut count = 0_usize;
    for key in ["credentialBundlePath", "keyPath", "certificateChainPath"] {
        let target = part.text(key);
        if !target.is_empty() {
            count = count.saturating_add(1);
            local(target, &(path / key), out);
            paths.take(target, target, out);
        }
    }
    if count == 0 {
        out.required(path, "specify at least one of credentialBundlePath, keyPath, and certificateChainPath");
    }
}

fn user_annotations(part: &Value, path: &Path, out: &mut Faults) {
    let mut size = 0_usize;
    for (key, value) in part.entries("userAnnotations") {
        domain_prefixed_key(path, &key.to_lowercase(), out);
        size = size.saturating_add(key.len()).saturating_add(value.as_str().map_or(0, str::len));
    }
    if size > 256 * 1024 {
        out.push(Fault::too_long(path, 256 * 1024));
    }
}
