//! DER, read as `golang.org/x/crypto/cryptobyte` reads it, and the little that is written.

pub(crate) const BOOLEAN: u8 = 0x01;
pub(crate) const INTEGER: u8 = 0x02;
pub(crate) const BIT_STRING: u8 = 0x03;
pub(crate) const OCTET_STRING: u8 = 0x04;
pub(crate) const NULL: u8 = 0x05;
pub(crate) const OID: u8 = 0x06;
pub(crate) const UTC_TIME: u8 = 0x17;
pub(crate) const GENERALIZED_TIME: u8 = 0x18;
pub(crate) const SEQUENCE: u8 = 0x30;
pub(crate) const SET: u8 = 0x31;

/// A context-specific tag of a primitive value.
pub(crate) const fn context(number: u8) -> u8 {
    0x80 | number
}

/// A context-specific tag of a constructed value.
pub(crate) const fn constructed(number: u8) -> u8 {
    0xa0 | number
}

/// One value: its tag, what is in it, and all of its bytes.
#[derive(Clone, Copy)]
pub(crate) struct Element<'a> {
    pub(crate) tag: u8,
    pub(crate) content: &'a [u8],
    pub(crate) raw: &'a [u8],
}

/// What is left to be read.
#[derive(Clone, Copy)]
pub(crate) struct Der<'a> {
    rest: &'a [u8],
}

impl<'a> Der<'a> {
    pub(crate) const fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    pub(crate) const fn is_empty(self) -> bool {
        self.rest.is_empty()
    }

    pub(crate) fn peek(self) -> Option<u8> {
        self.rest.first().copied()
    }

    /// The next value, whatever it is. Lengths are definite and as short as can be; tags are one byte.
    pub(crate) fn any(&mut self) -> Option<Element<'a>> {
        let (&tag, after) = self.rest.split_first()?;
        if tag & 0x1f == 0x1f {
            return None;
        }
        let (&first, after) = after.split_first()?;
        let (length, header) = if first < 0x80 {
            (usize::from(first), 2)
        } else {
            let count = usize::from(first & 0x7f);
            let bytes = after.get(..count).filter(|_| (1..=4).contains(&count))?;
            let length = bytes.iter().fold(0usize, |length, byte| length << 8 | usize::from(*byte));
            let is_shortest = length >= 0x80 && bytes.first() != Some(&0);
            (is_shortest.then_some(length)?, 2 + count)
        };
        let end = header.checked_add(length)?;
        let raw = self.rest.get(..end)?;
        let content = raw.get(header..)?;
        self.rest = self.rest.get(end..)?;
        Some(Element { tag, content, raw })
    }

    /// The next value, if it has the tag.
    pub(crate) fn element(&mut self, tag: u8) -> Option<Element<'a>> {
        if self.peek()? != tag {
            return None;
        }
        self.any()
    }

    /// What is in the next value, if it has the tag.
    pub(crate) fn read(&mut self, tag: u8) -> Option<&'a [u8]> {
        self.element(tag).map(|element| element.content)
    }

    /// What is in the next value, to be read on.
    pub(crate) fn enter(&mut self, tag: u8) -> Option<Self> {
        self.read(tag).map(Self::new)
    }

    /// The next value if it has the tag; that it has another one, or there is none, is no error.
    pub(crate) fn optional(&mut self, tag: u8) -> Option<Option<&'a [u8]>> {
        if self.peek() == Some(tag) { self.read(tag).map(Some) } else { Some(None) }
    }

    /// An integer that is not negative, without leading zeros.
    pub(crate) fn unsigned(&mut self) -> Option<&'a [u8]> {
        let bytes = self.integer()?;
        match bytes {
            [first, ..] if first & 0x80 != 0 => None,
            [0, rest @ ..] if !rest.is_empty() => Some(rest),
            other => Some(other),
        }
    }

    /// The bytes of an integer, which are as few as can be.
    pub(crate) fn integer(&mut self) -> Option<&'a [u8]> {
        let bytes = self.read(INTEGER)?;
        is_minimal(bytes).then_some(bytes)
    }

    /// An integer that fits.
    pub(crate) fn small(&mut self) -> Option<i64> {
        small(self.integer()?)
    }

    /// A boolean.
    pub(crate) fn boolean(&mut self) -> Option<bool> {
        match self.read(BOOLEAN)? {
            [0] => Some(false),
            [0xff] => Some(true),
            _ => None,
        }
    }

    /// The bits of a bit string, moved to the right where they fill no whole bytes.
    pub(crate) fn right_aligned(&mut self) -> Option<Vec<u8>> {
        let (&unused, bits) = self.read(BIT_STRING)?.split_first()?;
        let last = bits.last().copied().unwrap_or(0);
        let is_sound = unused < 8 && (unused == 0 || !bits.is_empty()) && last & ((1 << unused) - 1) == 0;
        if !is_sound || unused == 0 {
            return is_sound.then(|| bits.to_vec());
        }
        let mut carry = 0;
        let moved = bits.iter().map(|byte| {
            let out = carry | byte >> unused;
            carry = byte << (8 - unused);
            out
        });
        Some(moved.collect())
    }

    /// The bytes of a bit string of whole bytes.
    pub(crate) fn whole_bits(&mut self) -> Option<&'a [u8]> {
        match self.read(BIT_STRING)? {
            [0, bytes @ ..] => Some(bytes),
            _ => None,
        }
    }
}

/// Whether an integer is written in as few bytes as can be.
pub(crate) fn is_minimal(bytes: &[u8]) -> bool {
    match bytes {
        [] => false,
        [first, second, ..] => !(*first == 0 && second & 0x80 == 0 || *first == 0xff && second & 0x80 != 0),
        [_] => true,
    }
}

/// The number that bytes of an integer stand for, if it fits.
pub(crate) fn small(bytes: &[u8]) -> Option<i64> {
    if bytes.len() > 8 || !is_minimal(bytes) {
        return None;
    }
    let start = if bytes.first()? & 0x80 == 0 { 0 } else { -1 };
    Some(bytes.iter().fold(start, |number: i64, byte| number << 8 | i64::from(*byte)))
}

/// A value as DER.
pub(crate) fn write(tag: u8, content: &[u8]) -> Vec<u8> {
    let mut out = vec![tag];
    let length = content.len();
    if let Ok(short @ 0..0x80) = u8::try_from(length) {
        out.push(short);
    } else {
        let bytes: Vec<u8> = length.to_be_bytes().into_iter().skip_while(|byte| *byte == 0).collect();
        out.push(0x80 | u8::try_from(bytes.len()).unwrap_or(0x7f));
        out.extend(bytes);
    }
    out.extend_from_slice(content);
    out
}

/// A number that is not negative, as DER.
pub(crate) fn write_unsigned(bytes: &[u8]) -> Vec<u8> {
    let start = bytes.iter().position(|byte| *byte != 0).unwrap_or(bytes.len());
    let digits = bytes.get(start..).unwrap_or_default();
    let needs_zero = digits.first().is_none_or(|first| first & 0x80 != 0);
    let content: Vec<u8> = needs_zero.then_some(0).into_iter().chain(digits.iter().copied()).collect();
    write(INTEGER, &content)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_definite_and_short() {
        let read = |bytes: &[u8]| Der::new(bytes).any().map(|element| element.content.len());
        assert_eq!(read(&[4, 0]), Some(0));
        assert_eq!(read(&[4, 0x81, 0x80]), None);
        assert_eq!(read(&write(4, &[7; 0x80])), Some(0x80));
        assert_eq!(read(&write(4, &[7; 70_000])), Some(70_000));
        for wrong in [&[4][..], &[4, 1], &[4, 0x80], &[4, 0x81, 1, 0], &[4, 0x82, 0, 0x80], &[0x1f, 0], &[]] {
            assert_eq!(read(wrong), None, "{wrong:?}");
        }
    }

    #[test]
    fn bits_are_moved_to_the_right() {
        let read = |bytes: &[u8]| Der::new(&write(BIT_STRING, bytes)).right_aligned();
        assert_eq!(read(&[0, 1, 2]), Some(vec![1, 2]));
        assert_eq!(read(&[4, 0x12, 0x30]), Some(vec![0x01, 0x23]));
        assert_eq!(read(&[4, 0x12, 0x31]), None);
        assert_eq!(read(&[1]), None);
        assert_eq!(read(&[8, 0]), None);
        assert_eq!(read(&[]), None);
    }

    #[test]
    fn numbers_are_minimal() {
        let small = |bytes: &[u8]| Der::new(&write(INTEGER, bytes)).small();
        assert_eq!(small(&[0]), Some(0));
        assert_eq!(small(&[0x80]), Some(-128));
        assert_eq!(small(&[0, 0x80]), Some(128));
        assert_eq!(small(&[0, 0x7f]), None);
        assert_eq!(small(&[0xff, 0x80]), None);
        assert_eq!(small(&[]), None);
        assert_eq!(write_unsigned(&[0, 0, 0x80]), [2, 2, 0, 0x80]);
        assert_eq!(write_unsigned(&[0]), [2, 1, 0]);
        assert_eq!(Der::new(&[2, 2, 0, 0x80]).unsigned(), Some(&[0x80][..]));
        assert_eq!(Der::new(&[2, 1, 0x80]).unsigned(), None);
    }
}
