use super::*;
use crate::Timestamp;
use crate::der::{self, write};
use crate::objects::Nothing;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair};

const NOW: i64 = 1_772_366_400;
/// `ecdsa-with-SHA256`.
const SIGNED: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02];

struct Maker {
    pair: EcdsaKeyPair,
    name: Vec<u8>,
}

fn name(attributes: &[(&[u8], &str)]) -> Vec<u8> {
    let sets = attributes.iter().map(|(oid, value)| {
        let pair = [write(der::OID, oid), write(12, value.as_bytes())].concat();
        write(der::SET, &write(der::SEQUENCE, &pair))
    });
    write(der::SEQUENCE, &sets.collect::<Vec<_>>().concat())
}

const CN: &[u8] = &[0x55, 0x04, 0x03];
const O: &[u8] = &[0x55, 0x04, 0x0a];

fn maker(common_name: &str) -> Maker {
    let random = SystemRandom::new();
    let algorithm = &ECDSA_P256_SHA256_ASN1_SIGNING;
    let der = EcdsaKeyPair::generate_pkcs8(algorithm, &random).unwrap();
    let pair = EcdsaKeyPair::from_pkcs8(algorithm, der.as_ref()).unwrap();
    Maker { pair, name: name(&[(CN, common_name)]) }
}

fn extension(oid: &[u8], critical: bool, value: &[u8]) -> Vec<u8> {
    let flag = if critical { write(der::BOOLEAN, &[0xff]) } else { Vec::new() };
    write(der::SEQUENCE, &[write(der::OID, oid), flag, write(der::OCTET_STRING, value)].concat())
}

fn authority() -> Vec<u8> {
    extension(&[0x55, 0x1d, 19], true, &write(der::SEQUENCE, &write(der::BOOLEAN, &[0xff])))
}

fn usage(last: u8) -> Vec<u8> {
    let oid = write(der::OID, &[0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, last]);
    extension(&[0x55, 0x1d, 37], false, &write(der::SEQUENCE, &oid))
}

impl Maker {
    fn issue(&self, subject: &Maker, subject_name: &[u8], extensions: &[Vec<u8>]) -> Certificate {
        Certificate::parse(&self.issue_der(subject, subject_name, extensions)).unwrap()
    }

    fn issue_der(&self, subject: &Maker, subject_name: &[u8], extensions: &[Vec<u8>]) -> Vec<u8> {
        let algorithm = write(der::SEQUENCE, &write(der::OID, SIGNED));
        let times = [write(der::UTC_TIME, b"260301110000Z"), write(der::UTC_TIME, b"260301130000Z")].concat();
        let key =
            crate::keys::PublicKey::from_point(crate::keys::Curve::P256, subject.pair.public_key().as_ref());
        let list = write(der::SEQUENCE, &extensions.concat());
        let to_be_signed = write(
            der::SEQUENCE,
            &[
                write(der::constructed(0), &write(der::INTEGER, &[2])),
                write(der::INTEGER, &[101]),
                algorithm.clone(),
                self.name.clone(),
                write(der::SEQUENCE, &times),
                subject_name.to_vec(),
                key.unwrap().to_spki(),
                if extensions.is_empty() { Vec::new() } else { write(der::constructed(3), &list) },
            ]
            .concat(),
        );
        let signature = self.pair.sign(&SystemRandom::new(), &to_be_signed).unwrap();
        let bits = write(der::BIT_STRING, &[&[0], signature.as_ref()].concat());
        write(der::SEQUENCE, &[to_be_signed, algorithm, bits].concat())
    }

    fn root(&self) -> CertPool {
        CertPool::new(vec![self.issue(self, &self.name, &[authority()])])
    }
}

fn said(roots: &CertPool, presented: Vec<Certificate>, now: i64) -> Result<Option<UserInfo>, String> {
    let authenticator = ClientCertificates { authorities: roots.clone(), reads_uid: true };
    let mut request = Request { peer_certificates: presented, ..Request::default() };
    let answer = authenticator
        .authenticate(&mut request, &mut Context::new(Timestamp::from_unix(now), None, &Nothing));
    match answer.error() {
        Some(error) => Err(error.rsplit_once("failed: ").map_or(error.clone(), |(_, why)| why.to_owned())),
        None => Ok(answer.response().map(|response| response.user.clone())),
    }
}

#[test]
fn a_certificate_names_a_user() {
    let (ca, leaf) = (maker("kubernetes"), maker("x"));
    let subject = name(&[(CN, "first"), (O, "dev"), (O, "ops"), (CN, "alice"), (UID, "u-1")]);
    let certificate = ca.issue(&leaf, &subject, &[usage(2)]);
    assert_eq!(certificate.serial(), "101");
    assert_eq!(certificate.not_after().to_string(), "2026-03-01T13:00:00Z");
    let user = said(&ca.root(), vec![certificate.clone()], NOW).unwrap().unwrap();
    assert_eq!((user.name.as_str(), user.uid.as_str()), ("alice", "u-1"));
    assert_eq!(user.groups, ["dev", "ops"]);
    assert_eq!(user.extra[CREDENTIAL_ID], [format!("X509SHA256={}", certificate.sha256())]);
    let nameless = ca.issue(&leaf, &name(&[(O, "dev")]), &[]);
    assert_eq!(said(&ca.root(), vec![nameless], NOW).unwrap(), None);
    assert_eq!(said(&ca.root(), Vec::new(), NOW).unwrap(), None);
    let two = ca.issue(&leaf, &name(&[(CN, "a"), (UID, "1"), (UID, "2")]), &[]);
    assert_eq!(said(&ca.root(), vec![two], NOW).unwrap_err(), "expected 1 UID, but found multiple: [1 2]");
    let empty = ca.issue(&leaf, &name(&[(CN, "a"), (UID, "")]), &[]);
    assert_eq!(said(&ca.root(), vec![empty], NOW).unwrap_err(), "UID cannot be an empty string");
}

#[test]
fn certificates_are_refused_in_go_s_words() {
    let (ca, other, leaf) = (maker("kubernetes"), maker("kubernetes"), maker("x"));
    let subject = name(&[(CN, "alice")]);
    let good = ca.issue(&leaf, &subject, &[]);
    let error =
        |roots: &CertPool, certificate: Certificate, now| said(roots, vec![certificate], now).unwrap_err();
    assert_eq!(
        error(&ca.root(), good.clone(), NOW - 3601),
        "x509: certificate has expired or is not yet valid: current time 2026-03-01T10:59:59Z is before \
         2026-03-01T11:00:00Z"
    );
    assert_eq!(
        error(&ca.root(), good.clone(), NOW + 3601),
        "x509: certificate has expired or is not yet valid: current time 2026-03-01T13:00:01Z is after \
         2026-03-01T13:00:00Z"
    );
    assert_eq!(
        error(&other.root(), good.clone(), NOW),
        "x509: certificate signed by unknown authority (possibly because of \"x509: ECDSA verification failure\" \
         while trying to verify candidate authority certificate \"kubernetes\")"
    );
    let stranger = maker("stranger").root();
    assert_eq!(error(&stranger, good, NOW), "x509: certificate signed by unknown authority");
    let server = ca.issue(&leaf, &subject, &[usage(1)]);
    assert_eq!(error(&ca.root(), server, NOW), "x509: certificate specifies an incompatible key usage");
    let strange = ca.issue(&leaf, &subject, &[extension(&[0x2a, 3], true, &[5, 0])]);
    assert_eq!(error(&ca.root(), strange, NOW), "x509: unhandled critical extension");
    let no_authority = CertPool::new(vec![ca.issue(&ca, &ca.name, &[])]);
    assert!(error(&no_authority, ca.issue(&leaf, &subject, &[]), NOW).contains("cannot sign this kind"));
}

#[test]
fn chains_lead_over_authorities_that_came_along() {
    let (ca, middle, leaf) = (maker("root"), maker("middle"), maker("x"));
    let subject = name(&[(CN, "alice")]);
    let of_middle = middle.issue(&leaf, &subject, &[]);
    let good = ca.issue(&middle, &middle.name, &[authority()]);
    assert!(said(&ca.root(), vec![of_middle.clone(), good.clone()], NOW).unwrap().is_some());
    assert!(said(&ca.root(), vec![of_middle.clone()], NOW).is_err());
    let no_authority = ca.issue(&middle, &middle.name, &[]);
    assert!(said(&ca.root(), vec![of_middle.clone(), no_authority], NOW).is_err());
    let unfit = ca.issue(&middle, &middle.name, &[authority(), usage(1)]);
    let error = said(&ca.root(), vec![of_middle, unfit], NOW).unwrap_err();
    assert_eq!(error, "x509: certificate specifies an incompatible key usage");
    let names = |text: &str| {
        let names = write(der::SEQUENCE, &write(0x82, text.as_bytes()));
        extension(&[0x55, 0x1d, 17], false, &names)
    };
    let tree = write(der::SEQUENCE, &write(0x82, b"example.com"));
    let constraint = write(der::SEQUENCE, &write(der::constructed(0), &tree));
    let held =
        ca.issue(&middle, &middle.name, &[authority(), extension(&[0x55, 0x1d, 30], true, &constraint)]);
    let inside = middle.issue(&leaf, &subject, &[names("a.example.com")]);
    let outside = middle.issue(&leaf, &subject, &[names("example.org")]);
    assert!(said(&ca.root(), vec![inside, held.clone()], NOW).unwrap().is_some());
    assert_eq!(
        said(&ca.root(), vec![outside, held], NOW).unwrap_err(),
        "x509: a root or intermediate certificate is not authorized to sign for this name: DNS name \
         \"example.org\" is not permitted by any constraint"
    );
    let loops =
        vec![middle.issue(&leaf, &subject, &[]), middle.issue(&middle, &middle.name, &[authority()]), good];
    assert!(said(&ca.root(), loops, NOW).unwrap().is_some());
}

#[test]
fn bytes_that_are_no_certificate_are_refused() {
    let (ca, leaf) = (maker("kubernetes"), maker("x"));
    let good = ca.issue_der(&leaf, &name(&[(CN, "alice")]), &[usage(2)]);
    for end in 0..good.len() {
        assert!(Certificate::parse(&good[..end]).is_err(), "{end}");
    }
    let longer = [good.as_slice(), &[0]].concat();
    assert!(Certificate::parse(&longer).is_err());
    let twice = ca.issue_der(&leaf, &ca.name, &[usage(2), usage(2)]);
    assert!(Certificate::parse(&twice).is_err());
    let roots = ca.root();
    for index in 0..good.len() {
        let mut changed = good.clone();
        changed[index] ^= 0x01;
        // A changed algorithm is found on both sides or not at all; nothing else is signed.
        let user =
            Certificate::parse(&changed).ok().and_then(|changed| said(&roots, vec![changed], NOW).ok());
        assert!(user.flatten().is_none(), "byte {index}");
    }
}

#[test]
fn pem_is_read_without_noise() {
    let ca = maker("kubernetes");
    let der = ca.issue_der(&ca, &ca.name, &[authority()]);
    let text = crate::keys::testing::pem("CERTIFICATE", &der);
    let pool = CertPool::from_pem(format!("noise\n{text}{text}").as_bytes()).unwrap();
    assert_eq!(pool.certificates().len(), 1);
    assert!(CertPool::from_pem(b"").is_err());
    assert!(CertPool::from_pem(crate::keys::testing::pem("CERTIFICATE", b"x").as_bytes()).is_err());
}
