//! One metric of an autoscaler, as each version says it. The order of fields is that of upstream's types, because
//! `v1` shows them as text.

use crate::fields::{list, object, set, text};
use crate::quantities::parse;
use ravelin_object::{Map, Value};

/// The kinds of metrics, in the order of fields.
const SOURCES: [&str; 5] = ["object", "pods", "resource", "containerResource", "external"];

/// Collects fields that are given.
struct Fields(Map);

impl Fields {
    fn with(mut self, key: &str, value: Option<&Value>) -> Self {
        if let Some(value) = value {
            self.0.set(key, value.clone());
        }
        self
    }

    fn done(self) -> Value {
        self.0.into()
    }
}

fn fields() -> Fields {
    Fields(Map::new())
}

fn each(metric: &Value, convert: impl Fn(&str, &Value) -> Value) -> Value {
    let mut out = object([("type", Value::from(text(metric, "type")))]);
    for source in SOURCES {
        if let Some(value) = metric.field(source) {
            set(&mut out, source, convert(source, value));
        }
    }
    out
}

fn zero() -> Value {
    Value::from("0")
}

fn or_zero(value: Option<&Value>) -> Value {
    value.cloned().unwrap_or_else(zero)
}

/// A selector with its fields, and its labels, in order.
fn selector(value: Option<&Value>) -> Option<Value> {
    let value = value?;
    let mut out = Fields(Map::new());
    if let Some(labels) = value.field("matchLabels").and_then(Value::as_object) {
        let labels: std::collections::BTreeMap<&str, &Value> = labels.iter().collect();
        let labels = labels.into_iter().map(|(key, value)| (key.into(), value.clone())).collect();
        out.0.set("matchLabels", Map::from_unique(labels).into());
    }
    if value.field("matchExpressions").is_some() {
        let expressions = list(value, "matchExpressions").iter().map(|expression| {
            let (key, operator) = (text(expression, "key"), text(expression, "operator"));
            fields()
                .with("key", Some(&Value::from(key)))
                .with("operator", Some(&Value::from(operator)))
                .with("values", expression.field("values"))
                .done()
        });
        out.0.set("matchExpressions", expressions.collect::<Vec<_>>().into());
    }
    Some(out.done())
}

/// The name of an object as both versions write it.
fn reference(value: Option<&Value>) -> Value {
    let nothing = Value::Null;
    let value = value.unwrap_or(&nothing);
    let mut out =
        object([("kind", Value::from(text(value, "kind"))), ("name", Value::from(text(value, "name")))]);
    if !text(value, "apiVersion").is_empty() {
        set(&mut out, "apiVersion", text(value, "apiVersion"));
    }
    out
}

fn identifier(source: &Value, selector: &str) -> Value {
    let name = Value::from(text(source, "metricName"));
    fields().with("name", Some(&name)).with("selector", source.field(selector)).done()
}

/// What is asked for, from `v2` to `v1`.
pub(super) fn source_to_v1(metric: &Value) -> Value {
    each(metric, |kind, source| {
        let name = Value::from(text(source, "metric.name"));
        let selector = selector(source.dotted("metric.selector"));
        let selector = selector.as_ref();
        let target = |key: &str| source.dotted(&format!("target.{key}"));
        match kind {
            "object" => fields()
                .with("target", Some(&reference(source.field("describedObject"))))
                .with("metricName", Some(&name))
                .with("targetValue", Some(&or_zero(target("value"))))
                .with("selector", selector)
                .with("averageValue", target("averageValue"))
                .done(),
            "pods" => fields()
                .with("metricName", Some(&name))
                .with("targetAverageValue", Some(&or_zero(target("averageValue"))))
                .with("selector", selector)
                .done(),
            "external" => fields()
                .with("metricName", Some(&name))
                .with("metricSelector", selector)
                .with("targetValue", target("value"))
                .with("targetAverageValue", target("averageValue"))
                .done(),
            _ => fields()
                .with("name", Some(&Value::from(text(source, "name"))))
                .with("targetAverageUtilization", target("averageUtilization"))
                .with("targetAverageValue", target("averageValue"))
                .with("container", container(kind, source).as_ref())
                .done(),
        }
    })
}

fn container(kind: &str, source: &Value) -> Option<Value> {
    (kind == "containerResource").then(|| Value::from(text(source, "container")))
}

/// What is asked for, from `v1` to `v2`.
pub(super) fn source_to_v2(metric: &Value) -> Value {
    each(metric, |kind, source| match kind {
        "object" => object_source_to_v2(source),
        "pods" => object([
            ("metric", identifier(source, "selector")),
            (
                "target",
                target("AverageValue", None, Some(&or_zero(source.field("targetAverageValue"))), None),
            ),
        ]),
        "external" => {
            let value = source.field("targetValue");
            let kind = if value.is_none() { "AverageValue" } else { "Value" };
            object([
                ("metric", identifier(source, "metricSelector")),
                ("target", target(kind, value, source.field("targetAverageValue"), None)),
            ])
        }
        _ => {
            let utilization = source.field("targetAverageUtilization");
            let wanted = if utilization.is_none() { "AverageValue" } else { "Utilization" };
            fields()
                .with("name", Some(&Value::from(text(source, "name"))))
                .with("target", Some(&target(wanted, None, source.field("targetAverageValue"), utilization)))
                .with("container", container(kind, source).as_ref())
                .done()
        }
    })
}

/// A target value of zero stands for none where there is an average.
fn object_source_to_v2(source: &Value) -> Value {
    let average = source.field("averageValue");
    let value = or_zero(source.field("targetValue"));
    let is_zero = parse(&value).is_none_or(|value| value.is_zero());
    let target = match average {
        None => target("Value", Some(&value), None, None),
        Some(_) => target("AverageValue", Some(&value).filter(|_| !is_zero), average, None),
    };
    object([
        ("describedObject", reference(source.field("target"))),
        ("target", target),
        ("metric", identifier(source, "selector")),
    ])
}

fn target(kind: &str, value: Option<&Value>, average: Option<&Value>, utilization: Option<&Value>) -> Value {
    fields()
        .with("type", Some(&Value::from(kind)))
        .with("value", value)
        .with("averageValue", average)
        .with("averageUtilization", utilization)
        .done()
}

/// What was found, from `v2` to `v1`.
pub(super) fn status_to_v1(metric: &Value) -> Value {
    each(metric, |kind, source| {
        let name = Value::from(text(source, "metric.name"));
        let selector = selector(source.dotted("metric.selector"));
        let selector = selector.as_ref();
        let current = |key: &str| source.dotted(&format!("current.{key}"));
        match kind {
            "object" => fields()
                .with("target", Some(&reference(source.field("describedObject"))))
                .with("metricName", Some(&name))
                .with("currentValue", Some(&or_zero(current("value"))))
                .with("selector", selector)
                .with("averageValue", current("averageValue"))
                .done(),
            "pods" => fields()
                .with("metricName", Some(&name))
                .with("currentAverageValue", Some(&or_zero(current("averageValue"))))
                .with("selector", selector)
                .done(),
            "external" => fields()
                .with("metricName", Some(&name))
                .with("metricSelector", selector)
                .with("currentValue", Some(&or_zero(current("value"))))
                .with("currentAverageValue", current("averageValue"))
                .done(),
            _ => fields()
                .with("name", Some(&Value::from(text(source, "name"))))
                .with("currentAverageUtilization", current("averageUtilization"))
                .with("currentAverageValue", Some(&or_zero(current("averageValue"))))
                .with("container", container(kind, source).as_ref())
                .done(),
        }
    })
}

/// What was found, from `v1` to `v2`.
pub(super) fn status_to_v2(metric: &Value) -> Value {
    each(metric, |kind, source| {
        let current = |value: Option<&Value>, average: Option<&Value>, utilization: Option<&Value>| {
            fields()
                .with("value", value)
                .with("averageValue", average)
                .with("averageUtilization", utilization)
                .done()
        };
        let value = or_zero(source.field("currentValue"));
        let average = or_zero(source.field("currentAverageValue"));
        match kind {
            "object" => object([
                ("metric", identifier(source, "selector")),
                ("current", current(Some(&value), source.field("averageValue"), None)),
                ("describedObject", reference(source.field("target"))),
            ]),
            "pods" => object([
                ("metric", identifier(source, "selector")),
                ("current", current(None, Some(&average), None)),
            ]),
            "external" => object([
                ("metric", identifier(source, "metricSelector")),
                ("current", current(Some(&value), source.field("currentAverageValue"), None)),
            ]),
            _ => {
                let utilization = source.field("currentAverageUtilization");
                fields()
                    .with("name", Some(&Value::from(text(source, "name"))))
                    .with("current", Some(&current(None, Some(&average), utilization)))
                    .with("container", container(kind, source).as_ref())
                    .done()
            }
        }
    })
}
