//! Places in a text.

use crate::characters::break_width;

/// A range of bytes in the text, `start` inclusive and `end` exclusive. Both are character boundaries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Span {
    /// Offset of the first byte.
    pub start: u32,
    /// Offset behind the last byte.
    pub end: u32,
}

impl Span {
    /// Texts longer than `u32::MAX` never get as far as a span, so the casts lose nothing.
    pub(crate) fn new(start: usize, end: usize) -> Self {
        Self { start: u32::try_from(start).unwrap_or(u32::MAX), end: u32::try_from(end).unwrap_or(u32::MAX) }
    }

    pub(crate) fn empty(offset: u32) -> Self {
        Self { start: offset, end: offset }
    }
}

/// Line and column of a byte offset, both counted from 1, the column in characters.
///
/// Lines end where YAML 1.1 ends them: at LF, CR, CR LF, NEL, LS and PS. A byte order mark at the start of the
/// text takes no column. An offset behind the end of the text gives the position of the end, and one inside a
/// character that of the character.
#[must_use]
pub fn position(text: &str, offset: u32) -> (u32, u32) {
    let bytes = text.as_bytes();
    let offset = usize::try_from(offset).unwrap_or(usize::MAX);
    let mut line = 1;
    let mut column = 1;
    let mut at = if text.starts_with('\u{feff}') { 3 } else { 0 };
    while let Some(byte) = bytes.get(at) {
        let width = break_width(bytes, at);
        let step = match width {
            0 => character_width(*byte),
            _ => width,
        };
        if at + step > offset {
            break;
        }
        at += step;
        if width == 0 {
            column += 1;
        } else {
            line += 1;
            column = 1;
        }
    }
    (line, column)
}

fn character_width(lead: u8) -> usize {
    match lead {
        0..0xC0 => 1,
        0xC0..0xE0 => 2,
        0xE0..0xF0 => 3,
        _ => 4,
    }
}
