//! What is asked about: a kind in a version, who asks, and the traits that hold of every object of a kind.

use ravelin_object::user::UserInfo;

/// A kind in a served version: `apps`, `v1`, `Deployment`. The group of core kinds is empty.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Kind<'a> {
    /// The API group; empty for core.
    pub group: &'a str,
    /// The version of the group.
    pub version: &'a str,
    /// The kind.
    pub kind: &'a str,
}

/// What a create or an update knows besides the object.
pub struct Context<'a> {
    /// Who asks; a CertificateSigningRequest is stamped with it.
    pub user: &'a UserInfo,
    /// The time, as RFC 3339 in UTC with seconds: `2026-01-02T03:04:05Z`.
    pub now: &'a str,
    /// Random numbers; a LimitRange without a name gets a UUID for one.
    pub random: &'a mut dyn FnMut() -> u32,
    /// Warnings that are given while preparing, before those of [`crate::warnings_on_create`].
    pub warnings: &'a mut Vec<String>,
}

/// What happens to dependents when an object is deleted and the request does not say.
///
/// Source: `k8s.io/apiserver/pkg/registry/rest` `GarbageCollectionPolicy`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Propagation {
    /// They are left, without their owner.
    Orphan,
    /// They are deleted afterwards.
    Background,
    /// Nothing: no finalizer of garbage collection is set, whatever the request says (events).
    Unsupported,
}

/// What holds of every object of a kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Traits {
    /// Objects live in namespaces.
    pub namespaced: bool,
    /// `PUT` of an object that is not there creates it.
    pub allow_create_on_update: bool,
    /// `PUT` without a resource version overwrites what is there.
    pub allow_unconditional_update: bool,
    /// Objects are deleted gracefully, with this default in seconds (pods; the object's own
    /// `spec.terminationGracePeriodSeconds` goes before).
    pub graceful: Option<i64>,
    /// What happens to dependents by default.
    pub default_propagation: Propagation,
    /// A delete answers with the object rather than with a `Status`.
    pub returns_deleted_object: bool,
    /// `metadata.generateName` makes a name (IPAddresses have none made).
    pub generates_names: bool,
}
