//! Files, directories and standard input become an inventory; field paths become lines.
//!
//! The only place that knows bytes and lines. Reading never stops at something it cannot read: every
//! file and document ends as judged, not applicable, skipped or failed, and is accounted for. Start
//! reading at [`scan::scan`].

pub mod baseline;
pub mod comments;
mod files;
mod kustomize;
mod limits;
mod load;
mod locate;
mod overlay;
pub mod places;
pub mod project;
pub mod psa;
mod recognise;
pub mod scan;
mod text;

pub use files::{FileOptions, GlobError, Globs};
pub use limits::Limits;
pub use text::{SourceText, Texts};
