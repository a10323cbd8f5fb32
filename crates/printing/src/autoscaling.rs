//! Autoscalers, of both versions, and scales.

use crate::time::Clock;
use crate::{Family, field};
use ravelin_object::Value;
use ravelin_object::read;

pub(crate) const PRINTERS: Family =
    &[("autoscaling", "HorizontalPodAutoscaler", autoscaler), ("autoscaling", "Scale", scale)];

fn scale(object: &Value, clock: &Clock) -> Vec<Value> {
    let number = |path| field::number(object, path);
    vec![field::name(object), number("spec.replicas"), number("status.replicas"), clock.age(object)]
}

fn autoscaler(object: &Value, clock: &Clock) -> Vec<Value> {
    let target = "spec.scaleTargetRef";
    let [kind, name] = ["kind", "name"].map(|key| field::text(object, &format!("{target}.{key}")));
    let least = field::optional_int(object, "spec.minReplicas");
    vec![
        field::name(object),
        Value::from(format!("{kind}/{name}")),
        Value::from(metrics(object)),
        Value::from(least.map_or_else(|| "<unset>".to_owned(), |least| least.to_string())),
        field::number(object, "spec.maxReplicas"),
        field::number(object, "status.currentReplicas"),
        clock.age(object),
    ]
}

/// What a metric aims at or is at.
#[derive(Default)]
struct Amounts {
    value: Option<String>,
    average: Option<String>,
    utilization: Option<i64>,
}

/// A metric: its type, the name of its resource, and what it aims at. `current` has the values where there are any.
struct Metric {
    kind: String,
    resource: String,
    target: Amounts,
}

fn metrics(object: &Value) -> String {
    const MOST: usize = 2;
    let is_old = field::text(object, "apiVersion").ends_with("/v1");
    let (metrics, currents) = if is_old { of_version_1(object) } else { of_version_2(object) };
    if metrics.is_empty() {
        return "<none>".to_owned();
    }
    let shown = metrics.iter().enumerate().take(MOST).map(|(place, metric)| {
        // A status without the part of the metric's type says nothing.
        let current = currents.get(place).filter(|(kind, _)| *kind == metric.kind);
        shown(metric, current.map(|(_, current)| current))
    });
    let shown = shown.collect::<Vec<_>>().join(", ");
    match metrics.len().checked_sub(MOST) {
        Some(more) if more > 0 => format!("{shown} + {more} more..."),
        _ => shown,
    }
}

fn shown(metric: &Metric, current: Option<&Amounts>) -> String {
    let unknown = || "<unknown>".to_owned();
    let nil = |text: &Option<String>| text.clone().unwrap_or_else(|| "<nil>".to_owned());
    let percent = |number: i64| format!("{number}%");
    let Metric { resource, target, .. } = metric;
    match (metric.kind.as_str(), &target.average) {
        ("External" | "Object", Some(average)) => {
            let current = current.and_then(|current| current.average.clone()).unwrap_or_else(unknown);
            format!("{current}/{average} (avg)")
        }
        ("External" | "Object", None) => {
            let current = current.map_or_else(unknown, |current| nil(&current.value));
            format!("{current}/{}", nil(&target.value))
        }
        ("Pods", average) => {
            let current = current.map_or_else(unknown, |current| nil(&current.average));
            format!("{current}/{}", nil(average))
        }
        ("Resource" | "ContainerResource", Some(average)) => {
            let current = current.map_or_else(unknown, |current| nil(&current.average));
            format!("{resource}: {current}/{average}")
        }
        ("Resource" | "ContainerResource", None) => {
            let current = current.and_then(|current| current.utilization).map_or_else(unknown, percent);
            let target = target.utilization.map_or_else(|| "<auto>".to_owned(), percent);
            format!("{resource}: {current}/{target}")
        }
        _ => "<unknown type>".to_owned(),
    }
}

/// The field of a metric that has what is particular to its type.
fn part(kind: &str) -> &'static str {
    match kind {
        "External" => "external",
        "Object" => "object",
        "Pods" => "pods",
        "Resource" => "resource",
        _ => "containerResource",
    }
}

/// The parts of a status; usually one, the one of its type.
fn parts(status: &Value) -> impl Iterator<Item = (&'static str, &Value)> {
    let kinds = ["External", "Object", "Pods", "Resource", "ContainerResource"];
    kinds.into_iter().filter_map(|kind| Some((kind, status.field(part(kind))?)))
}

type Currents = Vec<(String, Amounts)>;

fn of_version_2(object: &Value) -> (Vec<Metric>, Currents) {
    let metrics = field::list(object, "spec.metrics").iter().map(|metric| {
        let kind = field::text(metric, "type");
        let part = metric.field(part(kind)).unwrap_or(&Value::Null);
        Metric {
            kind: kind.to_owned(),
            resource: field::text(part, "name").to_owned(),
            target: amounts(part.field("target")),
        }
    });
    let metrics: Vec<Metric> = metrics.collect();
    let currents = field::list(object, "status.currentMetrics").iter().enumerate().map(|(place, status)| {
        let kind = metrics.get(place).map_or("", |metric| metric.kind.as_str());
        let found = parts(status).find(|(name, _)| *name == kind);
        found.map_or_else(Default::default, |(name, part)| (name.to_owned(), amounts(part.field("current"))))
    });
    let currents = currents.collect();
    (metrics, currents)
}

fn amounts(value: Option<&Value>) -> Amounts {
    let Some(value) = value else { return Amounts::default() };
    Amounts {
        value: field::optional_quantity(value.field("value")),
        average: field::optional_quantity(value.field("averageValue")),
        utilization: field::optional_int(value, "averageUtilization"),
    }
}

/// The first version has one metric of its own, and the others as JSON in annotations.
///
/// Source: `k8s.io/kubernetes/pkg/apis/autoscaling/v1/conversion.go`.
fn of_version_1(object: &Value) -> (Vec<Metric>, Currents) {
    let processor = |utilization| Metric {
        kind: "Resource".to_owned(),
        resource: "cpu".to_owned(),
        target: Amounts { utilization: Some(utilization), ..Amounts::default() },
    };
    let mut metrics: Vec<Metric> = annotated(object, "autoscaling.alpha.kubernetes.io/metrics")
        .unwrap_or_default()
        .iter()
        .map(metric_1)
        .collect();
    metrics.extend(field::optional_int(object, "spec.targetCPUUtilizationPercentage").map(processor));
    if metrics.is_empty() {
        metrics.push(processor(80));
    }
    let current = field::optional_int(object, "status.currentCPUUtilizationPercentage");
    let current = current.map(|utilization| {
        ("Resource".to_owned(), Amounts { utilization: Some(utilization), ..Amounts::default() })
    });
    let annotated = annotated(object, "autoscaling.alpha.kubernetes.io/current-metrics");
    let currents = annotated.map_or_else(
        || current.into_iter().collect(),
        |statuses| {
            statuses.iter().enumerate().map(|(place, status)| current_1(metrics.get(place), status)).collect()
        },
    );
    (metrics, currents)
}

fn annotated(object: &Value, key: &str) -> Option<Vec<Value>> {
    let text = field::annotation(object, key)?;
    let limits = ravelin_yaml::Limits::STANDARD;
    match read::json(text, &limits).ok()?.value? {
        Value::Array(items) => Some(items),
        _ => None,
    }
}

fn metric_1(metric: &Value) -> Metric {
    let kind = field::text(metric, "type");
    let part = metric.field(part(kind)).unwrap_or(&Value::Null);
    let optional = |key: &str| field::optional_quantity(part.field(key));
    let always = |key: &str| Some(field::quantity(part.field(key)));
    let target = match kind {
        "External" => Amounts {
            value: optional("targetValue"),
            average: optional("targetAverageValue"),
            utilization: None,
        },
        "Pods" => Amounts { average: always("targetAverageValue"), ..Amounts::default() },
        "Object" => {
            Amounts { value: always("targetValue"), average: optional("averageValue"), utilization: None }
        }
        _ => Amounts {
            value: None,
            average: optional("targetAverageValue"),
            utilization: field::optional_int(part, "targetAverageUtilization"),
        },
    };
    Metric { kind: kind.to_owned(), resource: field::text(part, "name").to_owned(), target }
}

fn current_1(metric: Option<&Metric>, status: &Value) -> (String, Amounts) {
    let kind = metric.map_or("", |metric| metric.kind.as_str());
    let Some((kind, part)) = parts(status).find(|(name, _)| *name == kind) else { return Default::default() };
    let optional = |key: &str| field::optional_quantity(part.field(key));
    let always = |key: &str| Some(field::quantity(part.field(key)));
    let utilization = field::optional_int(part, "currentAverageUtilization");
    let current = match kind {
        "External" => {
            Amounts { value: always("currentValue"), average: optional("currentAverageValue"), utilization }
        }
        "Object" => Amounts { value: always("currentValue"), average: optional("averageValue"), utilization },
        _ => Amounts { value: None, average: always("currentAverageValue"), utilization },
    };
    (kind.to_owned(), current)
}
