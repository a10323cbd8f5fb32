//! Which jobs are valid.

use super::indexes;
use crate::access::{Fields, ordered};
use crate::apps::{compiled, mismatch, template_labels};
use crate::core::replication::options;
use crate::equality::is_equal;
use crate::internal::{converted, shown};
use crate::labels::{SelectorValues, selector};
use crate::metadata::{self, IMMUTABLE};
use crate::names::{dns_label, domain_prefixed_path, label_value, qualified_name};
use crate::path::Path;
use crate::pod::{self, Options};
use crate::report::Report;
use crate::{Faults, Kind, Settings, selector_shown};
use ravelin_object::Value;
use ravelin_object::fault::{Fault, FaultKind};
use std::collections::BTreeSet;

const JOB: Kind<'static> = Kind { group: "batch", version: "v1", kind: "Job" };
const UID: &str = "batch.kubernetes.io/controller-uid";
const NAME: &str = "batch.kubernetes.io/job-name";

/// Source: `k8s.io/kubernetes/pkg/apis/batch/validation` `ValidateJob`.
pub(super) fn create(object: &Value, settings: &Settings, out: &mut Faults) {
    whole(object, &options(settings, None), true, out);
}

fn whole(object: &Value, options: &Options, needs_labels: bool, out: &mut Faults) {
    metadata::of_kind(JOB, true, object, out);
    generated_selector(object, needs_labels, out);
    let job = object.get("spec");
    spec(job, &Path::new("spec"), options, out);
    let completions = job.int("completions");
    if job.text("completionMode") == "Indexed" && completions > 0 {
        let name = object.get("metadata").text("name");
        let host = format!("{name}-{}", completions.saturating_sub(1));
        if !dns_label(&host).is_empty() {
            let why = format!("will not able to create pod with invalid DNS label: {host}");
            out.invalid("metadata.name", name, why);
        }
    }
}

/// Source: `validateGeneratedSelector`.
fn generated_selector(object: &Value, needs_labels: bool, out: &mut Faults) {
    let spec = object.get("spec");
    if spec.flag("manualSelector") || !spec.has("selector") {
        return;
    }
    let (uid, name) = (object.get("metadata").text("uid"), object.get("metadata").text("name"));
    if uid.is_empty() {
        out.required("metadata.uid", "");
    }
    let mut expected = vec![("controller-uid", uid), ("job-name", name)];
    if needs_labels {
        expected.extend([(UID, uid), (NAME, name)]);
    }
    let meta = spec.get("template").get("metadata");
    for (key, value) in &expected {
        let path = (Path::new("spec") / "template" / "metadata" / "labels").key(key);
        let why = format!("must be '{value}'");
        match meta.map("labels").get(key).and_then(Value::as_str) {
            None => out.required(path, why),
            Some(found) if found != *value => out.invalid(path, ordered(meta.get("labels")), why),
            Some(_) => {}
        }
    }
    if compiled(spec.get("selector")).is_some_and(|selector| !selector.matches(&expected)) {
        out.invalid("spec.selector", selector_shown(spec.get("selector")), "`selector` not auto-generated");
    }
}

/// Source: `ValidateJobSpec`.
fn spec(job: &Value, path: &Path, options: &Options, out: &mut Faults) {
    template_spec(job, path, options, out);
    let value = job.get("selector");
    if job.has("selector") {
        selector(&(path / "selector"), value, options.selector_values, out);
    } else {
        out.required(path / "selector", "");
    }
    let template = job.get("template");
    if compiled(value).is_some_and(|selector| !selector.matches(&template_labels(template))) {
        mismatch(template, &(path / "template"), out);
    }
}

/// What jobs have in common with templates of jobs.
///
/// Source: `validateJobSpec`.
pub(super) fn template_spec(job: &Value, path: &Path, options: &Options, out: &mut Faults) {
    let keys = [
        "parallelism",
        "completions",
        "activeDeadlineSeconds",
        "backoffLimit",
        "ttlSecondsAfterFinished",
        "backoffLimitPerIndex",
        "maxFailedIndexes",
    ];
    for key in keys {
        out.negative(path / key, job.int(key));
    }
    if job.has("maxFailedIndexes") && !job.has("backoffLimitPerIndex") {
        out.required(path / "backoffLimitPerIndex", "when maxFailedIndexes is specified");
    }
    if let Some(manager) = job.text_opt("managedBy") {
        domain_prefixed_path(&(path / "managedBy"), manager, out);
        if manager.len() > 63 {
            out.push(Fault::too_long(path / "managedBy", 63));
        }
    }
    completion_mode(job, path, out);
    if job.has("podFailurePolicy") {
        failure_policy(job, &(path / "podFailurePolicy" / "rules"), out);
    }
    if job.has("successPolicy") {
        if job.text("completionMode") == "Indexed" {
            success_policy(job, &(path / "successPolicy" / "rules"), out);
        } else {
            let value = shown("SuccessPolicy", job.get("successPolicy"));
            out.invalid_shown(path / "successPolicy", value, "requires indexed completion mode");
        }
    }
    if let Some(policy) = job.text_opt("podReplacementPolicy") {
        let all = ["Failed", "TerminatingOrFailed"];
        let allowed: &[&str] = if job.has("podFailurePolicy") { &["Failed"] } else { &all };
        if !allowed.contains(&policy) {
            out.unsupported(path / "podReplacementPolicy", policy, allowed);
        }
    }
    pod::template(job.get("template"), &(path / "template"), options, out);
    restart_policy(job, &(path / "template" / "spec" / "restartPolicy"), out);
}

fn restart_policy(job: &Value, path: &Path, out: &mut Faults) {
    match job.get("template").get("spec").text("restartPolicy") {
        "" | "Always" => out.required(path, "valid values: \"OnFailure\", \"Never\""),
        "Never" => {}
        "OnFailure" => {
            if job.has("podFailurePolicy") {
                let why = "only \"Never\" is supported when podFailurePolicy is specified";
                out.invalid(path, "OnFailure", why);
            }
        }
        other => out.unsupported(path, other, &["OnFailure", "Never"]),
    }
}

fn completion_mode(job: &Value, path: &Path, out: &mut Faults) {
    let mode = job.text_opt("completionMode");
    if let Some(mode) = mode.filter(|mode| !matches!(*mode, "NonIndexed" | "Indexed")) {
        out.unsupported(path / "completionMode", mode, &["NonIndexed", "Indexed"]);
    }
    if mode == Some("Indexed") {
        indexed(job, path, out);
    }
    if matches!(mode, None | Some("NonIndexed")) {
        for key in ["backoffLimitPerIndex", "maxFailedIndexes"] {
            if let Some(number) = job.int_opt(key) {
                out.invalid(path / key, number, "requires indexed completion mode");
            }
        }
    }
}

fn indexed(job: &Value, path: &Path, out: &mut Faults) {
    let completions = job.int_opt("completions");
    let (parallelism, failed) = (job.int_opt("parallelism"), job.int_opt("maxFailedIndexes"));
    if completions.is_none() {
        out.required(path / "completions", "when completion mode is Indexed");
    }
    let mut most = |key: &str, number: Option<i64>, limit: i64, why: String| {
        if let Some(number) = number.filter(|number| *number > limit) {
            out.invalid(path / key, number, why);
        }
    };
    let why = "must be less than or equal to 100000 when completion mode is Indexed";
    most("parallelism", parallelism, 100_000, why.to_owned());
    if let Some(completions) = completions {
        most("maxFailedIndexes", failed, completions, "must be less than or equal to completions".to_owned());
    }
    most("maxFailedIndexes", failed, 100_000, "must be less than or equal to 100000".to_owned());
    if completions.is_some_and(|count| count > 100_000) && job.has("backoffLimitPerIndex") {
        if failed.is_none() {
            out.required(path / "maxFailedIndexes", "must be specified when completions is above 100000");
        }
        let why = "must be less than or equal to 10000 when completions are above 100000 and used with backoff limit per index";
        for (key, number) in [("parallelism", parallelism), ("maxFailedIndexes", failed)] {
            if let Some(number) = number.filter(|number| *number > 10_000) {
                out.invalid(path / key, number, why);
            }
        }
    }
}

/// An error that shows no value.
fn without_value(path: &Path, why: &str, out: &mut Faults) {
    out.push(Fault {
        path: path.into(),
        kind: FaultKind::Invalid,
        value: String::new(),
        detail: why.to_owned(),
    });
}

fn failure_policy(job: &Value, path: &Path, out: &mut Faults) {
    let rules = job.get("podFailurePolicy").list("rules");
    if rules.len() > 20 {
        out.push(Fault::too_many(path, rules.len(), 20));
    }
    for (index, rule) in rules.iter().enumerate() {
        let path = path / index;
        let actions = ["Count", "FailIndex", "FailJob", "Ignore"];
        match rule.text("action") {
            "" => out
                .required(&path / "action", "valid values: [\"Count\" \"FailIndex\" \"FailJob\" \"Ignore\"]"),
            "FailIndex" => {
                if !job.has("backoffLimitPerIndex") {
                    let why = "requires the backoffLimitPerIndex to be set";
                    out.invalid(&path / "action", "FailIndex", why);
                }
            }
            action if actions.contains(&action) => {}
            other => out.unsupported(&path / "action", other, &actions),
        }
        let has_codes = rule.has("onExitCodes");
        let conditions = rule.list("onPodConditions");
        if has_codes {
            exit_codes(rule.get("onExitCodes"), job, &(&path / "onExitCodes"), out);
        }
        pod_conditions(conditions, &(&path / "onPodConditions"), out);
        if has_codes && !conditions.is_empty() {
            without_value(&path, "specifying both OnExitCodes and OnPodConditions is not supported", out);
        }
        if !has_codes && conditions.is_empty() {
            without_value(&path, "specifying one of OnExitCodes and OnPodConditions is required", out);
        }
    }
}

fn pod_conditions(conditions: &[Value], path: &Path, out: &mut Faults) {
    if conditions.len() > 20 {
        out.push(Fault::too_many(path, conditions.len(), 20));
    }
    for (index, condition) in conditions.iter().enumerate() {
        let (path, kind) = (path / index, condition.text("type"));
        out.spelling(&path / "type", kind, qualified_name(kind));
        match condition.text("status") {
            "" => out.required(&path / "status", "valid values: [\"False\" \"True\" \"Unknown\"]"),
            "False" | "True" | "Unknown" => {}
            other => out.unsupported(&path / "status", other, &["False", "True", "Unknown"]),
        }
    }
}

fn exit_codes(codes: &Value, job: &Value, path: &Path, out: &mut Faults) {
    let operator = codes.text("operator");
    match operator {
        "" => out.required(path / "operator", "valid values: [\"In\" \"NotIn\"]"),
        "In" | "NotIn" => {}
        other => out.unsupported(path / "operator", other, &["In", "NotIn"]),
    }
    let pod = job.get("template").get("spec");
    if let Some(name) = codes.text_opt("containerName") {
        let mut containers = pod.list("containers").iter().chain(pod.list("initContainers"));
        if !containers.any(|container| container.text("name") == name) {
            let why = "must be one of the container or initContainer names in the pod template";
            out.invalid(path / "containerName", name, why);
        }
    }
    let values = codes.list("values");
    let path = path / "values";
    let whole = match codes.get("values") {
        Value::Null => Value::Null,
        other => other.clone(),
    };
    if values.is_empty() {
        out.invalid(&path, &whole, "at least one value is required");
    } else if values.len() > 255 {
        out.push(Fault::too_many(&path, values.len(), 255));
    }
    let numbers: Vec<i64> = values.iter().map(|value| value.as_int().unwrap_or_default()).collect();
    let mut seen = BTreeSet::new();
    for (index, number) in numbers.iter().copied().enumerate() {
        if operator == "In" && number == 0 {
            out.invalid(&path / index, number, "must not be 0 for the In operator");
        }
        if !seen.insert(number) {
            out.duplicate(&path / index, number);
        }
    }
    if !numbers.is_sorted() {
        out.invalid(&path, whole, "must be ordered");
    }
}

fn success_policy(job: &Value, path: &Path, out: &mut Faults) {
    let rules = job.get("successPolicy").list("rules");
    if rules.is_empty() {
        out.required(path, "at least one rules must be specified when the successPolicy is specified");
    }
    if rules.len() > 20 {
        out.push(Fault::too_many(path, rules.len(), 20));
    }
    // Without completions upstream does not get this far.
    let completions = job.int("completions");
    for (index, rule) in rules.iter().enumerate() {
        let path = path / index;
        let (count, listed) = (rule.int_opt("succeededCount"), rule.text_opt("succeededIndexes"));
        if count.is_none() && listed.is_none() {
            out.required(&path, "at least one of succeededCount or succeededIndexes must be specified");
        }
        let mut total = 0;
        if let Some(text) = listed {
            let path = &path / "succeededIndexes";
            if text.len() > 64 * 1024 {
                out.push(Fault::too_long(&path, 64 * 1024));
            }
            match indexes::count(text, completions) {
                Ok(number) => total = number,
                Err(why) => out.invalid(&path, text, format!("error parsing succeededIndexes: {why}")),
            }
        }
        let Some(count) = count else {
            continue;
        };
        let path = &path / "succeededCount";
        out.negative(&path, count);
        if count > completions {
            let why =
                format!("must be less than or equal to {completions} (the number of specified completions)");
            out.invalid(&path, count, why);
        }
        if listed.is_some() && count > total {
            let why = format!(
                "must be less than or equal to {total} (the number of indexes in the specified succeededIndexes field)"
            );
            out.invalid(&path, count, why);
        }
    }
}

/// Source: `ValidateJobUpdate`, after `ValidateJob`.
pub(super) fn update(new: &Value, old: &Value, settings: &Settings, out: &mut Faults) {
    let (job, was) = (new.get("spec"), old.get("spec"));
    let mut options = options(settings, Some(was.get("template")));
    let has_invalid = was
        .get("selector")
        .list("matchExpressions")
        .iter()
        .flat_map(|each| each.texts("values"))
        .any(|value| !label_value(value).is_empty());
    if has_invalid {
        options.selector_values = SelectorValues::Any;
    }
    let labels = was.get("template").get("metadata").map("labels");
    whole(new, &options, labels.get(NAME).is_some() && labels.get(UID).is_some(), out);
    metadata::changed_own(new, old, out);
    let path = Path::new("spec");
    spec(job, &path, &options, out);
    completions(job, was, &(&path / "completions"), out);
    let mut same = |key: &str, kind: &str| {
        if !is_equal(key, job.get(key), was.get(key)) {
            let value = match (kind, job.get(key)) {
                (_, Value::Null) => Value::Null,
                ("", value) => value.clone(),
                (kind, value) => converted(kind, value),
            };
            out.invalid(&path / key, value, IMMUTABLE);
        }
    };
    same("selector", "LabelSelector");
    template_update(new, old, &path, out);
    let mut same = |key: &str, kind: &str| {
        if !is_equal(key, job.get(key), was.get(key)) {
            let value = match (kind, job.get(key)) {
                (_, Value::Null) => Value::Null,
                ("", value) => value.clone(),
                (kind, value) => converted(kind, value),
            };
            out.invalid(&path / key, value, IMMUTABLE);
        }
    };
    same("completionMode", "");
    same("podFailurePolicy", "PodFailurePolicy");
    same("backoffLimitPerIndex", "");
    same("managedBy", "");
    same("successPolicy", "SuccessPolicy");
}

fn completions(new: &Value, old: &Value, path: &Path, out: &mut Faults) {
    let (now, was) = (new.int_opt("completions"), old.int_opt("completions"));
    if now == was {
        return;
    }
    if new.text("completionMode") != "Indexed" {
        out.invalid(path, new.get("completions"), IMMUTABLE);
    } else if let Some(now) = now
        && now != new.int("parallelism")
    {
        out.invalid(path, now, "can only be modified in tandem with spec.parallelism");
    }
}

/// Source: `validatePodTemplateUpdate`.
fn template_update(new: &Value, old: &Value, path: &Path, out: &mut Faults) {
    let template = new.get("spec").get("template");
    let mut expected = old.get("spec").get("template").clone();
    let status = old.get("status");
    let is_suspended = old.get("spec").flag("suspend");
    let has_condition = status
        .list("conditions")
        .iter()
        .any(|each| each.text("type") == "Suspended" && each.text("status") == "True");
    let is_mutable = is_suspended && (!status.has("startTime") || has_condition) && status.int("active") == 0;
    if is_mutable {
        take_directives(&mut expected, template);
    }
    if is_suspended && is_mutable {
        if let Some(pod) = expected.field_mut("spec") {
            take_resources(pod, template.get("spec"));
        }
        let own = expected.get("spec");
        if !is_equal("spec", template.get("spec"), own) {
            let value = converted("PodSpec", template.get("spec"));
            out.invalid(path / "template.spec", value, IMMUTABLE);
        }
    } else if !is_equal("template", template, &expected) {
        out.invalid(path / "template", converted("PodTemplateSpec", template), IMMUTABLE);
    }
}

fn take(object: &mut Value, from: &Value, key: &str) {
    if let Some(map) = object.as_object_mut() {
        match from.field(key) {
            Some(value) => map.set(key, value.clone()),
            None => {
                map.remove(key);
            }
        }
    }
}

fn take_directives(expected: &mut Value, template: &Value) {
    if let Some(pod) = expected.field_mut("spec") {
        for key in ["nodeSelector", "tolerations", "schedulingGates"] {
            take(pod, template.get("spec"), key);
        }
        let affinity = template.get("spec").get("affinity");
        let is_affine = pod.has("affinity") || affinity.has("nodeAffinity");
        if let Some(map) = pod.object_at("affinity").filter(|_| is_affine) {
            match affinity.field("nodeAffinity") {
                Some(value) => map.set("nodeAffinity", value.clone()),
                None => {
                    map.remove("nodeAffinity");
                }
            }
            let is_bare = map.iter().all(|(_, value)| matches!(value, Value::Null));
            if is_bare && !template.get("spec").has("affinity") {
                take(pod, &Value::Null, "affinity");
            }
        } else {
            take(pod, &Value::Null, "affinity");
        }
    }
    if let Some(map) = expected.object_at("metadata") {
        let mut meta = Value::Object(std::mem::take(map));
        for key in ["annotations", "labels"] {
            take(&mut meta, template.get("metadata"), key);
        }
        if let Value::Object(meta) = meta {
            *map = meta;
        }
    }
}

fn take_resources(pod: &mut Value, from: &Value) {
    for list in ["containers", "initContainers"] {
        let others = from.list(list);
        if let Some(items) = pod.field_mut(list).and_then(Value::as_array_mut)
            && items.len() == others.len()
        {
            for (item, other) in items.iter_mut().zip(others) {
                if item.text("name") == other.text("name") {
                    take(item, other, "resources");
                }
            }
        }
    }
}
