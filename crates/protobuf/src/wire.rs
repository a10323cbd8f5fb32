//! The wire format of protobuf: tags, varints, lengths.
//!
//! Source: protobuf.dev/programming-guides/encoding, and the generated `Unmarshal` and `skipGenerated` of upstream, whose
//! words the faults have.

use crate::decode::DecodeError;

/// What a field holds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Piece<'b> {
    Varint(u64),
    Fixed(u64),
    Bytes(&'b [u8]),
    /// What no field of ours is written as: a group (3), or four bytes (5).
    Other(u8),
}

impl Piece<'_> {
    /// The type on the wire.
    pub(crate) const fn wire(&self) -> u8 {
        match self {
            Self::Varint(_) => 0,
            Self::Fixed(_) => 1,
            Self::Bytes(_) => 2,
            Self::Other(wire) => *wire,
        }
    }
}

/// Reads the fields of a message.
pub(crate) struct Reader<'b> {
    rest: &'b [u8],
}

impl<'b> Reader<'b> {
    pub(crate) const fn new(bytes: &'b [u8]) -> Self {
        Self { rest: bytes }
    }

    /// The number and content of the next field.
    pub(crate) fn field(&mut self) -> Result<Option<(u32, Piece<'b>)>, DecodeError> {
        if self.rest.is_empty() {
            return Ok(None);
        }
        let tag = self.varint()?;
        let wire = (tag & 7) as u8;
        if wire == 4 {
            return Err(DecodeError::EndOfNoGroup);
        }
        let number = number(tag).ok_or(DecodeError::IllegalTag { wire })?;
        let piece = match wire {
            0 => Piece::Varint(self.varint()?),
            1 => Piece::Fixed(self.fixed()?),
            2 => Piece::Bytes(self.bytes()?),
            3 => {
                self.pass_over_group()?;
                Piece::Other(wire)
            }
            5 => {
                self.take(4)?;
                Piece::Other(wire)
            }
            _ => return Err(DecodeError::IllegalWireType { wire }),
        };
        Ok(Some((number, piece)))
    }

    /// The varints of a packed list.
    pub(crate) fn packed(&mut self) -> Result<Option<u64>, DecodeError> {
        if self.rest.is_empty() { Ok(None) } else { self.varint().map(Some) }
    }

    fn varint(&mut self) -> Result<u64, DecodeError> {
        let mut value = 0u64;
        for shift in (0..64).step_by(7) {
            let (byte, rest) = self.rest.split_first().ok_or(DecodeError::UnexpectedEnd)?;
            self.rest = rest;
            value |= u64::from(byte & 0x7f) << shift;
            if *byte < 0x80 {
                return Ok(value);
            }
        }
        Err(DecodeError::Overflow)
    }

    pub(crate) fn fixed(&mut self) -> Result<u64, DecodeError> {
        let bytes = self.take(8)?;
        Ok(bytes.iter().rev().fold(0, |value, byte| value << 8 | u64::from(*byte)))
    }

    fn bytes(&mut self) -> Result<&'b [u8], DecodeError> {
        let length = self.varint()?;
        if i64::try_from(length).is_err() {
            return Err(DecodeError::NegativeLength);
        }
        self.take(usize::try_from(length).map_err(|_| DecodeError::UnexpectedEnd)?)
    }

    fn take(&mut self, count: usize) -> Result<&'b [u8], DecodeError> {
        let (taken, rest) = self.rest.split_at_checked(count).ok_or(DecodeError::UnexpectedEnd)?;
        self.rest = rest;
        Ok(taken)
    }

    fn pass_over_group(&mut self) -> Result<(), DecodeError> {
        let mut open = 1usize;
        while open > 0 {
            let tag = self.varint()?;
            match (tag & 7) as u8 {
                0 => drop(self.varint()?),
                1 => drop(self.take(8)?),
                2 => drop(self.bytes()?),
                3 => open += 1,
                4 => open -= 1,
                5 => drop(self.take(4)?),
                wire => return Err(DecodeError::IllegalWireType { wire }),
            }
        }
        Ok(())
    }
}

/// The number of a field, which Go has in 32 bits with a sign.
#[expect(clippy::cast_possible_truncation, reason = "upstream cuts it the same way")]
fn number(tag: u64) -> Option<u32> {
    u32::try_from((tag >> 3) as i32).ok().filter(|number| *number > 0)
}

/// Appends a varint.
pub(crate) fn write_varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push((value & 0x7f) as u8 | 0x80);
        value >>= 7;
    }
    out.push((value & 0x7f) as u8);
}

/// Appends a field of a varint.
pub(crate) fn write_number(out: &mut Vec<u8>, number: u32, value: u64) {
    write_varint(out, u64::from(number) << 3);
    write_varint(out, value);
}

/// Appends a field of eight bytes.
pub(crate) fn write_fixed(out: &mut Vec<u8>, number: u32, value: u64) {
    write_varint(out, u64::from(number) << 3 | 1);
    out.extend_from_slice(&value.to_le_bytes());
}

/// Appends a field of bytes.
pub(crate) fn write_bytes(out: &mut Vec<u8>, number: u32, bytes: &[u8]) {
    write_varint(out, u64::from(number) << 3 | 2);
    write_varint(out, bytes.len() as u64);
    out.extend_from_slice(bytes);
}

/// Appends a field of what `write` appends; nothing where that is nothing.
pub(crate) fn write_within(
    out: &mut Vec<u8>,
    number: u32,
    write: impl FnOnce(&mut Vec<u8>) -> Option<()>,
) -> Option<()> {
    write_varint(out, u64::from(number) << 3 | 2);
    let start = out.len();
    write(out)?;
    let mut length = Vec::with_capacity(10);
    write_varint(&mut length, (out.len() - start) as u64);
    out.splice(start..start, length);
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_come_back() {
        for value in [0, 1, 127, 128, 300, u64::from(u32::MAX), u64::MAX] {
            let mut bytes = Vec::new();
            write_number(&mut bytes, 5, value);
            write_fixed(&mut bytes, 6, value);
            let mut reader = Reader::new(&bytes);
            assert_eq!(reader.field(), Ok(Some((5, Piece::Varint(value)))));
            assert_eq!(reader.field(), Ok(Some((6, Piece::Fixed(value)))));
            assert_eq!(reader.field(), Ok(None));
        }
    }

    #[test]
    fn what_is_unknown_is_passed_over_and_what_is_broken_is_said() {
        type Field<'b> = Result<Option<(u32, Piece<'b>)>, DecodeError>;
        let cases: [(&[u8], Field<'_>); 9] = [
            (&[0x0b, 0x10, 1, 0x0c, 0x10, 7], Ok(Some((1, Piece::Other(3))))),
            (&[0x0d, 1, 2, 3, 4, 0x0a, 1, b'a'], Ok(Some((1, Piece::Other(5))))),
            (&[0x0b, 0x0b, 0x0c], Err(DecodeError::UnexpectedEnd)),
            (&[0x0c], Err(DecodeError::EndOfNoGroup)),
            (&[0x00], Err(DecodeError::IllegalTag { wire: 0 })),
            (&[0x0f], Err(DecodeError::IllegalWireType { wire: 7 })),
            (&[0x0a, 5, 1], Err(DecodeError::UnexpectedEnd)),
            (&[0x08, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 1], Err(DecodeError::Overflow)),
            (&[0x0a, 255, 255, 255, 255, 255, 255, 255, 255, 255, 1], Err(DecodeError::NegativeLength)),
        ];
        for (bytes, expected) in cases {
            assert_eq!(Reader::new(bytes).field(), expected, "{bytes:?}");
        }
    }
}
