//! Which names may stand as a segment of a path.

/// Why a name cannot be a segment of a path; nothing where it can.
///
/// Source: `k8s.io/apimachinery/pkg/api/validate/content` `IsPathSegmentName`.
#[must_use]
pub fn path_segment_name_faults(name: &str) -> Vec<String> {
    if matches!(name, "." | "..") {
        return vec![format!("may not be '{name}'")];
    }
    ["/", "%"]
        .iter()
        .filter(|part| name.contains(**part))
        .map(|part| format!("may not contain '{part}'"))
        .collect()
}
