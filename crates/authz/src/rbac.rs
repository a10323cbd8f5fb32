//! Role-based access control: `rbac.authorization.k8s.io`.
//!
//! [`Objects`] are decoded roles and bindings, [`Policy`] answers over them as upstream does, one binding after the
//! other, and [`Index`] gives the same answers from tables. Questions in the other direction are
//! [`Index::who_can`] and [`Index::what_can`]. [`covers`], [`escalation`] and [`validation`] are what guards writes
//! of these objects; [`aggregation`] is what fills aggregated cluster roles.
//!
//! The group `system:masters` may do everything before RBAC is asked: neither policy nor index know it.

pub mod aggregation;
pub mod covers;
pub mod escalation;
mod index;
mod matching;
mod objects;
mod policy;
mod reverse;
mod table;
mod text;
pub mod validation;

pub use index::Index;
pub use matching::rule_allows;
pub use objects::{
    ClusterRole, ClusterRoleBinding, GROUP, Metadata, Objects, PolicyRule, Role, RoleBinding, RoleRef,
    Subject,
};
pub use policy::{AnyBinding, AnyRole, Held, Policy, ResolveError, Resolver, Visited};
pub use reverse::{Asked, Grant, Identity, Name, Place, Places, Query, Scope};
