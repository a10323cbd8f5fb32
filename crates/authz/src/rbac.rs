//! Role-based access control: `rbac.authorization.k8s.io`.
//!
//! [`Objects`] are decoded roles and bindings, [`Policy`] answers over them as upstream does, one binding after the
//! other, and [`Index`] gives the same answers from tables. Questions in the other direction are
//! [`Index::who_can`] and [`Index::what_can`]. [`covers`], [`escalation`] and [`validation`] are what guards writes
//! of these objects; [`aggregation`] is what fills aggregated cluster roles. [`mod@diff`], [`mod@matrix`] and
//! [`mod@reduce`] compare what policies allow as sets.
//!
//! The group `system:masters` may do everything before RBAC is asked: neither policy nor index know it.

pub mod aggregation;
mod atoms;
pub mod covers;
pub mod danger;
pub mod diff;
pub mod escalation;
mod following;
mod holdings;
mod index;
mod matching;
pub mod matrix;
mod objects;
mod policy;
pub mod reduce;
mod reverse;
mod table;
#[cfg(test)]
mod testing;
mod text;
pub mod validation;

pub use holdings::{Unknown, Who};
pub use index::Index;
pub use matching::rule_allows;
pub use objects::{
    ClusterRole, ClusterRoleBinding, GROUP, Metadata, Objects, PolicyRule, Role, RoleBinding, RoleRef,
    Subject,
};
pub use policy::{AnyBinding, AnyRole, Held, Policy, ResolveError, Resolver, Visited};
pub use reverse::{Asked, Grant, Identity, Name, Place, Places, Query, Scope};
