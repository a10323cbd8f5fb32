//! Distinguished names: attributes and their texts, as Go's `crypto/x509` reads them.

use crate::der::{self, Der};

/// An attribute of a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Attribute {
    pub(super) oid: Vec<u8>,
    pub(super) value: String,
}

/// The attributes of a name, in their order.
pub(super) fn attributes(raw: &[u8]) -> Option<Vec<Attribute>> {
    let mut names = Der::new(raw).enter(der::SEQUENCE)?;
    let mut attributes = Vec::new();
    while !names.is_empty() {
        let mut set = names.enter(der::SET)?;
        while !set.is_empty() {
            let mut pair = set.enter(der::SEQUENCE)?;
            let oid = pair.read(der::OID)?;
            if !is_oid(oid) {
                return None;
            }
            let value = pair.any()?;
            attributes.push(Attribute { oid: oid.to_vec(), value: text(value.tag, value.content)? });
        }
    }
    Some(attributes)
}

/// Whether bytes are numbers of an object identifier: whole, in as few bytes as can be, and none too large for Go.
pub(super) fn is_oid(bytes: &[u8]) -> bool {
    let mut length = 0;
    let mut value: u64 = 0;
    for byte in bytes {
        if length == 0 && *byte == 0x80 {
            return false;
        }
        value = value << 7 | u64::from(byte & 0x7f);
        length += 1;
        if length > 5 || value > 0x7fff_ffff {
            return false;
        }
        if byte & 0x80 == 0 {
            (length, value) = (0, 0);
        }
    }
    !bytes.is_empty() && length == 0
}

fn text(tag: u8, bytes: &[u8]) -> Option<String> {
    const UTF8: u8 = 12;
    const NUMERIC: u8 = 18;
    const PRINTABLE: u8 = 19;
    const T61: u8 = 20;
    const IA5: u8 = 22;
    const BMP: u8 = 30;
    let of_ascii = |is_allowed: fn(&u8) -> bool| {
        bytes.iter().all(is_allowed).then(|| bytes.iter().map(|byte| char::from(*byte)).collect())
    };
    match tag {
        UTF8 => String::from_utf8(bytes.to_vec()).ok(),
        // T.61 is taken for Latin-1.
        T61 => Some(bytes.iter().map(|byte| char::from(*byte)).collect()),
        PRINTABLE => of_ascii(|byte| byte.is_ascii_alphanumeric() || b"'()+,-./ :=?*&".contains(byte)),
        NUMERIC => of_ascii(|byte| byte.is_ascii_digit() || *byte == b' '),
        IA5 => of_ascii(u8::is_ascii),
        BMP => basic_plane(bytes),
        _ => None,
    }
}

/// Two bytes for each character, none of them half a pair or none at all.
fn basic_plane(bytes: &[u8]) -> Option<String> {
    let bytes = if bytes.len().is_multiple_of(2) { bytes } else { return None };
    let bytes = bytes.strip_suffix(&[0, 0]).unwrap_or(bytes);
    let mut out = String::new();
    let mut rest = bytes;
    while let [high, low, after @ ..] = rest {
        let unit = u32::from(*high) << 8 | u32::from(*low);
        if matches!(unit, 0xfffe | 0xffff | 0xfdd0..=0xfdef) {
            return None;
        }
        out.push(char::from_u32(unit)?);
        rest = after;
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_read_by_their_tags() {
        assert_eq!(text(12, "é".as_bytes()).as_deref(), Some("é"));
        assert_eq!(text(12, &[0xff]), None);
        assert_eq!(text(19, b"a*b&c").as_deref(), Some("a*b&c"));
        assert_eq!(text(19, b"a@b"), None);
        assert_eq!(text(20, &[0xe9]).as_deref(), Some("é"));
        assert_eq!(text(22, b"a@b").as_deref(), Some("a@b"));
        assert_eq!(text(22, &[0xe9]), None);
        assert_eq!(text(18, b"1 2").as_deref(), Some("1 2"));
        assert_eq!(text(18, b"a"), None);
        assert_eq!(text(30, &[0, b'a', 0, 0]).as_deref(), Some("a"));
        assert_eq!(text(30, &[0xd8, 0]), None);
        assert_eq!(text(30, &[0]), None);
        assert_eq!(text(4, b"a"), None);
    }

    #[test]
    fn object_identifiers_are_whole() {
        assert!(is_oid(&[0x55, 4, 3]));
        for wrong in [&[][..], &[0x55, 0x80, 1], &[0x55, 0x81], &[0xff, 0xff, 0xff, 0xff, 0xff, 0x7f]] {
            assert!(!is_oid(wrong), "{wrong:?}");
        }
    }
}
