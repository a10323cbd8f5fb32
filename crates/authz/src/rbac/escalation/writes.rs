//! The checks in front of each kind of write.

use super::super::covers::atom_count;
use super::super::objects::{ClusterRole, ClusterRoleBinding, GROUP, PolicyRule, Role, RoleBinding, RoleRef};
use super::super::policy::{ResolveError, Resolver};
use super::confirm;
use crate::{Attributes, Decision, aggregated};
use ravelin_object::selector::quoted;
use ravelin_object::{Map, Value};

/// Who is never asked.
const MASTERS: &str = "system:masters";

/// A write of an object.
#[derive(Clone, Copy, Debug)]
pub enum Change<'a, T> {
    /// It is new. So is one that an update makes because there was none.
    Create(&'a T),
    /// It replaces another.
    Update {
        /// What will be.
        new: &'a T,
        /// What was.
        old: &'a T,
        /// In what their metadata differ; see [`compare_metadata`]. The rest is seen here.
        metadata: Differ,
    },
}

/// In what the metadata of an object differ from what they were.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Differ {
    /// At most in what the garbage collector writes.
    OnlyForGarbageCollection,
    /// In something else.
    Otherwise,
}

/// Why a write is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// 403: it would grant what the user does not hold.
    #[error("{resource}.{GROUP}{} is forbidden: {reason}", named(.name))]
    Forbidden {
        /// The resource, in the plural.
        resource: &'static str,
        /// The name of the object.
        name: String,
        /// Why.
        reason: String,
    },
    /// 404 if the role is not there, 500 if what the binding refers to is no role.
    #[error(transparent)]
    Unresolved(#[from] ResolveError),
    /// The rules break down into more atoms than the guard looks at. Upstream has no limit.
    #[error("{resource}.{GROUP}{} is forbidden: its rules break down into {atoms} permissions, more than {limit}", named(.name))]
    TooLarge {
        /// The resource, in the plural.
        resource: &'static str,
        /// The name of the object.
        name: String,
        /// How many atoms there are.
        atoms: u64,
        /// How many there may be.
        limit: u64,
    },
}

/// What is in front of writes of roles and bindings.
#[derive(Clone, Copy)]
pub struct Guard<'a> {
    /// Who holds what.
    pub resolver: &'a dyn Resolver,
    /// The decision of all authorizers: asked for the verbs `escalate` and `bind`.
    pub authorize: &'a dyn Fn(&Attributes) -> Decision,
    /// Into how many atoms rules may break down: a rule has as many as the product of its lists.
    pub atom_limit: u64,
}

/// An object that is written.
#[derive(Clone, Copy)]
struct Written<'a> {
    resource: &'static str,
    name: &'a str,
}

impl Guard<'_> {
    /// Whether the request may write the role.
    ///
    /// # Errors
    /// If the user neither holds what the role grants nor may escalate.
    ///
    /// Source: `k8s.io/kubernetes/pkg/registry/rbac/role/policybased`.
    pub fn role(&self, request: &Attributes, change: Change<'_, Role>) -> Result<(), Refusal> {
        if request.user.is_in(MASTERS) || self.may_escalate(request) || is_for_garbage_collection(&change) {
            return Ok(());
        }
        let role = change.after();
        self.confirm(request, Written { resource: "roles", name: &role.metadata.name }, &role.rules)
    }

    /// Whether the request may write the cluster role.
    ///
    /// # Errors
    /// If the user neither holds what the role grants, everything if the role is or was aggregated, nor may escalate.
    ///
    /// Source: `k8s.io/kubernetes/pkg/registry/rbac/clusterrole/policybased`.
    pub fn cluster_role(&self, request: &Attributes, change: Change<'_, ClusterRole>) -> Result<(), Refusal> {
        if request.user.is_in(MASTERS) || self.may_escalate(request) || is_for_garbage_collection(&change) {
            return Ok(());
        }
        let role = change.after();
        let written = Written { resource: "clusterroles", name: &role.metadata.name };
        self.confirm(request, written, &role.rules)?;
        let aggregates = |role: &ClusterRole| role.aggregation.as_ref().is_some_and(|list| !list.is_empty());
        if !aggregates(role) && !change.before().is_some_and(aggregates) {
            return Ok(());
        }
        self.confirm(request, written, &full_authority()).map_err(|_| {
            written.forbidden("must have cluster-admin privileges to use the aggregationRule".to_owned())
        })
    }

    /// Whether the request may write the role binding. The namespace is that of the request.
    ///
    /// # Errors
    /// If the user neither holds what the role grants nor may bind it, or if the role is not there.
    ///
    /// Source: `k8s.io/kubernetes/pkg/registry/rbac/rolebinding/policybased`.
    pub fn role_binding(&self, request: &Attributes, change: Change<'_, RoleBinding>) -> Result<(), Refusal> {
        let binding = change.after();
        let written = Written { resource: "rolebindings", name: &binding.metadata.name };
        if is_for_garbage_collection(&change) {
            return Ok(());
        }
        self.binding(request, &request.namespace, written, &binding.role_ref)
    }

    /// Whether the request may write the cluster role binding.
    ///
    /// # Errors
    /// If the user neither holds what the role grants nor may bind it, or if the role is not there.
    ///
    /// Source: `k8s.io/kubernetes/pkg/registry/rbac/clusterrolebinding/policybased`.
    pub fn cluster_role_binding(
        &self,
        request: &Attributes,
        change: Change<'_, ClusterRoleBinding>,
    ) -> Result<(), Refusal> {
        let binding = change.after();
        let written = Written { resource: "clusterrolebindings", name: &binding.metadata.name };
        if is_for_garbage_collection(&change) {
            return Ok(());
        }
        self.binding(request, "", written, &binding.role_ref)
    }

    fn binding(
        &self,
        request: &Attributes,
        namespace: &str,
        written: Written<'_>,
        role_ref: &RoleRef,
    ) -> Result<(), Refusal> {
        if request.user.is_in(MASTERS) || self.may_bind(request, namespace, role_ref) {
            return Ok(());
        }
        let role = self.resolver.resolve(role_ref, namespace);
        let role = role.map_err(|error| error.to_writer_of(written.resource))?;
        self.confirm(request, written, role.rules())
    }

    fn confirm(
        &self,
        request: &Attributes,
        written: Written<'_>,
        wanted: &[PolicyRule],
    ) -> Result<(), Refusal> {
        let (atoms, limit) = (atom_count(wanted), self.atom_limit);
        if atoms > limit {
            let Written { resource, name } = written;
            return Err(Refusal::TooLarge { resource, name: name.to_owned(), atoms, limit });
        }
        let held = self.resolver.held(&request.user, &request.namespace);
        let error = aggregated(held.errors.iter().map(|error| error.to_writer_of(written.resource)));
        let confirmed = confirm(&request.user, &held.rules, error.as_deref(), wanted);
        confirmed.map_err(|escalation| written.forbidden(escalation.to_string()))
    }

    /// Source: `k8s.io/kubernetes/pkg/registry/rbac` `RoleEscalationAuthorized`.
    fn may_escalate(&self, request: &Attributes) -> bool {
        let writes_role = request.is_resource
            && request.group == GROUP
            && matches!(request.resource.as_str(), "roles" | "clusterroles");
        writes_role
            && self.may(&Attributes {
                user: request.user.clone(),
                verb: "escalate".to_owned(),
                is_resource: true,
                group: request.group.clone(),
                version: "*".to_owned(),
                namespace: request.namespace.clone(),
                resource: request.resource.clone(),
                name: request.name.clone(),
                ..Attributes::default()
            })
    }

    /// Source: `k8s.io/kubernetes/pkg/registry/rbac` `BindingAuthorized`.
    fn may_bind(&self, request: &Attributes, namespace: &str, role_ref: &RoleRef) -> bool {
        let resource = match role_ref.kind.as_str() {
            "ClusterRole" => "clusterroles",
            "Role" => "roles",
            _ => return false,
        };
        self.may(&Attributes {
            user: request.user.clone(),
            verb: "bind".to_owned(),
            is_resource: true,
            group: role_ref.api_group.to_string(),
            version: "*".to_owned(),
            namespace: namespace.to_owned(),
            resource: resource.to_owned(),
            name: role_ref.name.to_string(),
            ..Attributes::default()
        })
    }

    fn may(&self, asked: &Attributes) -> bool {
        (self.authorize)(asked) == Decision::Allow
    }
}

impl Written<'_> {
    fn forbidden(self, reason: String) -> Refusal {
        Refusal::Forbidden { resource: self.resource, name: self.name.to_owned(), reason }
    }
}

impl<'a, T> Change<'a, T> {
    fn after(&self) -> &'a T {
        match self {
            Self::Create(new) | Self::Update { new, .. } => new,
        }
    }

    fn before(&self) -> Option<&'a T> {
        match self {
            Self::Create(_) => None,
            Self::Update { old, .. } => Some(old),
        }
    }
}

/// Source: `k8s.io/kubernetes/pkg/registry/rbac` `IsOnlyMutatingGCFields`.
fn is_for_garbage_collection<T: Contents>(change: &Change<'_, T>) -> bool {
    match change {
        Change::Update { new, old, metadata: Differ::OnlyForGarbageCollection } => new.has_contents_of(old),
        _ => false,
    }
}

/// What an object holds besides its metadata.
trait Contents {
    fn has_contents_of(&self, other: &Self) -> bool;
}

impl Contents for Role {
    fn has_contents_of(&self, other: &Self) -> bool {
        self.rules == other.rules
    }
}

impl Contents for ClusterRole {
    fn has_contents_of(&self, other: &Self) -> bool {
        self.rules == other.rules && self.aggregation == other.aggregation
    }
}

impl Contents for RoleBinding {
    fn has_contents_of(&self, other: &Self) -> bool {
        self.subjects == other.subjects && self.role_ref == other.role_ref
    }
}

impl Contents for ClusterRoleBinding {
    fn has_contents_of(&self, other: &Self) -> bool {
        self.subjects == other.subjects && self.role_ref == other.role_ref
    }
}

/// Compares the metadata of two states of an object. What the garbage collector writes are owner references and
/// finalizers; managed fields and links do not count at all.
#[must_use]
pub fn compare_metadata(new: &Value, old: &Value) -> Differ {
    let metadata = [new, old].map(|object| object.field("metadata"));
    let keys = metadata.iter().flatten().filter_map(|metadata| metadata.as_object()).flat_map(Map::iter);
    let of_nobody = ["ownerReferences", "finalizers", "selfLink", "managedFields"];
    let mut keys = keys.map(|(key, _)| key).filter(|key| !of_nobody.contains(key));
    let same = keys.all(|key| {
        let [new, old] = metadata.map(|metadata| metadata.and_then(|metadata| metadata.field(key)));
        same(new, old)
    });
    if same { Differ::OnlyForGarbageCollection } else { Differ::Otherwise }
}

/// Whether two values of a field are equal, where an empty one is as good as none.
fn same(new: Option<&Value>, old: Option<&Value>) -> bool {
    let given = |value: &&Value| match value {
        Value::String(text) => !text.is_empty(),
        Value::Array(items) => !items.is_empty(),
        Value::Object(map) => !map.is_empty(),
        _ => true,
    };
    match (new.filter(given), old.filter(given)) {
        (Some(Value::Object(new)), Some(Value::Object(old))) => {
            new.len() == old.len() && new.iter().all(|(key, value)| old.get(key) == Some(value))
        }
        (new, old) => new == old,
    }
}

fn full_authority() -> [PolicyRule; 2] {
    let star = || vec!["*".into()];
    [
        PolicyRule { verbs: star(), api_groups: star(), resources: star(), ..PolicyRule::default() },
        PolicyRule { verbs: star(), non_resource_urls: star(), ..PolicyRule::default() },
    ]
}

fn named(name: &str) -> String {
    if name.is_empty() { String::new() } else { format!(" {}", quoted(name)) }
}
