//! Priority and fairness of requests.

use crate::time::Clock;
use crate::{Family, field};
use ravelin_object::Value;

const GROUP: &str = "flowcontrol.apiserver.k8s.io";

pub(crate) const PRINTERS: Family =
    &[(GROUP, "FlowSchema", flow_schema), (GROUP, "PriorityLevelConfiguration", priority_level)];

fn flow_schema(object: &Value, clock: &Clock) -> Vec<Value> {
    let conditions = field::list(object, "status.conditions");
    let dangling = conditions.iter().find(|condition| field::text(condition, "type") == "Dangling");
    let method = object.dotted("spec.distinguisherMethod");
    vec![
        field::name(object),
        field::cell(object, "spec.priorityLevelConfiguration.name"),
        field::number(object, "spec.matchingPrecedence"),
        Value::from(method.map_or("<none>", |method| field::text(method, "type"))),
        clock.age(object),
        Value::from(dangling.map_or("?", |condition| field::text(condition, "status"))),
    ]
}

/// In what order rows of a list stand: by precedence, then by name.
///
/// Source: `k8s.io/apiserver/pkg/util/apihelpers` `FlowSchemaSequence`.
pub(crate) fn sort_key(object: &Value) -> (i64, String) {
    (field::int(object, "spec.matchingPrecedence"), field::text(object, "metadata.name").to_owned())
}

fn priority_level(object: &Value, clock: &Clock) -> Vec<Value> {
    let of = |holder: Option<&Value>, key: &str| match holder {
        Some(holder) => field::number(holder, key),
        None => Value::from("<none>"),
    };
    let limited = object.dotted("spec.limited");
    let queuing = limited.and_then(|limited| limited.dotted("limitResponse.queuing"));
    vec![
        field::name(object),
        field::cell(object, "spec.type"),
        of(limited, "nominalConcurrencyShares"),
        of(queuing, "queues"),
        of(queuing, "handSize"),
        of(queuing, "queueLengthLimit"),
        clock.age(object),
    ]
}
