//! Certificates and requests for them, as far as their outer form goes.
//!
//! Who a request is of and whether its signature holds is for the room that knows keys to say.

use crate::core::secret::decoded;

/// A block of PEM.
pub(crate) struct Block {
    /// What it says it is: `CERTIFICATE REQUEST`.
    pub(crate) kind: String,
    /// Whether there are headers before the content.
    pub(crate) has_headers: bool,
    /// The content.
    pub(crate) bytes: Vec<u8>,
}

/// The blocks of a text, in order; what is around them is ignored.
///
/// Source: `encoding/pem` `Decode`.
pub(crate) fn blocks(text: &[u8]) -> Vec<Block> {
    let text = String::from_utf8_lossy(text);
    let mut blocks = Vec::new();
    let mut open: Option<(String, Vec<&str>)> = None;
    for line in text.lines().map(str::trim_end) {
        if let Some(kind) = line.strip_prefix("-----BEGIN ").and_then(|rest| rest.strip_suffix("-----")) {
            open = Some((kind.to_owned(), Vec::new()));
        } else if let Some(kind) = line.strip_prefix("-----END ").and_then(|rest| rest.strip_suffix("-----"))
        {
            if let Some((begun, lines)) = open.take().filter(|(begun, _)| begun == kind) {
                blocks.extend(block(begun, &lines));
            }
        } else if let Some((_, lines)) = &mut open {
            lines.push(line);
        }
    }
    blocks
}

fn block(kind: String, lines: &[&str]) -> Option<Block> {
    let has_headers = lines.iter().any(|line| line.contains(':'));
    let content: String = lines.iter().filter(|line| !line.contains(':')).copied().collect();
    let is_base64 = content.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+/= \t".contains(&byte));
    is_base64.then(|| Block { kind, has_headers, bytes: decoded(&content) })
}

/// A request for a certificate, in parts.
///
/// Source: RFC 2986, section 4.2.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CertificateRequest {
    /// What is signed, as DER: the subject, its public key and the extensions it asks for.
    pub to_be_signed: Vec<u8>,
    /// How it is signed, as DER of an `AlgorithmIdentifier`.
    pub algorithm: Vec<u8>,
    /// The signature.
    pub signature: Vec<u8>,
    /// The subject, as DER of a `Name`.
    pub subject: Vec<u8>,
    /// The public key that has to verify the signature, as DER of a `SubjectPublicKeyInfo`.
    pub public_key: Vec<u8>,
}

/// The parts of a request for a certificate in PEM. Its signature is not checked here: the caller has to verify
/// `signature` over `to_be_signed` with `public_key`, and refuse `spec.request` where it does not hold.
///
/// # Errors
/// A text whose first block is no `CERTIFICATE REQUEST`, or whose content is no such structure.
///
/// Source: `k8s.io/kubernetes/pkg/apis/certificates` `ParseCSR`; the words are upstream's for the PEM, our own for the DER.
pub fn csr_parse(request: &[u8]) -> Result<CertificateRequest, String> {
    let first = blocks(request).into_iter().next();
    let block = first
        .filter(|block| block.kind == "CERTIFICATE REQUEST")
        .ok_or_else(|| "PEM block type must be CERTIFICATE REQUEST".to_owned())?;
    let malformed = || "asn1: structure error: the content is no certificate request".to_owned();
    structure(&block.bytes).ok_or_else(malformed)
}

const SEQUENCE: u8 = 0x30;
const INTEGER: u8 = 0x02;
const BITS: u8 = 0x03;

fn structure(der: &[u8]) -> Option<CertificateRequest> {
    let (tag, outer, _, rest) = element(der)?;
    if tag != SEQUENCE || !rest.is_empty() {
        return None;
    }
    let (tag, info, to_be_signed, rest) = element(outer)?;
    let (algorithm_tag, _, algorithm, rest) = element(rest)?;
    let (bits_tag, bits, _, rest) = element(rest)?;
    if tag != SEQUENCE || algorithm_tag != SEQUENCE || bits_tag != BITS || !rest.is_empty() {
        return None;
    }
    let signature = bits.strip_prefix(&[0])?;
    let (version, _, _, rest) = element(info)?;
    let (name, _, subject, rest) = element(rest)?;
    let (key, _, public_key, _) = element(rest)?;
    (version == INTEGER && name == SEQUENCE && key == SEQUENCE).then(|| CertificateRequest {
        to_be_signed: to_be_signed.to_vec(),
        algorithm: algorithm.to_vec(),
        signature: signature.to_vec(),
        subject: subject.to_vec(),
        public_key: public_key.to_vec(),
    })
}

/// Whether bytes have the outer form of a certificate.
pub(crate) fn is_certificate(der: &[u8]) -> bool {
    let Some((SEQUENCE, outer, _, rest)) = element(der) else {
        return false;
    };
    let parts = element(outer).and_then(|(first, _, _, rest)| {
        let (second, _, _, rest) = element(rest)?;
        let (third, _, _, rest) = element(rest)?;
        Some(first == SEQUENCE && second == SEQUENCE && third == BITS && rest.is_empty())
    });
    rest.is_empty() && parts == Some(true)
}

/// A tag, the content, the whole element, and what follows it.
type Element<'a> = (u8, &'a [u8], &'a [u8], &'a [u8]);

/// The first element of DER: its tag, its content, itself, and what follows.
fn element(der: &[u8]) -> Option<Element<'_>> {
    let (tag, rest) = der.split_first()?;
    let (first, rest) = rest.split_first()?;
    let (length, header) = if *first < 0x80 {
        (usize::from(*first), 2_usize)
    } else {
        let count = usize::from(*first & 0x7f);
        if count == 0 || count > 4 {
            return None;
        }
        let bytes = rest.get(..count)?;
        let length = bytes.iter().fold(0_usize, |sum, byte| (sum << 8) | usize::from(*byte));
        // The shortest form is the only one.
        if length < 0x80 || bytes.first() == Some(&0) {
            return None;
        }
        (length, count.saturating_add(2))
    };
    let end = header.checked_add(length)?;
    Some((*tag, der.get(header..end)?, der.get(..end)?, der.get(end..)?))
}
