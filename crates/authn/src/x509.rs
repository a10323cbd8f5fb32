//! Client certificates: read, verified, and who they are of.
//!
//! Source: `k8s.io/apiserver/pkg/authentication/request/x509`, Go's `crypto/x509`.

mod certificate;
mod constraints;
mod extensions;
mod name;
mod verify;

use crate::encoding::hexadecimal;
use crate::{CREDENTIAL_ID, Context, Outcome, Request, RequestAuthenticator};
use aws_lc_rs::digest;
use ravelin_object::user::UserInfo;
use std::collections::BTreeMap;

pub use certificate::{Certificate, CertificateError};
pub use verify::{CertPool, VerifyError, verify_client, verify_request};

/// `1.3.6.1.4.1.57683.2`: the uid of a user, in a subject.
const UID: &[u8] = &[0x2b, 0x06, 0x01, 0x04, 0x01, 0x83, 0xc2, 0x53, 0x02];

/// Authenticates requests by the certificate their peer shows.
#[derive(Clone, Debug)]
pub struct ClientCertificates {
    /// The authorities whose certificates count: `--client-ca-file`.
    pub authorities: CertPool,
    /// Whether subjects may hold a uid: the gate `AllowParsingUserUIDFromCertAuth`, on since 1.33.
    pub reads_uid: bool,
}

impl RequestAuthenticator for ClientCertificates {
    fn authenticate(&self, request: &mut Request, context: &mut Context<'_>) -> Outcome {
        let [leaf, ..] = request.peer_certificates.as_slice() else { return Outcome::NotMine };
        if let Err(error) = verify_client(&request.peer_certificates, &self.authorities, context.now) {
            return Outcome::failed(format!("verifying certificate {} failed: {error}", identifier(leaf)));
        }
        match user_of(leaf, self.reads_uid) {
            Ok(Some(user)) => Outcome::user(user),
            Ok(None) => Outcome::NotMine,
            Err(error) => Outcome::failed(error),
        }
    }
}

/// Who a certificate is of: the last common name, and every organization as a group.
fn user_of(leaf: &Certificate, reads_uid: bool) -> Result<Option<UserInfo>, String> {
    let name = leaf.common_name();
    if name.is_empty() {
        return Ok(None);
    }
    let uid = if reads_uid { uid_of(leaf)? } else { String::new() };
    let credential = format!("X509SHA256={}", leaf.sha256());
    Ok(Some(UserInfo {
        name: name.to_owned(),
        uid,
        groups: leaf.organizations().map(str::to_owned).collect(),
        extra: BTreeMap::from([(CREDENTIAL_ID.to_owned(), vec![credential])]),
    }))
}

fn uid_of(leaf: &Certificate) -> Result<String, String> {
    let uids: Vec<&str> = leaf.attributes(UID).collect();
    match uids.as_slice() {
        [] => Ok(String::new()),
        [""] => Err("UID cannot be an empty string".to_owned()),
        [uid] => Ok((*uid).to_owned()),
        several => Err(format!("expected 1 UID, but found multiple: [{}]", several.join(" "))),
    }
}

/// How errors call a certificate.
fn identifier(certificate: &Certificate) -> String {
    let pairs = |bytes: &[u8]| {
        let pairs: Vec<String> = bytes.iter().map(|byte| format!("{byte:02X}")).collect();
        pairs.join(":")
    };
    let (subject, authority) = (certificate.subject_key_id(), certificate.authority_key_id());
    format!("SN={}, SKID={}, AKID={}", certificate.serial(), pairs(subject), pairs(authority))
}

impl Certificate {
    /// The SHA-256 of the certificate, in hexadecimal.
    #[must_use]
    pub fn sha256(&self) -> String {
        hexadecimal(digest::digest(&digest::SHA256, self.raw()).as_ref())
    }
}

/// Reads every certificate of a PEM text: `x509.CertPool.AppendCertsFromPEM`, but that what cannot be read is an error.
///
/// # Errors
/// Where a certificate cannot be read, or there is none.
pub fn certificates_from_pem(text: &[u8]) -> Result<Vec<Certificate>, CertificateError> {
    let blocks = crate::pem::blocks(text);
    let certificates = blocks.iter().filter(|block| block.kind == "CERTIFICATE" && !block.has_headers);
    let certificates: Vec<Certificate> =
        certificates.map(|block| Certificate::parse(&block.bytes)).collect::<Result<_, _>>()?;
    let none = CertificateError::new("data does not contain any valid certificates");
    if certificates.is_empty() { Err(none) } else { Ok(certificates) }
}

#[cfg(test)]
mod tests;
