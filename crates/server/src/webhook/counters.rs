//! What is counted of decisions: upstream's counters under upstream's names, and our own.
//!
//! Source: `k8s.io/pod-security-admission/metrics/metrics.go` v0.36.

use super::Outcome;
use crate::metrics::{Counters as Counted, Durations, Family, Gauges};
use ravelin_podsec::admission::{Request, Response};
use ravelin_podsec::{LevelVersion, Version};
use std::time::Duration;

/// The counters of a webhook.
#[derive(Debug)]
pub struct Counters {
    evaluations: Counted,
    exemptions: Counted,
    errors: Counted,
    waived: Counted,
    expired: Counted,
    requests: Counted,
    durations: Durations,
    existing: Gauges,
}

/// Labels in the order of the alphabet, in which they are written.
const EVALUATIONS: Family = Family {
    name: "pod_security_evaluations_total",
    help: "[ALPHA] Number of policy evaluations that occurred, not counting ignored or exempt requests.",
    labels: &[
        "decision",
        "mode",
        "policy_level",
        "policy_version",
        "request_operation",
        "resource",
        "subresource",
    ],
};
const EXEMPTIONS: Family = Family {
    name: "pod_security_exemptions_total",
    help: "[ALPHA] Number of exempt requests, not counting ignored or out of scope requests.",
    labels: &["request_operation", "resource", "subresource"],
};
const ERRORS: Family = Family {
    name: "pod_security_errors_total",
    help: "[ALPHA] Number of errors preventing normal evaluation. Non-fatal errors may result in the latest \
           restricted profile being used for evaluation.",
    labels: &["fatal", "request_operation", "resource", "subresource"],
};
const WAIVED: Family = Family {
    name: "ravelin_pod_security_waived_total",
    help: "Number of requests of which an exemption of a PodSecurityExtension waived a violation.",
    labels: &["exemption", "request_operation", "resource", "subresource"],
};
const EXPIRED: Family = Family {
    name: "ravelin_pod_security_expired_exemptions_total",
    help: "Number of requests of which an exemption of a PodSecurityExtension would have waived a violation had it \
           not expired.",
    labels: &["exemption", "request_operation", "resource", "subresource"],
};
const REQUESTS: Family = Family {
    name: "ravelin_webhook_requests_total",
    help: "Number of reviews by what was answered: allow, deny or refuse, and the status of HTTP.",
    labels: &["code", "decision"],
};
const DURATIONS: Family = Family {
    name: "ravelin_webhook_request_duration_seconds",
    help: "Time from the head of a review to its answer.",
    labels: &["decision"],
};

const EXISTING: Family = Family {
    name: "ravelin_pod_security_existing_violations",
    help: "Number of pods that are there and violate what their namespace enforces, as last judged.",
    labels: &["namespace", "policy_level", "policy_version"],
};

impl Default for Counters {
    fn default() -> Self {
        Self::new()
    }
}

impl Counters {
    /// Nothing counted yet. The series that upstream shows from the start are there.
    #[must_use]
    pub fn new() -> Self {
        let counters = Self {
            evaluations: Counted::new(EVALUATIONS),
            exemptions: Counted::new(EXEMPTIONS),
            errors: Counted::new(ERRORS),
            waived: Counted::new(WAIVED),
            expired: Counted::new(EXPIRED),
            requests: Counted::new(REQUESTS),
            durations: Durations::new(DURATIONS),
            existing: Gauges::new(EXISTING),
        };
        for operation in ["create", "update"] {
            let values = ["allow", "enforce", "privileged", "latest", operation, "pod", ""];
            counters.evaluations.add(&values, 0);
            for resource in ["controller", "pod"] {
                counters.exemptions.add(&[operation, resource, ""], 0);
            }
        }
        counters
    }

    /// Counts what was decided on a request.
    pub fn count(&self, request: &Request<'_>, response: &Response) {
        for event in &response.events {
            let metric = event.metric(request, Version::NEWEST);
            let mut labels = metric.labels;
            labels.sort_by_key(|(name, _)| *name);
            let values: Vec<&str> = labels.iter().map(|(_, value)| value.as_ref()).collect();
            if let Some(family) = self.family(metric.name) {
                family.add(&values, 1);
            }
        }
    }

    fn family(&self, name: &str) -> Option<&Counted> {
        let families = [
            (EVALUATIONS, &self.evaluations),
            (EXEMPTIONS, &self.exemptions),
            (ERRORS, &self.errors),
            (WAIVED, &self.waived),
            (EXPIRED, &self.expired),
        ];
        families.into_iter().find(|(family, _)| family.name == name).map(|(_, counters)| counters)
    }

    /// Counts an answer and how long it took.
    pub fn answered(&self, status: u16, outcome: Outcome, took: Duration) {
        self.requests.add(&[&status.to_string(), outcome.as_str()], 1);
        self.durations.observe(&[outcome.as_str()], took);
    }

    /// Sets how many existing pods violate, by namespace.
    pub fn existing<'n>(&self, found: impl IntoIterator<Item = (&'n str, LevelVersion, u64)>) {
        let found: Vec<_> =
            found.into_iter().map(|(name, at, count)| (name, at, at.version.to_string(), count)).collect();
        self.existing.replace(
            found
                .iter()
                .map(|(name, at, version, count)| ([*name, at.level.as_str(), version.as_str()], *count)),
        );
    }

    /// Appends everything in the text format of Prometheus. As upstream's, a family without a series is not shown.
    pub fn write(&self, out: &mut String) {
        for family in
            [&self.errors, &self.evaluations, &self.exemptions, &self.waived, &self.expired, &self.requests]
        {
            family.write(out);
        }
        self.durations.write(out);
        self.existing.write(out);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ravelin_podsec::Level;
    use ravelin_podsec::admission::{Event, Operation, Resource};

    fn request() -> Request<'static> {
        let resource = Resource { group: "", version: "v1", name: "pods" };
        Request {
            operation: Operation::Create,
            resource,
            kind: resource,
            subresource: "",
            name: "a",
            namespace: "b",
            user: "c",
            object: None,
            old_object: None,
        }
    }

    #[test]
    fn names_help_and_labels_are_those_of_upstream() {
        let counters = Counters::new();
        let at = |version| LevelVersion::new(Level::Restricted, version);
        let mode = ravelin_diag::Mode::Enforce;
        let events = vec![
            Event::Evaluation { allowed: false, at: at(Version::Latest), mode },
            Event::Evaluation { allowed: false, at: at(Version::Minor(Version::NEWEST + 1)), mode },
            Event::Exemption,
            Event::Error { fatal: true },
            Event::Waived { exemption: "x".to_owned() },
        ];
        counters.count(&request(), &Response { events, ..Response::allowed() });
        counters.answered(200, Outcome::Denied, Duration::from_millis(1));
        let mut text = String::new();
        counters.write(&mut text);
        let wanted = "\
# HELP pod_security_errors_total [ALPHA] Number of errors preventing normal evaluation. Non-fatal errors may result in the latest restricted profile being used for evaluation.
# TYPE pod_security_errors_total counter
pod_security_errors_total{fatal=\"true\",request_operation=\"create\",resource=\"pod\",subresource=\"\"} 1
# HELP pod_security_evaluations_total [ALPHA] Number of policy evaluations that occurred, not counting ignored or exempt requests.
# TYPE pod_security_evaluations_total counter
pod_security_evaluations_total{decision=\"allow\",mode=\"enforce\",policy_level=\"privileged\",policy_version=\"latest\",request_operation=\"create\",resource=\"pod\",subresource=\"\"} 0
pod_security_evaluations_total{decision=\"allow\",mode=\"enforce\",policy_level=\"privileged\",policy_version=\"latest\",request_operation=\"update\",resource=\"pod\",subresource=\"\"} 0
pod_security_evaluations_total{decision=\"deny\",mode=\"enforce\",policy_level=\"restricted\",policy_version=\"future\",request_operation=\"create\",resource=\"pod\",subresource=\"\"} 1
pod_security_evaluations_total{decision=\"deny\",mode=\"enforce\",policy_level=\"restricted\",policy_version=\"latest\",request_operation=\"create\",resource=\"pod\",subresource=\"\"} 1
# HELP pod_security_exemptions_total [ALPHA] Number of exempt requests, not counting ignored or out of scope requests.
# TYPE pod_security_exemptions_total counter
pod_security_exemptions_total{request_operation=\"create\",resource=\"controller\",subresource=\"\"} 0
pod_security_exemptions_total{request_operation=\"create\",resource=\"pod\",subresource=\"\"} 1
pod_security_exemptions_total{request_operation=\"update\",resource=\"controller\",subresource=\"\"} 0
pod_security_exemptions_total{request_operation=\"update\",resource=\"pod\",subresource=\"\"} 0
";
        assert!(text.starts_with(wanted), "{text}");
        assert!(text.contains(
            "ravelin_pod_security_waived_total{exemption=\"x\",request_operation=\"create\",resource=\"pod\",subresource=\"\"} 1\n"
        ));
        assert!(text.contains("ravelin_webhook_requests_total{code=\"200\",decision=\"deny\"} 1\n"));
    }
}
