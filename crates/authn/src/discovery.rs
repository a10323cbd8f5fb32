//! What an API server publishes about the tokens it issues: the discovery document and its keys.
//!
//! Source: `k8s.io/kubernetes/pkg/serviceaccount/openidmetadata.go`.

use crate::encoding::encode_url;
use crate::keys::PublicKey;
use ravelin_object::json_string;
use std::collections::BTreeSet;

/// Where the discovery document is served.
pub const CONFIGURATION_PATH: &str = "/.well-known/openid-configuration";
/// Where the keys are served.
pub const KEYS_PATH: &str = "/openid/v1/jwks";
/// For how many seconds both may be kept: `Cache-Control: public, max-age=3600`.
pub const MAX_AGE: u32 = 3600;

/// What is served, ready made. Content types: `application/json` and `application/jwk-set+json`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Discovery {
    /// The discovery document.
    pub configuration: String,
    /// The keys.
    pub keys: String,
}

/// Why nothing is published. Upstream logs it and goes on without.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct DiscoveryError(String);

impl Discovery {
    /// What to publish for an issuer and its keys. The keys are found at `jwks_uri`, or else at `external_address`, a
    /// host and perhaps a port.
    ///
    /// # Errors
    /// Where the issuer or the place of the keys is no https URL, or there are no keys.
    pub fn new(
        issuer: &str,
        jwks_uri: &str,
        external_address: &str,
        keys: &[PublicKey],
    ) -> Result<Self, DiscoveryError> {
        check_issuer(issuer).map_err(DiscoveryError)?;
        let jwks_uri = keys_at(jwks_uri, external_address).map_err(DiscoveryError)?;
        if keys.is_empty() {
            return Err(DiscoveryError("no keys provided for validating keyset".to_owned()));
        }
        let keys: Vec<(&PublicKey, &str)> =
            keys.iter().filter_map(|key| Some((key, key.algorithm()?))).collect();
        let algorithms: BTreeSet<&str> = keys.iter().map(|(_, algorithm)| *algorithm).collect();
        let algorithms: Vec<String> = algorithms.into_iter().map(json_string).collect();
        let configuration = format!(
            "{{\"issuer\":{},\"jwks_uri\":{},\"response_types_supported\":[\"id_token\"],\
             \"subject_types_supported\":[\"public\"],\"id_token_signing_alg_values_supported\":[{}]}}",
            json_string(issuer),
            json_string(&jwks_uri),
            algorithms.join(",")
        );
        let keys: Vec<String> = keys.iter().map(|(key, algorithm)| json_web_key(key, algorithm)).collect();
        Ok(Self { configuration, keys: format!("{{\"keys\":[{}]}}", keys.join(",")) })
    }
}

fn check_issuer(issuer: &str) -> Result<(), String> {
    if issuer.is_empty() {
        return Err("empty issuer URL".to_owned());
    }
    let (before_fragment, fragment) = issuer.split_once('#').unwrap_or((issuer, ""));
    let query = before_fragment.split_once('?').map_or("", |(_, query)| query);
    if !is_https(issuer) {
        return Err(format!("issuer URL must use https scheme, got: {issuer}"));
    }
    if !query.is_empty() {
        return Err(format!("issuer URL may not include a query, got: {issuer}"));
    }
    if !fragment.is_empty() {
        return Err(format!("issuer URL may not include a fragment, got: {issuer}"));
    }
    Ok(())
}

fn is_https(url: &str) -> bool {
    url.split_once(':').is_some_and(|(scheme, _)| scheme.eq_ignore_ascii_case("https"))
}

fn keys_at(jwks_uri: &str, external_address: &str) -> Result<String, String> {
    if !jwks_uri.is_empty() {
        let is_url = is_https(jwks_uri);
        let wrong = format!("jwksURI requires https scheme, parsed as: {jwks_uri}");
        return if is_url { Ok(jwks_uri.to_owned()) } else { Err(wrong) };
    }
    if external_address.is_empty() {
        return Err("either the JWKS URI or the default external address, or both, must be set".to_owned());
    }
    let is_host = |byte: u8| byte.is_ascii_alphanumeric() || b".-_:[]~".contains(&byte);
    if !external_address.bytes().all(is_host) {
        return Err(format!(
            "attempted to build jwks_uri from external address {external_address}, but could not construct a valid \
             URL. Error: it is no host with a port"
        ));
    }
    Ok(format!("https://{external_address}{KEYS_PATH}"))
}

fn json_web_key(key: &PublicKey, algorithm: &str) -> String {
    let (id, algorithm) = (json_string(key.id()), json_string(algorithm));
    if let Some((curve, point)) = key.ec_point() {
        let coordinates = point.get(1..).unwrap_or_default();
        let (x, y) = coordinates.split_at(coordinates.len() / 2);
        let (curve, x, y) = (curve.name(), encode_url(x), encode_url(y));
        return format!(
            "{{\"use\":\"sig\",\"kty\":\"EC\",\"kid\":{id},\"crv\":\"{curve}\",\"alg\":{algorithm},\"x\":\"{x}\",\"y\":\"{y}\"}}"
        );
    }
    let (modulus, exponent) = key.rsa_numbers().unwrap_or_default();
    let (n, e) = (encode_url(modulus), encode_url(exponent));
    format!(
        "{{\"use\":\"sig\",\"kty\":\"RSA\",\"kid\":{id},\"alg\":{algorithm},\"n\":\"{n}\",\"e\":\"{e}\"}}"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_https() {
        let keys = crate::keys::testing::public_keys();
        let error =
            |issuer, uri, address| Discovery::new(issuer, uri, address, &keys).unwrap_err().to_string();
        assert_eq!(error("", "", "h"), "empty issuer URL");
        assert_eq!(error("http://i", "", "h"), "issuer URL must use https scheme, got: http://i");
        assert_eq!(error("https://i?q", "", "h"), "issuer URL may not include a query, got: https://i?q");
        assert_eq!(error("https://i#f", "", "h"), "issuer URL may not include a fragment, got: https://i#f");
        assert_eq!(
            error("https://i", "", ""),
            "either the JWKS URI or the default external address, or both, must be set"
        );
        assert_eq!(error("https://i", "http://k", ""), "jwksURI requires https scheme, parsed as: http://k");
        assert!(error("https://i", "", "https://h").starts_with("attempted to build jwks_uri"));
        let none = Discovery::new("https://i", "", "h", &[]).unwrap_err().to_string();
        assert_eq!(none, "no keys provided for validating keyset");
    }

    #[test]
    fn documents_have_the_shape_upstream_gives_them() {
        let keys = crate::keys::testing::public_keys();
        let discovery = Discovery::new("https://i", "", "10.0.0.1:6443", &keys).unwrap();
        assert_eq!(
            discovery.configuration,
            "{\"issuer\":\"https://i\",\"jwks_uri\":\"https://10.0.0.1:6443/openid/v1/jwks\",\
             \"response_types_supported\":[\"id_token\"],\"subject_types_supported\":[\"public\"],\
             \"id_token_signing_alg_values_supported\":[\"ES256\",\"RS256\"]}"
        );
        assert!(discovery.keys.starts_with("{\"keys\":[{\"use\":\"sig\",\"kty\":\"RSA\",\"kid\":\""));
        assert!(discovery.keys.contains("\"kty\":\"EC\",\"kid\":\""));
        assert!(discovery.keys.contains("\"e\":\"AQAB\"}"));
    }
}
