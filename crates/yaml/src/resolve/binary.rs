//! The tag `!!binary`.

/// The text whose bytes are written in base64. Bytes that are no UTF-8 become U+FFFD each, which is what they
/// become in JSON. Line breaks count nowhere; padding must be complete.
pub(super) fn decode(text: &str) -> Result<String, String> {
    decode_bytes(text).map_or_else(
        || Err("found a '!!binary' value that is not base64".to_owned()),
        |bytes| Ok(lossy(&bytes)),
    )
}

fn decode_bytes(text: &str) -> Option<Vec<u8>> {
    let digits: Vec<u8> = text.bytes().filter(|byte| !matches!(byte, b'\n' | b'\r')).collect();
    let (groups, rest) = digits.as_chunks::<4>();
    if !rest.is_empty() {
        return None;
    }
    let mut bytes = Vec::with_capacity(groups.len() * 3);
    for (index, group) in groups.iter().enumerate() {
        let padding = match group {
            [_, _, b'=', b'='] => 2,
            [_, _, _, b'='] => 1,
            _ => 0,
        };
        if padding > 0 && index + 1 != groups.len() {
            return None;
        }
        let mut bits: u32 = 0;
        for (place, byte) in group.iter().enumerate() {
            let digit = if place + padding >= 4 { 0 } else { digit(*byte)? };
            bits = bits << 6 | digit;
        }
        let [_, first, second, third] = bits.to_be_bytes();
        bytes.extend([first, second, third].iter().take(3 - padding));
    }
    Some(bytes)
}

fn digit(byte: u8) -> Option<u32> {
    let value = match byte {
        b'A'..=b'Z' => byte - b'A',
        b'a'..=b'z' => byte - b'a' + 26,
        b'0'..=b'9' => byte - b'0' + 52,
        b'+' => 62,
        b'/' => 63,
        _ => return None,
    };
    Some(u32::from(value))
}

fn lossy(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        text.extend(chunk.invalid().iter().map(|_| char::REPLACEMENT_CHARACTER));
    }
    text
}
