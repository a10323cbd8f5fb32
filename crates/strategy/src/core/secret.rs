//! Secrets: their type, text that becomes data, and key pairs that are none.

use crate::fields::{default_text, entries, remove, set, struct_at, text};
use crate::kind::Context;
use crate::rules::Rules;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ravelin_object::Value;
use ravelin_object::selector::quoted;

/// Source: `k8s.io/kubernetes/pkg/registry/core/secret/strategy.go`.
pub(crate) const RULES: Rules = Rules {
    defaults: |secret| default_text(secret, "type", "Opaque"),
    normalize: text_to_data,
    update,
    warn_on_create: warnings,
    warn_on_update: |_, secret, _| warnings(secret),
    ..Rules::new("", "Secret").namespaced()
};

/// `stringData` goes over `data`.
///
/// Source: `Convert_v1_Secret_To_core_Secret` in `k8s.io/kubernetes/pkg/apis/core/v1/conversion.go`.
fn text_to_data(secret: &mut Value) {
    let texts: Vec<(String, String)> = entries(secret, "stringData")
        .map(|(key, text)| (key.to_owned(), STANDARD.encode(text.as_str().unwrap_or_default())))
        .collect();
    if secret.as_object().is_some_and(|secret| secret.get("stringData").is_some()) {
        remove(secret, "stringData");
    }
    if texts.is_empty() {
        return;
    }
    if let Some(data) = struct_at(secret, "data") {
        for (key, encoded) in texts {
            set(data, &key, encoded);
        }
    }
}

fn update(secret: &mut Value, old: &Value, _: &mut Context<'_>) {
    let kind = text(old, "type").to_owned();
    default_text(secret, "type", &kind);
}

/// What `tls.X509KeyPair` says of PEM blocks that are missing. Whether a certificate can be read, and its key
/// belongs to it, is not looked at.
fn warnings(secret: &Value) -> Vec<String> {
    if text(secret, "type") != "kubernetes.io/tls" {
        return Vec::new();
    }
    let part = |key: &str| {
        let encoded = secret.field("data").and_then(|data| data.field(key)).and_then(Value::as_str);
        let bytes = STANDARD.decode(encoded.unwrap_or_default()).unwrap_or_default();
        String::from_utf8_lossy(&bytes).into_owned()
    };
    missing_block(&part("tls.crt"), &part("tls.key")).into_iter().collect()
}

/// Source: Go's `crypto/tls` `X509KeyPair`.
fn missing_block(certificate: &str, key: &str) -> Option<String> {
    let blocks = pem_types(certificate);
    if !blocks.iter().any(|block| block == "CERTIFICATE") {
        return Some(match blocks.as_slice() {
            [] => "tls: failed to find any PEM data in certificate input".to_owned(),
            [only] if only.ends_with("PRIVATE KEY") => {
                "tls: failed to find certificate PEM data in certificate input, but did find a private key; PEM inputs may have been switched".to_owned()
            }
            _ => format!(
                "tls: failed to find \"CERTIFICATE\" PEM block in certificate input after skipping PEM blocks of the following types: [{}]",
                blocks.join(" ")
            ),
        });
    }
    let blocks = pem_types(key);
    if blocks.iter().any(|block| block == "PRIVATE KEY" || block.ends_with(" PRIVATE KEY")) {
        return None;
    }
    Some(match blocks.as_slice() {
        [] => "tls: failed to find any PEM data in key input".to_owned(),
        [only] if only == "CERTIFICATE" => {
            "tls: found a certificate rather than a key in the PEM for the private key".to_owned()
        }
        _ => format!(
            "tls: failed to find PEM block with type ending in {} in key input after skipping PEM blocks of the following types: [{}]",
            quoted("PRIVATE KEY"),
            blocks.join(" ")
        ),
    })
}

/// The types of the PEM blocks of a text that have an end and hold base64.
fn pem_types(text: &str) -> Vec<String> {
    let mut types = Vec::new();
    let mut open: Option<(&str, String)> = None;
    for line in text.lines().map(str::trim_end) {
        if let Some(kind) = line.strip_prefix("-----BEGIN ").and_then(|rest| rest.strip_suffix("-----")) {
            open = Some((kind, String::new()));
        } else if let Some(kind) = line.strip_prefix("-----END ").and_then(|rest| rest.strip_suffix("-----"))
        {
            if let Some((begun, body)) = open.take()
                && begun == kind
                && STANDARD.decode(body).is_ok()
            {
                types.push(kind.to_owned());
            }
        } else if let Some((_, body)) = &mut open
            && !line.contains(':')
        {
            body.extend(line.split_whitespace());
        }
    }
    types
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fields::testing::value;
    use crate::kind::Kind;
    use crate::rules::testing::defaulted;

    const SECRET: Kind<'_> = Kind { group: "", version: "v1", kind: "Secret" };

    #[test]
    fn text_becomes_data() {
        assert_eq!(
            defaulted(SECRET, r#"{"data":{"a":"eA==","b":"eQ=="},"stringData":{"a":"z"}}"#).to_json(),
            value(r#"{"data":{"a":"eg==","b":"eQ=="},"type":"Opaque"}"#).to_json()
        );
    }

    #[test]
    fn a_pair_without_pem_is_named() {
        let certificate = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
        let key = "-----BEGIN EC PRIVATE KEY-----\nAAAA\n-----END EC PRIVATE KEY-----\n";
        for (first, second, warning) in [
            ("", "", Some("tls: failed to find any PEM data in certificate input")),
            (certificate, "x", Some("tls: failed to find any PEM data in key input")),
            (certificate, key, None),
            (
                key,
                certificate,
                Some(
                    "tls: failed to find certificate PEM data in certificate input, but did find a private key; PEM inputs may have been switched",
                ),
            ),
            (
                certificate,
                certificate,
                Some("tls: found a certificate rather than a key in the PEM for the private key"),
            ),
        ] {
            assert_eq!(missing_block(first, second).as_deref(), warning);
        }
    }
}
