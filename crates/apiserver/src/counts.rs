//! What is counted, under upstream's names where it has them.

use crate::exchange::Exchange;
use http::StatusCode;
use ravelin_authn::UserInfo;
use ravelin_server::metrics::{self, Counters, Durations, Family};
use ravelin_server::transport::Traffic;
use ravelin_store::Statistics;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// What has been counted.
pub(crate) struct Counts {
    requests: Counters,
    durations: Durations,
    authenticated: Counters,
    attempts: Counters,
    rejected: AtomicU64,
    audit_events: AtomicU64,
    audit_errors: AtomicU64,
}

impl Counts {
    /// Nothing yet.
    pub(crate) const fn new() -> Self {
        Self {
            requests: Counters::new(Family {
                name: "apiserver_request_total",
                help: "Counter of apiserver requests broken out for each verb, dry run value, group, version, resource, scope, component, and HTTP response code.",
                labels: &[
                    "code",
                    "component",
                    "dry_run",
                    "group",
                    "resource",
                    "scope",
                    "subresource",
                    "verb",
                    "version",
                ],
            }),
            durations: Durations::new(Family {
                name: "apiserver_request_duration_seconds",
                help: "Response latency distribution in seconds for each verb, dry run value, group, version, resource, subresource, scope and component.",
                labels: &["component", "resource", "verb"],
            }),
            authenticated: Counters::new(Family {
                name: "authenticated_user_requests",
                help: "Counter of authenticated requests broken out by username.",
                labels: &["username"],
            }),
            attempts: Counters::new(Family {
                name: "authentication_attempts",
                help: "Counter of authenticated attempts.",
                labels: &["result"],
            }),
            rejected: AtomicU64::new(0),
            audit_events: AtomicU64::new(0),
            audit_errors: AtomicU64::new(0),
        }
    }

    /// Somebody was recognised.
    pub(crate) fn authenticated(&self, user: &UserInfo) {
        // As upstream: names of users would make one series of each.
        let name = match user.name.as_str() {
            name if name.starts_with("system:serviceaccount:") => "system:serviceaccount",
            "system:anonymous" => "system:anonymous",
            "system:apiserver" => "system:apiserver",
            _ => "other",
        };
        self.authenticated.add(&[name], 1);
        self.attempts.add(&["success"], 1);
    }

    /// Nobody was recognised; where something was shown that is no good, that is an error.
    pub(crate) fn unauthenticated(&self, is_error: bool) {
        self.attempts.add(&[if is_error { "error" } else { "failure" }], 1);
    }

    /// There was no room for a request.
    pub(crate) fn rejected(&self) {
        self.rejected.fetch_add(1, Ordering::Relaxed);
    }

    /// An event was recorded, or was not.
    pub(crate) fn audited(&self, is_safe: bool) {
        let counter = if is_safe { &self.audit_events } else { &self.audit_errors };
        counter.fetch_add(1, Ordering::Relaxed);
    }

    /// A request was answered.
    pub(crate) fn answered(&self, exchange: &Exchange, code: StatusCode, took: Duration) {
        let info = &exchange.info;
        let code = code.as_str();
        let verb = match info.verb.as_str() {
            "" => "OTHER".to_owned(),
            verb if info.is_resource => verb.to_uppercase(),
            _ => exchange.method.as_str().to_owned(),
        };
        // Paths are of the client's choosing: what is no resource has one series.
        let is_known = code != "404" && code != "403" && code != "401";
        let known = |text: &'_ String| if is_known { text.clone() } else { String::new() };
        let (group, resource) = (known(&info.api_group), known(&info.resource));
        let (subresource, version) = (known(&info.subresource), known(&info.api_version));
        let scope = match (info.is_resource, info.name.is_empty(), info.namespace.is_empty()) {
            (false, _, _) => "",
            (true, false, _) => "resource",
            (true, true, false) => "namespace",
            (true, true, true) => "cluster",
        };
        let dry_run = if exchange.url.value("dryRun") == Some("All") { "All" } else { "" };
        self.requests
            .add(&[code, "apiserver", dry_run, &group, &resource, scope, &subresource, &verb, &version], 1);
        if !exchange.is_long_running() {
            self.durations.observe(&["apiserver", &resource, &verb], took);
        }
    }

    /// Everything as text.
    pub(crate) fn write(&self, traffic: &Traffic, store: Statistics) -> String {
        let mut out = String::new();
        self.requests.write(&mut out);
        self.durations.write(&mut out);
        self.authenticated.write(&mut out);
        self.attempts.write(&mut out);
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        metrics::counter(
            &mut out,
            "apiserver_dropped_requests_total",
            "Number of requests dropped with 'Try again later' response.",
            read(&self.rejected),
        );
        metrics::counter(
            &mut out,
            "apiserver_audit_event_total",
            "Counter of audit events generated and sent to the audit backend.",
            read(&self.audit_events),
        );
        metrics::counter(
            &mut out,
            "apiserver_audit_error_total",
            "Counter of audit events that failed to be audited properly.",
            read(&self.audit_errors),
        );
        let gauge = |out: &mut String, name, help, value: u64| {
            #[expect(clippy::cast_precision_loss, reason = "counts are far below 2^52")]
            metrics::gauge(out, name, help, value as f64);
        };
        let wide = |count: usize| u64::try_from(count).unwrap_or(u64::MAX);
        gauge(
            &mut out,
            "apiserver_current_inflight_requests",
            "Requests being answered.",
            wide(traffic.in_flight.load(Ordering::Relaxed)),
        );
        gauge(
            &mut out,
            "ravelin_connections",
            "Connections that are open.",
            wide(traffic.open.load(Ordering::Relaxed)),
        );
        gauge(
            &mut out,
            "ravelin_store_revision",
            "The newest revision of the store.",
            u64::try_from(store.revision).unwrap_or_default(),
        );
        gauge(&mut out, "ravelin_store_keys", "Objects in the store.", wide(store.keys));
        gauge(&mut out, "apiserver_longrunning_requests", "Watches that are open.", wide(store.watchers));
        out
    }
}
