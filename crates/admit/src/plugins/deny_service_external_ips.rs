//! `DenyServiceExternalIPs`: no service claims an address that is not its own.

use super::prelude::*;

pub(super) const ENTRY: Entry = Entry {
    name: "DenyServiceExternalIPs",
    about: "Refuses new external addresses of services.",
    source: "k8s.io/kubernetes/plugin/pkg/admission/network/denyserviceexternalips",
    build: plain!(DenyServiceExternalIps),
};

struct DenyServiceExternalIps;

impl Plugin for DenyServiceExternalIps {
    identity!([Create, Update], mutates: false, validates: true);

    fn validate(
        &self,
        attributes: &Attributes<'_>,
        object: Option<&Value>,
        old: Option<&Value>,
        _: &mut Context<'_>,
    ) -> Result<(), Status> {
        if !attributes.is_bare("", "services") {
            return Ok(());
        }
        let Some(service) = typed(object) else {
            let Attributes { kind, kind_version, .. } = attributes;
            let kind = format!("/{kind_version}, Kind={kind}");
            return Err(Status::internal(&format!("Expected Service resource, got: {kind}")));
        };
        let addresses = |service| items(service, "spec.externalIPs");
        let known = old.map(addresses).unwrap_or_default();
        if addresses(service).iter().all(|address| known.contains(address)) {
            return Ok(());
        }
        Err(attributes.forbidden(object, "Use of external IPs is denied by admission control"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plugins::testing::{Records, attributes, plugin, refusal};

    #[test]
    fn no_address_is_added() {
        let refused = |operation, addresses: &str, old: &str| {
            let service = |addresses: &str| format!("{{spec: {{externalIPs: {addresses}}}}}");
            let old = if old.is_empty() { String::new() } else { service(old) };
            let about = attributes(operation, "services");
            refusal(plugin(ENTRY.name).as_ref(), &Records::default(), &about, &service(addresses), &old)
        };
        let why = Some(
            "403 services \"x\" is forbidden: Use of external IPs is denied by admission control".to_owned(),
        );
        assert_eq!(refused(Operation::Create, "[]", ""), None);
        assert_eq!(refused(Operation::Create, "[1.2.3.4]", ""), why);
        assert_eq!(refused(Operation::Update, "[1.2.3.4]", "[5.6.7.8, 1.2.3.4]"), None);
        assert_eq!(refused(Operation::Update, "[1.2.3.4, 1.1.1.1]", "[1.2.3.4]"), why);
    }
}
