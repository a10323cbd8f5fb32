//! Which namespaces are valid.

use crate::access::{Fields, text_of};
use crate::metadata::{self, own_finalizer};
use crate::names::qualified_name;
use crate::path::Path;
use crate::report::Report;
use crate::{Faults, Kind};
use ravelin_object::Value;

const NAMESPACE: Kind<'static> = Kind { group: "", version: "v1", kind: "Namespace" };

/// Source: `k8s.io/kubernetes/pkg/apis/core/validation` `ValidateNamespace`.
pub(crate) fn create(object: &Value, out: &mut Faults) {
    metadata::of_kind(NAMESPACE, false, object, out);
    let path = Path::new("spec") / "finalizers";
    for name in object.get("spec").list("finalizers") {
        finalizer(text_of(name), &path, out);
    }
}

fn finalizer(name: &str, path: &Path, out: &mut Faults) {
    out.spelling(path, name, qualified_name(name));
    own_finalizer(name, path, out);
}

/// Source: `ValidateNamespaceUpdate`, `ValidateNamespaceStatusUpdate`, `ValidateNamespaceFinalizeUpdate`.
pub(crate) fn update(subresource: Option<&str>, new: &Value, old: &Value, out: &mut Faults) {
    if subresource.is_none() {
        create(new, out);
    }
    metadata::changed_own(new, old, out);
    match subresource {
        Some("status") => {
            let phase = new.get("status").text("phase");
            let (wanted, state) = if new.get("metadata").has("deletionTimestamp") {
                ("Terminating", "is not empty")
            } else {
                ("Active", "is empty")
            };
            if phase != wanted {
                let why = format!("may only be '{wanted}' if `deletionTimestamp` {state}");
                out.invalid("status.Phase", phase, why);
            }
        }
        Some("finalize") => {
            for (index, name) in new.get("spec").list("finalizers").iter().enumerate() {
                finalizer(text_of(name), &(Path::new("spec") / "finalizers" / index), out);
            }
        }
        _ => {}
    }
}
