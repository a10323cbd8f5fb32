//! `CertificateSigning`: who may hand out certificates.

use super::prelude::*;
use crate::fields::equal;
use crate::signers::is_authorized;
use ravelin_object::selector::quoted;

pub(super) const ENTRY: Entry = Entry {
    name: "CertificateSigning",
    about: "Refuses a change of the certificate or the conditions of a request by who may not sign for its signer.",
    source: "k8s.io/kubernetes/plugin/pkg/admission/certificates/signing",
    build: plain!(CertificateSigning),
};

struct CertificateSigning;

impl Plugin for CertificateSigning {
    identity!([Update], mutates: false, validates: true);

    fn validate(
        &self,
        attributes: &Attributes<'_>,
        object: Option<&Value>,
        old: Option<&Value>,
        context: &mut Context<'_>,
    ) -> Result<(), Status> {
        let is_request = attributes.is("certificates.k8s.io", "certificatesigningrequests");
        if !is_request || attributes.subresource != "status" {
            return Ok(());
        }
        let (Some(new), Some(old)) = (typed(object), typed(old)) else {
            let why = "expected type CertificateSigningRequest, got: <nil>";
            return Err(attributes.forbidden(object, why));
        };
        let is_same = |keys: &str| equal(new.dotted(keys), old.dotted(keys));
        // An empty certificate is not none.
        let certificate = |object: &Value| {
            object.dotted("status.certificate").filter(|value| **value != Value::Null).cloned()
        };
        let is_same_certificate = certificate(new) == certificate(old);
        if is_same_certificate && is_same("status.conditions") {
            return Ok(());
        }
        let signer = text(old, "spec.signerName");
        if is_authorized(context.cluster, attributes.user, "sign", signer) {
            return Ok(());
        }
        let why = format!("user not permitted to sign requests with signerName {}", quoted(signer));
        Err(attributes.forbidden(object, &why))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plugins::testing::{Records, attributes, plugin, refusal};

    #[test]
    fn who_may_not_sign_for_the_signer_is_refused() {
        let refused = |status: &str, allowed: &str| {
            let records = Records { allowed: vec![allowed.to_owned()], ..Records::default() };
            let about =
                attributes(Operation::Update, "certificatesigningrequests/status.certificates.k8s.io");
            let new = format!("{{spec: {{signerName: a.com/b}}, status: {status}}}");
            let old = "{spec: {signerName: a.com/b}, status: {conditions: []}}";
            refusal(plugin(ENTRY.name).as_ref(), &records, &about, &new, old)
        };
        let why = "403 certificatesigningrequests.certificates.k8s.io \"x\" is forbidden: user not permitted to sign \
                   requests with signerName \"a.com/b\"";
        for status in ["{certificate: eA==}", "{certificate: \"\"}", "{conditions: [{type: Failed}]}"] {
            assert_eq!(refused(status, "").as_deref(), Some(why));
            assert_eq!(refused(status, "sign certificates.k8s.io signers/  a.com/b"), None);
        }
        assert_eq!(refused("{}", ""), None);
    }
}
