//! `CertificateSubjectRestriction`: no certificate makes its holder an administrator past all authorization.

use super::prelude::*;
use crate::signers::subject;

pub(super) const ENTRY: Entry = Entry {
    name: "CertificateSubjectRestriction",
    about: "Refuses requests for client certificates of the group system:masters.",
    source: "k8s.io/kubernetes/plugin/pkg/admission/certificates/subjectrestriction",
    build: plain!(CertificateSubjectRestriction),
};

struct CertificateSubjectRestriction;

const SIGNER: &str = "kubernetes.io/kube-apiserver-client";

impl Plugin for CertificateSubjectRestriction {
    identity!([Create], mutates: false, validates: true);

    fn validate(
        &self,
        attributes: &Attributes<'_>,
        object: Option<&Value>,
        _: Option<&Value>,
        _: &mut Context<'_>,
    ) -> Result<(), Status> {
        if !attributes.is_bare("certificates.k8s.io", "certificatesigningrequests") {
            return Ok(());
        }
        let Some(request) = typed(object) else {
            let why = "expected type CertificateSigningRequest, got: <nil>";
            return Err(attributes.forbidden(object, why));
        };
        if text(request, "spec.signerName") != SIGNER {
            return Ok(());
        }
        let subject = subject(request)
            .map_err(|why| attributes.forbidden(object, &format!("failed to parse CSR: {why}")))?;
        if !subject.organizations.iter().any(|group| group == "system:masters") {
            return Ok(());
        }
        let why = format!("use of {SIGNER} signer with system:masters group is not allowed");
        Err(attributes.forbidden(object, &why))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plugins::testing::{Records, attributes, plugin, refusal};
    use crate::signers::tests::request;

    #[test]
    fn nobody_becomes_a_master() {
        let refused = |signer: &str, request: &str| {
            let about = attributes(Operation::Create, "certificatesigningrequests.certificates.k8s.io");
            let object = format!("{{spec: {{signerName: {signer}, request: '{request}'}}}}");
            refusal(plugin(ENTRY.name).as_ref(), &Records::default(), &about, &object, "")
        };
        let start = "403 certificatesigningrequests.certificates.k8s.io \"x\" is forbidden: ";
        let masters = request(&[(3, "alice"), (10, "devs"), (10, "system:masters")]);
        let why = format!("{start}use of {SIGNER} signer with system:masters group is not allowed");
        assert_eq!(refused(SIGNER, &masters), Some(why));
        assert_eq!(refused("example.com/x", &masters), None);
        assert_eq!(refused(SIGNER, &request(&[(3, "alice"), (11, "system:masters")])), None);
        let why = format!("{start}failed to parse CSR: PEM block type must be CERTIFICATE REQUEST");
        assert_eq!(refused(SIGNER, "Z2FyYmFnZQ=="), Some(why));
    }
}
