//! `OwnerReferencesPermissionEnforcement`: who gives an object an owner could delete it, or hold its owner back.

use super::prelude::*;
use crate::{Answer, Question};
use std::collections::BTreeMap;

pub(super) const ENTRY: Entry = Entry {
    name: "OwnerReferencesPermissionEnforcement",
    about: "Refuses new owners by who may not delete the object, and blocking ones by who may not change the \
            finalizers of the owner.",
    source: "k8s.io/kubernetes/plugin/pkg/admission/gc",
    build: plain!(OwnerReferencesPermissionEnforcement),
};

struct OwnerReferencesPermissionEnforcement;

/// An owner of an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Owner {
    pub(crate) api_version: String,
    pub(crate) kind: String,
    pub(crate) name: String,
    pub(crate) uid: String,
    pub(crate) controller: Option<bool>,
    pub(crate) blocks: Option<bool>,
}

/// The owners of an object.
pub(crate) fn owners(object: &Value) -> Vec<Owner> {
    let references = items(object, "metadata.ownerReferences").iter();
    let owner = |reference: &Value| {
        let part = |key| text(reference, key).to_owned();
        let flag = |key| reference.field(key).and_then(Value::as_bool);
        Owner {
            api_version: part("apiVersion"),
            kind: part("kind"),
            name: part("name"),
            uid: part("uid"),
            controller: flag("controller"),
            blocks: flag("blockOwnerDeletion"),
        }
    };
    references.map(owner).collect()
}

impl Plugin for OwnerReferencesPermissionEnforcement {
    identity!([Create, Update], mutates: false, validates: true);

    fn validate(
        &self,
        attributes: &Attributes<'_>,
        object: Option<&Value>,
        old: Option<&Value>,
        context: &mut Context<'_>,
    ) -> Result<(), Status> {
        // The status of a pod cannot change its owners, and old kubelets corrupt them.
        if attributes.is("", "pods") && attributes.subresource == "status" {
            return Ok(());
        }
        let Some(new) = typed(object) else { return Ok(()) };
        let (new, old) = (owners(new), old.map(owners));
        if old.as_deref().unwrap_or_default() == new {
            return Ok(());
        }
        if attributes.operation != Operation::Create {
            check_deletion(attributes, object, context)?;
        }
        let blocking = newly_blocking(&new, old.as_deref());
        if blocking.is_empty() || context.cluster.authorize(&finalize_anything(attributes)).allowed {
            return Ok(());
        }
        blocking.into_iter().try_for_each(|owner| check_finalizers(attributes, object, owner, context))
    }
}

/// Why the authorizer does not allow it, as Go prints the two.
fn why(answer: &Answer) -> String {
    format!("{}, {}", answer.reason, answer.error.as_deref().unwrap_or("<nil>"))
}

fn check_deletion(
    attributes: &Attributes<'_>,
    object: Option<&Value>,
    context: &Context<'_>,
) -> Result<(), Status> {
    let answer = context.cluster.authorize(&Question {
        user: attributes.user,
        verb: "delete",
        group: attributes.group,
        version: attributes.version,
        resource: attributes.resource,
        subresource: attributes.subresource,
        namespace: attributes.namespace,
        name: attributes.name,
    });
    if answer.allowed {
        return Ok(());
    }
    let why = format!("cannot set an ownerRef on a resource you can't delete: {}", why(&answer));
    Err(attributes.forbidden(object, &why))
}

fn finalize_anything<'a>(attributes: &Attributes<'a>) -> Question<'a> {
    Question {
        user: attributes.user,
        verb: "update",
        group: "*",
        version: "*",
        resource: "*",
        subresource: "finalizers",
        namespace: "",
        name: "*",
    }
}

/// The owners that block their deletion and did not before.
fn newly_blocking<'o>(new: &'o [Owner], old: Option<&[Owner]>) -> Vec<&'o Owner> {
    let old: BTreeMap<&str, bool> = old
        .unwrap_or_default()
        .iter()
        .map(|owner| (owner.uid.as_str(), owner.blocks == Some(true)))
        .collect();
    let blocked = |owner: &&Owner| old.get(owner.uid.as_str()) == Some(&true);
    new.iter().filter(|owner| owner.blocks == Some(true) && !blocked(owner)).collect()
}

fn check_finalizers(
    attributes: &Attributes<'_>,
    object: Option<&Value>,
    owner: &Owner,
    context: &Context<'_>,
) -> Result<(), Status> {
    let Owner { api_version, kind, name, .. } = owner;
    let mappings = group_version(api_version)
        .and_then(|(group, version)| context.cluster.mappings(group, version, kind).map_err(|error| error.0));
    let mappings = mappings.map_err(|error| {
        let why = format!(
            "cannot set blockOwnerDeletion in this case because cannot find RESTMapping for APIVersion {api_version} \
             Kind {kind}: {error}"
        );
        attributes.forbidden(object, &why)
    })?;
    for mapping in mappings {
        let answer = context.cluster.authorize(&Question {
            user: attributes.user,
            verb: "update",
            group: &mapping.group,
            version: &mapping.version,
            resource: &mapping.resource,
            subresource: "finalizers",
            namespace: if mapping.namespaced { attributes.namespace } else { "" },
            name,
        });
        if !answer.allowed {
            let why = format!(
                "cannot set blockOwnerDeletion if an ownerReference refers to a resource you can't set finalizers on: {}",
                why(&answer)
            );
            return Err(attributes.forbidden(object, &why));
        }
    }
    Ok(())
}

/// The parts of an `apiVersion`.
///
/// Source: `k8s.io/apimachinery/pkg/runtime/schema` `ParseGroupVersion`.
fn group_version(text: &str) -> Result<(&str, &str), String> {
    match text.split_once('/') {
        Some((_, version)) if version.contains('/') => Err(format!("unexpected GroupVersion string: {text}")),
        Some(parts) => Ok(parts),
        None => Ok(("", text)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plugins::testing::{Records, attributes, plugin, refusal};

    const START: &str = "403 pods \"x\" is forbidden: ";

    fn refused(allowed: &[&str], new: &str, old: &str) -> Option<String> {
        let allowed = allowed.iter().map(|text| (*text).to_owned()).collect();
        let records = Records { allowed, ..Records::default() };
        let operation = if old.is_empty() { Operation::Create } else { Operation::Update };
        let object = |owners: &str| format!("{{metadata: {{ownerReferences: {owners}}}}}");
        let old = if old.is_empty() { String::new() } else { object(old) };
        let about = attributes(operation, "pods");
        refusal(plugin(ENTRY.name).as_ref(), &records, &about, &object(new), &old)
    }

    fn owner(uid: &str, kind: &str, blocks: bool) -> String {
        let api = if kind == "ReplicaSet" { "apps/v1" } else { "v1" };
        format!("{{apiVersion: {api}, kind: {kind}, name: o, uid: {uid}, blockOwnerDeletion: {blocks}}}")
    }

    #[test]
    fn who_may_not_delete_may_not_change_owners() {
        let free = format!("[{}]", owner("u", "ReplicaSet", false));
        let why = format!("{START}cannot set an ownerRef on a resource you can't delete: no, <nil>");
        assert_eq!(refused(&[], &free, ""), None);
        assert_eq!(refused(&[], &free, "[]"), Some(why.clone()));
        assert_eq!(refused(&[], "[]", &free), Some(why));
        assert_eq!(refused(&[], &free, &free), None);
        assert_eq!(refused(&["delete  pods/ ns x"], &free, "[]"), None);
    }

    #[test]
    fn who_may_not_finalize_may_not_block() {
        let set = format!("[{}]", owner("u", "ReplicaSet", true));
        let why = "cannot set blockOwnerDeletion if an ownerReference refers to a resource you can't set finalizers \
                   on: no, <nil>";
        assert_eq!(refused(&[], &set, ""), Some(format!("{START}{why}")));
        assert_eq!(refused(&["update apps replicasets/finalizers ns o"], &set, ""), None);
        assert_eq!(refused(&["update * */finalizers  *"], &set, ""), None);
        let node = format!("[{}]", owner("u", "Node", true));
        assert_eq!(refused(&["update  nodes/finalizers  o"], &node, ""), None);
        let unknown = format!("[{}]", owner("u", "Nope", true));
        let why = "cannot set blockOwnerDeletion in this case because cannot find RESTMapping for APIVersion v1 Kind \
                   Nope: no matches for kind \"Nope\" in version \"v1\"";
        assert_eq!(refused(&[], &unknown, ""), Some(format!("{START}{why}")));
        let two = format!("[{}, {}]", owner("u", "ReplicaSet", true), owner("v", "Node", false));
        assert_eq!(refused(&["delete  pods/ ns x"], &two, &set), None);
    }
}
