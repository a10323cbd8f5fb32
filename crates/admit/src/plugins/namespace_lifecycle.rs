//! `NamespaceLifecycle`: nothing comes into a namespace that is not there or is being deleted, and three namespaces
//! stay.

use super::prelude::*;
use crate::state::Recent;
use ravelin_object::status::Cause;
use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

pub(super) const ENTRY: Entry = Entry {
    name: "NamespaceLifecycle",
    about: "Refuses objects in namespaces that do not exist or are being deleted, and keeps default, kube-system and \
            kube-public.",
    source: "k8s.io/apiserver/pkg/admission/plugin/namespace/lifecycle",
    build: |_| Ok(Box::new(NamespaceLifecycle { deleted: Recent::new(100) })),
};

struct NamespaceLifecycle {
    /// Until when the informer is not believed about a namespace whose deletion was asked for.
    deleted: Recent<Duration>,
}

const IMMORTAL: [&str; 3] = ["default", "kube-system", "kube-public"];
const FORCE_LIVE_LOOKUP: Duration = Duration::from_secs(30);

impl Plugin for NamespaceLifecycle {
    identity!([Create, Update, Delete], mutates: true, validates: false);

    fn admit(
        &self,
        attributes: &Attributes<'_>,
        object: Option<&mut Value>,
        _: Option<&Value>,
        context: &mut Context<'_>,
    ) -> Result<(), Status> {
        let deletes = attributes.operation == Operation::Delete;
        if attributes.is_kind("", "Namespace") {
            if deletes && IMMORTAL.contains(&attributes.name) {
                let why = "this namespace may not be deleted";
                return Err(Status::forbidden(attributes.group, attributes.resource, attributes.name, why));
            }
            if deletes {
                let until = context.now.saturating_add(FORCE_LIVE_LOOKUP);
                self.deleted.with(attributes.name, || until, |end| *end = until);
            }
            return Ok(());
        }
        // A review must not tell which namespaces there are.
        let is_review = attributes.is("authorization.k8s.io", "localsubjectaccessreviews");
        if attributes.namespace.is_empty() || deletes || is_review {
            return Ok(());
        }
        let namespace = self.namespace(attributes, context)?;
        if attributes.operation == Operation::Create && text(&namespace, "status.phase") == "Terminating" {
            return Err(terminating(attributes, object.as_deref()));
        }
        Ok(())
    }
}

impl NamespaceLifecycle {
    /// The namespace of the request.
    fn namespace(&self, attributes: &Attributes<'_>, context: &Context<'_>) -> Result<Arc<Value>, Status> {
        let name = attributes.namespace;
        let internal = |error: crate::LookupError| Status::internal(&error.0);
        let known = context.cluster.get("", "namespaces", "", name).map_err(internal)?;
        let was_deleted = self.deleted.look(name, |until| *until > context.now).unwrap_or_default();
        if let Some(namespace) = known.filter(|it| !was_deleted || text(it, "status.phase") != "Active") {
            return Ok(namespace);
        }
        let live = context.cluster.get_live("", "namespaces", "", name).map_err(internal)?;
        live.ok_or_else(|| Status::not_found("", "namespaces", name))
    }
}

fn terminating(attributes: &Attributes<'_>, object: Option<&Value>) -> Status {
    let namespace = attributes.namespace;
    let why = format!("unable to create new content in namespace {namespace} because it is being terminated");
    let mut status = attributes.forbidden(object, &why);
    if let Some(details) = &mut status.details {
        details.causes.push(Cause {
            reason: Cow::Borrowed("NamespaceTerminating"),
            message: format!("namespace {namespace} is being terminated"),
            field: "metadata.namespace".to_owned(),
        });
    }
    status
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plugins::testing::{Records, attributes, plugin, refusal, with_context};

    const ACTIVE: &str = "{metadata: {name: ns}, status: {phase: Active}}";
    const TERMINATING: &str = "{metadata: {name: ns}, status: {phase: Terminating}}";

    #[test]
    fn nothing_comes_into_a_namespace_that_is_not_there_or_going() {
        let refused = |records: &Records, operation, resource| {
            let about = attributes(operation, resource);
            refusal(plugin("NamespaceLifecycle").as_ref(), records, &about, "{}", "")
        };
        let active = Records::of(&[("/namespaces", ACTIVE)]);
        let ending = Records::of(&[("/namespaces", TERMINATING)]);
        let none = Records::default();
        let missing = Some("404 namespaces \"ns\" not found".to_owned());
        assert_eq!(refused(&active, Operation::Create, "pods"), None);
        assert_eq!(refused(&none, Operation::Create, "pods"), missing);
        assert_eq!(refused(&none, Operation::Update, "pods"), missing);
        assert_eq!(refused(&none, Operation::Delete, "pods"), None);
        assert_eq!(refused(&none, Operation::Connect, "pods"), None);
        let review = "localsubjectaccessreviews.authorization.k8s.io";
        assert_eq!(refused(&none, Operation::Create, review), None);
        assert_eq!(refused(&ending, Operation::Update, "pods"), None);
        let why = "403 pods \"x\" is forbidden: unable to create new content in namespace ns because it is being \
                   terminated";
        assert_eq!(refused(&ending, Operation::Create, "pods").as_deref(), Some(why));
        let live = Records::default().with_live("/namespaces", ACTIVE);
        assert_eq!(refused(&live, Operation::Create, "pods"), None);
        let broken = Records { broken: vec!["namespaces".to_owned()], ..Records::default() };
        let why = "500 Internal error occurred: not now";
        assert_eq!(refused(&broken, Operation::Create, "pods").as_deref(), Some(why));
    }

    #[test]
    fn three_namespaces_stay() {
        for (name, stays) in [("default", true), ("kube-system", true), ("kube-public", true), ("ns", false)]
        {
            let mut about = attributes(Operation::Delete, "namespaces");
            (about.name, about.namespace) = (name, name);
            let plugin = plugin("NamespaceLifecycle");
            let refused = refusal(plugin.as_ref(), &Records::default(), &about, "null", "");
            let why = format!("403 namespaces \"{name}\" is forbidden: this namespace may not be deleted");
            assert_eq!(refused, stays.then_some(why));
        }
    }

    #[test]
    fn after_a_deletion_the_informer_is_not_believed_for_a_while() {
        let plugin = plugin("NamespaceLifecycle");
        let stale = Records::of(&[("/namespaces", ACTIVE)]).with_live("/namespaces", TERMINATING);
        let create = attributes(Operation::Create, "pods");
        let mut delete = attributes(Operation::Delete, "namespaces");
        delete.name = "ns";
        with_context(&stale, |context| {
            let mut object = Value::Object(Map::new());
            assert_eq!(plugin.admit(&create, Some(&mut object), None, context), Ok(()));
            assert_eq!(plugin.admit(&delete, None, None, context), Ok(()));
            let refused = plugin.admit(&create, Some(&mut object), None, context).unwrap_err();
            let causes = &refused.details.as_ref().unwrap().causes;
            assert_eq!(
                (refused.code, causes.first().unwrap().reason.as_ref()),
                (403, "NamespaceTerminating")
            );
            context.now += FORCE_LIVE_LOOKUP;
            assert_eq!(plugin.admit(&create, Some(&mut object), None, context), Ok(()));
        });
    }
}
