//! `AlwaysAdmit`: admits everything.

use super::prelude::*;

pub(super) const ENTRY: Entry = Entry {
    name: "AlwaysAdmit",
    about: "Admits everything, as if it were not there.",
    source: "k8s.io/kubernetes/plugin/pkg/admission/admit",
    build: plain!(AlwaysAdmit),
};

struct AlwaysAdmit;

impl Plugin for AlwaysAdmit {
    identity!([Create, Update, Delete, Connect], mutates: true, validates: true);
}

#[cfg(test)]
mod tests {
    use crate::Operation;
    use crate::plugins::testing::{Records, attributes, plugin, refusal};

    #[test]
    fn everything_is_admitted() {
        let about = attributes(Operation::Create, "pods");
        let records = Records::default();
        assert_eq!(refusal(plugin("AlwaysAdmit").as_ref(), &records, &about, "{}", ""), None);
    }
}
