//! What a patch makes of an object: JSON patch, JSON merge patch and strategic merge patch, as the API server applies
//! them, with the status it answers with where one does not apply.
//!
//! Objects are external [`ravelin_object::Value`]s. Each kind of patch is a module with `read`, from the bytes of a
//! request, and `apply`. The crate must not know schemas (what strategic merge needs of them is [`MergeRules`]),
//! admission or storage. Server-side apply is no patch in this sense and not here. Start reading at
//! [`strategic::apply`].
//!
//! Source: `k8s.io/apiserver/pkg/endpoints/handlers/patch.go`.
#![deny(clippy::disallowed_methods, clippy::disallowed_types)]

mod fault;
mod fields;
mod go_text;
pub mod json;
pub mod merge;
pub mod strategic;
mod syntax;

pub use fault::PatchError;
pub use go_text::go_text;
pub use syntax::Fields;

/// What a patch reads as: the patch, and what is strange about its text.
#[derive(Clone, Debug, PartialEq)]
pub struct Read<T> {
    /// The patch.
    pub patch: T,
    /// Fields that are unknown or stand there twice: `duplicate field "data.a"`. With `fieldValidation=Warn` they are
    /// warnings, with `Strict` faults; empty where they were not looked for.
    pub strict: Vec<String>,
}

/// What strategic merge has to know of a type. A value of this describes one field, or the root.
pub trait MergeRules: Sized {
    /// The field `name` of a structure; nothing where there is none, or where this is no structure.
    fn property(&self, name: &str) -> Option<Self>;

    /// The items of a list, or the values of a map; nothing where this is neither.
    fn element(&self) -> Option<Self>;

    /// How the field is merged: `merge`, `replace`, `retainKeys`; empty where nothing is said.
    fn strategies(&self) -> Vec<&str>;

    /// The key by which items of the list are told apart.
    fn merge_key(&self) -> Option<&str>;

    /// The name of the structure as messages say it: `PodSpec`.
    fn type_name(&self) -> &str {
        ""
    }
}
