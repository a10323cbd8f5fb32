//! Who may act for a signer of certificates, and whom a request for a certificate is about.

use crate::{Cluster, Question};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ravelin_object::Value;
use ravelin_object::user::UserInfo;

/// Whether a user may do something as a signer: by its name, or by all names of its domain.
///
/// Source: `k8s.io/kubernetes/pkg/certauthorization` `IsAuthorizedForSignerName`.
pub(crate) fn is_authorized(cluster: &dyn Cluster, user: &UserInfo, verb: &str, signer: &str) -> bool {
    let domain = signer.split('/').next().unwrap_or_default();
    [signer, &format!("{domain}/*")].into_iter().any(|name| {
        let answer = cluster.authorize(&Question {
            user,
            verb,
            group: "certificates.k8s.io",
            version: "*",
            resource: "signers",
            subresource: "",
            namespace: "",
            name,
        });
        answer.allowed && answer.error.is_none()
    })
}

/// Whom a request for a certificate is about.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Subject {
    /// The common name; of several the last.
    pub(crate) common_name: String,
    /// The organizations.
    pub(crate) organizations: Vec<String>,
}

/// The subject of the request for a certificate in `spec.request`.
///
/// # Errors
/// Where it is no request that can be read. Up to the form of the PEM the words are upstream's, beyond it our own.
///
/// Source: `k8s.io/kubernetes/pkg/apis/certificates` `ParseCSR`.
pub(crate) fn subject(request: &Value) -> Result<Subject, String> {
    let text = request.dotted("spec.request").and_then(Value::as_str).unwrap_or_default();
    let pem = STANDARD.decode(text).unwrap_or_default();
    let pem = String::from_utf8_lossy(&pem);
    let der = block(&pem).ok_or("PEM block type must be CERTIFICATE REQUEST")?;
    read_subject(&der).ok_or_else(|| "x509: malformed certificate request".to_owned())
}

/// The bytes of the first block of a PEM text, if it is a request for a certificate.
fn block(pem: &str) -> Option<Vec<u8>> {
    let begin =
        pem.lines().position(|line| line.starts_with("-----BEGIN ") && line.trim_end().ends_with("-----"))?;
    let mut lines = pem.lines().skip(begin).map(str::trim_end);
    if lines.next()? != "-----BEGIN CERTIFICATE REQUEST-----" {
        return None;
    }
    let mut body = String::new();
    for line in lines {
        if line == "-----END CERTIFICATE REQUEST-----" {
            return STANDARD.decode(body.as_bytes()).ok();
        }
        // A header ends in an empty line and has colons.
        if !line.contains(':') {
            body.extend(line.chars().filter(|letter| !letter.is_whitespace()));
        }
    }
    None
}

/// An element of DER: its tag, its content, and what follows it.
struct Element<'d> {
    tag: u8,
    content: &'d [u8],
    rest: &'d [u8],
}

const SEQUENCE: u8 = 0x30;
const SET: u8 = 0x31;
const INTEGER: u8 = 0x02;
const OBJECT_IDENTIFIER: u8 = 0x06;
const BIT_STRING: u8 = 0x03;
const ATTRIBUTES: u8 = 0xa0;

fn element(der: &[u8]) -> Option<Element<'_>> {
    let (tag, rest) = der.split_first()?;
    let (first, mut rest) = rest.split_first()?;
    let mut length = usize::from(*first);
    if *first & 0x80 != 0 {
        let count = usize::from(*first & 0x7f);
        let bytes = rest.get(..count).filter(|bytes| (1..=4).contains(&bytes.len()))?;
        length = bytes.iter().fold(0, |length, byte| (length << 8) | usize::from(*byte));
        rest = rest.get(count..)?;
        // DER takes the shortest form.
        if length < 0x80 || bytes.first() == Some(&0) {
            return None;
        }
    }
    Some(Element { tag: *tag, content: rest.get(..length)?, rest: rest.get(length..)? })
}

/// The content of an element of a tag, and what follows it.
fn expect(der: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    let Element { tag: found, content, rest } = element(der)?;
    (found == tag).then_some((content, rest))
}

fn read_subject(der: &[u8]) -> Option<Subject> {
    let (request, rest) = expect(der, SEQUENCE)?;
    let (info, tail) = expect(request, SEQUENCE)?;
    let (_, signature) = expect(tail, SEQUENCE)?;
    let (_, end) = expect(signature, BIT_STRING)?;
    let (_, info) = expect(info, INTEGER)?;
    let (mut name, info) = expect(info, SEQUENCE)?;
    let (_, attributes) = expect(info, SEQUENCE)?;
    if !rest.is_empty()
        || !end.is_empty()
        || !(attributes.is_empty() || expect(attributes, ATTRIBUTES).is_some())
    {
        return None;
    }
    let mut subject = Subject::default();
    while !name.is_empty() {
        let (mut set, further) = expect(name, SET)?;
        name = further;
        while !set.is_empty() {
            let (attribute, further) = expect(set, SEQUENCE)?;
            set = further;
            let (identifier, value) = expect(attribute, OBJECT_IDENTIFIER)?;
            let value = element(value)?;
            match identifier {
                // id-at-commonName, id-at-organizationName.
                [0x55, 0x04, 0x03] => subject.common_name = string(&value)?,
                [0x55, 0x04, 0x0a] => subject.organizations.push(string(&value)?),
                _ => {}
            }
        }
    }
    Some(subject)
}

/// The text of a string of ASN.1.
fn string(value: &Element<'_>) -> Option<String> {
    let latin = || value.content.iter().map(|byte| char::from(*byte)).collect();
    match value.tag {
        // UTF8String.
        0x0c => String::from_utf8(value.content.to_vec()).ok(),
        // NumericString, PrintableString, IA5String.
        0x12 | 0x13 | 0x16 if value.content.is_ascii() => Some(latin()),
        // T61String.
        0x14 => Some(latin()),
        // BMPString.
        0x1e => {
            let units: Vec<u16> = value
                .content
                .chunks(2)
                .map(|pair| pair.iter().fold(0, |unit, byte| (unit << 8) | u16::from(*byte)))
                .collect();
            value.content.len().is_multiple_of(2).then(|| String::from_utf16(&units).ok()).flatten()
        }
        _ => None,
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::plugins::testing::object;

    fn der(tag: u8, content: &[u8]) -> Vec<u8> {
        assert!(content.len() < 128);
        [&[tag, u8::try_from(content.len()).unwrap()], content].concat()
    }

    /// A request for a certificate, without key and signature: its base64 as `spec.request` has it.
    pub(crate) fn request(names: &[(u8, &str)]) -> String {
        let names: Vec<u8> = names
            .iter()
            .flat_map(|(kind, text)| {
                let attribute = [der(0x06, &[0x55, 0x04, *kind]), der(0x0c, text.as_bytes())].concat();
                der(0x31, &der(0x30, &attribute))
            })
            .collect();
        let info = [der(0x02, &[0]), der(0x30, &names), der(0x30, &[]), der(0xa0, &[])].concat();
        let whole = der(0x30, &[der(0x30, &info), der(0x30, &[]), der(0x03, &[0])].concat());
        let body = STANDARD.encode(whole);
        STANDARD.encode(format!(
            "-----BEGIN CERTIFICATE REQUEST-----\n{body}\n-----END CERTIFICATE REQUEST-----\n"
        ))
    }

    #[test]
    fn the_subject_is_read() {
        let of = |text: &str| subject(&object(&format!("{{spec: {{request: '{text}'}}}}")));
        let read = of(&request(&[(10, "a"), (3, "x"), (11, "unit"), (10, "b"), (3, "y")])).unwrap();
        assert_eq!(read.common_name, "y");
        assert_eq!(read.organizations, ["a", "b"]);
        let no_block = "PEM block type must be CERTIFICATE REQUEST";
        for text in ["", "%", &STANDARD.encode("x"), &STANDARD.encode("-----BEGIN CERTIFICATE-----\n")] {
            assert_eq!(of(text).unwrap_err(), no_block);
        }
        let pem = |body: &str| {
            STANDARD.encode(format!(
                "-----BEGIN CERTIFICATE REQUEST-----\n{body}\n-----END CERTIFICATE REQUEST-----\n"
            ))
        };
        assert_eq!(of(&pem("AAAA")).unwrap_err(), "x509: malformed certificate request");
        assert_eq!(of(&pem("!")).unwrap_err(), no_block);
    }
}
