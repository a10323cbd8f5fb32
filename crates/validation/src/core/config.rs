//! Which ConfigMaps are valid.

use super::secret::decoded_length;
use crate::access::{Fields, text_of};
use crate::equality::is_equal;
use crate::names::config_key;
use crate::path::Path;
use crate::report::Report;
use crate::{Faults, Kind, metadata};
use ravelin_object::Value;
use ravelin_object::fault::Fault;

const CONFIG_MAP: Kind<'static> = Kind { group: "", version: "v1", kind: "ConfigMap" };
/// The most bytes that the values of a ConfigMap or a Secret may have.
pub(super) const LIMIT: usize = 1024 * 1024;

/// Source: `k8s.io/kubernetes/pkg/apis/core/validation` `ValidateConfigMap`.
pub(crate) fn create(object: &Value, out: &mut Faults) {
    metadata::of_kind(CONFIG_MAP, true, object, out);
    let mut size = 0_usize;
    for (key, value) in object.entries("data") {
        let path = Path::new("data").key(key);
        out.spelling(&path, key, config_key(key));
        if object.map("binaryData").get(key).is_some() {
            out.invalid(&path, key, "duplicate of key present in binaryData");
        }
        size = size.saturating_add(text_of(value).len());
    }
    for (key, value) in object.entries("binaryData") {
        out.spelling(Path::new("binaryData").key(key), key, config_key(key));
        size = size.saturating_add(decoded_length(text_of(value)));
    }
    if size > LIMIT {
        out.push(Fault::too_long("[]", LIMIT));
    }
}

/// Source: `ValidateConfigMapUpdate`.
pub(crate) fn update(new: &Value, old: &Value, out: &mut Faults) {
    metadata::changed_own(new, old, out);
    immutable(new, old, &["data", "binaryData"], out);
    create(new, out);
}

/// What may not change once an object says that it is immutable.
pub(super) fn immutable(new: &Value, old: &Value, keys: &[&str], out: &mut Faults) {
    if !old.flag("immutable") {
        return;
    }
    let why = "field is immutable when `immutable` is set";
    if !new.flag("immutable") {
        out.forbidden("immutable", why);
    }
    for key in keys.iter().filter(|key| !is_equal(key, new.get(key), old.get(key))) {
        out.forbidden(*key, why);
    }
}
