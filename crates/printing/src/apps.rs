//! Workloads of the group `apps`.

use crate::pod::containers;
use crate::time::Clock;
use crate::{Family, field, label};
use ravelin_object::Value;

pub(crate) const PRINTERS: Family = &[
    ("apps", "ControllerRevision", controller_revision),
    ("apps", "DaemonSet", daemon_set),
    ("apps", "Deployment", deployment),
    ("apps", "ReplicaSet", replica_set),
    ("apps", "StatefulSet", stateful_set),
];

const CONTAINERS: &str = "spec.template.spec.containers";

fn deployment(object: &Value, clock: &Clock) -> Vec<Value> {
    let [names, images] = containers(object, CONTAINERS);
    let selector = label::plain_selector(object, "spec.selector");
    vec![
        field::name(object),
        ready(object),
        field::number(object, "status.updatedReplicas"),
        field::number(object, "status.availableReplicas"),
        clock.age(object),
        names,
        images,
        Value::from(selector.unwrap_or_else(|| "<invalid>".to_owned())),
    ]
}

fn ready(object: &Value) -> Value {
    let (ready, desired) = (field::int(object, "status.readyReplicas"), field::int(object, "spec.replicas"));
    Value::from(format!("{ready}/{desired}"))
}

fn replica_set(object: &Value, clock: &Clock) -> Vec<Value> {
    let [names, images] = containers(object, CONTAINERS);
    vec![
        field::name(object),
        field::number(object, "spec.replicas"),
        field::number(object, "status.replicas"),
        field::number(object, "status.readyReplicas"),
        clock.age(object),
        names,
        images,
        Value::from(label::selector(object, "spec.selector")),
    ]
}

fn stateful_set(object: &Value, clock: &Clock) -> Vec<Value> {
    let [names, images] = containers(object, CONTAINERS);
    vec![field::name(object), ready(object), clock.age(object), names, images]
}

fn daemon_set(object: &Value, clock: &Clock) -> Vec<Value> {
    let [names, images] = containers(object, CONTAINERS);
    vec![
        field::name(object),
        field::number(object, "status.desiredNumberScheduled"),
        field::number(object, "status.currentNumberScheduled"),
        field::number(object, "status.numberReady"),
        field::number(object, "status.updatedNumberScheduled"),
        field::number(object, "status.numberAvailable"),
        Value::from(label::labels(object, "spec.template.spec.nodeSelector")),
        clock.age(object),
        names,
        images,
        Value::from(label::selector(object, "spec.selector")),
    ]
}

fn controller_revision(object: &Value, clock: &Clock) -> Vec<Value> {
    let owners = field::list(object, "metadata.ownerReferences");
    let controller = owners.iter().find(|owner| field::flag(owner, "controller"));
    let controller = controller.map_or_else(
        || "<none>".to_owned(),
        |owner| {
            let (kind, name) = (field::text(owner, "kind"), field::text(owner, "name"));
            let group = field::text(owner, "apiVersion").split_once('/').map_or("", |(group, _)| group);
            match (kind, group) {
                ("", "") => name.to_owned(),
                (_, "") => format!("{}/{name}", kind.to_lowercase()),
                _ => format!("{}/{name}", format!("{kind}.{group}").to_lowercase()),
            }
        },
    );
    vec![field::name(object), Value::from(controller), field::number(object, "revision"), clock.age(object)]
}
