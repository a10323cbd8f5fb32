//! `PodNodeSelector`: pods of a namespace run on the nodes of the namespace.

use super::prelude::*;
use crate::LookupError;
use crate::config::text_entries;
use ravelin_object::fault::Fault;
use ravelin_object::selector::{label_value_faults, qualified_name_faults};
use std::collections::BTreeMap;

pub(super) const ENTRY: Entry = Entry {
    name: "PodNodeSelector",
    about: "Adds the node selector of the namespace to new pods, and refuses selectors that the namespace does not \
            permit.",
    source: "k8s.io/kubernetes/plugin/pkg/admission/podnodeselector",
    build: |configuration| {
        let given = configuration.plugins.get(ENTRY.name);
        let selectors = given.and_then(|given| given.field("podNodeSelectorPluginConfig"));
        let selectors = selectors.and_then(Value::as_object).map(text_entries).unwrap_or_default();
        Ok(Box::new(PodNodeSelector { selectors }))
    },
};

struct PodNodeSelector {
    /// What is permitted in a namespace, by its name; and `clusterDefaultNodeSelector`.
    selectors: BTreeMap<String, String>,
}

type Labels = BTreeMap<String, String>;

const ANNOTATION: &str = "scheduler.alpha.kubernetes.io/node-selector";

impl Plugin for PodNodeSelector {
    identity!([Create], mutates: true, validates: true);

    fn admit(
        &self,
        attributes: &Attributes<'_>,
        object: Option<&mut Value>,
        old: Option<&Value>,
        context: &mut Context<'_>,
    ) -> Result<(), Status> {
        let pod = object.filter(|pod| attributes.is_bare("", "pods") && pod.as_object().is_some());
        let Some(pod) = pod else { return Ok(()) };
        let namespace = self.of_namespace(attributes.namespace, context)?;
        check_conflict(&namespace, pod)?;
        let missing: Vec<_> = {
            let own = texts(pod, "spec.nodeSelector");
            namespace.into_iter().filter(|(key, _)| !own.contains_key(key.as_str())).collect()
        };
        if !missing.is_empty() {
            let selector = pod.object_at("spec").and_then(|spec| object_in(spec, "nodeSelector"));
            if let Some(selector) = selector {
                missing.into_iter().for_each(|(key, value)| selector.set(key, value.into()));
            }
        }
        self.validate(attributes, Some(pod), old, context)
    }

    fn validate(
        &self,
        attributes: &Attributes<'_>,
        object: Option<&Value>,
        _: Option<&Value>,
        context: &mut Context<'_>,
    ) -> Result<(), Status> {
        let pod = typed(object).filter(|_| attributes.is_bare("", "pods"));
        let Some(pod) = pod else { return Ok(()) };
        check_conflict(&self.of_namespace(attributes.namespace, context)?, pod)?;
        let permitted = self.selectors.get(attributes.namespace).map_or("", String::as_str);
        let permitted = labels_of(permitted).map_err(|why| Status::plain(&why))?;
        let is_permitted =
            |(key, value): (&str, &str)| permitted.get(key).is_some_and(|other| other == value);
        if permitted.is_empty() || texts(pod, "spec.nodeSelector").into_iter().all(is_permitted) {
            return Ok(());
        }
        Err(refused(pod, "pod node label selector labels conflict with its namespace whitelist"))
    }
}

impl PodNodeSelector {
    /// The selector of a namespace.
    fn of_namespace(&self, name: &str, context: &Context<'_>) -> Result<Labels, Status> {
        let internal = |error: LookupError| Status::internal(&error.0);
        let namespace = match context.cluster.get("", "namespaces", "", name).map_err(internal)? {
            Some(namespace) => namespace,
            // Upstream says of every failure of the second lookup that there is none.
            None => context
                .cluster
                .get_live("", "namespaces", "", name)
                .ok()
                .flatten()
                .ok_or_else(|| Status::internal(&format!("namespace {name} does not exist")))?,
        };
        let default = self.selectors.get("clusterDefaultNodeSelector").map_or("", String::as_str);
        labels_of(annotation(&namespace, ANNOTATION).unwrap_or(default)).map_err(|why| Status::plain(&why))
    }
}

fn refused(pod: &Value, why: &str) -> Status {
    Status::forbidden("", "pods", text(pod, "metadata.name"), why)
}

/// Refuses a pod that asks for another value than its namespace.
fn check_conflict(namespace: &Labels, pod: &Value) -> Result<(), Status> {
    let own = texts(pod, "spec.nodeSelector");
    let conflicts =
        namespace.iter().any(|(key, value)| own.get(key.as_str()).is_some_and(|other| other != value));
    if !conflicts {
        return Ok(());
    }
    Err(refused(pod, "pod node label selector conflicts with its namespace node label selector"))
}

/// The labels of a selector of the form `a=b,c=d`.
///
/// Source: `k8s.io/apimachinery/pkg/labels` `ConvertSelectorToLabelsMap`.
fn labels_of(selector: &str) -> Result<Labels, String> {
    let mut labels = Labels::new();
    for part in selector.split(',').filter(|_| !selector.is_empty()) {
        let sides: Vec<&str> = part.split('=').collect();
        let [key, value] = sides.as_slice() else {
            return Err(format!("invalid selector: [{}]", sides.join(" ")));
        };
        let (key, value) = (key.trim(), value.trim());
        let check = |path: String, value: &str, faults: Vec<String>| {
            let fault = Fault::invalid(path, value, faults.join("; "));
            if faults.is_empty() { Ok(()) } else { Err(fault.to_string()) }
        };
        check("<nil>".to_owned(), key, qualified_name_faults(key))?;
        check(format!("[{key}]"), value, label_value_faults(value))?;
        labels.insert(key.to_owned(), value.to_owned());
    }
    Ok(labels)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plugins::testing::{Records, admitted, attributes, configuration, configured, object};

    const CONFIG: &str =
        "podNodeSelectorPluginConfig: {clusterDefaultNodeSelector: 'a=b', ns: 'a=b, c=d', bad: x}";

    fn made(namespace: &str, annotation: &str, selector: &str) -> (Value, Result<(), String>) {
        let plugin = configured(ENTRY.name, &configuration(ENTRY.name, CONFIG)).unwrap();
        let annotations =
            if annotation.is_empty() { String::new() } else { format!("{ANNOTATION}: '{annotation}'") };
        let of = format!("{{metadata: {{name: {namespace}, annotations: {{{annotations}}}}}}}");
        let mut about = attributes(Operation::Create, "pods");
        about.namespace = if namespace == "none" { "missing" } else { "ns" };
        let of = of.replace(
            &format!("name: {namespace},"),
            &format!("name: {},", if namespace == "none" { "none" } else { "ns" }),
        );
        let pod = format!("{{metadata: {{name: p}}, spec: {{nodeSelector: {selector}}}}}");
        let (pod, said) = admitted(plugin.as_ref(), &Records::of(&[("/namespaces", &of)]), &about, &pod, "");
        (pod.dotted("spec.nodeSelector").cloned().unwrap_or(Value::Null), said)
    }

    #[test]
    fn the_selector_of_the_namespace_is_added() {
        assert_eq!(made("ns", "", "{}"), (object("{a: b}"), Ok(())));
        assert_eq!(made("ns", "c=d", "{a: b}"), (object("{a: b, c: d}"), Ok(())));
        let refusals = [
            (
                "ns",
                "",
                "{a: x}",
                "403 pods \"p\" is forbidden: pod node label selector conflicts with its namespace node label selector",
            ),
            (
                "ns",
                "",
                "{z: y}",
                "403 pods \"p\" is forbidden: pod node label selector labels conflict with its namespace whitelist",
            ),
            ("ns", "x", "{}", "500 invalid selector: [x]"),
            ("ns", "a=b=c", "{}", "500 invalid selector: [a b c]"),
            ("none", "", "{}", "500 Internal error occurred: namespace missing does not exist"),
        ];
        for (namespace, annotation, selector, why) in refusals {
            assert_eq!(made(namespace, annotation, selector).1, Err(why.to_owned()));
        }
        assert!(
            made("ns", "a b=c", "{}")
                .1
                .unwrap_err()
                .starts_with("500 <nil>: Invalid value: \"a b\": name part")
        );
        assert!(
            made("ns", "a=-", "{}")
                .1
                .unwrap_err()
                .starts_with("500 [a]: Invalid value: \"-\": a valid label")
        );
    }
}
