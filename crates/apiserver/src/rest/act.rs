//! Somebody does something to an object: what admission, strategies and the guard of roles want to know of it.

use crate::api::Api;
use crate::clock;
use crate::cluster::View;
use crate::exchange::Exchange;
use crate::random;
use ravelin_admit::{Attributes, Context, Operation};
use ravelin_authn::UserInfo;
use ravelin_object::Value;
use ravelin_object::status::Status;
use ravelin_resource::Resource;
use std::time::Duration;

/// What is done, by whom. Warnings and annotations gather here, whether it comes off or not.
pub(crate) struct Act {
    /// Who.
    pub(crate) user: UserInfo,
    /// Whether nothing is to be written.
    pub(crate) dry_run: bool,
    /// What the client is to be warned of.
    pub(crate) warnings: Vec<String>,
    /// What the audit event is to be annotated with.
    pub(crate) annotations: Vec<(String, String)>,
}

/// The object an act is about.
#[derive(Clone, Copy)]
pub(crate) struct Target<'a> {
    /// The resource.
    pub(crate) resource: &'a Resource,
    /// The subresource; empty for the resource itself.
    pub(crate) subresource: &'a str,
    /// The namespace.
    pub(crate) namespace: &'a str,
    /// The name.
    pub(crate) name: &'a str,
    /// Group, version and kind of what is sent, where it is not the resource's own.
    pub(crate) kind: Option<(&'a str, &'a str, &'a str)>,
}

impl<'a> Target<'a> {
    /// An object itself.
    pub(crate) const fn of(resource: &'a Resource, namespace: &'a str, name: &'a str) -> Self {
        Self { resource, subresource: "", namespace, name, kind: None }
    }
}

impl Act {
    /// What the request of an exchange does.
    pub(crate) fn of(exchange: &Exchange, dry_run: bool) -> Self {
        Self { user: exchange.user.clone(), dry_run, warnings: Vec::new(), annotations: Vec::new() }
    }

    /// What the server does by itself.
    pub(crate) fn of_server() -> Self {
        let user = UserInfo {
            name: "system:apiserver".to_owned(),
            groups: vec!["system:authenticated".to_owned(), "system:masters".to_owned()],
            ..UserInfo::default()
        };
        Self { user, dry_run: false, warnings: Vec::new(), annotations: Vec::new() }
    }

    /// Gives warnings and annotations to the exchange.
    pub(crate) fn report(self, exchange: &mut Exchange) {
        for warning in self.warnings {
            exchange.warn(warning);
        }
        for (key, value) in self.annotations {
            exchange.recorder.annotate(&key, &value);
        }
    }

    /// Lets the mutating plugins at an object.
    pub(crate) fn admit(
        &mut self,
        api: &Api,
        target: Target<'_>,
        operation: Operation,
        object: Option<&mut Value>,
        old: Option<&Value>,
    ) -> Result<(), Status> {
        self.with_admission(api, target, operation, |attributes, context| {
            api.admission.admit(attributes, object, old, context)
        })
    }

    /// Lets the validating plugins judge an object.
    pub(crate) fn validate(
        &mut self,
        api: &Api,
        target: Target<'_>,
        operation: Operation,
        object: Option<&Value>,
        old: Option<&Value>,
    ) -> Result<(), Status> {
        self.with_admission(api, target, operation, |attributes, context| {
            api.admission.validate(attributes, object, old, context)
        })
    }

    fn with_admission(
        &mut self,
        api: &Api,
        target: Target<'_>,
        operation: Operation,
        run: impl FnOnce(&Attributes<'_>, &mut Context<'_>) -> Result<(), Status>,
    ) -> Result<(), Status> {
        let resource = target.resource;
        let (kind_group, kind_version, kind) =
            target.kind.unwrap_or((&resource.group, &resource.version, &resource.kind));
        let user = self.user.clone();
        let attributes = Attributes {
            operation,
            group: &resource.group,
            version: &resource.version,
            resource: &resource.plural,
            subresource: target.subresource,
            kind,
            kind_group,
            kind_version,
            namespace: target.namespace,
            name: target.name,
            user: &user,
            dry_run: self.dry_run,
            options: None,
        };
        let view = View { api };
        let mut next = random::number;
        let mut context = Context::new(&view, Duration::from_millis(clock::millis()), &mut next);
        let outcome = run(&attributes, &mut context);
        self.warnings.append(&mut context.warnings);
        self.annotations.append(&mut context.annotations);
        outcome
    }
}
