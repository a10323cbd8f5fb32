//! `CertificateApproval`: who may approve requests for certificates.

use super::prelude::*;
use crate::signers::is_authorized;
use ravelin_object::selector::quoted;

pub(super) const ENTRY: Entry = Entry {
    name: "CertificateApproval",
    about: "Refuses the approval of a request for a certificate by who may not approve for its signer.",
    source: "k8s.io/kubernetes/plugin/pkg/admission/certificates/approval",
    build: plain!(CertificateApproval),
};

struct CertificateApproval;

impl Plugin for CertificateApproval {
    identity!([Update], mutates: false, validates: true);

    fn validate(
        &self,
        attributes: &Attributes<'_>,
        object: Option<&Value>,
        old: Option<&Value>,
        context: &mut Context<'_>,
    ) -> Result<(), Status> {
        let is_request = attributes.is("certificates.k8s.io", "certificatesigningrequests");
        if !is_request || attributes.subresource != "approval" {
            return Ok(());
        }
        let Some(old) = typed(old) else {
            let why = "expected type CertificateSigningRequest, got: <nil>";
            return Err(attributes.forbidden(object, why));
        };
        let signer = text(old, "spec.signerName");
        if is_authorized(context.cluster, attributes.user, "approve", signer) {
            return Ok(());
        }
        let why = format!("user not permitted to approve requests with signerName {}", quoted(signer));
        Err(attributes.forbidden(object, &why))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plugins::testing::{Records, attributes, plugin, refusal};

    #[test]
    fn who_may_not_approve_for_the_signer_is_refused() {
        let refused = |resource, allowed: &str| {
            let records = Records { allowed: vec![allowed.to_owned()], ..Records::default() };
            let about = attributes(Operation::Update, resource);
            let (new, old) = ("{spec: {signerName: other.com/x}}", "{spec: {signerName: a.com/b}}");
            refusal(plugin(ENTRY.name).as_ref(), &records, &about, new, old)
        };
        let approval = "certificatesigningrequests/approval.certificates.k8s.io";
        let why = "403 certificatesigningrequests.certificates.k8s.io \"x\" is forbidden: user not permitted to \
                   approve requests with signerName \"a.com/b\"";
        for allowed in
            ["approve certificates.k8s.io signers/  a.com/b", "approve certificates.k8s.io signers/  a.com/*"]
        {
            assert_eq!(refused(approval, allowed), None);
        }
        for allowed in [
            "sign certificates.k8s.io signers/  a.com/b",
            "approve certificates.k8s.io signers/  other.com/x",
        ] {
            assert_eq!(refused(approval, allowed).as_deref(), Some(why));
        }
        assert_eq!(refused("certificatesigningrequests/status.certificates.k8s.io", ""), None);
    }
}
