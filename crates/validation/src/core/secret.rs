//! Which secrets are valid. No message shows what is in one.

use super::config::{LIMIT, immutable};
use crate::access::{Fields, text_of};
use crate::names::config_key;
use crate::path::Path;
use crate::report::Report;
use crate::{Faults, Kind, metadata};
use ravelin_object::Value;
use ravelin_object::fault::Fault;

const SECRET: Kind<'static> = Kind { group: "", version: "v1", kind: "Secret" };

/// Source: `k8s.io/kubernetes/pkg/apis/core/validation` `ValidateSecret`.
pub(crate) fn create(object: &Value, out: &mut Faults) {
    metadata::of_kind(SECRET, true, object, out);
    let path = Path::new("data");
    let mut size = 0_usize;
    for (key, value) in object.entries("data") {
        out.spelling(path.key(key), key, config_key(key));
        size = size.saturating_add(decoded_length(text_of(value)));
    }
    if size > LIMIT {
        out.push(Fault::too_long(&path, LIMIT));
    }
    of_type(object, &path, out);
}

fn of_type(object: &Value, path: &Path, out: &mut Faults) {
    let has = |key: &str| object.map("data").get(key).is_some();
    match object.text("type") {
        "kubernetes.io/service-account-token" => {
            let key = "kubernetes.io/service-account.name";
            if object.get("metadata").get("annotations").text(key).is_empty() {
                out.required((Path::new("metadata") / "annotations").key(key), "");
            }
        }
        "kubernetes.io/dockercfg" => docker(object, ".dockercfg", path, out),
        "kubernetes.io/dockerconfigjson" => docker(object, ".dockerconfigjson", path, out),
        "kubernetes.io/basic-auth" if !has("username") && !has("password") => {
            out.required(path.key("username"), "");
            out.required(path.key("password"), "");
        }
        "kubernetes.io/ssh-auth" if object.get("data").text("ssh-privatekey").is_empty() => {
            out.required(path.key("ssh-privatekey"), "");
        }
        "kubernetes.io/tls" => {
            for key in ["tls.crt", "tls.key"].into_iter().filter(|key| !has(key)) {
                out.required(path.key(key), "");
            }
        }
        _ => {}
    }
}

fn docker(object: &Value, key: &str, path: &Path, out: &mut Faults) {
    let Some(value) = object.map("data").get(key) else {
        out.required(path.key(key), "");
        return;
    };
    let bytes = decoded(text_of(value));
    let text = String::from_utf8_lossy(&bytes);
    // What the decoder says of the kind of a value is no secret; the text of a bad character shows that character, as
    // upstream does.
    let fault = match crate::json::parsed(&text) {
        Ok(Value::Object(_) | Value::Null) => None,
        Ok(other) => {
            let kind = crate::json::go_kind(&other);
            Some(format!("json: cannot unmarshal {kind} into Go value of type map[string]interface {{}}"))
        }
        Err(why) => Some(why),
    };
    if let Some(why) = fault {
        out.invalid(path.key(key), "<secret contents redacted>", why);
    }
}

/// Source: `ValidateSecretUpdate`.
pub(crate) fn update(new: &Value, old: &Value, out: &mut Faults) {
    metadata::changed_own(new, old, out);
    if new.text("type") != old.text("type") {
        out.invalid("type", new.text("type"), metadata::IMMUTABLE);
    }
    immutable(new, old, &["data"], out);
    create(new, out);
}

/// How many bytes a base64 text stands for.
pub(super) fn decoded_length(text: &str) -> usize {
    let characters = text.bytes().filter(|byte| !matches!(byte, b'=' | b'\r' | b'\n')).count();
    characters.saturating_mul(3) / 4
}

/// The bytes of a base64 text; what is no base64 is skipped, since the decoder of the object refused it before.
pub(crate) fn decoded(text: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    let (mut buffer, mut bits) = (0_u32, 0_u32);
    for byte in text.bytes() {
        let six = match byte {
            b'A'..=b'Z' => byte.wrapping_sub(b'A'),
            b'a'..=b'z' => byte.wrapping_sub(b'a').wrapping_add(26),
            b'0'..=b'9' => byte.wrapping_sub(b'0').wrapping_add(52),
            b'+' => 62,
            b'/' => 63,
            _ => continue,
        };
        buffer = (buffer << 6) | u32::from(six);
        bits = bits.saturating_add(6);
        if bits >= 8 {
            bits = bits.saturating_sub(8);
            bytes.push(u8::try_from((buffer >> bits) & 0xff).unwrap_or_default());
            buffer &= (1_u32 << bits).wrapping_sub(1);
        }
    }
    bytes
}
