//! Which probes and hooks of containers are valid.

use super::ports::number_or_name;
use crate::Faults;
use crate::access::Fields;
use crate::names::http_header_name;
use crate::path::Path;
use crate::report::Report;
use ravelin_object::Value;

const LINUX_SIGNALS: &[&str] = &[
    "SIGABRT",
    "SIGALRM",
    "SIGBUS",
    "SIGCHLD",
    "SIGCLD",
    "SIGCONT",
    "SIGFPE",
    "SIGHUP",
    "SIGILL",
    "SIGINT",
    "SIGIO",
    "SIGIOT",
    "SIGKILL",
    "SIGPIPE",
    "SIGPOLL",
    "SIGPROF",
    "SIGPWR",
    "SIGQUIT",
    "SIGRTMAX",
    "SIGRTMAX-1",
    "SIGRTMAX-10",
    "SIGRTMAX-11",
    "SIGRTMAX-12",
    "SIGRTMAX-13",
    "SIGRTMAX-14",
    "SIGRTMAX-2",
    "SIGRTMAX-3",
    "SIGRTMAX-4",
    "SIGRTMAX-5",
    "SIGRTMAX-6",
    "SIGRTMAX-7",
    "SIGRTMAX-8",
    "SIGRTMAX-9",
    "SIGRTMIN",
    "SIGRTMIN+1",
    "SIGRTMIN+10",
    "SIGRTMIN+11",
    "SIGRTMIN+12",
    "SIGRTMIN+13",
    "SIGRTMIN+14",
    "SIGRTMIN+15",
    "SIGRTMIN+2",
    "SIGRTMIN+3",
    "SIGRTMIN+4",
    "SIGRTMIN+5",
    "SIGRTMIN+6",
    "SIGRTMIN+7",
    "SIGRTMIN+8",
    "SIGRTMIN+9",
    "SIGSEGV",
    "SIGSTKFLT",
    "SIGSTOP",
    "SIGSYS",
    "SIGTERM",
    "SIGTRAP",
    "SIGTSTP",
    "SIGTTIN",
    "SIGTTOU",
    "SIGURG",
    "SIGUSR1",
    "SIGUSR2",
    "SIGVTALRM",
    "SIGWINCH",
    "SIGXCPU",
    "SIGXFSZ",
];
const WINDOWS_SIGNALS: &[&str] = &["SIGKILL", "SIGTERM"];

/// The hooks and probes of a container.
pub(super) fn all(container: &Value, spec: &Value, path: &Path, out: &mut Faults) {
    let grace = spec.int_opt("terminationGracePeriodSeconds");
    if container.has("lifecycle") {
        let hooks = container.get("lifecycle");
        let path = path / "lifecycle";
        for key in ["postStart", "preStop"] {
            if hooks.has(key) {
                handler(
                    hooks.get(key),
                    &["exec", "httpGet", "tcpSocket", "sleep"],
                    grace,
                    &(&path / key),
                    out,
                );
            }
        }
        if let Some(signal) = hooks.text_opt("stopSignal") {
            stop_signal(signal, spec, &(&path / "stopSignal"), out);
        }
    }
    for key in ["livenessProbe", "readinessProbe", "startupProbe"] {
        if container.has(key) {
            probe(key, container.get(key), &(path / key), out);
        }
    }
}

/// Source: `k8s.io/kubernetes/pkg/apis/core/validation` `validateProbe` and those of each probe.
fn probe(kind: &str, probe: &Value, path: &Path, out: &mut Faults) {
    handler(probe, &["exec", "httpGet", "tcpSocket", "grpc"], None, path, out);
    for key in
        ["initialDelaySeconds", "timeoutSeconds", "periodSeconds", "successThreshold", "failureThreshold"]
    {
        out.negative(path / key, probe.int(key));
    }
    let grace = probe.int_opt("terminationGracePeriodSeconds");
    if let Some(grace) = grace.filter(|grace| *grace <= 0) {
        out.invalid(path / "terminationGracePeriodSeconds", grace, "must be greater than 0");
    }
    if kind == "readinessProbe" {
        if let Some(grace) = grace {
            out.invalid(path / "terminationGracePeriodSeconds", grace, "must not be set for readinessProbes");
        }
    } else if probe.int("successThreshold") != 1 {
        out.invalid(path / "successThreshold", probe.int("successThreshold"), "must be 1");
    }
}

/// Source: `validateHandler`.
fn handler(handler: &Value, kinds: &[&str], grace: Option<i64>, path: &Path, out: &mut Faults) {
    let mut is_found = false;
    for kind in kinds.iter().filter(|kind| handler.has(kind)) {
        let own = path / *kind;
        if is_found {
            out.forbidden(own, "may not specify more than 1 handler type");
            continue;
        }
        is_found = true;
        let action = handler.get(kind);
        match *kind {
            "exec" => {
                if action.list("command").is_empty() {
                    out.required(own / "command", "");
                }
            }
            "httpGet" => http_get(action, &own, out),
            "sleep" => sleep(action.int("seconds"), grace, &own, out),
            _ => number_or_name(action.get("port"), &(own / "port"), out),
        }
    }
    if !is_found {
        out.required(path, "must specify a handler type");
    }
}

fn http_get(action: &Value, path: &Path, out: &mut Faults) {
    if action.text("path").is_empty() {
        out.required(path / "path", "");
    }
    number_or_name(action.get("port"), &(path / "port"), out);
    if !matches!(action.text("scheme"), "HTTP" | "HTTPS") {
        out.unsupported(path / "scheme", action.text("scheme"), &["HTTP", "HTTPS"]);
    }
    for header in action.list("httpHeaders") {
        out.spelling(path / "httpHeaders", header.text("name"), http_header_name(header.text("name")));
    }
}

fn sleep(seconds: i64, grace: Option<i64>, path: &Path, out: &mut Faults) {
    if let Some(grace) = grace
        && (seconds < 0 || seconds > grace)
    {
        let why = format!("must be non-negative and less than terminationGracePeriodSeconds ({grace})");
        out.invalid(path, seconds, why);
    }
}

fn stop_signal(signal: &str, spec: &Value, path: &Path, out: &mut Faults) {
    if !spec.has("os") {
        out.forbidden(path, "may not be set for containers with empty `spec.os.name`");
        return;
    }
    let signals = match spec.get("os").text("name") {
        "windows" => WINDOWS_SIGNALS,
        "linux" => LINUX_SIGNALS,
        _ => return,
    };
    if !signals.contains(&signal) {
        out.unsupported(path, signal, signals);
    }
}
