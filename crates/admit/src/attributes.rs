//! What a request is about, as admission sees it.

use crate::fields::text;
use ravelin_object::Value;
use ravelin_object::status::Status;
use ravelin_object::user::UserInfo;

/// What is done to an object.
///
/// Source: `k8s.io/apiserver/pkg/admission` `Operation`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Operation {
    /// The object is new, or something is created below it.
    Create,
    /// The object is changed.
    Update,
    /// The object is deleted.
    Delete,
    /// A connection to it is opened.
    Connect,
}

impl Operation {
    /// The name in configurations and messages: `CREATE`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Create => "CREATE",
            Self::Update => "UPDATE",
            Self::Delete => "DELETE",
            Self::Connect => "CONNECT",
        }
    }
}

/// A request, without the objects that it is about.
///
/// Source: `k8s.io/apiserver/pkg/admission` `Attributes`.
#[derive(Clone, Copy, Debug)]
pub struct Attributes<'a> {
    /// What is done.
    pub operation: Operation,
    /// The API group of the resource; empty for the core group.
    pub group: &'a str,
    /// The version of the resource: `v1`.
    pub version: &'a str,
    /// The resource: `pods`.
    pub resource: &'a str,
    /// The subresource: `status`; empty for the resource itself.
    pub subresource: &'a str,
    /// The kind of the object: `Pod`; for subresources that of what is sent, as `Eviction`.
    pub kind: &'a str,
    /// The API group of the kind.
    pub kind_group: &'a str,
    /// The version of the kind.
    pub kind_version: &'a str,
    /// The namespace; empty for what is in none. For a namespace itself its own name.
    pub namespace: &'a str,
    /// The name; empty where the object is new and its name is to be generated.
    pub name: &'a str,
    /// Who asks.
    pub user: &'a UserInfo,
    /// Whether nothing is to be stored.
    pub dry_run: bool,
    /// The options of the request, as `CreateOptions`.
    pub options: Option<&'a Value>,
}

impl Attributes<'_> {
    /// Whether the request is about this resource, in whatever version and subresource.
    #[must_use]
    pub fn is(&self, group: &str, resource: &str) -> bool {
        self.group == group && self.resource == resource
    }

    /// Whether the request is about this resource itself, not about a subresource.
    #[must_use]
    pub fn is_bare(&self, group: &str, resource: &str) -> bool {
        self.subresource.is_empty() && self.is(group, resource)
    }

    /// Whether the kind of the object is this one, in whatever version.
    #[must_use]
    pub fn is_kind(&self, group: &str, kind: &str) -> bool {
        self.kind_group == group && self.kind == kind
    }

    /// The name as refusals show it: that of the request, else that of the object, else what its name is generated
    /// from, else `Unknown`.
    ///
    /// Source: `k8s.io/apiserver/pkg/admission/errors.go` `extractResourceName`.
    #[must_use]
    pub fn shown_name<'n>(&'n self, object: Option<&'n Value>) -> &'n str {
        let Some(object) = object else { return if self.name.is_empty() { "Unknown" } else { self.name } };
        let names = [self.name, text(object, "metadata.name"), text(object, "metadata.generateName")];
        names.into_iter().find(|name| !name.is_empty()).unwrap_or("Unknown")
    }

    /// A refusal of the request: 403 `pods "x" is forbidden: why`.
    ///
    /// Source: `k8s.io/apiserver/pkg/admission/errors.go` `NewForbidden`.
    #[must_use]
    pub fn forbidden(&self, object: Option<&Value>, why: &str) -> Status {
        Status::forbidden(self.group, self.resource, self.shown_name(object), why)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plugins::testing::{attributes, object};

    #[test]
    fn refusals_name_what_is_known() {
        let cases = [
            ("p", "{metadata: {name: q}}", "p"),
            ("", "{metadata: {name: q, generateName: g-}}", "q"),
            ("", "{metadata: {generateName: g-}}", "g-"),
            ("", "{}", "Unknown"),
        ];
        for (name, text, shown) in cases {
            let mut of = attributes(Operation::Create, "pods");
            of.name = name;
            let object = object(text);
            let refused = of.forbidden(Some(&object), "no").message;
            assert_eq!(refused, format!("pods \"{shown}\" is forbidden: no"));
        }
        let mut of = attributes(Operation::Delete, "pods");
        of.name = "";
        assert_eq!(of.shown_name(None), "Unknown");
    }
}
