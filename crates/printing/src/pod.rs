//! Pods, templates of pods, and what containers of a template print as.

use crate::time::{self, Clock, UnixMicros};
use crate::{Family, field, label};
use ravelin_object::Value;

pub(crate) const PRINTERS: Family = &[("", "Pod", pod), ("", "PodTemplate", pod_template)];

/// Names and images of containers, as the wide columns of workloads show them.
pub(crate) fn containers(object: &Value, path: &str) -> [Value; 2] {
    let containers = field::list(object, path);
    ["name", "image"].map(|key| {
        let texts: Vec<&str> = containers.iter().map(|container| field::text(container, key)).collect();
        Value::from(texts.join(","))
    })
}

fn pod_template(object: &Value, _: &Clock) -> Vec<Value> {
    let [names, images] = containers(object, "template.spec.containers");
    vec![field::name(object), names, images, Value::from(label::labels(object, "template.metadata.labels"))]
}

/// What is added up over the containers of a pod.
struct Summary {
    reason: String,
    ready: usize,
    restarts: i64,
    last_restart: Option<UnixMicros>,
    /// Of these, what init containers contribute that run on.
    sidecar_restarts: i64,
    sidecar_last_restart: Option<UnixMicros>,
}

fn pod(object: &Value, clock: &Clock) -> Vec<Value> {
    let sidecars =
        field::list(object, "spec.initContainers").iter().filter(|container| is_sidecar(container));
    let total = field::list(object, "spec.containers").len() + sidecars.count();
    let mut summary = Summary {
        reason: reason(object),
        ready: 0,
        restarts: 0,
        last_restart: None,
        sidecar_restarts: 0,
        sidecar_last_restart: None,
    };
    let is_initializing = initialize(object, &mut summary);
    if !is_initializing || is_initialized(object) {
        summary.restarts = summary.sidecar_restarts;
        summary.last_restart = summary.sidecar_last_restart;
        run(object, &mut summary);
    }
    let is_terminal = matches!(field::text(object, "status.phase"), "Failed" | "Succeeded");
    if field::is_deleted(object) && field::text(object, "status.reason") == "NodeLost" {
        "Unknown".clone_into(&mut summary.reason);
    } else if field::is_deleted(object) && !is_terminal {
        "Terminating".clone_into(&mut summary.reason);
    }
    let restarts = match summary.last_restart {
        Some(last) if summary.restarts != 0 => {
            format!("{} ({} ago)", summary.restarts, clock.since_time(Some(last)))
        }
        _ => summary.restarts.to_string(),
    };
    let ready = format!("{}/{total}", summary.ready);
    vec![
        field::name(object),
        Value::from(ready),
        Value::from(summary.reason),
        Value::from(restarts),
        clock.age(object),
        Value::from(address(object)),
        Value::from(field::text_or(object, "spec.nodeName", "<none>")),
        Value::from(field::text_or(object, "status.nominatedNodeName", "<none>")),
        Value::from(readiness_gates(object)),
    ]
}

/// The status before containers have their say.
fn reason(object: &Value) -> String {
    let is_gated = field::list(object, "status.conditions").iter().any(|condition| {
        field::text(condition, "type") == "PodScheduled"
            && field::text(condition, "reason") == "SchedulingGated"
    });
    if is_gated {
        return "SchedulingGated".to_owned();
    }
    let reason = field::text(object, "status.reason");
    if reason.is_empty() { field::text(object, "status.phase").to_owned() } else { reason.to_owned() }
}

fn is_sidecar(container: &Value) -> bool {
    field::text(container, "restartPolicy") == "Always"
}

/// Adds up the init containers, up to the first that holds the pod up; whether there is one.
fn initialize(object: &Value, summary: &mut Summary) -> bool {
    let containers = field::list(object, "spec.initContainers");
    for (place, status) in field::list(object, "status.initContainerStatuses").iter().enumerate() {
        let name = field::text(status, "name");
        let container = containers.iter().rev().find(|container| field::text(container, "name") == name);
        let is_sidecar = container.is_some_and(is_sidecar);
        let restarts = field::int(status, "restartCount");
        let last = time::at(status, "lastState.terminated.finishedAt");
        summary.restarts = summary.restarts.saturating_add(restarts);
        summary.last_restart = summary.last_restart.max(last);
        if is_sidecar {
            summary.sidecar_restarts = summary.sidecar_restarts.saturating_add(restarts);
            summary.sidecar_last_restart = summary.sidecar_last_restart.max(last);
        }
        let terminated = status.dotted("state.terminated");
        if terminated.is_some_and(|terminated| field::int(terminated, "exitCode") == 0) {
            continue;
        }
        if is_sidecar && field::flag(status, "started") {
            summary.ready += usize::from(field::flag(status, "ready"));
            continue;
        }
        let waiting = field::text(status, "state.waiting.reason");
        summary.reason = match terminated {
            Some(terminated) => format!("Init:{}", termination(terminated)),
            None if !matches!(waiting, "" | "PodInitializing") => format!("Init:{waiting}"),
            None => format!("Init:{place}/{}", containers.len()),
        };
        return true;
    }
    false
}

/// Adds up the containers, from the last to the first.
fn run(object: &Value, summary: &mut Summary) {
    let mut has_running = false;
    let mut error = None;
    for status in field::list(object, "status.containerStatuses").iter().rev() {
        summary.restarts = summary.restarts.saturating_add(field::int(status, "restartCount"));
        summary.last_restart = summary.last_restart.max(time::at(status, "lastState.terminated.finishedAt"));
        let waiting = field::text(status, "state.waiting.reason");
        if !waiting.is_empty() {
            waiting.clone_into(&mut summary.reason);
        } else if let Some(terminated) = status.dotted("state.terminated") {
            summary.reason = termination(terminated);
            if field::int(terminated, "exitCode") != 0 {
                error = Some(summary.reason.clone());
            }
        } else if field::flag(status, "ready") && status.dotted("state.running").is_some() {
            has_running = true;
            summary.ready += 1;
        }
    }
    if summary.reason == "Completed" {
        if has_running && is_ready(object) {
            "Running".clone_into(&mut summary.reason);
        } else if let Some(error) = error.filter(|error| !error.is_empty()) {
            summary.reason = error;
        } else if has_running {
            "NotReady".clone_into(&mut summary.reason);
        }
    }
}

/// Why a container ended: `OOMKilled`, `Signal:9`, `ExitCode:1`.
fn termination(terminated: &Value) -> String {
    let (reason, signal) = (field::text(terminated, "reason"), field::int(terminated, "signal"));
    match (reason.is_empty(), signal) {
        (false, _) => reason.to_owned(),
        (true, 0) => format!("ExitCode:{}", field::int(terminated, "exitCode")),
        (true, signal) => format!("Signal:{signal}"),
    }
}

fn is_ready(object: &Value) -> bool {
    field::list(object, "status.conditions")
        .iter()
        .any(|condition| field::text(condition, "type") == "Ready" && is_true(condition))
}

fn is_initialized(object: &Value) -> bool {
    let conditions = field::list(object, "status.conditions");
    conditions.iter().find(|condition| field::text(condition, "type") == "Initialized").is_some_and(is_true)
}

fn is_true(condition: &Value) -> bool {
    field::text(condition, "status") == "True"
}

/// The first address. The old field for one address wins over the list, as in the conversion of pods.
fn address(object: &Value) -> &str {
    let listed = || field::list(object, "status.podIPs").first().map(|address| field::text(address, "ip"));
    let address = Some(field::text(object, "status.podIP")).filter(|address| !address.is_empty());
    address.or_else(listed).filter(|address| !address.is_empty()).unwrap_or("<none>")
}

fn readiness_gates(object: &Value) -> String {
    let gates = field::list(object, "spec.readinessGates");
    if gates.is_empty() {
        return "<none>".to_owned();
    }
    let conditions = field::list(object, "status.conditions");
    let is_open = |gate: &&Value| {
        let kind = field::text(gate, "conditionType");
        conditions.iter().find(|condition| field::text(condition, "type") == kind).is_some_and(is_true)
    };
    format!("{}/{}", gates.iter().filter(is_open).count(), gates.len())
}
