//! `RuntimeClass`: what the runtime of a pod costs, and where it runs.

use super::prelude::*;
use crate::resources::list;
use crate::tolerations::{Toleration, merged};
use std::sync::Arc;

pub(super) const ENTRY: Entry = Entry {
    name: "RuntimeClass",
    about: "Gives new pods the overhead, node selector and tolerations of their runtime class.",
    source: "k8s.io/kubernetes/plugin/pkg/admission/runtimeclass",
    build: plain!(RuntimeClass),
};

struct RuntimeClass;

impl Plugin for RuntimeClass {
    identity!([Create], mutates: true, validates: true);

    fn admit(
        &self,
        attributes: &Attributes<'_>,
        object: Option<&mut Value>,
        _: Option<&Value>,
        context: &mut Context<'_>,
    ) -> Result<(), Status> {
        if !attributes.is_bare("", "pods") {
            return Ok(());
        }
        let pod = object.filter(|pod| pod.as_object().is_some()).ok_or_else(unconverted)?;
        let Some(class) = class_of(attributes, pod, context)? else { return Ok(()) };
        set_overhead(attributes, pod, &class)?;
        set_scheduling(attributes, pod, &class)
    }

    fn validate(
        &self,
        attributes: &Attributes<'_>,
        object: Option<&Value>,
        _: Option<&Value>,
        context: &mut Context<'_>,
    ) -> Result<(), Status> {
        if !attributes.is_bare("", "pods") {
            return Ok(());
        }
        let pod = typed(object).ok_or_else(unconverted)?;
        let class = class_of(attributes, pod, context)?;
        let own = pod.dotted("spec.overhead");
        match class.as_ref().and_then(|class| class.field("overhead")) {
            Some(overhead) if list(own) != list(overhead.field("podFixed")) => {
                Err(attributes.forbidden(object, MISMATCH))
            }
            None if own.is_some() => {
                let why =
                    "pod rejected: Pod Overhead set without corresponding RuntimeClass defined Overhead";
                Err(attributes.forbidden(object, why))
            }
            _ => Ok(()),
        }
    }
}

const MISMATCH: &str = "pod rejected: Pod's Overhead doesn't match RuntimeClass's defined Overhead";

fn unconverted() -> Status {
    Status::bad_request("Resource was marked with kind Pod but was unable to be converted")
}

/// The class that a pod names.
fn class_of(
    attributes: &Attributes<'_>,
    pod: &Value,
    context: &Context<'_>,
) -> Result<Option<Arc<Value>>, Status> {
    let Some(name) = pod.dotted("spec.runtimeClassName").and_then(Value::as_str) else { return Ok(None) };
    if name.is_empty() {
        return Err(Status::plain("resource name may not be empty"));
    }
    let (group, resource) = ("node.k8s.io", "runtimeclasses");
    let plain = |error: crate::LookupError| Status::plain(&error.0);
    if let Some(class) = context.cluster.get(group, resource, "", name).map_err(plain)? {
        return Ok(Some(class));
    }
    match context.cluster.get_live(group, resource, "", name).map_err(plain)? {
        Some(class) => Ok(Some(class)),
        None => {
            let name = ravelin_object::selector::quoted(name);
            Err(attributes.forbidden(Some(pod), &format!("pod rejected: RuntimeClass {name} not found")))
        }
    }
}

fn set_overhead(attributes: &Attributes<'_>, pod: &mut Value, class: &Value) -> Result<(), Status> {
    let Some(overhead) = class.field("overhead") else { return Ok(()) };
    let fixed = overhead.field("podFixed");
    let own = list(pod.dotted("spec.overhead"));
    if !own.is_empty() && own != list(fixed) {
        return Err(attributes.forbidden(Some(pod), MISMATCH));
    }
    if let Some(spec) = pod.object_at("spec") {
        match fixed {
            Some(fixed) => spec.set("overhead", fixed.clone()),
            None => drop(spec.remove("overhead")),
        }
    }
    Ok(())
}

fn set_scheduling(attributes: &Attributes<'_>, pod: &mut Value, class: &Value) -> Result<(), Status> {
    let Some(scheduling) = class.field("scheduling") else { return Ok(()) };
    let selector = texts(scheduling, "nodeSelector");
    let own = texts(pod, "spec.nodeSelector");
    for (key, value) in &selector {
        if let Some(other) = own.get(key).filter(|other| *other != value) {
            let why = format!(
                "conflict: runtimeClass.scheduling.nodeSelector[{key}] = {value}; pod.spec.nodeSelector[{key}] = {other}"
            );
            return Err(attributes.forbidden(Some(pod), &why));
        }
    }
    let tolerations = |holder, keys| items(holder, keys).iter().map(Toleration::of).collect::<Vec<_>>();
    let all = merged(&tolerations(pod, "spec.tolerations"), &tolerations(scheduling, "tolerations"));
    let Some(spec) = pod.object_at("spec") else { return Ok(()) };
    if let Some(own) = object_in(spec, "nodeSelector").filter(|_| !selector.is_empty()) {
        selector.into_iter().for_each(|(key, value)| own.set(key, value.into()));
    } else if matches!(spec.get("nodeSelector"), Some(Value::Object(map)) if map.is_empty()) {
        spec.remove("nodeSelector");
    }
    if all.is_empty() {
        spec.remove("tolerations");
    } else {
        spec.set("tolerations", Value::Array(all.iter().map(Toleration::to_value).collect()));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plugins::testing::{Records, admitted, attributes, object, plugin};

    #[test]
    fn a_pod_pays_for_its_runtime_and_runs_where_it_is() {
        let kata = "{metadata: {name: kata}, overhead: {podFixed: {cpu: 250m}}, scheduling: {nodeSelector: {a: b}, \
                    tolerations: [{key: k, operator: Exists}]}}";
        let plain = "{metadata: {name: plain}}";
        let records = Records::of(&[("node.k8s.io/runtimeclasses", kata)])
            .with_live("node.k8s.io/runtimeclasses", plain);
        let made = |spec: &str| {
            let about = attributes(Operation::Create, "pods");
            let pod = format!("{{spec: {spec}}}");
            let (pod, said) = admitted(plugin("RuntimeClass").as_ref(), &records, &about, &pod, "");
            said.map(|()| pod.field("spec").cloned().unwrap())
        };
        let full = "{runtimeClassName: kata, overhead: {cpu: 250m}, nodeSelector: {a: b}, tolerations: [{key: k, \
                    operator: Exists}]}";
        assert_eq!(made("{runtimeClassName: kata}"), Ok(object(full)));
        assert_eq!(made(full), Ok(object(full)));
        assert_eq!(made("{runtimeClassName: plain}"), Ok(object("{runtimeClassName: plain}")));
        assert_eq!(made("{}"), Ok(object("{}")));
        let refused = |why: &str| Err(format!("403 pods \"x\" is forbidden: {why}"));
        assert_eq!(
            made("{runtimeClassName: nope}"),
            refused("pod rejected: RuntimeClass \"nope\" not found")
        );
        assert_eq!(made("{runtimeClassName: kata, overhead: {cpu: 1}}"), refused(MISMATCH));
        let without = "pod rejected: Pod Overhead set without corresponding RuntimeClass defined Overhead";
        assert_eq!(made("{overhead: {cpu: 1}}"), refused(without));
        let conflict = "conflict: runtimeClass.scheduling.nodeSelector[a] = b; pod.spec.nodeSelector[a] = c";
        assert_eq!(made("{runtimeClassName: kata, nodeSelector: {a: c}}"), refused(conflict));
    }
}
