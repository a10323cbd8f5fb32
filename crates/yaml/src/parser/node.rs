//! Nodes: an alias, or a tag and an anchor with a scalar or the start of a collection.

use std::borrow::Cow;

use super::{Parser, State, empty_scalar, unexpected};
use crate::error::Error;
use crate::event::{CollectionStyle, Event, ScalarStyle};
use crate::span::Span;
use crate::token::{TokenData, TokenKind};

/// Bytes of a prefix that are kept. A text could repeat a longer one without end, and no such tag has a meaning.
const LONGEST_PREFIX: usize = 1024;

/// What stands before a node.
#[derive(Default)]
struct Properties<'a> {
    tag: Option<Cow<'a, str>>,
    anchor: Option<&'a str>,
    end: Option<u32>,
}

/// Where a node stands, which decides what it may be.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Context {
    Block,
    /// The value of a key, where a sequence need not be indented.
    BlockValue,
    Flow,
}

impl<'a> Parser<'a> {
    pub(super) fn block_node(&mut self) -> Result<Event<'a>, Error> {
        self.node(Context::Block)
    }

    #[inline]
    pub(super) fn node(&mut self, context: Context) -> Result<Event<'a>, Error> {
        let (mut kind, mut span) = self.scanner.peek()?;
        if kind == TokenKind::Alias {
            return Ok(self.alias(span));
        }
        let mut properties = Properties::default();
        if matches!(kind, TokenKind::Anchor | TokenKind::Tag) {
            properties = self.properties(kind)?;
            (kind, span) = self.scanner.peek()?;
        }
        if kind == TokenKind::Scalar {
            return Ok(self.scalar(properties));
        }
        let in_block = context != Context::Flow;
        let (state, style, sequence) = match kind {
            TokenKind::BlockEntry if context == Context::BlockValue => {
                (State::IndentlessSequenceEntry, CollectionStyle::Block, true)
            }
            TokenKind::FlowSequenceStart => (State::FlowSequenceFirst, CollectionStyle::Flow, true),
            TokenKind::FlowMappingStart => (State::FlowMappingFirst, CollectionStyle::Flow, false),
            TokenKind::BlockSequenceStart if in_block => {
                (State::BlockSequenceFirst, CollectionStyle::Block, true)
            }
            TokenKind::BlockMappingStart if in_block => {
                (State::BlockMappingFirst, CollectionStyle::Block, false)
            }
            _ => return self.unwritten(properties, span),
        };
        self.open(span)?;
        self.state = state;
        let Properties { tag, anchor, .. } = properties;
        if sequence {
            Ok(Event::SequenceStart { style, tag, anchor, span })
        } else {
            Ok(Event::MappingStart { style, tag, anchor, span })
        }
    }

    fn alias(&mut self, span: Span) -> Event<'a> {
        let name = match self.skip().data {
            TokenData::Name(name) => name,
            _ => "",
        };
        self.pop_state();
        Event::Alias { name, span }
    }

    #[inline]
    fn scalar(&mut self, properties: Properties<'a>) -> Event<'a> {
        let token = self.skip();
        let (value, style) = match token.data {
            TokenData::Scalar(value, style) => (value, style),
            _ => (Cow::Borrowed(""), ScalarStyle::Plain),
        };
        self.pop_state();
        Event::Scalar { value, style, tag: properties.tag, anchor: properties.anchor, span: token.span }
    }

    /// A node that consists of a tag or an anchor only.
    fn unwritten(&mut self, properties: Properties<'a>, next: Span) -> Result<Event<'a>, Error> {
        let Some(end) = properties.end else {
            return Err(unexpected(next, "expected a value here"));
        };
        self.pop_state();
        let mut event = empty_scalar(end);
        if let Event::Scalar { tag, anchor, .. } = &mut event {
            *tag = properties.tag;
            *anchor = properties.anchor;
        }
        Ok(event)
    }

    /// Takes an anchor and a tag, in any order, at most one of each.
    fn properties(&mut self, first: TokenKind) -> Result<Properties<'a>, Error> {
        let mut properties = Properties::default();
        let mut kind = first;
        loop {
            let token = self.skip();
            properties.end = Some(token.span.end);
            match token.data {
                TokenData::Name(name) => properties.anchor = Some(name),
                TokenData::Tag(parts) => properties.tag = Some(self.resolve_tag(token.span, *parts)?),
                _ => {}
            }
            let next = self.scanner.peek()?.0;
            let other = if kind == TokenKind::Anchor { TokenKind::Tag } else { TokenKind::Anchor };
            if next != other || properties.anchor.is_some() && properties.tag.is_some() {
                return Ok(properties);
            }
            kind = next;
        }
    }

    /// The whole tag, its handle replaced by the prefix it stands for.
    fn resolve_tag(
        &self,
        span: Span,
        (handle, suffix): (Cow<'a, str>, Cow<'a, str>),
    ) -> Result<Cow<'a, str>, Error> {
        if handle.is_empty() {
            return Ok(suffix);
        }
        match self.tag_prefixes.get(&handle) {
            Some(prefix) => {
                let prefix = prefix.get(..prefix.floor_char_boundary(LONGEST_PREFIX)).unwrap_or("");
                Ok(Cow::Owned(format!("{prefix}{suffix}")))
            }
            None => Err(unexpected(span, "found a tag whose handle no %TAG directive defines")),
        }
    }
}
