//! `Priority`: the priority of a pod is that of its class.

use super::prelude::*;
use std::sync::Arc;

pub(super) const ENTRY: Entry = Entry {
    name: "Priority",
    about: "Resolves the priority class of new pods, and refuses a priority of their own and a second default class.",
    source: "k8s.io/kubernetes/plugin/pkg/admission/priority",
    build: plain!(Priority),
};

struct Priority;

const GROUP: &str = "scheduling.k8s.io";

impl Plugin for Priority {
    identity!([Create, Update, Delete], mutates: true, validates: true);

    fn admit(
        &self,
        attributes: &Attributes<'_>,
        pod: Option<&mut Value>,
        old: Option<&Value>,
        context: &mut Context<'_>,
    ) -> Result<(), Status> {
        if !attributes.is_bare("", "pods") || attributes.operation == Operation::Delete {
            return Ok(());
        }
        let unconverted = || unconverted("Pod");
        let pod = pod.filter(|pod| pod.as_object().is_some()).ok_or_else(unconverted)?;
        if attributes.operation == Operation::Update {
            let old = typed(old).ok_or_else(unconverted)?;
            keep(pod, old);
            return Ok(());
        }
        let class = class_of(attributes, pod, context)?;
        check_own(attributes, pod, &class)?;
        let Some(spec) = pod.object_at("spec") else { return Ok(()) };
        if !class.name.is_empty() {
            spec.set("priorityClassName", class.name.as_str().into());
        }
        spec.set("priority", class.priority.into());
        if let Some(policy) = &class.policy {
            spec.set("preemptionPolicy", policy.as_str().into());
        }
        Ok(())
    }

    fn validate(
        &self,
        attributes: &Attributes<'_>,
        object: Option<&Value>,
        _: Option<&Value>,
        context: &mut Context<'_>,
    ) -> Result<(), Status> {
        if !attributes.is_bare(GROUP, "priorityclasses") || attributes.operation == Operation::Delete {
            return Ok(());
        }
        let class = typed(object).ok_or_else(|| unconverted("PriorityClass"))?;
        if class.field("globalDefault").and_then(Value::as_bool) != Some(true) {
            return Ok(());
        }
        let default = default_class(context)
            .map_err(|why| Status::plain(&format!("failed to get default priority class: {why}")))?;
        let Some(default) = default else { return Ok(()) };
        let name = text(&default, "metadata.name");
        if attributes.operation == Operation::Update && name == text(class, "metadata.name") {
            return Ok(());
        }
        let why = format!("PriorityClass {name} is already marked as default. Only one default can exist");
        Err(attributes.forbidden(object, &why))
    }
}

fn unconverted(kind: &str) -> Status {
    Status::bad_request(format!("resource was marked with kind {kind} but was unable to be converted"))
}

/// On update, what was resolved at creation stays where the new pod leaves it out.
fn keep(pod: &mut Value, old: &Value) {
    for key in ["priority", "preemptionPolicy"] {
        let kept = old.dotted("spec").and_then(|spec| spec.field(key));
        let has = pod.dotted("spec").and_then(|spec| spec.field(key)).is_some();
        if let (Some(kept), false) = (kept, has)
            && let Some(spec) = pod.object_at("spec")
        {
            spec.set(key, kept.clone());
        }
    }
}

/// What a class gives a pod.
struct Class {
    name: String,
    priority: i64,
    policy: Option<String>,
}

impl Class {
    fn of(class: &Value) -> Self {
        Self {
            name: text(class, "metadata.name").to_owned(),
            priority: class.field("value").and_then(Value::as_int).unwrap_or_default(),
            policy: class.field("preemptionPolicy").and_then(Value::as_str).map(str::to_owned),
        }
    }
}

/// The class that a pod names, else the default one, else that of no priority.
fn class_of(attributes: &Attributes<'_>, pod: &Value, context: &Context<'_>) -> Result<Class, Status> {
    let name = text(pod, "spec.priorityClassName");
    if name.is_empty() {
        let default = default_class(context).map_err(|why| {
            Status::plain(&format!("error occurred while retrieving default priority class: {why}"))
        })?;
        let none =
            || Class { name: String::new(), priority: 0, policy: Some("PreemptLowerPriority".to_owned()) };
        return Ok(default.map_or_else(none, |class| Class::of(&class)));
    }
    match context.cluster.get(GROUP, "priorityclasses", "", name) {
        Ok(Some(class)) => Ok(Class { name: name.to_owned(), ..Class::of(&class) }),
        Ok(None) => {
            Err(attributes.forbidden(Some(pod), &format!("no PriorityClass with name {name} was found")))
        }
        Err(error) => {
            Err(Status::plain(&format!("failed to resolve PriorityClass with name {name}: {}", error.0)))
        }
    }
}

/// The class for pods that name none; of several the one of the lowest priority.
fn default_class(context: &Context<'_>) -> Result<Option<Arc<Value>>, String> {
    let classes = context.cluster.list(GROUP, "priorityclasses", None).map_err(|error| error.0)?;
    let defaults = classes
        .into_iter()
        .filter(|class| class.field("globalDefault").and_then(Value::as_bool) == Some(true));
    Ok(defaults.min_by_key(|class| class.field("value").and_then(Value::as_int).unwrap_or_default()))
}

/// Refuses what a pod says itself and its class says otherwise.
fn check_own(attributes: &Attributes<'_>, pod: &Value, class: &Class) -> Result<(), Status> {
    let own = pod.dotted("spec.priority").and_then(Value::as_int);
    if let Some(own) = own.filter(|own| *own != class.priority) {
        let computed = class.priority;
        let why = format!(
            "the integer value of priority ({own}) must not be provided in pod spec; priority admission controller \
             computed {computed} from the given PriorityClass name"
        );
        return Err(attributes.forbidden(Some(pod), &why));
    }
    let own = pod.dotted("spec.preemptionPolicy").and_then(Value::as_str);
    match (own, &class.policy) {
        (Some(own), Some(computed)) if own != computed => {
            let why = format!(
                "the string value of PreemptionPolicy ({own}) must not be provided in pod spec; priority admission \
                 controller computed {computed} from the given PriorityClass name"
            );
            Err(attributes.forbidden(Some(pod), &why))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plugins::testing::{Records, admitted, attributes, object, plugin, refusal};

    fn classes() -> Records {
        let hi = "{metadata: {name: hi}, value: 1000, preemptionPolicy: Never}";
        let base = "{metadata: {name: base}, value: 5, globalDefault: true}";
        Records::of(&[("scheduling.k8s.io/priorityclasses", hi), ("scheduling.k8s.io/priorityclasses", base)])
    }

    #[test]
    fn a_pod_has_the_priority_of_its_class() {
        let made = |records: &Records, spec: &str| {
            let about = attributes(Operation::Create, "pods");
            let (pod, said) =
                admitted(plugin("Priority").as_ref(), records, &about, &format!("{{spec: {spec}}}"), "");
            said.map(|()| pod.field("spec").cloned().unwrap())
        };
        let none = Records::default();
        let plain = "{priority: 0, preemptionPolicy: PreemptLowerPriority}";
        assert_eq!(made(&none, "{}"), Ok(object(plain)));
        assert_eq!(made(&classes(), "{}"), Ok(object("{priorityClassName: base, priority: 5}")));
        let hi = "{priorityClassName: hi, priority: 1000, preemptionPolicy: Never}";
        assert_eq!(made(&classes(), "{priorityClassName: hi}"), Ok(object(hi)));
        assert_eq!(made(&classes(), hi), Ok(object(hi)));
        let refused = |why: &str| Err(format!("403 pods \"x\" is forbidden: {why}"));
        assert_eq!(
            made(&classes(), "{priorityClassName: nope}"),
            refused("no PriorityClass with name nope was found")
        );
        assert_eq!(
            made(&classes(), "{priorityClassName: hi, priority: 1}"),
            refused(
                "the integer value of priority (1) must not be provided in pod spec; priority admission controller \
                 computed 1000 from the given PriorityClass name"
            )
        );
        assert_eq!(
            made(&none, "{preemptionPolicy: Never}"),
            refused(
                "the string value of PreemptionPolicy (Never) must not be provided in pod spec; priority admission \
                 controller computed PreemptLowerPriority from the given PriorityClass name"
            )
        );
    }

    #[test]
    fn an_update_keeps_what_was_resolved() {
        let about = attributes(Operation::Update, "pods");
        let old = "{spec: {priority: 7, preemptionPolicy: Never}}";
        let made = admitted(plugin("Priority").as_ref(), &classes(), &about, "{spec: {priority: 8}}", old).0;
        assert_eq!(made, object("{spec: {priority: 8, preemptionPolicy: Never}}"));
    }

    #[test]
    fn there_is_one_default_class() {
        let refused = |operation, name: &str, default: bool| {
            let about = attributes(operation, "priorityclasses.scheduling.k8s.io");
            let class = format!("{{metadata: {{name: {name}}}, globalDefault: {default}}}");
            refusal(plugin("Priority").as_ref(), &classes(), &about, &class, "{}")
        };
        let why = "403 priorityclasses.scheduling.k8s.io \"x\" is forbidden: PriorityClass base is already marked as \
                   default. Only one default can exist";
        assert_eq!(refused(Operation::Create, "new", true).as_deref(), Some(why));
        assert_eq!(refused(Operation::Update, "hi", true).as_deref(), Some(why));
        assert_eq!(refused(Operation::Update, "base", true), None);
        assert_eq!(refused(Operation::Create, "new", false), None);
    }
}
