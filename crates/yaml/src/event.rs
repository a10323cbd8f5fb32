//! Events: what a stream of YAML consists of, in the order of the text.

use std::borrow::Cow;

use crate::span::Span;

/// How a scalar is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ScalarStyle {
    /// Without quotes. Also the style of a scalar that is not written at all, as in `a:`.
    Plain,
    /// In `'`.
    SingleQuoted,
    /// In `"`.
    DoubleQuoted,
    /// A block that starts with `|`.
    Literal,
    /// A block that starts with `>`.
    Folded,
}

/// How a sequence or mapping is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CollectionStyle {
    /// By indentation.
    Block,
    /// In brackets; also the one pair in `[a: b]`.
    Flow,
}

/// One step through a stream. Every span is the place of the event's own text, without tag and anchor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event<'a> {
    /// Always the first event.
    StreamStart,
    /// Always the last event. Asking for more gives it again.
    StreamEnd {
        /// The end of the text, empty.
        span: Span,
    },
    /// A document begins.
    DocumentStart {
        /// Directives and `---`, or the place of the first content, empty.
        span: Span,
        /// Whether `---` is written.
        explicit: bool,
    },
    /// A document ends.
    DocumentEnd {
        /// The `...`, or the place of what follows, empty.
        span: Span,
        /// Whether `...` is written.
        explicit: bool,
    },
    /// `*name`: the node with that anchor once more.
    Alias {
        /// The name without `*`.
        name: &'a str,
        /// The alias with its `*`.
        span: Span,
    },
    /// A scalar.
    Scalar {
        /// The text it stands for: unquoted, unescaped, folded.
        value: Cow<'a, str>,
        /// How it is written.
        style: ScalarStyle,
        /// The tag with its prefix expanded (`!!str` is `tag:yaml.org,2002:str`); of a prefix that a `%TAG`
        /// directive gives, the first KiB.
        tag: Option<Cow<'a, str>>,
        /// The name of its anchor.
        anchor: Option<&'a str>,
        /// With the quotes; a block from its `|` or `>` to the end of its last line that is not blank; empty
        /// for a scalar that is not written.
        span: Span,
    },
    /// A sequence begins.
    SequenceStart {
        /// How it is written.
        style: CollectionStyle,
        /// The tag with its prefix expanded.
        tag: Option<Cow<'a, str>>,
        /// The name of its anchor.
        anchor: Option<&'a str>,
        /// The `[`; in block style the first `-`, empty or not.
        span: Span,
    },
    /// The innermost open sequence ends.
    SequenceEnd {
        /// The `]`; in block style the place of what follows, empty.
        span: Span,
    },
    /// A mapping begins.
    MappingStart {
        /// How it is written.
        style: CollectionStyle,
        /// The tag with its prefix expanded.
        tag: Option<Cow<'a, str>>,
        /// The name of its anchor.
        anchor: Option<&'a str>,
        /// The `{`; in block style the place of the first key, empty.
        span: Span,
    },
    /// The innermost open mapping ends.
    MappingEnd {
        /// The `}`; in block style the place of what follows, empty.
        span: Span,
    },
}
