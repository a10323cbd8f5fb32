//! Which roles and bindings the API server accepts, and in which words it refuses others.
//!
//! Of the metadata, names, namespaces and labels are looked at; the rest is the same for all objects.
//!
//! Source: `k8s.io/kubernetes/pkg/apis/rbac/validation`.

mod selector;

use super::objects::{
    ClusterRole, ClusterRoleBinding, GROUP, Metadata, PolicyRule, Role, RoleBinding, RoleRef, Subject,
};
use compact_str::CompactString;
use ravelin_diag::FieldPath;
use ravelin_object::fault::{Fault, FaultKind};
use ravelin_object::selector::{dns1123_label_faults, dns1123_subdomain_faults, path_segment_faults, quoted};

/// Which values the selectors of an aggregated role may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SelectorValues {
    /// Only valid label values.
    Valid,
    /// Any: the role that is replaced has invalid ones already.
    Any,
}

/// What is wrong with a role.
#[must_use]
pub fn role(role: &Role) -> Vec<Fault> {
    let mut faults = Faults::default();
    faults.metadata(&role.metadata, Namespaced::Yes);
    faults.rules(&role.rules, Namespaced::Yes);
    faults.0
}

/// What is wrong with a cluster role.
#[must_use]
pub fn cluster_role(role: &ClusterRole, values: SelectorValues) -> Vec<Fault> {
    let mut faults = Faults::default();
    faults.metadata(&role.metadata, Namespaced::No);
    faults.rules(&role.rules, Namespaced::No);
    if let Some(selectors) = &role.aggregation {
        let path = FieldPath::root().key("aggregationRule").key("clusterRoleSelectors");
        if selectors.is_empty() {
            let detail = "at least one clusterRoleSelector required if aggregationRule is non-nil";
            faults.add(path.clone(), FaultKind::Required, "", detail);
        }
        for (index, selector) in selectors.iter().enumerate() {
            faults.selector(selector, values, &path.clone().index(index));
        }
    }
    faults.0
}

/// What is wrong with a cluster role that replaces another.
#[must_use]
pub fn cluster_role_update(new: &ClusterRole, old: &ClusterRole) -> Vec<Fault> {
    let mut faults = Faults::default();
    for selector in old.aggregation.iter().flatten() {
        faults.label_selector(selector, SelectorValues::Valid, &FieldPath::root());
    }
    let values = if faults.0.is_empty() { SelectorValues::Valid } else { SelectorValues::Any };
    cluster_role(new, values)
}

/// What is wrong with a role binding.
#[must_use]
pub fn role_binding(binding: &RoleBinding) -> Vec<Fault> {
    let mut faults = Faults::default();
    faults.metadata(&binding.metadata, Namespaced::Yes);
    faults.role_ref(&binding.role_ref, &["Role", "ClusterRole"]);
    faults.subjects(&binding.subjects, Namespaced::Yes);
    faults.0
}

/// What is wrong with a role binding that replaces another: it also has to refer to the same role.
#[must_use]
pub fn role_binding_update(new: &RoleBinding, old: &RoleBinding) -> Vec<Fault> {
    let mut faults = Faults(role_binding(new));
    faults.same_role(&new.role_ref, &old.role_ref);
    faults.0
}

/// What is wrong with a cluster role binding.
#[must_use]
pub fn cluster_role_binding(binding: &ClusterRoleBinding) -> Vec<Fault> {
    let mut faults = Faults::default();
    faults.metadata(&binding.metadata, Namespaced::No);
    faults.role_ref(&binding.role_ref, &["ClusterRole"]);
    faults.subjects(&binding.subjects, Namespaced::No);
    faults.0
}

/// What is wrong with a cluster role binding that replaces another: it also has to refer to the same role.
#[must_use]
pub fn cluster_role_binding_update(new: &ClusterRoleBinding, old: &ClusterRoleBinding) -> Vec<Fault> {
    let mut faults = Faults(cluster_role_binding(new));
    faults.same_role(&new.role_ref, &old.role_ref);
    faults.0
}

/// Whether objects of the kind live in a namespace.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Namespaced {
    Yes,
    No,
}

#[derive(Default)]
struct Faults(Vec<Fault>);

impl Faults {
    fn add(&mut self, path: FieldPath, kind: FaultKind, value: &str, detail: &str) {
        let (value, detail) = (value.to_owned(), detail.to_owned());
        self.0.push(Fault { path: path.to_string(), kind, value, detail });
    }

    fn required(&mut self, path: &FieldPath, key: &str, detail: &str) {
        self.add(path.clone().key(key), FaultKind::Required, "", detail);
    }

    /// A text with what is wrong with it, each a fault of its own.
    fn invalid(&mut self, path: &FieldPath, value: &str, details: &[String]) {
        for detail in details {
            self.add(path.clone(), FaultKind::Invalid, &quoted(value), detail);
        }
    }

    fn not_supported(&mut self, path: FieldPath, value: &str, supported: &[&str]) {
        self.0.push(Fault::not_supported(path.to_string(), value, supported));
    }

    /// Source: `k8s.io/apimachinery/pkg/api/validation` `ValidateObjectMetaAccessor`.
    fn metadata(&mut self, metadata: &Metadata, namespaced: Namespaced) {
        let path = FieldPath::root().key("metadata");
        let Metadata { name, namespace, labels, .. } = metadata;
        if name.is_empty() {
            self.required(&path, "name", "name or generateName is required");
        } else {
            self.invalid(&path.clone().key("name"), name, &path_segment_faults(name));
        }
        let at = path.clone().key("namespace");
        match (namespaced, namespace.is_empty()) {
            (Namespaced::Yes, true) => self.required(&path, "namespace", ""),
            (Namespaced::Yes, false) => self.invalid(&at, namespace, &dns1123_label_faults(namespace)),
            (Namespaced::No, true) => {}
            (Namespaced::No, false) => self.add(at, FaultKind::Forbidden, "", "not allowed on this type"),
        }
        self.labels(labels, &path.key("labels"));
    }

    fn rules(&mut self, rules: &[PolicyRule], namespaced: Namespaced) {
        for (index, rule) in rules.iter().enumerate() {
            self.rule(rule, namespaced, &FieldPath::root().key("rules").index(index));
        }
    }

    /// Source: `ValidatePolicyRule`.
    fn rule(&mut self, rule: &PolicyRule, namespaced: Namespaced, path: &FieldPath) {
        if rule.verbs.is_empty() {
            self.required(path, "verbs", "verbs must contain at least one value");
        }
        let paths = &rule.non_resource_urls;
        if !paths.is_empty() {
            let mut refuse = |detail| {
                self.add(path.clone().key("nonResourceURLs"), FaultKind::Invalid, &list(paths), detail)
            };
            if namespaced == Namespaced::Yes {
                refuse("namespaced rules cannot apply to non-resource URLs");
            }
            let of_resources = [&rule.api_groups, &rule.resources, &rule.resource_names];
            if of_resources.iter().any(|list| !list.is_empty()) {
                refuse("rules cannot apply to both regular resources and non-resource URLs");
            }
            return;
        }
        if rule.api_groups.is_empty() {
            self.required(path, "apiGroups", "resource rules must supply at least one api group");
        }
        if rule.resources.is_empty() {
            self.required(path, "resources", "resource rules must supply at least one resource");
        }
    }

    fn role_ref(&mut self, role_ref: &RoleRef, kinds: &[&str]) {
        let path = FieldPath::root().key("roleRef");
        if role_ref.api_group != GROUP {
            self.not_supported(path.clone().key("apiGroup"), &role_ref.api_group, &[GROUP]);
        }
        if !kinds.contains(&role_ref.kind.as_str()) {
            self.not_supported(path.clone().key("kind"), &role_ref.kind, kinds);
        }
        if role_ref.name.is_empty() {
            self.required(&path, "name", "");
        } else {
            self.invalid(&path.key("name"), &role_ref.name, &path_segment_faults(&role_ref.name));
        }
    }

    fn subjects(&mut self, subjects: &[Subject], namespaced: Namespaced) {
        for (index, subject) in subjects.iter().enumerate() {
            self.subject(subject, namespaced, &FieldPath::root().key("subjects").index(index));
        }
    }

    /// Source: `ValidateRoleBindingSubject`.
    fn subject(&mut self, subject: &Subject, namespaced: Namespaced, path: &FieldPath) {
        let Subject { kind, api_group, name, namespace } = subject;
        if name.is_empty() {
            self.required(path, "name", "");
        }
        match kind.as_str() {
            "ServiceAccount" => {
                if !name.is_empty() {
                    self.invalid(&path.clone().key("name"), name, &dns1123_subdomain_faults(name));
                }
                if !api_group.is_empty() {
                    self.not_supported(path.clone().key("apiGroup"), api_group, &[""]);
                }
                if namespaced == Namespaced::No && namespace.is_empty() {
                    self.required(path, "namespace", "");
                }
            }
            "User" | "Group" => {
                if api_group != GROUP {
                    self.not_supported(path.clone().key("apiGroup"), api_group, &[GROUP]);
                }
            }
            _ => self.not_supported(path.clone().key("kind"), kind, &["ServiceAccount", "User", "Group"]),
        }
    }

    fn same_role(&mut self, new: &RoleRef, old: &RoleRef) {
        if new != old {
            let RoleRef { api_group, kind, name } = new;
            let [group, kind, name] = [api_group, kind, name].map(|text| json(text));
            let value = format!("{{\"APIGroup\":{group},\"Kind\":{kind},\"Name\":{name}}}");
            self.add(FieldPath::root().key("roleRef"), FaultKind::Invalid, &value, "cannot change roleRef");
        }
    }
}

/// A list as Go's `encoding/json` prints it.
fn list(texts: &[CompactString]) -> String {
    let texts: Vec<String> = texts.iter().map(|text| json(text)).collect();
    format!("[{}]", texts.join(","))
}

/// A text as Go's `encoding/json` prints it: also safe inside HTML and JavaScript.
fn json(text: &str) -> String {
    let mut printed = serde_json::Value::from(text).to_string();
    for (plain, escaped) in [
        ("<", "\\u003c"),
        (">", "\\u003e"),
        ("&", "\\u0026"),
        ("\u{2028}", "\\u2028"),
        ("\u{2029}", "\\u2029"),
    ] {
        printed = printed.replace(plain, escaped);
    }
    printed
}

#[cfg(test)]
mod tests;
