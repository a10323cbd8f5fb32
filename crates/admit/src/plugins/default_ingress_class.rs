//! `DefaultIngressClass`: an ingress that names no class gets the default one.

use super::default_storage_class::default_class;
use super::prelude::*;

pub(super) const ENTRY: Entry = Entry {
    name: "DefaultIngressClass",
    about: "Gives new ingresses the default class where they name none.",
    source: "k8s.io/kubernetes/plugin/pkg/admission/network/defaultingressclass",
    build: plain!(DefaultIngressClass),
};

struct DefaultIngressClass;

const GROUP: &str = "networking.k8s.io";
const CLASS: &str = "kubernetes.io/ingress.class";
const IS_DEFAULT: [&str; 1] = ["ingressclass.kubernetes.io/is-default-class"];

impl Plugin for DefaultIngressClass {
    identity!([Create], mutates: true, validates: false);

    fn admit(
        &self,
        attributes: &Attributes<'_>,
        ingress: Option<&mut Value>,
        _: Option<&Value>,
        context: &mut Context<'_>,
    ) -> Result<(), Status> {
        if !attributes.is_bare(GROUP, "ingresses") {
            return Ok(());
        }
        let Some(ingress) = ingress.filter(|ingress| ingress.as_object().is_some()) else {
            let Attributes { kind, kind_group, kind_version, .. } = attributes;
            let kind = format!("{kind_group}/{kind_version}, Kind={kind}");
            return Err(Status::internal(&format!("Expected Ingress resource, got: {kind}")));
        };
        if annotation(ingress, CLASS).is_some() || ingress.dotted("spec.ingressClassName").is_some() {
            return Ok(());
        }
        let classes = context.cluster.list(GROUP, "ingressclasses", None);
        let classes = classes.map_err(|error| attributes.forbidden(Some(ingress), &error.0))?;
        let Some(class) = default_class(&classes, &IS_DEFAULT) else { return Ok(()) };
        if let Some(spec) = ingress.object_at("spec") {
            spec.set("ingressClassName", text(class, "metadata.name").into());
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plugins::testing::{Records, admitted, attributes, plugin};

    #[test]
    fn an_ingress_without_class_gets_the_default() {
        let annotations = "{ingressclass.kubernetes.io/is-default-class: 'true'}";
        let class = format!("{{metadata: {{name: nginx, annotations: {annotations}}}}}");
        let records = Records::of(&[("networking.k8s.io/ingressclasses", &class)]);
        let made = |ingress: &str| {
            let about = attributes(Operation::Create, "ingresses.networking.k8s.io");
            let (ingress, said) = admitted(plugin(ENTRY.name).as_ref(), &records, &about, ingress, "");
            assert_eq!(said, Ok(()));
            ingress.dotted("spec.ingressClassName").and_then(Value::as_str).map(str::to_owned)
        };
        assert_eq!(made("{}").as_deref(), Some("nginx"));
        assert_eq!(made("{spec: {ingressClassName: x}}").as_deref(), Some("x"));
        assert_eq!(made("{metadata: {annotations: {kubernetes.io/ingress.class: x}}}"), None);
    }
}
