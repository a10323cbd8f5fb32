//! A tree to build, and its JSON as Go writes it: keys sorted, `<`, `>` and `&` escaped, Go's float format.

use std::borrow::Cow;
use std::fmt::Write;

use crate::{Build, Composed, Entry, Error, Limits, Scalar, Span, compose};

/// A value with its place.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Tree<'a> {
    Scalar(Scalar<'a>, Span),
    Sequence(Vec<Tree<'a>>, Span),
    Mapping(Vec<Entry<'a, Tree<'a>>>, Span),
}

impl Tree<'_> {
    pub(super) fn span(&self) -> Span {
        match self {
            Tree::Scalar(_, span) | Tree::Sequence(_, span) | Tree::Mapping(_, span) => *span,
        }
    }

    pub(super) fn json(&self) -> String {
        let mut out = String::new();
        self.write(&mut out);
        out
    }

    fn write(&self, out: &mut String) {
        match self {
            Tree::Scalar(scalar, _) => write_scalar(out, scalar),
            Tree::Sequence(items, _) => {
                out.push('[');
                for (index, item) in items.iter().enumerate() {
                    out.push_str(if index > 0 { "," } else { "" });
                    item.write(out);
                }
                out.push(']');
            }
            Tree::Mapping(entries, _) => {
                let mut entries: Vec<_> = entries.iter().collect();
                entries.sort_by(|one, two| one.key.cmp(&two.key));
                out.push('{');
                for (index, entry) in entries.iter().enumerate() {
                    out.push_str(if index > 0 { "," } else { "" });
                    write_string(out, &entry.key);
                    out.push(':');
                    entry.value.write(out);
                }
                out.push('}');
            }
        }
    }
}

fn write_scalar(out: &mut String, scalar: &Scalar<'_>) {
    match scalar {
        Scalar::Null => out.push_str("null"),
        Scalar::Bool(value) => write!(out, "{value}").unwrap(),
        Scalar::Int(value) => write!(out, "{value}").unwrap(),
        Scalar::UInt(value) => write!(out, "{value}").unwrap(),
        Scalar::Float(value) if *value != 0.0 && !(1e-6..1e21).contains(&value.abs()) => {
            let text = format!("{value:e}");
            let (mantissa, exponent) = text.split_once('e').unwrap();
            let sign = if exponent.starts_with('-') { "" } else { "+" };
            write!(out, "{mantissa}e{sign}{exponent}").unwrap();
        }
        Scalar::Float(value) => write!(out, "{value}").unwrap(),
        Scalar::String(text) => write_string(out, text),
    }
}

fn write_string(out: &mut String, text: &str) {
    out.push('"');
    for character in text.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            '<' | '>' | '&' | '\u{2028}' | '\u{2029}' | '\0'..' ' => {
                write!(out, "\\u{:04x}", u32::from(character)).unwrap();
            }
            _ => out.push(character),
        }
    }
    out.push('"');
}

/// Builds [`Tree`]s.
pub(super) struct Trees;

impl<'a> Build<'a> for Trees {
    type Node = Tree<'a>;

    fn scalar(&mut self, value: Scalar<'a>, span: Span) -> Tree<'a> {
        Tree::Scalar(value, span)
    }

    fn sequence(&mut self, items: Vec<Tree<'a>>, span: Span) -> Tree<'a> {
        Tree::Sequence(items, span)
    }

    fn mapping(&mut self, entries: Vec<Entry<'a, Tree<'a>>>, span: Span) -> Tree<'a> {
        Tree::Mapping(entries, span)
    }
}

pub(super) fn tree(text: &str) -> Result<Composed<Tree<'_>>, Error> {
    compose(text, &Limits::STANDARD, &mut Trees)
}

/// What a text is read as, in short.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Reading<'a> {
    /// This JSON, by strict decoding too.
    Reads(&'a str),
    /// This JSON, but strict decoding refuses a key.
    Repeats(&'a str),
    /// An error.
    Refused,
}

/// A reading that owns its JSON.
pub(super) enum Read {
    Json { json: Cow<'static, str>, strict: bool },
    Refused,
}

impl Read {
    pub(super) fn as_reading(&self) -> Reading<'_> {
        match self {
            Read::Json { json, strict: true } => Reading::Reads(json),
            Read::Json { json, strict: false } => Reading::Repeats(json),
            Read::Refused => Reading::Refused,
        }
    }
}

pub(super) fn read(text: &str) -> Read {
    match tree(text) {
        Err(_) => Read::Refused,
        Ok(composed) => {
            let json = composed.root.map_or(Cow::Borrowed("null"), |root| Cow::Owned(root.json()));
            Read::Json { json, strict: composed.duplicates.is_empty() }
        }
    }
}
