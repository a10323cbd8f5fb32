//! Bindings to groups that nobody fills by hand: everybody, everybody who is authenticated, all service accounts.

use crate::escalation::{Worth, worth};
use crate::rights::READ;
use crate::{Holding, Notes, Picture, words};
use ravelin_authz::rbac::covers::atoms;
use ravelin_authz::rbac::{Identity, PolicyRule};
use ravelin_diag::{Anchor, Severity};

/// A binding to such a group.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wide<'p> {
    holding: Holding<'p>,
}

/// The bindings to subjects of some kind that Kubernetes does not make itself.
pub(crate) fn bound<'p>(
    picture: &'p Picture<'_>,
    is_wanted: &dyn Fn(&Identity<'p>) -> bool,
) -> Vec<Wide<'p>> {
    let wanted = picture.holdings().filter(|holding| is_wanted(&holding.identity));
    wanted.map(|holding| Wide { holding }).collect()
}

impl Wide<'_> {
    fn rules(&self) -> &[PolicyRule] {
        self.holding.role.map_or(&[], |role| role.rules())
    }

    /// How bad it is: as bad as the check says where it only reads, worse where it writes, milder where it only reaches
    /// paths or a role that is not there.
    pub(crate) fn severity(&self, severity: Severity) -> Severity {
        let is_wide = self.holding.binding.namespace().is_empty();
        let of_resources = self.rules().iter().filter(|rule| !rule.resources.is_empty());
        let atoms: Vec<PolicyRule> = of_resources.flat_map(|rule| atoms(rule).take(512)).collect();
        if atoms.is_empty() {
            return Severity::Low;
        }
        let worst = atoms.iter().map(|atom| worth(atom, is_wide)).max().unwrap_or(Worth::Little);
        let writes = atoms.iter().any(|atom| atom.verbs.iter().any(|verb| !READ.contains(&verb.as_str())));
        match worst {
            Worth::Little if writes => severity.max(Severity::High),
            Worth::Little => severity,
            worst => severity.max(worst.severity()).max(Severity::High),
        }
    }

    /// Adds a finding.
    pub(crate) fn report(&self, notes: &mut Notes, severity: Severity, who: &str) {
        let binding = words::binding(&self.holding.binding);
        let subject = words::subject(&self.holding.identity);
        let role = self.holding.binding.role_ref();
        let place = match self.holding.binding.namespace() {
            "" => "in the whole cluster".to_owned(),
            namespace => format!("in namespace `{namespace}`"),
        };
        let message =
            format!("`{subject}`, {who}, has the rights of {} `{}` {place}: {binding}", role.kind, role.name);
        if let Some(found) = notes.add(self.holding.object, self.holding.path(), Anchor::Value, message) {
            found.severity = severity;
        }
    }
}
