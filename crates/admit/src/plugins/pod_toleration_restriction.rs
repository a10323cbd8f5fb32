//! `PodTolerationRestriction`: which taints the pods of a namespace tolerate.

use super::prelude::*;
use crate::LookupError;
use crate::config::{known, named, of_kind, sequence};
use crate::resources::is_best_effort;
use crate::tolerations::{Toleration, are_permitted, merged};
use ravelin_object::{json_syntax, read};
use ravelin_yaml::Limits;
use std::sync::Arc;

pub(super) const ENTRY: Entry = Entry {
    name: "PodTolerationRestriction",
    about: "Adds the default tolerations of the namespace to new pods, and refuses tolerations that the namespace does \
            not permit.",
    source: "k8s.io/kubernetes/plugin/pkg/admission/podtolerationrestriction",
    build,
};

struct PodTolerationRestriction {
    default: Vec<Toleration>,
    permitted: Vec<Toleration>,
}

const DEFAULT: &str = "scheduler.alpha.kubernetes.io/defaultTolerations";
const PERMITTED: &str = "scheduler.alpha.kubernetes.io/tolerationsWhitelist";

fn build(configuration: &Configuration) -> Result<Box<dyn Plugin>, Error> {
    let kinds = [("podtolerationrestriction.admission.k8s.io/v1alpha1", "Configuration")];
    let given = of_kind(configuration, ENTRY.name, &kinds, &["default", "whitelist"])?;
    let list = |key| {
        let Some(given) = given else { return Ok(Vec::new()) };
        let list = sequence(given, key).map_err(|error| named(ENTRY.name, error))?;
        for (index, one) in list.iter().enumerate() {
            let keys = ["key", "operator", "value", "effect", "tolerationSeconds"];
            known(one, &format!("{key}[{index}]"), &keys).map_err(|error| named(ENTRY.name, error))?;
        }
        Ok(list.iter().map(Toleration::of).collect())
    };
    Ok(Box::new(PodTolerationRestriction { default: list("default")?, permitted: list("whitelist")? }))
}

impl Plugin for PodTolerationRestriction {
    identity!([Create, Update], mutates: true, validates: true);

    fn admit(
        &self,
        attributes: &Attributes<'_>,
        object: Option<&mut Value>,
        old: Option<&Value>,
        context: &mut Context<'_>,
    ) -> Result<(), Status> {
        let pod = object.filter(|pod| attributes.is_bare("", "pods") && pod.as_object().is_some());
        let Some(pod) = pod else { return Ok(()) };
        let mut further = Vec::new();
        if attributes.operation == Operation::Create {
            let namespace = namespace(attributes, context)?;
            further = tolerations(&namespace, DEFAULT)?.unwrap_or_else(|| self.default.clone());
        }
        if !is_best_effort(pod) {
            further.push(Toleration::exists("node.kubernetes.io/memory-pressure", "NoSchedule"));
        }
        if !further.is_empty() {
            let own: Vec<Toleration> = items(pod, "spec.tolerations").iter().map(Toleration::of).collect();
            let all = merged(&own, &further);
            if let Some(spec) = pod.object_at("spec") {
                spec.set("tolerations", Value::Array(all.iter().map(Toleration::to_value).collect()));
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
        let own: Vec<Toleration> = pod
            .map(|pod| items(pod, "spec.tolerations").iter().map(Toleration::of).collect())
            .unwrap_or_default();
        if own.is_empty() {
            return Ok(());
        }
        let of_namespace = tolerations(namespace(attributes, context)?.as_ref(), PERMITTED)?;
        let (permitted, scope) =
            of_namespace.map_or_else(|| (self.permitted.clone(), "cluster"), |list| (list, "namespace"));
        if are_permitted(&own, &permitted) {
            return Ok(());
        }
        Err(Status::plain(&format!(
            "pod tolerations (possibly merged with namespace default tolerations) conflict with its {scope} whitelist"
        )))
    }
}

fn namespace(attributes: &Attributes<'_>, context: &Context<'_>) -> Result<Arc<Value>, Status> {
    let name = attributes.namespace;
    let internal = |error: LookupError| Status::internal(&error.0);
    if let Some(namespace) = context.cluster.get("", "namespaces", "", name).map_err(internal)? {
        return Ok(namespace);
    }
    let live = context.cluster.get_live("", "namespaces", "", name).map_err(internal)?;
    live.ok_or_else(|| Status::not_found("", "namespaces", name))
}

/// The tolerations of an annotation; nothing where there is no such annotation.
fn tolerations(namespace: &Value, key: &str) -> Result<Option<Vec<Toleration>>, Status> {
    let Some(json) = annotation(namespace, key) else { return Ok(None) };
    if json.is_empty() {
        return Ok(Some(Vec::new()));
    }
    if let Some(fault) = json_syntax::fault(json.as_bytes()) {
        return Err(Status::plain(&fault));
    }
    let value = read::json(json, &Limits::STANDARD).map_err(|error| Status::plain(&error.message))?.value;
    // To Go, `null` is a list without items here.
    let list = decoded(value.as_ref().unwrap_or(&Value::Null)).map_err(|why| Status::plain(&why))?;
    Ok(Some(list.unwrap_or_default()))
}

/// Tolerations as Go decodes them: whatever the case of a field's name, unknown ones left out.
fn decoded(value: &Value) -> Result<Option<Vec<Toleration>>, String> {
    let wrong = |value: &Value, field: &str, of: &str| {
        format!("json: cannot unmarshal {} into Go {field} of type {of}", go_name(value))
    };
    let items = match value {
        Value::Null => return Ok(None),
        Value::Array(items) => items,
        other => return Err(wrong(other, "value", "[]v1.Toleration")),
    };
    let mut tolerations = Vec::new();
    for item in items {
        let map = match item {
            Value::Null => &Map::new(),
            Value::Object(map) => map,
            other => return Err(wrong(other, "value", "v1.Toleration")),
        };
        let mut one = Toleration::default();
        for (key, value) in map.iter().filter(|(_, value)| **value != Value::Null) {
            let text = |of: &str, name: &str| match value.as_str() {
                Some(text) => Ok(text.to_owned()),
                None => Err(wrong(value, &format!("struct field Toleration.{name}"), of)),
            };
            match key.to_ascii_lowercase().as_str() {
                "key" => one.key = text("string", "key")?,
                "operator" => one.operator = text("v1.TolerationOperator", "operator")?,
                "value" => one.value = text("string", "value")?,
                "effect" => one.effect = text("v1.TaintEffect", "effect")?,
                "tolerationseconds" => {
                    let field = "struct field Toleration.tolerationSeconds";
                    one.seconds = Some(value.as_int().ok_or_else(|| wrong(value, field, "int64"))?);
                }
                _ => {}
            }
        }
        tolerations.push(one);
    }
    Ok(Some(tolerations))
}

/// What Go's JSON calls a value.
fn go_name(value: &Value) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Bool(_) => "bool".to_owned(),
        Value::Int(_) | Value::UInt(_) | Value::Float(_) => "number".to_owned(),
        Value::String(_) => "string".to_owned(),
        Value::Array(_) => "array".to_owned(),
        Value::Object(_) => "object".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plugins::testing::{Records, admitted, attributes, configuration, configured};

    const CONFIG: &str = "{apiVersion: podtolerationrestriction.admission.k8s.io/v1alpha1, kind: Configuration, \
                          default: [{key: d, operator: Exists}], whitelist: [{key: d, operator: Exists}, {key: w, \
                          operator: Exists}, {key: node.kubernetes.io/memory-pressure, operator: Exists}]}";

    fn made(annotations: &str, spec: &str) -> Result<String, String> {
        let plugin = configured(ENTRY.name, &configuration(ENTRY.name, CONFIG)).unwrap();
        let namespace = format!("{{metadata: {{name: ns, annotations: {annotations}}}}}");
        let records = Records::of(&[("/namespaces", &namespace)]);
        let about = attributes(Operation::Create, "pods");
        let (pod, said) = admitted(plugin.as_ref(), &records, &about, &format!("{{spec: {spec}}}"), "");
        let keys = items(&pod, "spec.tolerations").iter().map(|one| text(one, "key").to_owned());
        said.map(|()| keys.collect::<Vec<_>>().join(","))
    }

    #[test]
    fn defaults_are_added_and_others_refused() {
        assert_eq!(made("{}", "{}").as_deref(), Ok("d"));
        let burstable =
            "{containers: [{resources: {limits: {cpu: 1}}}], tolerations: [{key: w, operator: Exists}]}";
        assert_eq!(made("{}", burstable).as_deref(), Ok("w,d,node.kubernetes.io/memory-pressure"));
        assert_eq!(made(&format!("{{{DEFAULT}: ''}}"), "{}").as_deref(), Ok(""));
        let own = format!("{{{DEFAULT}: '[{{\"KEY\": \"w\", \"operator\": \"Exists\"}}]'}}");
        assert_eq!(made(&own, "{}").as_deref(), Ok("w"));
        let refused = |scope: &str| {
            let start =
                "500 pod tolerations (possibly merged with namespace default tolerations) conflict with its";
            Err(format!("{start} {scope} whitelist"))
        };
        let other = "{tolerations: [{key: x, operator: Exists}]}";
        assert_eq!(made("{}", other), refused("cluster"));
        assert_eq!(made(&format!("{{{PERMITTED}: ''}}"), other).as_deref(), Ok("x,d"));
        let narrow = format!("{{{PERMITTED}: '[{{\"key\": \"d\", \"operator\": \"Exists\"}}]'}}");
        assert_eq!(made(&narrow, other), refused("namespace"));
    }

    #[test]
    fn malformed_annotations_are_plain_errors() {
        let cases = [
            ("bad", "invalid character 'b' looking for beginning of value"),
            ("{}", "json: cannot unmarshal object into Go value of type []v1.Toleration"),
            ("[1]", "json: cannot unmarshal number 1 into Go value of type v1.Toleration"),
            (
                "[{\"key\": 1}]",
                "json: cannot unmarshal number 1 into Go struct field Toleration.key of type string",
            ),
        ];
        for (json, why) in cases {
            let said = made(&format!("{{{DEFAULT}: '{json}'}}"), "{}");
            // Go leaves the number out of a message about an element.
            assert_eq!(said, Err(format!("500 {}", why.replace("number 1 ", "number "))), "{json}");
        }
        assert_eq!(made(&format!("{{{DEFAULT}: 'null'}}"), "{}").as_deref(), Ok(""));
    }

    #[test]
    fn a_configuration_is_read_strictly() {
        let refused =
            |text: &str| configured(ENTRY.name, &configuration(ENTRY.name, text)).err().unwrap().to_string();
        let said = refused(&CONFIG.replace("whitelist", "whiteList"));
        assert!(said.ends_with("strict decoding error: unknown field \"whiteList\""), "{said}");
        assert!(refused("{kind: Configuration}").contains("expected kind Configuration of"));
    }
}
