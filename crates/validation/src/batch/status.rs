//! Which statuses of jobs are valid, and how they change.
//!
//! Of upstream's rules those are here that hold whatever the old status was. Those between conditions, times and
//! indexes, which upstream asks only of statuses that changed in them, are not.

use crate::access::Fields;
use crate::path::Path;
use crate::report::Report;
use crate::{Faults, metadata};
use ravelin_object::Value;
use std::collections::BTreeSet;

/// Source: `k8s.io/kubernetes/pkg/apis/batch/validation` `ValidateJobUpdateStatus`.
pub(super) fn update(new: &Value, old: &Value, out: &mut Faults) {
    metadata::changed_own(new, old, out);
    let (status, path) = (new.get("status"), Path::new("status"));
    for key in ["active", "succeeded", "failed", "ready", "terminating"] {
        out.negative(&path / key, status.int(key));
    }
    let pods = status.get("uncountedTerminatedPods");
    let mut seen = BTreeSet::new();
    for list in ["succeeded", "failed"] {
        for (index, uid) in pods.texts(list).into_iter().enumerate() {
            let path = &path / "uncountedTerminatedPods" / list / index;
            if uid.is_empty() {
                out.invalid(path, uid, "must not be empty");
            } else if !seen.insert(uid) {
                out.duplicate(path, uid);
            }
        }
    }
}
