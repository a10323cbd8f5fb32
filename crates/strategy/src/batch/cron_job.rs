//! Jobs that run again and again.

use crate::apps::name_warning_of_pods;
use crate::fields::{at_mut, default, default_text, empty, generation, struct_at, text};
use crate::kind::Context;
use crate::pods::{drop_disabled, normalize_template};
use crate::rules::{Rules, count_spec, fresh, keep_spec, keep_status};
use ravelin_object::Value;

/// Source: `k8s.io/kubernetes/pkg/registry/batch/cronjob/strategy.go`.
pub(crate) const RULES: Rules = Rules {
    defaults,
    normalize: |job| normalize_template(at_mut(job, "spec.jobTemplate.spec.template")),
    create,
    update,
    subresources: &[("status", keep_spec)],
    warn_on_create,
    warn_on_update,
    ..Rules::new("batch", "CronJob").namespaced()
};

const POD: &str = "spec.jobTemplate.spec.template.spec";

/// Source: `SetDefaults_CronJob` in `k8s.io/kubernetes/pkg/apis/batch/v1/defaults.go`.
fn defaults(job: &mut Value) {
    let Some(spec) = struct_at(job, "spec") else { return };
    default_text(spec, "concurrencyPolicy", "Allow");
    default(spec, "suspend", false);
    default(spec, "successfulJobsHistoryLimit", 3);
    default(spec, "failedJobsHistoryLimit", 1);
    if let Some(spec) = at_mut(spec, "jobTemplate.spec") {
        super::job::default_job_spec(spec);
    }
}

fn create(job: &mut Value, _: &mut Context<'_>) {
    fresh(job, empty());
    drop_disabled(at_mut(job, POD), None);
}

fn update(job: &mut Value, old: &Value, _: &mut Context<'_>) {
    keep_status(job, old);
    drop_disabled(at_mut(job, POD), old.dotted(POD));
    count_spec(job, old);
}

fn warn_on_create(job: &Value) -> Vec<String> {
    let mut warnings = name_warning_of_pods(job);
    warnings.extend(super::job::spec_warnings(job.dotted("spec.jobTemplate.spec"), "spec.jobTemplate.spec"));
    warnings
}

fn warn_on_update(subresource: &str, job: &Value, old: &Value) -> Vec<String> {
    if !subresource.is_empty() {
        return Vec::new();
    }
    let mut warnings = Vec::new();
    if generation(job) != generation(old) {
        let spec = job.dotted("spec.jobTemplate.spec");
        warnings.extend(super::job::spec_warnings(spec, "spec.jobTemplate.spec"));
    }
    if text(job, "spec.schedule").contains("TZ") {
        warnings.push(
            "cannot use TZ or CRON_TZ in spec.spec.schedule, use timeZone instead, see https://kubernetes.io/docs/concepts/workloads/controllers/cron-jobs/ for more details".to_owned(),
        );
    }
    warnings
}

#[cfg(test)]
mod tests {
    use crate::fields::testing::value;
    use crate::kind::Kind;
    use crate::rules::testing::created;

    #[test]
    fn a_cron_job_has_its_defaults_and_its_jobs_have_none() {
        let kind = Kind { group: "batch", version: "v1", kind: "CronJob" };
        let job = created(
            kind,
            r#"{"metadata":{"name":"j"},"spec":{"jobTemplate":{"spec":{}}},"status":{"active":[]}}"#,
        );
        assert_eq!(
            job.to_json(),
            value(
                r#"{"metadata":{"name":"j","generation":1},"spec":{"jobTemplate":{"spec":{}},"concurrencyPolicy":"Allow",
                "suspend":false,"successfulJobsHistoryLimit":3,"failedJobsHistoryLimit":1},"status":{}}"#
            )
            .to_json()
        );
    }
}
