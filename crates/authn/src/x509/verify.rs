//! Whether a certificate is good for a client: a chain to an authority, in Go's words.
//!
//! Source: Go's `crypto/x509` `Certificate.Verify` with `KeyUsages: [ClientAuth]`. Policies are not worked out: a chain
//! that demands them is refused.

use super::certificate::{Signed, signed_with};
use super::constraints::check_chain;
use super::extensions::Usages;
use super::{Certificate, CertificateError};
use crate::Timestamp;
use crate::der::{self, Der};
use crate::keys::{Algorithm, PublicKey};
use ravelin_object::selector::quoted;

/// How many signatures are looked at for one certificate, at most.
const MOST_CHECKS: usize = 100;

/// Authorities that are trusted, or certificates that came along.
#[derive(Clone, Debug, Default)]
pub struct CertPool {
    certificates: Vec<Certificate>,
}

impl CertPool {
    /// The certificates, each once.
    #[must_use]
    pub fn new(certificates: Vec<Certificate>) -> Self {
        let mut pool = Self::default();
        for certificate in certificates {
            if !pool.certificates.iter().any(|other| other.raw == certificate.raw) {
                pool.certificates.push(certificate);
            }
        }
        pool
    }

    /// The certificates of a PEM text.
    ///
    /// # Errors
    /// Where one cannot be read, or there is none.
    pub fn from_pem(text: &[u8]) -> Result<Self, CertificateError> {
        super::certificates_from_pem(text).map(Self::new)
    }

    /// The certificates.
    #[must_use]
    pub fn certificates(&self) -> &[Certificate] {
        &self.certificates
    }

    /// Those that may have signed a certificate, the likelier ones first.
    fn parents<'a>(&'a self, child: &Certificate) -> Vec<&'a Certificate> {
        let named = self.certificates.iter().filter(|parent| parent.subject == child.issuer);
        let mut parents: Vec<&Certificate> = named.collect();
        parents.sort_by_key(|parent| {
            let (of_parent, of_child) = (parent.subject_key_id(), child.authority_key_id());
            match (of_parent == of_child, of_parent.is_empty() != of_child.is_empty()) {
                (true, _) => 0,
                (false, true) => 1,
                (false, false) => 2,
            }
        });
        parents
    }
}

/// Why a certificate is no good; the text is Go's.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct VerifyError(String);

impl VerifyError {
    fn new(text: &str) -> Self {
        Self(text.to_owned())
    }
}

/// Why a candidate did not sign a certificate.
struct Hint {
    error: VerifyError,
    candidate: String,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Leaf,
    Intermediate,
    Root,
}

/// Verifies the first certificate for a client at a point in time, with the others to help.
///
/// # Errors
/// Where no chain leads to an authority, or none that may be used.
pub fn verify_client(
    presented: &[Certificate],
    authorities: &CertPool,
    now: Timestamp,
) -> Result<(), VerifyError> {
    let [leaf, others @ ..] = presented else { return Err(VerifyError::new("x509: no certificate")) };
    check(leaf, Place::Leaf, &[], now)?;
    let is_authority = authorities.certificates.iter().any(|authority| authority.raw == leaf.raw);
    let intermediates = CertPool::new(others.to_vec());
    let chains = if is_authority {
        vec![vec![leaf]]
    } else {
        let mut search = Search { authorities, intermediates: &intermediates, now, checks: 0 };
        search.chains(&[leaf])?
    };
    let mut named = None;
    let (mut unfit, mut unproven) = (0, 0);
    for chain in &chains {
        if chain.iter().any(|certificate| certificate.extensions.demands_policies) {
            unproven += 1;
        } else if chain.iter().any(|certificate| certificate.extensions.usages == Usages::Others) {
            unfit += 1;
        } else if let Err(error) = check_chain(chain) {
            named.get_or_insert(error);
        } else {
            return Ok(());
        }
    }
    Err(without_chain(named, unfit, unproven))
}

fn without_chain(named: Option<String>, unfit: usize, unproven: usize) -> VerifyError {
    if let Some(error) = named {
        let text = "x509: a root or intermediate certificate is not authorized to sign for this name";
        return VerifyError(format!("{text}: {error}"));
    }
    if unfit > 0 && unproven == 0 {
        return VerifyError::new("x509: certificate specifies an incompatible key usage");
    }
    let mut details = Vec::new();
    if unfit > 0 {
        details.push(format!("{unfit} candidate chains with incompatible key usage"));
    }
    if unproven > 0 {
        details.push(format!("{unproven} candidate chains with invalid policies"));
    }
    VerifyError(format!("x509: no valid chains built: {}", details.join(", ")))
}

struct Search<'a> {
    authorities: &'a CertPool,
    intermediates: &'a CertPool,
    now: Timestamp,
    checks: usize,
}

impl<'a> Search<'a> {
    /// Every chain that goes on from this one to an authority.
    fn chains(&mut self, chain: &[&'a Certificate]) -> Result<Vec<Vec<&'a Certificate>>, VerifyError> {
        let Some(child) = chain.last().copied() else { return Ok(Vec::new()) };
        let (authorities, intermediates) = (self.authorities, self.intermediates);
        let roots = authorities.parents(child).into_iter().map(|parent| (Place::Root, parent));
        let others = intermediates.parents(child).into_iter().map(|parent| (Place::Intermediate, parent));
        let mut chains = Vec::new();
        let mut hint = None;
        let mut last_error = None;
        for (place, parent) in roots.chain(others) {
            self.checks += 1;
            if self.checks > MOST_CHECKS {
                last_error = Some(VerifyError::new(
                    "x509: signature check attempts limit reached while verifying certificate chain",
                ));
                break;
            }
            if parent.key.is_none() || is_in(parent, chain) {
                continue;
            }
            if let Err(error) = check_signature(child, parent) {
                hint.get_or_insert_with(|| Hint { error, candidate: called(parent) });
                continue;
            }
            // In Go, the error of the last candidate whose signature fits stays, or goes with the next that is good.
            last_error = check(parent, place, chain, self.now).err();
            if let Some(error) = &last_error {
                hint.get_or_insert_with(|| Hint { error: error.clone(), candidate: called(parent) });
                continue;
            }
            let longer: Vec<&Certificate> = chain.iter().copied().chain([parent]).collect();
            if place == Place::Root {
                chains.push(longer);
            } else {
                match self.chains(&longer) {
                    Ok(more) => chains.extend(more),
                    Err(error) => last_error = Some(error),
                }
            }
        }
        if chains.is_empty() { Err(last_error.unwrap_or_else(|| unknown(hint))) } else { Ok(chains) }
    }
}

fn unknown(hint: Option<Hint>) -> VerifyError {
    let text = "x509: certificate signed by unknown authority";
    match hint {
        None => VerifyError::new(text),
        Some(Hint { error, candidate }) => {
            let (error, candidate) = (quoted(&error.0), quoted(&candidate));
            VerifyError(format!(
                "{text} (possibly because of {error} while trying to verify candidate authority certificate \
                 {candidate})"
            ))
        }
    }
}

/// How errors call an authority.
fn called(certificate: &Certificate) -> String {
    let name = certificate.common_name();
    if !name.is_empty() {
        return name.to_owned();
    }
    let organization = certificate.organizations().next().map(str::to_owned);
    organization.unwrap_or_else(|| format!("serial:{}", certificate.serial()))
}

/// Whether a chain holds a certificate of the same subject, key and alternative names.
fn is_in(candidate: &Certificate, chain: &[&Certificate]) -> bool {
    let is_alike =
        |other: &&&Certificate| candidate.subject == other.subject && candidate.key_info == other.key_info;
    let names = &candidate.extensions.alternative_names;
    for other in chain.iter().filter(is_alike) {
        match (names, &other.extensions.alternative_names) {
            (None, None) => return true,
            (Some(names), Some(others)) if names == others => return true,
            (Some(_), Some(_)) => {}
            _ => return false,
        }
    }
    false
}

/// Whether a certificate may stand at its place in a chain.
fn check(
    certificate: &Certificate,
    place: Place,
    chain: &[&Certificate],
    now: Timestamp,
) -> Result<(), VerifyError> {
    if certificate.extensions.is_beyond_us {
        return Err(VerifyError::new("x509: unhandled critical extension"));
    }
    let outside = if now < certificate.not_before {
        Some(("before", certificate.not_before))
    } else if now > certificate.not_after {
        Some(("after", certificate.not_after))
    } else {
        None
    };
    if let Some((side, end)) = outside {
        return Err(VerifyError(format!(
            "x509: certificate has expired or is not yet valid: current time {now} is {side} {end}"
        )));
    }
    if place == Place::Intermediate && certificate.extensions.is_authority != Some(true) {
        return Err(VerifyError::new("x509: certificate is not authorized to sign other certificates"));
    }
    let below = i64::try_from(chain.len()).unwrap_or(i64::MAX) - 1;
    if certificate.extensions.path_length.is_some_and(|most| below > most) {
        return Err(VerifyError::new("x509: too many intermediates for path length constraint"));
    }
    Ok(())
}

fn check_signature(child: &Certificate, parent: &Certificate) -> Result<(), VerifyError> {
    let extensions = &parent.extensions;
    let is_refused = match extensions.is_authority {
        Some(is_authority) => !is_authority,
        None => parent.version == 3,
    };
    if is_refused || extensions.may_sign_certificates == Some(false) {
        return Err(VerifyError::new(
            "x509: invalid signature: parent certificate cannot sign this kind of certificate",
        ));
    }
    let unknown = || VerifyError::new("x509: cannot verify signature: algorithm unimplemented");
    let key = parent.key.as_ref().ok_or_else(unknown)?;
    let algorithm = match child.signed {
        Signed::With(algorithm) => algorithm,
        Signed::Insecurely(name) => {
            return Err(VerifyError(format!("x509: cannot verify signature: insecure algorithm {name}")));
        }
        Signed::Otherwise => return Err(unknown()),
    };
    if !key.verify_certificate(algorithm, &child.signed_part, &child.signature) {
        return Err(VerifyError(mismatch(algorithm, key)));
    }
    Ok(())
}

/// Whether a request for a certificate is signed by the key that it is for. Arguments are DER: what is signed, its
/// `AlgorithmIdentifier`, the signature, and the `SubjectPublicKeyInfo` of the key.
///
/// # Errors
/// Go's words for a signature that does not hold.
///
/// Source: Go `crypto/x509` `CertificateRequest.CheckSignature`.
pub fn verify_request(
    to_be_signed: &[u8],
    algorithm: &[u8],
    signature: &[u8],
    public_key: &[u8],
) -> Result<(), VerifyError> {
    let unknown = || VerifyError::new("x509: cannot verify signature: algorithm unimplemented");
    let key = PublicKey::from_spki(public_key).ok_or_else(unknown)?;
    let content = Der::new(algorithm).read(der::SEQUENCE).ok_or_else(unknown)?;
    let algorithm = match signed_with(content).ok_or_else(unknown)? {
        Signed::With(algorithm) => algorithm,
        Signed::Insecurely(name) => {
            return Err(VerifyError(format!("x509: cannot verify signature: insecure algorithm {name}")));
        }
        Signed::Otherwise => return Err(unknown()),
    };
    if key.verify_certificate(algorithm, to_be_signed, signature) {
        return Ok(());
    }
    Err(VerifyError(mismatch(algorithm, &key)))
}

/// What Go says about a signature that is not by the key.
fn mismatch(algorithm: Algorithm, key: &PublicKey) -> String {
    let (kind, of_key, text) = match algorithm {
        Algorithm::RsaPkcs1(_) | Algorithm::RsaPss(_) => {
            ("RSA", "*rsa.PublicKey", "crypto/rsa: verification error")
        }
        Algorithm::Ecdsa(_) => ("ECDSA", "*ecdsa.PublicKey", "x509: ECDSA verification failure"),
        Algorithm::Ed25519 => ("Ed25519", "ed25519.PublicKey", "x509: Ed25519 verification failure"),
    };
    if key.go_type() != of_key {
        let found = key.go_type();
        return format!(
            "x509: signature algorithm specifies an {kind} public key, but have public key of type {found}"
        );
    }
    match key.rsa_bits() {
        Some(bits) if bits < 1024 => format!(
            "crypto/rsa: {bits}-bit keys are insecure (see https://go.dev/pkg/crypto/rsa#hdr-Minimum_key_size)"
        ),
        _ => text.to_owned(),
    }
}
