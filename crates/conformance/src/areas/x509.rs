//! Client certificates: whose they are, and why not.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ravelin_authn::objects::Nothing;
use ravelin_authn::x509::{CertPool, Certificate, ClientCertificates};
use ravelin_authn::{Context, Outcome, Request, RequestAuthenticator, Timestamp};
use serde_json::{Value, json};

use super::Area;
use crate::record::{Difference, Fields};

/// A record of the kind `ca`, and those of the kind `authenticate` that follow it.
#[derive(Default)]
pub(super) struct Certificates {
    authorities: CertPool,
}

impl Area for Certificates {
    fn compare(&mut self, record: &Value) -> Vec<Difference> {
        Fields::compared(record, |fields| self.found(fields))
    }
}

impl Certificates {
    fn found(&mut self, fields: &mut Fields) -> Result<Value, Difference> {
        match fields.take::<String>("kind")?.as_str() {
            "ca" => {
                let authority = certificate(&fields.take::<String>("client_ca")?)?;
                self.authorities = CertPool::new(vec![authority]);
                return Ok(json!({}));
            }
            "authenticate" => {}
            other => return Err(Difference::form("kind", "ca or authenticate", other)),
        }
        let _: Option<Vec<String>> = fields.take("notes")?;
        let now: String = fields.take("now")?;
        let now = Timestamp::parse_rfc3339(&now).ok_or_else(|| Difference::form("now", "a time", &now))?;
        let peer: Vec<String> = fields.take("peer_certificates")?;
        let peer_certificates = peer.iter().map(|text| certificate(text)).collect::<Result<Vec<_>, _>>()?;
        let mut request = Request { peer_certificates, ..Request::default() };
        let authenticator = ClientCertificates { authorities: self.authorities.clone(), reads_uid: true };
        let answer = authenticator.authenticate(&mut request, &mut Context::new(now, None, &Nothing));
        Ok(json!({
            "authenticated": matches!(answer, Outcome::Authenticated(_)),
            "error": answer.error(),
            "user": answer.response().map(|response| {
                let user = &response.user;
                let groups = (!user.groups.is_empty()).then_some(&user.groups);
                json!({ "name": user.name, "uid": user.uid, "groups": groups, "extra": user.extra })
            }),
        }))
    }
}

fn certificate(text: &str) -> Result<Certificate, Difference> {
    let bytes = STANDARD.decode(text).map_err(|error| Difference::form("certificate", "base64", error))?;
    Certificate::parse(&bytes).map_err(|error| Difference::form("certificate", "one that can be read", error))
}
