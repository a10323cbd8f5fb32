//! The areas: one file each.

use crate::record::Difference;

mod abac;
mod admission;
mod audit;
mod bootstraptoken;
mod covers;
mod nodeauthz;
mod patch;
mod printing;
mod psadmission;
mod psalabels;
mod pss;
mod quantity;
mod rbac;
mod requestinfo;
mod satoken;
mod selectors;
mod tokenfile;
mod webhook;
mod x509;

/// A field of upstream decisions whose records can be replayed.
///
/// Records come in the order of the file; an area whose later records speak of earlier ones keeps what it needs.
pub(crate) trait Area {
    /// Where our tree and a record differ: nothing if every field agrees. What an area does not expect in a
    /// record, a field or a kind, is a difference.
    fn compare(&mut self, record: &serde_json::Value) -> Vec<Difference>;
}

/// An area as the runner knows it.
pub(crate) struct Entry {
    /// The name: that of its file, its ledger, its cases, and of files of records.
    pub(crate) name: &'static str,
    /// The area before its first record.
    pub(crate) start: fn() -> Box<dyn Area>,
    /// The text of its ledger.
    pub(crate) ledger: &'static str,
}

/// Every area, by name.
pub(crate) const ALL: &[Entry] = &[
    Entry { name: "abac", start: || Box::new(abac::Abac), ledger: include_str!("../ledger/abac.tsv") },
    Entry {
        name: "admission",
        start: || Box::new(admission::Admissions),
        ledger: include_str!("../ledger/admission.tsv"),
    },
    Entry { name: "audit", start: || Box::new(audit::Audit), ledger: include_str!("../ledger/audit.tsv") },
    Entry {
        name: "bootstraptoken",
        start: || Box::new(bootstraptoken::BootstrapTokens),
        ledger: include_str!("../ledger/bootstraptoken.tsv"),
    },
    Entry {
        name: "covers",
        start: || Box::new(covers::Covers),
        ledger: include_str!("../ledger/covers.tsv"),
    },
    Entry {
        name: "nodeauthz",
        start: || Box::new(nodeauthz::Nodes::default()),
        ledger: include_str!("../ledger/nodeauthz.tsv"),
    },
    Entry { name: "patch", start: || Box::new(patch::Patches), ledger: include_str!("../ledger/patch.tsv") },
    Entry {
        name: "printing",
        start: || Box::new(printing::Printing),
        ledger: include_str!("../ledger/printing.tsv"),
    },
    Entry {
        name: "psadmission",
        start: || Box::new(psadmission::Admissions),
        ledger: include_str!("../ledger/psadmission.tsv"),
    },
    Entry {
        name: "psalabels",
        start: || Box::new(psalabels::PsaLabels),
        ledger: include_str!("../ledger/psalabels.tsv"),
    },
    Entry { name: "pss", start: || Box::new(pss::Pss), ledger: include_str!("../ledger/pss.tsv") },
    Entry {
        name: "quantity",
        start: || Box::new(quantity::Quantities),
        ledger: include_str!("../ledger/quantity.tsv"),
    },
    Entry {
        name: "rbac",
        start: || Box::new(rbac::Rbac::default()),
        ledger: include_str!("../ledger/rbac.tsv"),
    },
    Entry {
        name: "requestinfo",
        start: || Box::new(requestinfo::Requests),
        ledger: include_str!("../ledger/requestinfo.tsv"),
    },
    Entry {
        name: "satoken",
        start: || Box::new(satoken::AccountTokens::default()),
        ledger: include_str!("../ledger/satoken.tsv"),
    },
    Entry {
        name: "selectors",
        start: || Box::new(selectors::Selectors),
        ledger: include_str!("../ledger/selectors.tsv"),
    },
    Entry {
        name: "tokenfile",
        start: || Box::new(tokenfile::TokenFiles),
        ledger: include_str!("../ledger/tokenfile.tsv"),
    },
    Entry {
        name: "webhook",
        start: || Box::new(webhook::Webhook),
        ledger: include_str!("../ledger/webhook.tsv"),
    },
    Entry {
        name: "x509",
        start: || Box::new(x509::Certificates::default()),
        ledger: include_str!("../ledger/x509.tsv"),
    },
];

#[cfg(test)]
mod tests;
