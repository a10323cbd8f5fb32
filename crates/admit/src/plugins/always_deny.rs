//! `AlwaysDeny`: refuses everything.

use super::prelude::*;

pub(super) const ENTRY: Entry = Entry {
    name: "AlwaysDeny",
    about: "Refuses every request that changes something or connects.",
    source: "k8s.io/kubernetes/plugin/pkg/admission/deny",
    build: plain!(AlwaysDeny),
};

struct AlwaysDeny;

const WHY: &str = "admission control is denying all modifications";

impl Plugin for AlwaysDeny {
    identity!([Create, Update, Delete, Connect], mutates: true, validates: true);

    fn admit(
        &self,
        attributes: &Attributes<'_>,
        object: Option<&mut Value>,
        _: Option<&Value>,
        _: &mut Context<'_>,
    ) -> Result<(), Status> {
        Err(attributes.forbidden(object.as_deref(), WHY))
    }

    fn validate(
        &self,
        attributes: &Attributes<'_>,
        object: Option<&Value>,
        _: Option<&Value>,
        _: &mut Context<'_>,
    ) -> Result<(), Status> {
        Err(attributes.forbidden(object, WHY))
    }
}

#[cfg(test)]
mod tests {
    use crate::Operation;
    use crate::plugins::testing::{Records, attributes, plugin, refusal};

    #[test]
    fn everything_is_refused() {
        let about = attributes(Operation::Delete, "pods");
        let refused = refusal(plugin("AlwaysDeny").as_ref(), &Records::default(), &about, "null", "");
        let why = "403 pods \"x\" is forbidden: admission control is denying all modifications";
        assert_eq!(refused.as_deref(), Some(why));
    }
}
