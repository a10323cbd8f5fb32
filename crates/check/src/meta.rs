//! The metadata of a check, and the trait that carries it.

use crate::Documentation;
use ravelin_diag::{Confidence, Edit, Finding, Severity};
use ravelin_object::Value;

/// Where a check comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// It decides as this does, verdict and words.
    Same(&'static str),
    /// It takes up what this says, in a way of its own.
    Inspired(&'static str),
}

impl Source {
    /// What is cited: a document and its section, or a file of an upstream repository.
    #[must_use]
    pub fn citation(&self) -> &'static str {
        match self {
            Self::Same(citation) | Self::Inspired(citation) => citation,
        }
    }
}

/// What is known of a check without running it.
#[derive(Debug)]
pub struct CheckMeta {
    /// `family/slug`; the slug is also the name of the file and of the documentation page.
    pub id: &'static str,
    /// The severity of its findings, where the check alone decides it.
    pub severity: Severity,
    /// How sure its findings are.
    pub confidence: Confidence,
    /// What it applies to, in words: `pods`, `namespaces`, `manifests`.
    pub applies_to: &'static str,
    /// The release in which it first appeared.
    pub since: &'static str,
    /// Where it comes from; never empty.
    pub sources: &'static [Source],
    /// The doc comment of its file, in Markdown.
    pub docs: &'static str,
}

impl CheckMeta {
    /// The part of the id before the slash.
    #[must_use]
    pub fn family(&self) -> &'static str {
        self.id.split_once('/').map_or(self.id, |(family, _)| family)
    }

    /// The part of the id behind the slash.
    #[must_use]
    pub fn slug(&self) -> &'static str {
        self.id.split_once('/').map_or(self.id, |(_, slug)| slug)
    }

    /// The documentation, in its sections.
    #[must_use]
    pub fn documentation(&self) -> Documentation<'static> {
        Documentation::parse(self.docs)
    }
}

/// A check. Each engine has a trait of its own for how its checks run; this is what all share.
pub trait Check: Sync {
    /// What is known of it without running it.
    fn meta(&self) -> &'static CheckMeta;

    /// The edits that would mend `finding` in `object`; none where a person has to decide.
    fn fix(&self, finding: &Finding, object: &Value) -> Vec<Edit> {
        let _ = (finding, object);
        Vec::new()
    }
}

/// Declares a check: a unit struct whose doc comment is the documentation page, with its metadata.
///
/// The doc comment holds, in this order: a title line, a paragraph that says what is reported, the
/// sections `## Why`, `## Restricted fields`, `## Allowed values`, `## Remedy`, and at least one
/// example that `fails` and one that `passes` (fenced as `yaml,fails` and `yaml,passes`), which the
/// registry test runs.
///
/// ```
/// use ravelin_check::{Check, Source, declare_check};
/// use ravelin_diag::{Confidence, Severity};
///
/// declare_check! {
///     /// Pod shares a namespace of the host
///     ///
///     /// ## Why
///     /// Because.
///     pub HostNamespaces {
///         id: "pss/host-namespaces",
///         severity: Severity::High,
///         confidence: Confidence::High,
///         applies_to: "pods",
///         since: "0.1.0",
///         sources: &[Source::Same("kubernetes.io/docs/concepts/security/pod-security-standards")],
///     }
/// }
/// assert_eq!(HostNamespaces.meta().slug(), "host-namespaces");
/// assert_eq!(HostNamespaces.meta().documentation().title, "Pod shares a namespace of the host");
/// ```
#[macro_export]
macro_rules! declare_check {
    (
        $(#[doc = $docs:literal])+
        pub $name:ident {
            id: $id:literal,
            severity: $severity:expr,
            confidence: $confidence:expr,
            applies_to: $applies_to:literal,
            since: $since:literal,
            sources: $sources:expr $(,)?
        }
    ) => {
        $(#[doc = $docs])+
        #[derive(Clone, Copy, Debug)]
        pub struct $name;

        impl $name {
            /// What is known of the check without running it.
            pub const META: $crate::CheckMeta = $crate::CheckMeta {
                id: $id,
                severity: $severity,
                confidence: $confidence,
                applies_to: $applies_to,
                since: $since,
                sources: $sources,
                docs: concat!($($docs, "\n"),+),
            };
        }

        impl $crate::Check for $name {
            fn meta(&self) -> &'static $crate::CheckMeta {
                static META: $crate::CheckMeta = $name::META;
                &META
            }
        }
    };
}
