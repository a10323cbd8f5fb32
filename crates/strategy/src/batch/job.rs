//! Jobs: how often they run, and the selector that is made of their uid.

use crate::apps::name_warning_of_pods;
use crate::fields::{
    at_mut, default, empty, entries, flag, generation, int, is_nil, items_mut, set, struct_at, struct_path,
    text,
};
use crate::kind::{Context, Propagation};
use crate::pods::{default_template, drop_disabled, normalize_template, template_warnings};
use crate::rules::{Rules, count_spec, fresh, keep_spec, keep_status};
use ravelin_object::Value;

/// Source: `k8s.io/kubernetes/pkg/registry/batch/job/strategy.go`.
pub(crate) const RULES: Rules = Rules {
    defaults,
    normalize: |job| normalize_template(at_mut(job, "spec.template")),
    create,
    update,
    subresources: &[("status", keep_spec)],
    warn_on_create,
    warn_on_update,
    ..Rules::new("batch", "Job").namespaced().propagating(Propagation::Orphan)
};

/// Source: `SetDefaults_Job` in `k8s.io/kubernetes/pkg/apis/batch/v1/defaults.go`.
fn defaults(job: &mut Value) {
    let labels = job.dotted("spec.template.metadata.labels").cloned();
    if let Some(labels) = labels.filter(|labels| labels.as_object().is_some_and(|labels| !labels.is_empty()))
        && entries(job, "metadata.labels").next().is_none()
        && let Some(metadata) = struct_at(job, "metadata")
    {
        set(metadata, "labels", labels);
    }
    let Some(spec) = struct_at(job, "spec") else { return };
    if is_nil(spec, "completions") && is_nil(spec, "parallelism") {
        default(spec, "completions", 1);
    }
    default(spec, "parallelism", 1);
    let limit = if is_nil(spec, "backoffLimitPerIndex") { 6 } else { i64::from(i32::MAX) };
    default(spec, "backoffLimit", limit);
    default(spec, "completionMode", "NonIndexed");
    default(spec, "suspend", false);
    let policy = if is_nil(spec, "podFailurePolicy") { "TerminatingOrFailed" } else { "Failed" };
    default(spec, "podReplacementPolicy", policy);
    default(spec, "manualSelector", false);
    default_job_spec(spec);
}

/// What templates of jobs have by default, too.
pub(super) fn default_job_spec(spec: &mut Value) {
    for rule in items_mut(spec, "podFailurePolicy.rules") {
        for condition in items_mut(rule, "onPodConditions") {
            crate::fields::default_text(condition, "status", "True");
        }
    }
    default_template(at_mut(spec, "template"));
}

fn create(job: &mut Value, _: &mut Context<'_>) {
    if !flag(job, "spec.manualSelector") {
        select_by_uid(job);
    }
    fresh(job, empty());
    drop_disabled(at_mut(job, "spec.template.spec"), None);
}

/// Pods of a job bear its name and uid, under two names each.
///
/// Source: `generateSelector`.
fn select_by_uid(job: &mut Value) {
    const UID: &str = "batch.kubernetes.io/controller-uid";
    let name = text(job, "metadata.name").to_owned();
    let uid = text(job, "metadata.uid").to_owned();
    if let Some(labels) = struct_path(job, "spec.template.metadata.labels") {
        for (key, value) in [
            ("job-name", &name),
            ("batch.kubernetes.io/job-name", &name),
            ("controller-uid", &uid),
            (UID, &uid),
        ] {
            default(labels, key, value.as_str());
        }
    }
    if let Some(labels) = struct_path(job, "spec.selector.matchLabels") {
        default(labels, UID, uid);
    }
}

fn update(job: &mut Value, old: &Value, _: &mut Context<'_>) {
    keep_status(job, old);
    drop_disabled(at_mut(job, "spec.template.spec"), old.dotted("spec.template.spec"));
    count_spec(job, old);
}

fn warn_on_create(job: &Value) -> Vec<String> {
    let mut warnings = name_warning_of_pods(job);
    warnings.extend(spec_warnings(job.field("spec"), "spec"));
    warnings
}

/// Warnings of the spec of a job at a path.
///
/// Source: `k8s.io/kubernetes/pkg/api/job/warnings.go`.
pub(super) fn spec_warnings(spec: Option<&Value>, path: &str) -> Vec<String> {
    const MOST_COMPLETIONS: i64 = 100_000;
    const MOST_PARALLEL: i64 = 10_000;
    let Some(spec) = spec else { return Vec::new() };
    let mut warnings = Vec::new();
    if text(spec, "completionMode") == "Indexed"
        && int(spec, "completions") > MOST_COMPLETIONS
        && int(spec, "parallelism") > MOST_PARALLEL
    {
        warnings.push(format!(
            "{path}: In Indexed Jobs with a number of completions higher than 10^5 and a parallelism higher than 10^4, Kubernetes might not be able to track completedIndexes when a big number of indexes fail"
        ));
    }
    warnings.extend(template_warnings(spec.field("template"), &format!("{path}.template")));
    warnings
}

fn warn_on_update(subresource: &str, job: &Value, old: &Value) -> Vec<String> {
    if !subresource.is_empty() || generation(job) == generation(old) {
        return Vec::new();
    }
    spec_warnings(job.field("spec"), "spec")
}

#[cfg(test)]
mod tests {
    use crate::fields::testing::value;
    use crate::kind::Kind;
    use crate::rules::testing::created;

    const JOB: Kind<'_> = Kind { group: "batch", version: "v1", kind: "Job" };

    #[test]
    fn a_job_selects_by_its_uid() {
        let job = created(JOB, r#"{"metadata":{"name":"j","uid":"u"},"spec":{"template":{"spec":{}}}}"#);
        assert_eq!(
            job.dotted("spec.template.metadata.labels").unwrap().to_json(),
            value(
                r#"{"job-name":"j","batch.kubernetes.io/job-name":"j","controller-uid":"u",
                "batch.kubernetes.io/controller-uid":"u"}"#
            )
            .to_json()
        );
        assert_eq!(
            job.dotted("spec.selector"),
            Some(&value(r#"{"matchLabels":{"batch.kubernetes.io/controller-uid":"u"}}"#))
        );
        let manual = created(JOB, r#"{"metadata":{"name":"j","uid":"u"},"spec":{"manualSelector":true}}"#);
        assert_eq!(manual.dotted("spec.selector"), None);
    }

    #[test]
    fn how_often_a_job_runs() {
        for (spec, completions, parallelism, backoff) in [
            ("{}", Some(1), 1, 6),
            (r#"{"parallelism":2}"#, None, 2, 6),
            (r#"{"completions":2,"backoffLimitPerIndex":1}"#, Some(2), 1, 2_147_483_647),
        ] {
            let job = created(JOB, &format!(r#"{{"spec":{spec}}}"#));
            let number = |key: &str| job.dotted(&format!("spec.{key}")).and_then(|value| value.as_int());
            assert_eq!(number("completions"), completions, "{spec}");
            assert_eq!((number("parallelism"), number("backoffLimit")), (Some(parallelism), Some(backoff)));
        }
    }
}
