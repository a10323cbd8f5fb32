//! Devices: the group `resource.k8s.io`.

use crate::time::Clock;
use crate::{Family, field};
use ravelin_object::Value;

const GROUP: &str = "resource.k8s.io";

pub(crate) const PRINTERS: Family = &[
    (GROUP, "DeviceClass", name_and_age),
    (GROUP, "DeviceTaintRule", taint_rule),
    (GROUP, "ResourceClaim", claim),
    (GROUP, "ResourceClaimTemplate", name_and_age),
    (GROUP, "ResourcePoolStatusRequest", pool_status),
    (GROUP, "ResourceSlice", slice),
];

fn name_and_age(object: &Value, clock: &Clock) -> Vec<Value> {
    vec![field::name(object), clock.age(object)]
}

fn claim(object: &Value, clock: &Clock) -> Vec<Value> {
    let is_reserved = !field::list(object, "status.reservedFor").is_empty();
    let state = match (field::is_deleted(object), object.dotted("status.allocation").is_some(), is_reserved) {
        (false, false, _) => "pending",
        (false, true, false) => "allocated",
        (false, true, true) => "allocated,reserved",
        (true, false, _) => "deleted",
        (true, true, false) => "deleted,allocated",
        (true, true, true) => "deleted,allocated,reserved",
    };
    vec![field::name(object), Value::from(state), clock.age(object)]
}

fn slice(object: &Value, clock: &Clock) -> Vec<Value> {
    vec![
        field::name(object),
        field::cell(object, "spec.nodeName"),
        field::cell(object, "spec.driver"),
        field::cell(object, "spec.pool.name"),
        clock.age(object),
    ]
}

fn taint_rule(object: &Value, clock: &Clock) -> Vec<Value> {
    let added = match object.dotted("spec.taint.timeAdded") {
        Some(_) => clock.since(object, "spec.taint.timeAdded"),
        None => String::new(),
    };
    vec![
        field::name(object),
        field::cell(object, "spec.taint.key"),
        field::cell(object, "spec.taint.value"),
        field::cell(object, "spec.taint.effect"),
        Value::from(added),
        clock.age(object),
    ]
}

fn pool_status(object: &Value, clock: &Clock) -> Vec<Value> {
    let conditions = field::list(object, "status.conditions").iter();
    let decided = conditions
        .filter(|condition| field::text(condition, "status") == "True")
        .find(|condition| matches!(field::text(condition, "type"), "Complete" | "Failed"));
    let mut status = decided.map_or("Pending", |condition| field::text(condition, "type")).to_owned();
    let completed = decided.filter(|_| status == "Complete");
    let completed =
        completed.map_or_else(|| "<none>".to_owned(), |done| clock.since(done, "lastTransitionTime"));
    let pools = field::list(object, "status.pools");
    let count = field::int(object, "status.poolCount");
    let shown = i64::try_from(pools.len()).unwrap_or(i64::MAX);
    let is_counted = object.field("status").is_some() && status != "Failed";
    if status == "Complete" && count > shown {
        status = format!("Complete ({shown}/{count} pools)");
    }
    let sum = |key: &str| match is_counted {
        true => Value::from(
            pools.iter().map(|pool| field::int(pool, key)).fold(0, i64::saturating_add).to_string(),
        ),
        false => Value::from("-"),
    };
    let faults = pools.iter().filter(|pool| pool.field("validationError").is_some()).count();
    vec![
        field::name(object),
        field::cell(object, "spec.driver"),
        sum("totalDevices"),
        sum("availableDevices"),
        sum("allocatedDevices"),
        sum("unavailableDevices"),
        Value::from(if is_counted { faults.to_string() } else { "-".to_owned() }),
        Value::Int(count),
        Value::from(status),
        Value::from(completed),
    ]
}
