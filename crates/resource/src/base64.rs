//! Bytes in JSON: base64 as Go's `encoding/base64` reads and writes it.
//!
//! Source: Go `encoding/base64`, `StdEncoding`: line breaks are passed over, padding is insisted on, bits behind the
//! last byte may be anything.

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// The text as Go writes the bytes that it reads from it.
///
/// # Errors
/// The offset that Go complains about.
pub(crate) fn canonical(text: &str) -> Result<String, usize> {
    let mut out = String::with_capacity(text.len());
    let mut reader = Reader { text: text.as_bytes(), at: 0 };
    while let Some(quantum) = reader.quantum()? {
        push(&mut out, &quantum);
    }
    Ok(out)
}

/// Bytes as Go writes them.
pub(crate) fn encoded(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for group in bytes.chunks(3) {
        let byte = |place: usize| group.get(place).copied().unwrap_or_default();
        let (one, two, three) = (byte(0), byte(1), byte(2));
        let digits = [one >> 2, (one & 3) << 4 | two >> 4, (two & 15) << 2 | three >> 6, three & 63];
        push(&mut out, &Quantum { digits, count: group.len() + 1 });
    }
    out
}

/// Up to four digits of six bits each.
struct Quantum {
    digits: [u8; 4],
    count: usize,
}

struct Reader<'t> {
    text: &'t [u8],
    at: usize,
}

impl Reader<'_> {
    fn quantum(&mut self) -> Result<Option<Quantum>, usize> {
        let mut quantum = Quantum { digits: [0; 4], count: 0 };
        for place in 0..4 {
            let Some(byte) = self.next_digit() else {
                return if place == 0 { Ok(None) } else { Err(self.at.saturating_sub(place)) };
            };
            match digit(byte) {
                Some(value) => {
                    if let Some(slot) = quantum.digits.get_mut(place) {
                        *slot = value;
                    }
                    quantum.count = place + 1;
                }
                None if byte == b'=' => {
                    self.padding(place)?;
                    return Ok(Some(quantum));
                }
                None => return Err(self.at - 1),
            }
        }
        Ok(Some(quantum))
    }

    /// What is behind the first `=`: another one where two digits are missing, and then the end.
    fn padding(&mut self, place: usize) -> Result<(), usize> {
        if place < 2 {
            return Err(self.at - 1);
        }
        if place == 2 {
            self.pass_over_breaks();
            match self.text.get(self.at) {
                None => return Err(self.text.len()),
                Some(b'=') => self.at += 1,
                Some(_) => return Err(self.at - 1),
            }
        }
        self.pass_over_breaks();
        if self.at < self.text.len() { Err(self.at) } else { Ok(()) }
    }

    fn next_digit(&mut self) -> Option<u8> {
        self.pass_over_breaks();
        let byte = self.text.get(self.at)?;
        self.at += 1;
        Some(*byte)
    }

    fn pass_over_breaks(&mut self) {
        while matches!(self.text.get(self.at), Some(b'\n' | b'\r')) {
            self.at += 1;
        }
    }
}

fn digit(byte: u8) -> Option<u8> {
    match byte {
        b'A'..=b'Z' => Some(byte - b'A'),
        b'a'..=b'z' => Some(byte - b'a' + 26),
        b'0'..=b'9' => Some(byte - b'0' + 52),
        b'+' => Some(62),
        b'/' => Some(63),
        _ => None,
    }
}

/// Writes a quantum with padding, and without the bits that are of no byte.
fn push(out: &mut String, quantum: &Quantum) {
    let mut digits = quantum.digits;
    let mask = match quantum.count {
        2 => 0b11_0000,
        3 => 0b11_1100,
        _ => 0b11_1111,
    };
    if let Some(last) = quantum.count.checked_sub(1).and_then(|last| digits.get_mut(last)) {
        *last &= mask;
    }
    for place in 0..4 {
        let letter = digits.get(place).and_then(|digit| ALPHABET.get(usize::from(*digit)));
        out.push(if place < quantum.count { letter.map_or('=', |letter| char::from(*letter)) } else { '=' });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_is_read_as_go_reads_it() {
        let cases = [
            ("", Ok("")),
            ("YWJj", Ok("YWJj")),
            ("YW\nJj\r\n", Ok("YWJj")),
            ("YQ==", Ok("YQ==")),
            ("YR==", Ok("YQ==")),
            ("YWI=", Ok("YWI=")),
            ("YWK=", Ok("YWI=")),
            ("YQ=\n=\n", Ok("YQ==")),
            ("YQ", Err(0)),
            ("YWJjYQ", Err(4)),
            ("YQ=", Err(3)),
            ("YQ=a", Err(2)),
            ("=", Err(0)),
            ("Y===", Err(1)),
            ("YQ==YQ==", Err(4)),
            ("a-b_", Err(1)),
            ("YWJjé", Err(4)),
        ];
        for (text, expected) in cases {
            assert_eq!(canonical(text).as_deref(), expected.as_ref().map(|text| *text), "{text:?}");
        }
    }

    #[test]
    fn bytes_are_written_as_go_writes_them() {
        for (bytes, text) in
            [(&b""[..], ""), (b"a", "YQ=="), (b"ab", "YWI="), (b"abc", "YWJj"), (b"\xff\xfe", "//4=")]
        {
            assert_eq!(encoded(bytes), text);
            assert_eq!(canonical(text).as_deref(), Ok(text));
        }
    }
}
