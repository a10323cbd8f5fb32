//! Tokens: what the scanner hands to the parser.

use std::borrow::Cow;

use crate::event::ScalarStyle;
use crate::span::Span;

/// What a token is, without its content.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TokenKind {
    StreamEnd,
    VersionDirective,
    TagDirective,
    DocumentStart,
    DocumentEnd,
    BlockSequenceStart,
    BlockMappingStart,
    BlockEnd,
    FlowSequenceStart,
    FlowSequenceEnd,
    FlowMappingStart,
    FlowMappingEnd,
    BlockEntry,
    FlowEntry,
    Key,
    Value,
    Alias,
    Anchor,
    Tag,
    Scalar,
}

/// The content of the tokens that have one.
#[derive(Clone, Debug)]
pub(crate) enum TokenData<'a> {
    Nothing,
    Version {
        major: u8,
        minor: u8,
    },
    /// The handle and the prefix of a directive, or the handle and the suffix of a tag.
    Tag(Box<(Cow<'a, str>, Cow<'a, str>)>),
    Name(&'a str),
    Scalar(Cow<'a, str>, ScalarStyle),
}

/// A token with its place.
#[derive(Clone, Debug)]
pub(crate) struct Token<'a> {
    pub(crate) kind: TokenKind,
    pub(crate) span: Span,
    pub(crate) data: TokenData<'a>,
}
