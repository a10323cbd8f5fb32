//! Priorities, disruption budgets, and groups of pods.

use crate::time::Clock;
use crate::{Family, field};
use ravelin_object::Value;

pub(crate) const PRINTERS: Family = &[
    ("policy", "PodDisruptionBudget", disruption_budget),
    ("scheduling.k8s.io", "PodGroup", pod_group),
    ("scheduling.k8s.io", "PriorityClass", priority_class),
    ("scheduling.k8s.io", "Workload", workload),
];

fn disruption_budget(object: &Value, clock: &Clock) -> Vec<Value> {
    let bound = |path| Value::from(object.dotted(path).map_or_else(|| "N/A".to_owned(), field::int_or_text));
    vec![
        field::name(object),
        bound("spec.minAvailable"),
        bound("spec.maxUnavailable"),
        field::number(object, "status.disruptionsAllowed"),
        clock.age(object),
    ]
}

fn priority_class(object: &Value, clock: &Clock) -> Vec<Value> {
    vec![
        field::name(object),
        field::number(object, "value"),
        Value::Bool(field::flag(object, "globalDefault")),
        clock.age(object),
        field::cell(object, "preemptionPolicy"),
    ]
}

fn workload(object: &Value, clock: &Clock) -> Vec<Value> {
    vec![field::name(object), clock.age(object)]
}

fn pod_group(object: &Value, clock: &Clock) -> Vec<Value> {
    let policy = if object.dotted("spec.schedulingPolicy.gang").is_some() { "Gang" } else { "Basic" };
    let condition = |kind: &str| {
        let conditions = field::list(object, "status.conditions").iter().rev();
        conditions.into_iter().find(|condition| field::text(condition, "type") == kind)
    };
    let status = match (condition("DisruptionTarget"), condition("PodGroupScheduled")) {
        (Some(target), _) => field::text(target, "reason"),
        (None, Some(scheduled)) if field::text(scheduled, "status") == "True" => "Scheduled",
        (None, Some(_)) => "Unschedulable",
        (None, None) => "Pending",
    };
    let workload = object.dotted("spec.podGroupTemplateRef");
    let workload = workload.map_or("<none>", |workload| field::text(workload, "workload.workloadName"));
    vec![
        field::name(object),
        Value::from(policy),
        Value::from(workload),
        Value::from(status),
        clock.age(object),
    ]
}
