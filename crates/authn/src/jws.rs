//! Signed tokens: taken apart, checked against keys, and made.
//!
//! Source: `gopkg.in/go-jose/go-jose.v2`. The key decides which algorithms there are; the header only chooses among
//! them. The one extension understood in `crit` is `b64`.

use crate::encoding::{decode_url, encode_url};
use crate::json::{Json, Kind, duplicate};
use crate::keys::{Curve, PublicKey, SignError, SigningKey};
use crate::x509::Certificate;
use ravelin_object::json_string;
use std::collections::BTreeSet;

/// The longest token that is looked at, in bytes: as long as all headers of a request may be.
const LONGEST: usize = 1 << 20;

/// What is wrong with a signature; never why.
pub(crate) const CRYPTO_FAILURE: &str = "go-jose/go-jose: error in cryptographic primitive";

/// The issuer a token claims, if it looks like a token at all. Nothing about it is verified.
///
/// Source: `jwtTokenAuthenticator.hasCorrectIssuer`, which reads names without regard to case.
pub(crate) fn unverified_issuer(token: &str) -> Option<String> {
    if token.len() > LONGEST || token.trim_start().starts_with('{') {
        return None;
    }
    let parts: Vec<&str> = token.split('.').take(4).collect();
    let [_, payload, _] = parts.as_slice() else { return None };
    let payload = decode_url(payload)?;
    let json = Json::parse(&payload)?;
    match json.kind() {
        Kind::Null => return Some(String::new()),
        Kind::Object => {}
        _ => return None,
    }
    let mut issuer = String::new();
    for (name, value) in json.entries() {
        if !is_issuer(&name) {
            continue;
        }
        match value.kind() {
            Kind::String => issuer = value.text()?,
            Kind::Null => {}
            _ => return None,
        }
    }
    Some(issuer)
}

/// Whether a name is `iss` to `encoding/json`, which folds letters: U+017F is a long s.
fn is_issuer(name: &str) -> bool {
    let mut letters = name.chars();
    let mut next = |wanted: &[char]| letters.next().is_some_and(|letter| wanted.contains(&letter));
    let is_alike = next(&['i', 'I']) && next(&['s', 'S', '\u{17f}']) && next(&['s', 'S', '\u{17f}']);
    is_alike && letters.next().is_none()
}

/// A token in three parts.
pub(crate) struct Signed {
    payload: Vec<u8>,
    /// What is signed; `None` where the header is none.
    input: Option<Vec<u8>>,
    signature: Vec<u8>,
    algorithm: String,
    /// Why the header rules every key out, if it does.
    refused: Option<String>,
    key_id: String,
}

impl Signed {
    /// Takes a token apart; what is no token, or has a header that cannot be read, is nothing.
    pub(crate) fn parse(token: &str) -> Option<Self> {
        if token.len() > LONGEST {
            return None;
        }
        let token: String = token.chars().filter(|letter| !letter.is_whitespace()).collect();
        let parts: Vec<&str> = token.split('.').take(4).collect();
        let [header, payload, signature] = parts.as_slice() else { return None };
        let (header, payload) = (decode_url(header)?, decode_url(payload)?);
        let signature = decode_url(signature)?;
        if header.is_empty() {
            let refused = Some(CRYPTO_FAILURE.to_owned());
            let (algorithm, key_id) = (String::new(), String::new());
            return Some(Self { payload, input: None, signature, algorithm, refused, key_id });
        }
        let read = Header::read(Json::parse(&header)?)?;
        let mut input = format!("{}.", encode_url(&header)).into_bytes();
        if read.is_base64 {
            input.extend(encode_url(&payload).into_bytes());
        } else {
            input.extend_from_slice(&payload);
        }
        let Header { algorithm, refused, key_id, .. } = read;
        Some(Self { payload, input: Some(input), signature, algorithm, refused, key_id })
    }

    /// The id of the key that the header names; empty where it names none.
    pub(crate) fn key_id(&self) -> &str {
        &self.key_id
    }

    /// The payload, if the key signed it.
    pub(crate) fn verified(&self, key: &PublicKey) -> Result<&[u8], String> {
        if let Some(refused) = &self.refused {
            return Err(refused.clone());
        }
        let is_signed = self
            .input
            .as_ref()
            .is_some_and(|input| key.verify_token(&self.algorithm, input, &self.signature));
        if is_signed { Ok(&self.payload) } else { Err(CRYPTO_FAILURE.to_owned()) }
    }
}

struct Header {
    algorithm: String,
    key_id: String,
    is_base64: bool,
    refused: Option<String>,
}

impl Header {
    fn read(json: Json<'_>) -> Option<Self> {
        let mut header =
            Self { algorithm: String::new(), key_id: String::new(), is_base64: true, refused: None };
        match json.kind() {
            Kind::Null => return Some(header),
            Kind::Object => {}
            _ => return None,
        }
        let mut seen = BTreeSet::new();
        for (name, value) in json.entries() {
            if !seen.insert(name.clone()) {
                return None;
            }
            if value.kind() == Kind::Null {
                continue;
            }
            match name.as_str() {
                "alg" => header.algorithm = value.text()?,
                "kid" => header.key_id = value.text()?,
                "nonce" => drop(value.text()?),
                "jwk" => is_public_jwk(value).then_some(())?,
                "x5c" => is_chain(value).then_some(())?,
                _ if value.fault().is_some() => return None,
                "crit" => header.refused = critical(value).err(),
                "b64" if value.kind() == Kind::Bool => header.is_base64 = value.is_true(),
                _ => {}
            }
        }
        Some(header)
    }
}

/// Whether every extension that must be understood is.
fn critical(value: Json<'_>) -> Result<(), String> {
    let wrong = |kind: Kind, of: &str| {
        Err(format!("json: cannot unmarshal {} into Go value of type {of}", kind.word()))
    };
    if value.kind() != Kind::Array {
        return wrong(value.kind(), "[]string");
    }
    let mut saved = Ok(());
    let mut is_known = true;
    for item in value.items() {
        match item.kind() {
            Kind::String => is_known &= item.text().as_deref() == Some("b64"),
            Kind::Null => is_known = false,
            Kind::Number => return wrong(Kind::Number, "string"),
            kind if saved.is_ok() => saved = wrong(kind, "string"),
            _ => {}
        }
    }
    saved?;
    if is_known { Ok(()) } else { Err(CRYPTO_FAILURE.to_owned()) }
}

/// Whether a certificate chain in a header can be read. It is not used.
fn is_chain(value: Json<'_>) -> bool {
    let is_certificate = |item: &Json<'_>| {
        let bytes = item.text().and_then(|text| crate::encoding::decode_standard(text.as_bytes()));
        bytes.is_some_and(|bytes| Certificate::parse(&bytes).is_ok())
    };
    value.kind() == Kind::Array && value.items().iter().all(is_certificate)
}

/// Whether a key in a header is a public key that can be read. It is not used. Keys with certificates are not
/// understood here.
fn is_public_jwk(value: Json<'_>) -> bool {
    let entries = value.entries();
    let mut seen = BTreeSet::new();
    if value.kind() != Kind::Object || !entries.iter().all(|(name, _)| seen.insert(name.as_str())) {
        return false;
    }
    let text = |name: &str| {
        let found = entries.iter().find(|(key, _)| key == name).map(|(_, value)| value);
        found.map_or(Some(String::new()), |value| value.text())
    };
    let bytes = |name: &str| text(name).filter(|text| !text.is_empty()).and_then(|text| decode_url(&text));
    let names_only_public = ["d", "p", "q", "dp", "dq", "qi", "k", "x5c", "x5u", "x5t", "x5t#S256"]
        .iter()
        .all(|private| !seen.contains(private));
    let are_texts = ["use", "kid", "alg"].iter().all(|name| text(name).is_some());
    let is_key = match text("kty").as_deref() {
        Some("RSA") => bytes("n").is_some() && bytes("e").is_some_and(|e| e.iter().any(|byte| *byte != 0)),
        Some("EC") => {
            let curve = Curve::ALL.into_iter().find(|curve| text("crv").as_deref() == Some(curve.name()));
            let point = bytes("x").zip(bytes("y")).zip(curve).and_then(|((x, y), curve)| {
                let are_whole = x.len() == curve.size() && y.len() == curve.size();
                are_whole.then(|| PublicKey::from_point(curve, &[&[4], x.as_slice(), &y].concat()))?
            });
            point.is_some()
        }
        Some("OKP") => text("crv").as_deref() == Some("Ed25519") && bytes("x").is_some_and(|x| x.len() == 32),
        _ => false,
    };
    names_only_public && are_texts && is_key
}

/// Signs a payload: a token whose header holds the algorithm and the key's id, and nothing else.
pub(crate) fn sign(key: &SigningKey, payload: &str) -> Result<String, SignError> {
    let header =
        format!("{{\"alg\":{},\"kid\":{}}}", json_string(key.algorithm()), json_string(key.public().id()));
    let input = format!("{}.{}", encode_url(header.as_bytes()), encode_url(payload.as_bytes()));
    let signature = key.sign(input.as_bytes())?;
    Ok(format!("{input}.{}", encode_url(&signature)))
}

/// Decoding of claims: the first error of a kind that does not end it is kept.
#[derive(Default)]
pub(crate) struct Claims {
    saved: Option<String>,
}

impl Claims {
    fn wrong(&mut self, kind: Kind, of: &str) -> Result<(), String> {
        let text = format!("json: cannot unmarshal {} into Go value of type {of}", kind.word());
        // In this decoder numbers that do not belong end it at once; other things are told at the end.
        if kind == Kind::Number {
            return Err(text);
        }
        self.saved.get_or_insert(text);
        Ok(())
    }

    /// Decodes a text; `null` leaves it as it is.
    pub(crate) fn text(&mut self, value: Json<'_>, target: &mut String) -> Result<(), String> {
        match value.kind() {
            Kind::Null => Ok(()),
            Kind::String => {
                *target = value.text().unwrap_or_default();
                Ok(())
            }
            kind => self.wrong(kind, "string"),
        }
    }

    /// Decodes an object: calls back for each name, in order.
    pub(crate) fn object(
        &mut self,
        value: Json<'_>,
        of: &str,
        mut each: impl FnMut(&mut Self, &str, Json<'_>) -> Result<(), String>,
    ) -> Result<(), String> {
        match value.kind() {
            Kind::Null => return Ok(()),
            Kind::Object => {}
            kind => return self.wrong(kind, of),
        }
        let mut seen = BTreeSet::new();
        for (name, value) in value.entries() {
            if !seen.insert(name.clone()) {
                return Err(duplicate(&name));
            }
            each(self, &name, value)?;
        }
        Ok(())
    }

    /// What decoding came to.
    pub(crate) fn finish<T>(self, decoded: T) -> Result<T, String> {
        self.saved.map_or(Ok(decoded), Err)
    }
}

/// A date of a token: seconds, cut off as Go cuts floats off.
pub(crate) fn date(value: Json<'_>) -> Result<Option<i64>, String> {
    if value.kind() == Kind::Null {
        return Ok(None);
    }
    let number = value
        .number()
        .ok_or_else(|| "go-jose/go-jose/jwt: expected number value to unmarshal NumericDate".to_owned())?;
    Ok(Some(cut_off(number)))
}

#[expect(clippy::cast_possible_truncation, reason = "numbers out of range were handled before")]
fn cut_off(number: f64) -> i64 {
    // Beyond the range, the conversion gives the smallest number there is (amd64).
    if (-9_223_372_036_854_775_808.0..9_223_372_036_854_775_808.0).contains(&number) {
        number as i64
    } else {
        i64::MIN
    }
}

/// The audiences of a token: a text or texts.
pub(crate) fn audience(value: Json<'_>) -> Result<Vec<String>, String> {
    if let Some(fault) = value.fault() {
        return Err(fault);
    }
    let texts = match value.kind() {
        Kind::String => value.text().map(|text| vec![text]),
        Kind::Array => value.items().into_iter().map(Json::text).collect(),
        _ => None,
    };
    texts.ok_or_else(|| {
        "go-jose/go-jose/jwt: expected string or array value to unmarshal to Audience".to_owned()
    })
}

#[cfg(test)]
mod tests;
