//! Which files kustomize applies as patches, so that they are not judged as objects of their own.

use crate::Limits;
use crate::files::{Candidate, Fate};
use crate::recognise::is_kustomization_name;
use crate::text::SourceText;
use ravelin_object::{Value, read};
use std::collections::BTreeSet;
use std::path::{Component, Path, PathBuf};

/// The files that the kustomizations among the candidates name as patches.
pub(crate) fn patch_files(candidates: &[Candidate], limits: &Limits) -> BTreeSet<PathBuf> {
    let mut patches = BTreeSet::new();
    for candidate in candidates {
        let Fate::Read(source @ SourceText::File(path)) = &candidate.fate else { continue };
        if !is_kustomization_name(path) {
            continue;
        }
        let Ok(bytes) = source.bytes(limits) else { continue };
        let Ok(text) = ravelin_yaml::decode(&bytes) else { continue };
        let Ok(read) = read::yaml(&text, &limits.of_document()) else { continue };
        let folder = path.parent().unwrap_or(Path::new(""));
        let named = read.value.as_ref().map(named_patches).unwrap_or_default();
        patches.extend(named.iter().map(|file| normal(&folder.join(file))));
    }
    patches
}

/// The paths in `patches`, `patchesStrategicMerge` and `patchesJson6902`; inline patches are none.
fn named_patches(kustomization: &Value) -> Vec<String> {
    let items = |key: &str| kustomization.field(key).and_then(Value::as_array).unwrap_or_default();
    let by_path =
        items("patches").iter().chain(items("patchesJson6902")).filter_map(|patch| patch.field("path"));
    let listed = items("patchesStrategicMerge").iter();
    by_path
        .chain(listed)
        .filter_map(Value::as_str)
        .filter(|text| !text.contains('\n'))
        .map(str::to_owned)
        .collect()
}

/// The path without `.` and, where that is possible by its text alone, without `..`.
pub(crate) fn normal(path: &Path) -> PathBuf {
    let mut out = PathBuf::new();
    for component in path.components() {
        match component {
            Component::CurDir => {}
            Component::ParentDir if matches!(out.components().next_back(), Some(Component::Normal(_))) => {
                out.pop();
            }
            other => out.push(other),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patches_are_named_in_three_ways() {
        let text = "patches: [{path: a.yaml}, {patch: 'x: 1'}]\npatchesStrategicMerge: [b.yaml, \"x: 1\\ny: 2\"]\npatchesJson6902: [{path: ../c.json}]\n";
        let value = read::yaml(text, &ravelin_yaml::Limits::STANDARD).unwrap().value.unwrap();
        assert_eq!(named_patches(&value), ["a.yaml", "../c.json", "b.yaml"]);
        assert_eq!(normal(Path::new("./x/../y/./z")), Path::new("y/z"));
        assert_eq!(normal(Path::new("../x")), Path::new("../x"));
    }
}
