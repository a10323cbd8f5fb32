//! The one error of the crate.

use std::borrow::Cow;
use std::fmt;

/// Which rule a text breaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The bytes are neither UTF-8 nor UTF-16 with a byte order mark.
    Encoding,
    /// A character that YAML does not allow anywhere, such as NUL or another control character.
    ForbiddenCharacter,
    /// The characters do not make tokens, or the tokens do not make a document.
    Syntax,
    /// More collections are open inside one another than [`Limits::depth`](crate::Limits::depth) allows.
    DepthExceeded,
    /// Aliases add more than [`Limits::alias_nodes`](crate::Limits::alias_nodes) or Kubernetes allows.
    ExcessiveAliasing,
    /// An alias names an anchor that is not defined before it in this document.
    UnknownAnchor,
    /// An alias stands inside the node that it names.
    SelfReference,
    /// The value of a merge key `<<` is not a mapping, or a sequence of mappings.
    InvalidMerge,
    /// A key that cannot become a JSON key: a sequence, a mapping, null, or a number above `i64::MAX`.
    InvalidKey,
    /// A scalar is not what its tag says, such as `!!int x`.
    InvalidTaggedValue,
    /// A number that JSON cannot hold: `.inf` or `.nan`.
    NotFinite,
    /// The text is longer than the 4 GiB that a [`Span`](crate::Span) can point into.
    TooLong,
}

/// Why a text is not the YAML of any JSON value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    kind: ErrorKind,
    offset: u32,
    message: Cow<'static, str>,
}

impl Error {
    pub(crate) fn new(kind: ErrorKind, offset: usize, message: impl Into<Cow<'static, str>>) -> Self {
        Self { kind, offset: u32::try_from(offset).unwrap_or(u32::MAX), message: message.into() }
    }

    /// The text is not YAML; the message names what was found or missed.
    pub(crate) fn syntax(offset: usize, message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ErrorKind::Syntax, offset, message)
    }

    /// The rule that was broken.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// Where it was noticed, in bytes from the start of the text; [`position`](crate::position) makes a line
    /// and a column of it.
    #[must_use]
    pub fn offset(&self) -> u32 {
        self.offset
    }

    /// What was found and what was expected: lower-case, one line, no period.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }
}

impl fmt::Display for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.message)
    }
}

impl std::error::Error for Error {}
