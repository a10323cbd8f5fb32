//! What single characters mean to the scanner. Everything works on bytes of valid UTF-8.

/// Space and tab.
pub(crate) const BLANK: u8 = 1;
/// Bytes that start a line break. `0xC2` and `0xE2` start other characters too: ask [`break_width`].
pub(crate) const BREAK: u8 = 2;
/// `:`.
pub(crate) const COLON: u8 = 4;
/// The indicators that end a plain scalar inside `[]` and `{}`.
pub(crate) const FLOW: u8 = 8;
/// `'`.
pub(crate) const SINGLE: u8 = 16;
/// `"` and `\`.
pub(crate) const DOUBLE: u8 = 32;

const CLASSES: [u8; 256] = classes();

const fn classes() -> [u8; 256] {
    let mut table = [0; 256];
    let mut byte: u8 = 0;
    loop {
        let class = match byte {
            b' ' | b'\t' => BLANK,
            b'\n' | b'\r' | 0xC2 | 0xE2 => BREAK,
            b':' => COLON,
            b',' | b'?' | b'[' | b']' | b'{' | b'}' => FLOW,
            b'\'' => SINGLE,
            b'"' | b'\\' => DOUBLE,
            _ => 0,
        };
        #[expect(clippy::indexing_slicing, reason = "evaluated by the compiler; a byte is below 256")]
        {
            table[byte as usize] = class;
        }
        if byte == u8::MAX {
            return table;
        }
        byte += 1;
    }
}

/// The classes of a byte, as a bit set.
#[inline]
pub(crate) fn class(byte: u8) -> u8 {
    CLASSES.get(usize::from(byte)).copied().unwrap_or(0)
}

/// The byte at an offset; 0 behind the end, which no scannable text contains.
#[inline]
pub(crate) fn byte_at(bytes: &[u8], at: usize) -> u8 {
    bytes.get(at).copied().unwrap_or(0)
}

/// Bytes of the line break at an offset, 0 if there is none.
#[inline]
pub(crate) fn break_width(bytes: &[u8], at: usize) -> usize {
    match byte_at(bytes, at) {
        b'\n' => 1,
        b'\r' if byte_at(bytes, at + 1) == b'\n' => 2,
        b'\r' => 1,
        0xC2 if byte_at(bytes, at + 1) == 0x85 => 2,
        0xE2 if byte_at(bytes, at + 1) == 0x80 && matches!(byte_at(bytes, at + 2), 0xA8 | 0xA9) => 3,
        _ => 0,
    }
}

/// What the line break at an offset leaves in a scalar: LS and PS stay what they are, all others become LF.
pub(crate) fn break_text(bytes: &[u8], at: usize) -> &'static str {
    match (byte_at(bytes, at), byte_at(bytes, at + 2)) {
        (0xE2, 0xA8) => "\u{2028}",
        (0xE2, _) => "\u{2029}",
        _ => "\n",
    }
}

/// Whether a blank, a line break or the end is at an offset.
#[inline]
pub(crate) fn is_blank_or_end(bytes: &[u8], at: usize) -> bool {
    match byte_at(bytes, at) {
        b' ' | b'\t' | b'\n' | b'\r' | 0 => true,
        0xC2 | 0xE2 => break_width(bytes, at) > 0,
        _ => false,
    }
}

/// Whether a byte may be part of an anchor, a tag handle or a directive name.
pub(crate) fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-'
}

/// Bytes in a slice of UTF-8 that continue a character: its length in bytes less its length in characters.
#[inline]
pub(crate) fn continuation_bytes(bytes: &[u8]) -> usize {
    if bytes.is_ascii() { 0 } else { bytes.iter().filter(|byte| **byte & 0xC0 == 0x80).count() }
}
