//! What strategic merge has to know of a kind, read off its schema.

use ravelin_patch::MergeRules;
use ravelin_resource::schemas::{PatchStrategy, Schema};

/// The rules of a field.
#[derive(Clone, Copy)]
pub(crate) struct Rules<'s>(pub(crate) Schema<'s>);

impl MergeRules for Rules<'_> {
    fn property(&self, name: &str) -> Option<Self> {
        self.0.property(name).map(Self)
    }

    fn element(&self) -> Option<Self> {
        self.0.items().or_else(|| self.0.additional()).map(Self)
    }

    fn strategies(&self) -> Vec<&str> {
        let name = |strategy: &PatchStrategy| match strategy {
            PatchStrategy::Merge => "merge",
            PatchStrategy::Replace => "replace",
            PatchStrategy::RetainKeys => "retainKeys",
        };
        self.0.patch_strategy().iter().map(name).collect()
    }

    fn merge_key(&self) -> Option<&str> {
        self.0.patch_merge_key()
    }

    fn type_name(&self) -> &str {
        self.0.target().name().and_then(|name| name.rsplit('.').next()).unwrap_or_default()
    }
}
