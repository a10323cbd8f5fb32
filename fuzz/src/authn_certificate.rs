//! A certificate that is read is all of the bytes, and is accepted only if the authority signed it.

use ravelin_authn::objects::Nothing;
use ravelin_authn::x509::{CertPool, Certificate, ClientCertificates};
use ravelin_authn::{Context, Outcome, Request, RequestAuthenticator, Timestamp};

/// An authority whose key was thrown away.
const AUTHORITY: &str = "-----BEGIN CERTIFICATE-----
MIIBejCCAR+gAwIBAgIUUb9ZN3x85Y1rgwAoOm6px8JQveowCgYIKoZIzj0EAwIw
EjEQMA4GA1UEAwwHZnV6ei1jYTAeFw0yNjExMjIwNDUyNDhaFw0zNjExMTkwNDUy
NDhaMBIxEDAOBgNVBAMMB2Z1enotY2EwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNC
AATg/hmZxmbDTm95m4bE6ct96L8dc842uXDLyORq2K1pBixTzk3ISQNpa6z/zC1x
xhUMjW9otSu6a2ufqDo1N0z8o1MwUTAdBgNVHQ4EFgQUMKYVipuXTEKDS+xSmjkG
tb8fEYMwHwYDVR0jBBgwFoAUMKYVipuXTEKDS+xSmjkGtb8fEYMwDwYDVR0TAQH/
BAUwAwEB/zAKBggqhkjOPQQDAgNJADBGAiEAsE4ha0w5ueliPK/nXb0QrtdBLN4K
sWILVo/kF814eGYCIQDlFwOUWrGJBEOpbhKcOswPoIg/LxajGKCobSDADnXLIg==
-----END CERTIFICATE-----
";

/// Reads the bytes as a certificate and shows it.
pub fn run(data: &[u8]) {
    let Ok(certificate) = Certificate::parse(data) else { return };
    assert_eq!(certificate.raw(), data);
    let authorities = CertPool::from_pem(AUTHORITY.as_bytes()).unwrap_or_default();
    assert_eq!(authorities.certificates().len(), 1);
    let is_authority = authorities.certificates().contains(&certificate);
    let now = certificate.not_after();
    let others = authorities.certificates().to_vec();
    let peer_certificates = std::iter::once(certificate).chain(others).collect();
    let mut request = Request { peer_certificates, ..Request::default() };
    let authenticator = ClientCertificates { authorities, reads_uid: true };
    let answer = authenticator.authenticate(&mut request, &mut Context::new(now, None, &Nothing));
    assert!(is_authority || !matches!(answer, Outcome::Authenticated(_)), "accepted");
    let _ = Timestamp::parse_rfc3339(&now.to_string());
}
