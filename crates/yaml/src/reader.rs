//! From bytes to characters: encodings, and the characters YAML forbids.

use std::borrow::Cow;

use crate::error::{Error, ErrorKind};

/// The byte order mark, U+FEFF, in UTF-8.
pub(crate) const MARK: &[u8] = "\u{feff}".as_bytes();

/// The text that bytes stand for: UTF-16 if they start with its byte order mark, UTF-8 otherwise.
///
/// A byte order mark stays in the text (parsing skips it), so that offsets into UTF-8 input are offsets into
/// the text. Forbidden characters are left to the parser, which refuses them only where it reads them.
///
/// # Errors
/// [`ErrorKind::Encoding`] for bytes that are not valid in that encoding, with the offset in the bytes.
pub fn decode(bytes: &[u8]) -> Result<Cow<'_, str>, Error> {
    if bytes.starts_with(&[0xFF, 0xFE]) {
        return decode_utf16(bytes, u16::from_le_bytes).map(Cow::Owned);
    }
    if bytes.starts_with(&[0xFE, 0xFF]) {
        return decode_utf16(bytes, u16::from_be_bytes).map(Cow::Owned);
    }
    match std::str::from_utf8(bytes) {
        Ok(text) => Ok(Cow::Borrowed(text)),
        Err(error) => {
            Err(Error::new(ErrorKind::Encoding, error.valid_up_to(), "found bytes that are not valid UTF-8"))
        }
    }
}

fn decode_utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> Result<String, Error> {
    let (pairs, rest) = bytes.as_chunks::<2>();
    let mut text = String::with_capacity(bytes.len());
    let mut offset = 0;
    for decoded in char::decode_utf16(pairs.iter().map(|pair| unit(*pair))) {
        let Ok(character) = decoded else {
            return Err(Error::new(ErrorKind::Encoding, offset, "found half of a UTF-16 surrogate pair"));
        };
        offset += 2 * character.len_utf16();
        text.push(character);
    }
    if rest.is_empty() {
        Ok(text)
    } else {
        Err(Error::new(ErrorKind::Encoding, offset, "found half of a UTF-16 character at the end"))
    }
}

/// What [`find_notable`] found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Notable {
    /// A byte order mark inside the text.
    Mark,
    /// A character that must not be read.
    Forbidden(usize),
}

/// Looks for a forbidden character; failing that, for a byte order mark. Most texts have neither, and are told
/// so at the speed of memory.
pub(crate) fn find_notable(bytes: &[u8], from: usize) -> Option<Notable> {
    let mut mark = None;
    let mut at = from;
    let (blocks, rest) = bytes.get(from..).unwrap_or(&[]).as_chunks::<64>();
    for block in blocks.iter().map(<[u8; 64]>::as_slice).chain([rest]) {
        if block.iter().fold(0, |seen, byte| seen | is_suspect(*byte)) != 0 {
            for offset in at..at + block.len() {
                if is_forbidden(bytes, offset) {
                    return Some(Notable::Forbidden(offset));
                }
                if mark.is_none() && bytes.get(offset..).is_some_and(|rest| rest.starts_with(MARK)) {
                    mark = Some(Notable::Mark);
                }
            }
        }
        at += block.len();
    }
    mark
}

/// 1 if a byte may belong to a character that is worth a closer look. Without branches, so that the compiler can
/// look at many bytes at once.
fn is_suspect(byte: u8) -> u8 {
    let control =
        u8::from(byte < b' ') & u8::from(byte != b'\n') & u8::from(byte != b'\t') & u8::from(byte != b'\r');
    control | u8::from(byte == 0x7F) | u8::from(byte == 0xC2) | u8::from(byte == 0xEF)
}

/// Whether a forbidden character starts at an offset: C0 and C1 control characters but for tab, line breaks and
/// NEL, and U+FFFE and U+FFFF.
pub(crate) fn is_forbidden(bytes: &[u8], at: usize) -> bool {
    let byte = |index: usize| bytes.get(at + index).copied().unwrap_or(0);
    match byte(0) {
        b'\t' | b'\n' | b'\r' => false,
        0..b' ' | 0x7F => true,
        0xC2 => byte(1) < 0xA0 && byte(1) != 0x85,
        0xEF => byte(1) == 0xBF && byte(2) >= 0xBE,
        _ => false,
    }
}

/// The error for the forbidden character at an offset.
pub(crate) fn forbidden_error(text: &str, at: usize) -> Error {
    let found = text.get(at..).and_then(|rest| rest.chars().next()).map_or(0, u32::from);
    Error::new(
        ErrorKind::ForbiddenCharacter,
        at,
        format!("found the control character U+{found:04X}, which YAML does not allow"),
    )
}
