//! Base64, percent signs and white space, as Go reads them.

use base64::Engine;
use base64::alphabet::{STANDARD, URL_SAFE};
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

const LENIENT: GeneralPurposeConfig = GeneralPurposeConfig::new().with_decode_allow_trailing_bits(true);
const RAW_URL: GeneralPurpose = GeneralPurpose::new(
    &URL_SAFE,
    LENIENT.with_encode_padding(false).with_decode_padding_mode(DecodePaddingMode::RequireNone),
);
const PADDED: GeneralPurpose =
    GeneralPurpose::new(&STANDARD, LENIENT.with_decode_padding_mode(DecodePaddingMode::RequireCanonical));

/// `base64.RawURLEncoding.DecodeString`: line ends are skipped, trailing bits are not looked at.
pub(crate) fn decode_url(text: &str) -> Option<Vec<u8>> {
    if text.contains(['\r', '\n']) {
        return RAW_URL.decode(text.replace(['\r', '\n'], "")).ok();
    }
    RAW_URL.decode(text).ok()
}

/// `base64.RawURLEncoding.EncodeToString`.
pub(crate) fn encode_url(bytes: &[u8]) -> String {
    RAW_URL.encode(bytes)
}

/// `base64.StdEncoding.Decode`: line ends are skipped, trailing bits are not looked at.
pub(crate) fn decode_standard(bytes: &[u8]) -> Option<Vec<u8>> {
    let kept: Vec<u8> = bytes.iter().copied().filter(|byte| !matches!(byte, b'\r' | b'\n')).collect();
    PADDED.decode(kept).ok()
}

/// `url.PathUnescape`; where a percent sign is not followed by two digits, the text as it is.
pub(crate) fn path_unescape(text: &str) -> String {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    loop {
        match rest {
            [] => return String::from_utf8_lossy(&out).into_owned(),
            [b'%', high, low, after @ ..] => {
                let (Some(high), Some(low)) = (hex(*high), hex(*low)) else { return text.to_owned() };
                out.push(high << 4 | low);
                rest = after;
            }
            [b'%', ..] => return text.to_owned(),
            [byte, after @ ..] => {
                out.push(*byte);
                rest = after;
            }
        }
    }
}

fn hex(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        b'A'..=b'F' => Some(digit - b'A' + 10),
        _ => None,
    }
}

/// Bytes as Go's `%x` writes them.
pub(crate) fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_is_as_lenient_as_go() {
        assert_eq!(decode_url("YWI").as_deref(), Some(&b"ab"[..]));
        // The last two bits of `J` are not zero.
        assert_eq!(decode_url("YWJ").as_deref(), Some(&b"ab"[..]));
        assert_eq!(decode_url("Y\nW\rI").as_deref(), Some(&b"ab"[..]));
        assert_eq!(decode_url("").as_deref(), Some(&b""[..]));
        for wrong in ["YWI=", "Y", "Y W", "a+b/", "\u{e9}"] {
            assert_eq!(decode_url(wrong), None, "{wrong}");
        }
        assert_eq!(decode_standard(b"YW\nI=").as_deref(), Some(&b"ab"[..]));
        assert_eq!(decode_standard(b"YWI"), None);
        assert_eq!(encode_url(&[0xfb, 0xff]), "-_8");
    }

    #[test]
    fn percent_signs_are_decoded_or_all_left() {
        assert_eq!(path_unescape("a%2fb%2Fc+d"), "a/b/c+d");
        assert_eq!(path_unescape("%41%zz"), "%41%zz");
        assert_eq!(path_unescape("%4"), "%4");
        assert_eq!(path_unescape("%ff"), "\u{fffd}");
    }
}
