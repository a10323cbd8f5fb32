//! Answers over roles and bindings, one binding after the other, as upstream reaches them.

use super::matching::rule_allows;
use super::objects::{
    ClusterRole, ClusterRoleBinding, Metadata, Objects, PolicyRule, Role, RoleBinding, RoleRef, Subject,
};
use super::table::Table;
use super::text::push_quoted;
use crate::rules::aggregated;
use crate::{
    Answer, Attributes, Authorizer, Decision, NonResourceRule, ResourceRule, RuleResolver, Rules, User,
};
use compact_str::CompactString;
use ravelin_object::selector::quoted;
use std::fmt;
use std::ops::ControlFlow;

/// Roles and bindings that can be asked. Of several roles of one name the last counts.
#[derive(Clone, Debug, Default)]
pub struct Policy {
    objects: Objects,
    cluster_roles: Table<CompactString, usize>,
    roles: Table<CompactString, Table<CompactString, usize>>,
    /// The role bindings of each namespace, in order.
    bindings: Table<CompactString, Vec<usize>>,
}

/// A binding of either kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AnyBinding<'a> {
    /// It grants in the whole cluster.
    Cluster(&'a ClusterRoleBinding),
    /// It grants in its namespace.
    Namespaced(&'a RoleBinding),
}

/// A role of either kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AnyRole<'a> {
    /// A cluster role.
    Cluster(&'a ClusterRole),
    /// A role of a namespace.
    Namespaced(&'a Role),
}

/// Why a binding grants nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ResolveError {
    /// Its role is not there.
    #[error("{resource}.rbac.authorization.k8s.io {} not found", quoted(.name))]
    NotFound {
        /// `role` or `clusterrole`; to those who write, the resource that they write.
        resource: &'static str,
        /// The name.
        name: String,
    },
    /// It refers to something that is no role.
    #[error("unsupported role reference kind: {}", quoted(.kind))]
    Kind {
        /// The kind.
        kind: String,
    },
}

impl ResolveError {
    /// The error as those see it who write a resource. The server looks roles up in its storage then, which names what
    /// is not there after the resource of the request.
    ///
    /// Source: `k8s.io/apiserver/pkg/registry/generic/registry` `qualifiedResourceFromContext`.
    pub(super) fn to_writer_of(&self, resource: &'static str) -> Self {
        match self {
            Self::NotFound { name, .. } => Self::NotFound { resource, name: name.clone() },
            Self::Kind { .. } => self.clone(),
        }
    }
}

/// What a visit of the rules of a user comes by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Visited<'a> {
    /// A rule that applies to the user.
    Rule {
        /// The binding that grants it.
        binding: AnyBinding<'a>,
        /// The first of its subjects that is the user.
        subject: &'a Subject,
        /// The role.
        role: AnyRole<'a>,
        /// The index of the rule in the role.
        index: usize,
        /// The rule.
        rule: &'a PolicyRule,
    },
    /// A binding that applies to the user, but whose role cannot be resolved.
    Unresolved {
        /// The binding.
        binding: AnyBinding<'a>,
        /// Why not.
        error: ResolveError,
    },
}

/// The rules that a user holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Held<'a> {
    /// The rules, in the order of the visit.
    pub rules: Vec<&'a PolicyRule>,
    /// Why there may be more.
    pub errors: Vec<ResolveError>,
}

/// Something that knows which rules a user holds: `AuthorizationRuleResolver` upstream.
pub trait Resolver {
    /// The rules that the user holds in the namespace; in the whole cluster if it is empty.
    fn held(&self, user: &User, namespace: &str) -> Held<'_>;

    /// The role to which a binding of the namespace refers; one of the cluster if it is empty.
    ///
    /// # Errors
    /// If there is no such role.
    fn resolve(&self, role_ref: &RoleRef, namespace: &str) -> Result<AnyRole<'_>, ResolveError>;
}

impl Policy {
    /// A policy of these objects.
    #[must_use]
    pub fn new(objects: Objects) -> Self {
        let mut policy = Self::default();
        for (place, role) in objects.cluster_roles.iter().enumerate() {
            policy.cluster_roles.insert(role.metadata.name.clone(), place);
        }
        for (place, role) in objects.roles.iter().enumerate() {
            let of_namespace = policy.roles.entry(role.metadata.namespace.clone()).or_default();
            of_namespace.insert(role.metadata.name.clone(), place);
        }
        for (place, binding) in objects.role_bindings.iter().enumerate() {
            policy.bindings.entry(binding.metadata.namespace.clone()).or_default().push(place);
        }
        policy.objects = objects;
        policy
    }

    /// The objects.
    #[must_use]
    pub fn objects(&self) -> &Objects {
        &self.objects
    }

    /// The bindings in the order of visits: those of the cluster, then those of namespaces.
    pub fn all_bindings(&self) -> impl Iterator<Item = AnyBinding<'_>> {
        let cluster = self.objects.cluster_role_bindings.iter().map(AnyBinding::Cluster);
        cluster.chain(self.objects.role_bindings.iter().map(AnyBinding::Namespaced))
    }

    /// A binding by its place in [`Policy::all_bindings`].
    pub(super) fn binding_at(&self, place: usize) -> Option<AnyBinding<'_>> {
        let cluster = &self.objects.cluster_role_bindings;
        match place.checked_sub(cluster.len()) {
            None => cluster.get(place).map(AnyBinding::Cluster),
            Some(place) => self.objects.role_bindings.get(place).map(AnyBinding::Namespaced),
        }
    }

    /// A role by its number: those of the cluster, then those of namespaces.
    pub(super) fn role_at(&self, number: usize) -> Option<AnyRole<'_>> {
        let cluster = &self.objects.cluster_roles;
        match number.checked_sub(cluster.len()) {
            None => cluster.get(number).map(AnyRole::Cluster),
            Some(number) => self.objects.roles.get(number).map(AnyRole::Namespaced),
        }
    }

    /// The places of the role bindings of a namespace among [`Objects::role_bindings`].
    pub(super) fn places_in(&self, namespace: &str) -> &[usize] {
        self.bindings.get(namespace).map_or(&[], Vec::as_slice)
    }

    /// The number of the role to which a binding of the namespace refers.
    ///
    /// Source: `k8s.io/kubernetes/pkg/registry/rbac/validation` `GetRoleReferenceRules`.
    pub(super) fn number_of(&self, role_ref: &RoleRef, namespace: &str) -> Result<usize, ResolveError> {
        let name = &role_ref.name;
        let not_found = |resource| ResolveError::NotFound { resource, name: name.to_string() };
        match role_ref.kind.as_str() {
            "ClusterRole" => self.cluster_roles.get(name).copied().ok_or_else(|| not_found("clusterrole")),
            "Role" => {
                // A role that claims no namespace is none that a cluster role binding could mean.
                let place = self.roles.get(namespace).filter(|_| !namespace.is_empty());
                let place = place.and_then(|roles| roles.get(name)).ok_or_else(|| not_found("role"))?;
                Ok(self.objects.cluster_roles.len() + place)
            }
            kind => Err(ResolveError::Kind { kind: kind.to_owned() }),
        }
    }

    /// Visits the rules that apply to a user in a namespace, in the whole cluster only if it is empty, until
    /// the visitor breaks off.
    ///
    /// Source: `k8s.io/kubernetes/pkg/registry/rbac/validation` `VisitRulesFor`.
    pub fn visit<'a>(
        &'a self,
        user: &User,
        namespace: &str,
        visitor: &mut dyn FnMut(Visited<'a>) -> ControlFlow<()>,
    ) -> ControlFlow<()> {
        for binding in &self.objects.cluster_role_bindings {
            self.visit_binding(user, AnyBinding::Cluster(binding), visitor)?;
        }
        if namespace.is_empty() {
            return ControlFlow::Continue(());
        }
        let places = self.places_in(namespace).iter();
        for binding in places.filter_map(|place| self.objects.role_bindings.get(*place)) {
            self.visit_binding(user, AnyBinding::Namespaced(binding), visitor)?;
        }
        ControlFlow::Continue(())
    }

    fn visit_binding<'a>(
        &'a self,
        user: &User,
        binding: AnyBinding<'a>,
        visitor: &mut dyn FnMut(Visited<'a>) -> ControlFlow<()>,
    ) -> ControlFlow<()> {
        let Some((_, subject)) = binding.subject_for(user) else { return ControlFlow::Continue(()) };
        match self.resolve(binding.role_ref(), binding.namespace()) {
            Err(error) => visitor(Visited::Unresolved { binding, error }),
            Ok(role) => {
                let mut rules = role.rules().iter().enumerate();
                rules.try_for_each(|(index, rule)| {
                    visitor(Visited::Rule { binding, subject, role, index, rule })
                })
            }
        }
    }
}

impl Resolver for Policy {
    fn held(&self, user: &User, namespace: &str) -> Held<'_> {
        let mut held = Held::default();
        // The visitor never breaks off.
        let _ = self.visit(user, namespace, &mut |visited| {
            match visited {
                Visited::Rule { rule, .. } => held.rules.push(rule),
                Visited::Unresolved { error, .. } => held.errors.push(error),
            }
            ControlFlow::Continue(())
        });
        held
    }

    fn resolve(&self, role_ref: &RoleRef, namespace: &str) -> Result<AnyRole<'_>, ResolveError> {
        let number = self.number_of(role_ref, namespace)?;
        let missing = || ResolveError::NotFound { resource: "role", name: role_ref.name.to_string() };
        self.role_at(number).ok_or_else(missing)
    }
}

impl RuleResolver for Policy {
    fn rules_for(&self, user: &User, namespace: &str) -> Rules {
        self.held(user, namespace).listed()
    }
}

impl Authorizer for Policy {
    fn authorize(&self, attributes: &Attributes) -> Answer {
        let mut errors = Vec::new();
        let mut reason = None;
        // Whether it was broken off shows in the reason.
        let _ = self.visit(&attributes.user, &attributes.namespace, &mut |visited| {
            match visited {
                Visited::Rule { binding, subject, rule, .. } if rule_allows(rule, attributes) => {
                    reason = Some(allowed_by(binding, subject));
                    return ControlFlow::Break(());
                }
                Visited::Rule { .. } => {}
                Visited::Unresolved { error, .. } => errors.push(error),
            }
            ControlFlow::Continue(())
        });
        reason.map_or_else(|| no_opinion(errors), allow)
    }
}

pub(super) fn allow(reason: String) -> Answer {
    Answer { decision: Decision::Allow, reason, error: None }
}

/// RBAC never refuses; what it could not resolve is its reason, not an error.
pub(super) fn no_opinion(errors: Vec<ResolveError>) -> Answer {
    let reason = aggregated(errors).map(|errors| format!("RBAC: {errors}")).unwrap_or_default();
    Answer { decision: Decision::NoOpinion, reason, error: None }
}

/// Source: `k8s.io/kubernetes/pkg/registry/rbac/validation` `clusterRoleBindingDescriber`, `roleBindingDescriber`.
pub(super) fn allowed_by(binding: AnyBinding<'_>, subject: &Subject) -> String {
    let role_ref = binding.role_ref();
    // Longer than most, so that it is allocated once.
    let mut text = String::with_capacity(192);
    text.push_str("RBAC: allowed by ");
    describe(binding, &mut text);
    for piece in [" of ", &role_ref.kind, " "] {
        text.push_str(piece);
    }
    push_quoted(&mut text, &[&role_ref.name]);
    for piece in [" to ", &subject.kind, " "] {
        text.push_str(piece);
    }
    match subject.kind.as_str() {
        "ServiceAccount" => {
            push_quoted(&mut text, &[&subject.name, "/", subject.account_namespace(binding.namespace())]);
        }
        _ => push_quoted(&mut text, &[&subject.name]),
    }
    text
}

fn describe(binding: AnyBinding<'_>, text: &mut String) {
    let Metadata { name, namespace, .. } = binding.metadata();
    match binding {
        AnyBinding::Cluster(_) => {
            text.push_str("ClusterRoleBinding ");
            push_quoted(text, &[name]);
        }
        AnyBinding::Namespaced(_) => {
            text.push_str("RoleBinding ");
            push_quoted(text, &[name, "/", namespace]);
        }
    }
}

impl<'a> AnyBinding<'a> {
    /// The name and the rest of its metadata.
    #[must_use]
    pub fn metadata(self) -> &'a Metadata {
        match self {
            Self::Cluster(binding) => &binding.metadata,
            Self::Namespaced(binding) => &binding.metadata,
        }
    }

    /// The namespace in which it grants; empty for the whole cluster.
    #[must_use]
    pub fn namespace(self) -> &'a str {
        match self {
            Self::Cluster(_) => "",
            Self::Namespaced(binding) => &binding.metadata.namespace,
        }
    }

    /// To whom it grants.
    #[must_use]
    pub fn subjects(self) -> &'a [Subject] {
        match self {
            Self::Cluster(binding) => &binding.subjects,
            Self::Namespaced(binding) => &binding.subjects,
        }
    }

    /// What it grants.
    #[must_use]
    pub fn role_ref(self) -> &'a RoleRef {
        match self {
            Self::Cluster(binding) => &binding.role_ref,
            Self::Namespaced(binding) => &binding.role_ref,
        }
    }

    /// The first of its subjects that is the user, with its index.
    ///
    /// Source: `k8s.io/kubernetes/pkg/registry/rbac/validation` `appliesTo`.
    #[must_use]
    pub fn subject_for(self, user: &User) -> Option<(usize, &'a Subject)> {
        let namespace = self.namespace();
        self.subjects().iter().enumerate().find(|(_, subject)| applies(subject, user, namespace))
    }
}

/// As upstream's reasons name it.
impl fmt::Display for AnyBinding<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = String::new();
        describe(*self, &mut text);
        f.write_str(&text)
    }
}

fn applies(subject: &Subject, user: &User, namespace: &str) -> bool {
    match subject.kind.as_str() {
        "User" => subject.name == user.name,
        "Group" => user.is_in(&subject.name),
        "ServiceAccount" => {
            let namespace = subject.account_namespace(namespace);
            let rest = user.name.strip_prefix("system:serviceaccount:");
            let rest = rest.and_then(|rest| rest.strip_prefix(namespace)?.strip_prefix(':'));
            !namespace.is_empty() && rest == Some(subject.name.as_str())
        }
        _ => false,
    }
}

impl<'a> AnyRole<'a> {
    /// The name and the rest of its metadata.
    #[must_use]
    pub fn metadata(self) -> &'a Metadata {
        match self {
            Self::Cluster(role) => &role.metadata,
            Self::Namespaced(role) => &role.metadata,
        }
    }

    /// What it grants.
    #[must_use]
    pub fn rules(self) -> &'a [PolicyRule] {
        match self {
            Self::Cluster(role) => &role.rules,
            Self::Namespaced(role) => &role.rules,
        }
    }

    /// `ClusterRole` or `Role`.
    #[must_use]
    pub fn kind(self) -> &'static str {
        match self {
            Self::Cluster(_) => "ClusterRole",
            Self::Namespaced(_) => "Role",
        }
    }
}

impl Held<'_> {
    /// What could not be resolved, as one error.
    #[must_use]
    pub fn error(&self) -> Option<String> {
        aggregated(&self.errors)
    }

    /// Source: `k8s.io/kubernetes/plugin/pkg/auth/authorizer/rbac` `RulesFor`.
    pub(super) fn listed(&self) -> Rules {
        let mut listed = Rules { error: self.error(), ..Rules::default() };
        let owned = |list: &[CompactString]| list.iter().map(|text| text.as_str().to_owned()).collect();
        for rule in &self.rules {
            if !rule.resources.is_empty() {
                listed.resource_rules.push(ResourceRule {
                    verbs: owned(&rule.verbs),
                    api_groups: owned(&rule.api_groups),
                    resources: owned(&rule.resources),
                    resource_names: owned(&rule.resource_names),
                });
            }
            if !rule.non_resource_urls.is_empty() {
                listed.non_resource_rules.push(NonResourceRule {
                    verbs: owned(&rule.verbs),
                    non_resource_urls: owned(&rule.non_resource_urls),
                });
            }
        }
        listed
    }
}
